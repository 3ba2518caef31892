package liquidation

import (
	"bytes"
	"cmp"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Order is an open order as the price stands.
type Order struct {
	*market.Order
	Start, End market.Price // of its range, from where the price comes

	// Needed is what trades must move of the quote, fees not counted, until the price reaches Start: buying it for shorts, selling
	// for longs. What the orders before it move when they are liquidated is not in it. 0 when Start is reached already.
	Needed uint64

	// Quote and Tokens are what was locked for the closing trades of this order and of those before it, in base units.
	Quote, Tokens market.U128

	// Group counts, from 0, the orders that fall together: the price reaches the first of a group by trades, and the others by
	// what those before them move.
	Group int
}

// Side are the orders of one side of the price, the nearest first.
type Side struct {
	Orders []Order
	// Beyond are orders whose range is not on the curve, or has no end in the direction of the price: they are in none of the sums.
	Beyond int
}

// Rest is where the price comes to rest once the first group has fallen, and what its orders' closing trades move; false when there
// are none.
func (s *Side) Rest() (price market.Price, orders int, quote market.U128, ok bool) {
	for i := range s.Orders {
		one := &s.Orders[i]
		if one.Group > 0 {
			break
		}
		if !ok || further(one.End, price, one.Terms.OrderType == market.OrderShort) {
			price = one.End
		}
		orders, quote, ok = i+1, one.Quote, true
	}
	return price, orders, quote, ok
}

// Walk moves the price away from where it is until it has met all orders of one side: shorts upwards, longs downwards. The list
// may be in any order, and is not changed.
func Walk(curve program.Curved, price market.Price, shorts bool, list []market.Order) (side Side) {
	orders := make([]Order, 0, len(list))
	for i := range list {
		one, ok := ranged(&list[i], shorts)
		if !ok {
			side.Beyond++
			continue
		}
		orders = append(orders, one)
	}
	slices.SortFunc(orders, func(a, b Order) int {
		near := market.U128(a.Start).Cmp(market.U128(b.Start))
		if !shorts {
			near = -near
		}
		return cmp.Or(near, bytes.Compare(a.Address[:], b.Address[:]))
	})

	at, group := price, -1
	var needed uint64
	var quote, tokens market.U128
	for i := range orders {
		one := &orders[i]
		if further(one.Start, at, shorts) { // by trades
			_, moves, err := curve.Between(at, one.Start)
			if err != nil || needed+moves < needed {
				side.Beyond += len(orders) - i
				break
			}
			needed += moves
			at = one.Start
			group++
		}
		group = max(group, 0) // the range of the first is reached already

		quote = quote.Add(market.U64(one.Terms.LockLpSolAmount))
		tokens = tokens.Add(market.U64(one.Terms.LockLpTokenAmount))
		one.Needed, one.Quote, one.Tokens, one.Group = needed, quote, tokens, group
		if further(one.End, at, shorts) {
			at = one.End
		}
		side.Orders = append(side.Orders, *one)
	}

	return side
}

// ranged is an order with its range; false when that is not one in the direction of its side.
func ranged(order *market.Order, shorts bool) (one Order, ok bool) {
	start, failed := market.ScalePrice(order.Terms.LockLpStartPrice, int(order.Scale))
	end, failedToo := market.ScalePrice(order.Terms.LockLpEndPrice, int(order.Scale))
	if failed != nil || failedToo != nil || start.IsZero() || end.IsZero() || further(start, end, shorts) {
		return one, false
	}
	return Order{Order: order, Start: start, End: end}, true
}

// further reports whether the price reaches b before a.
func further(a, b market.Price, up bool) bool {
	if up {
		return b.Less(a)
	}
	return a.Less(b)
}
