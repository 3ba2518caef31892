package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// OrderPage is a page of orders as of the commit Seq. Total counts the whole list.
type OrderPage struct {
	Orders []market.Order
	Total  int
	Seq    market.Seq
}

// Order is an open order by its address.
func (s *Store) Order(address market.Pubkey) (o market.Order, found bool, err error) {
	err = s.read(nil, func(v *view) error {
		o, found, err = v.order(&address)
		return err
	})
	return o, found, err
}

func (v *view) order(address *market.Pubkey) (o market.Order, found bool, err error) {
	var buf [1 + len(address)]byte
	value, err := v.newest(appendOrderKey(buf[:0], address))
	if err != nil || value == nil {
		return o, false, err
	}
	o, _, err = decodeOrder(value)
	return o, err == nil, err
}

// OrderBefore is an order as its events before a place left it; false when it was not open then, or opened before the
// stored history.
func (s *Store) OrderBefore(address market.Pubkey, at market.Position) (o market.Order, known bool, err error) {
	err = s.read(nil, func(v *view) error {
		o, err = v.orderBefore(&address, at)
		return err
	})
	return o, o.Known(), err
}

func (v *view) orderBefore(address *market.Pubkey, at market.Position) (o market.Order, err error) {
	sp := span{prefix: appendOrderMovePrefix(nil, address)}
	err = v.scan(context.Background(), sp, func(key []byte, item *badger.Item) error {
		place := position(key[len(sp.prefix):])
		if place.Compare(at) >= 0 {
			return Stop
		}

		e, err := v.indexed(place, item.Version())
		if err != nil {
			return err
		}

		change := o.Fold(&e)
		if o = change.Order; change.Closed {
			o = market.Order{}
		}
		return nil
	})

	return o, err
}

// listed reads the order that ends an index key. The commit that wrote the one row wrote the other too.
func (v *view) listed(key []byte, version uint64) (o market.Order, err error) {
	address := market.Pubkey(key[len(key)-len(market.Pubkey{}):])
	var buf [1 + len(address)]byte
	value, at, err := v.versioned(appendOrderKey(buf[:0], &address))
	switch {
	case err != nil:
		return o, err
	case value == nil:
		return o, errRow("order index")
	case at != version:
		return o, v.s.unreadable(fmt.Errorf("%w: order %s", errOrders, address))
	}
	o, _, err = decodeOrder(value)
	return o, err
}

var errOrders = errors.New("the open orders are not those that were stored")

// MintOrders is a page of a mint's open orders: the shorts with the lowest lock_lp_start_price first, or the longs with
// the highest first, whatever q.OldestFirst says.
func (s *Store) MintOrders(ctx context.Context, mint market.Pubkey, short bool, q Page) (page OrderPage, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		page = OrderPage{Seq: v.seq}
		if id == 0 {
			return nil
		}

		m, err := v.mint(id)
		if err != nil {
			return err
		}

		list := sideDown
		if short {
			list = sideUp
		}
		page.Total = int(m.orders[list]) //nolint:gosec // rows on a disk
		if q.Limit <= 0 || q.Offset >= page.Total {
			return nil
		}

		skip, want := q.Offset, min(q.Limit, page.Total-q.Offset)
		last := q.Offset+want == page.Total // then no row may follow: it would be a closed order's whose deletion is lost
		err = v.scan(ctx, span{prefix: appendOrderListPrefix(nil, id, list)}, func(key []byte, item *badger.Item) error {
			if skip > 0 {
				skip--
				return nil
			}
			if len(page.Orders) == want {
				return v.s.short("orders of a list, or more,", uint64(page.Total)+1, uint64(page.Total)) //nolint:gosec // not negative
			}

			o, err := v.listed(key, item.Version())
			if err != nil {
				return err
			}

			page.Orders = append(page.Orders, o)
			if last {
				return nil
			}
			return stopAt(len(page.Orders), want)
		})
		if got := len(page.Orders); err == nil && got < want {
			err = v.s.short("orders of a page", uint64(got), uint64(want))
		}

		return err
	})

	return page, err
}

// UserOrders is a page of a user's open orders by start time, of all mints or of one.
func (s *Store) UserOrders(ctx context.Context, user market.Pubkey, mint *market.Pubkey, q Page) (page OrderPage, err error) {
	var id mintID
	grab := func() {
		if mint != nil {
			id = s.id(*mint)
		}
	}
	err = s.read(grab, func(v *view) error {
		page = OrderPage{Seq: v.seq}
		if mint != nil && id == 0 {
			return nil
		}

		sp := span{prefix: appendUserOrderPrefix(nil, &user), reverse: !q.OldestFirst}
		return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			if ok, err := v.isOf(id, item); err != nil || !ok {
				return err
			}
			page.Total++
			if page.Total <= q.Offset || len(page.Orders) >= q.Limit {
				return nil
			}

			o, err := v.listed(key, item.Version())
			if err != nil {
				return err
			}
			page.Orders = append(page.Orders, o)
			return nil
		})
	})

	return page, err
}

// Orders calls fn with every open order, by address.
func (s *Store) Orders(ctx context.Context, fn func(*market.Order) error) error {
	return s.read(nil, func(v *view) error {
		sum, whole := uint64(0), true
		err := v.scan(ctx, span{prefix: []byte{tableOrder}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}

			sum ^= sumRow(key, value)
			o, _, err := decodeOrder(value)
			if err != nil {
				return err
			}

			err = call(v, fn, &o)
			whole = !errors.Is(err, Stop)
			return err
		})
		if err == nil && whole && sum != v.state.orderSum {
			err = v.s.unreadable(errOrders)
		}

		return err
	})
}
