package liquidation

import (
	"math"
	"math/bits"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// feeUnit is what fees are parts of.
const feeUnit = 100_000

// Worth is what an order is worth to its owner.
type Worth struct {
	Entry    float64 // quote per whole token, on average, of what opening it traded and is not closed; NaN when that is nothing
	Leverage float64 // what it moved then, by the margin; NaN without margin

	// Close is what its owner would be given back if it were closed now, in base units of the quote: the margin, and what its
	// trade brings after the swap fee, less what was borrowed; 0 when it is not enough. Liquidations on the way of that trade, and
	// what borrowing costs, are not counted. Profit is that less the margin.
	Close  uint64
	Profit int64
	Known  bool // whether Close and Profit are: the curve can serve the trade
}

// Value is the worth of an order at a price, with a swap fee in parts of 100,000.
func Value(curve program.Curved, price market.Price, fee uint16, order *market.Order, pair market.Pair) (w Worth) {
	terms := &order.Terms
	short := terms.OrderType == market.OrderShort
	tokens, moved := terms.Size()
	margin := terms.MarginSolAmount

	w.Entry, w.Leverage = math.NaN(), math.NaN()
	if tokens > 0 {
		w.Entry = float64(moved) / float64(tokens) * math.Pow10(pair.BaseDecimals()-pair.QuoteDecimals())
	}
	if margin > 0 {
		w.Leverage = float64(moved) / float64(margin)
	}

	trade, err := curve.Trade(price, tokens, short)
	if err != nil || tokens == 0 {
		return w
	}
	charged := share(trade, fee)

	// A long sells its tokens and pays back what it borrowed; a short buys back what it borrowed from what selling that brought.
	have, owed := market.U64(trade).Add(market.U64(margin)), market.U64(moved).Add(market.U64(charged))
	if short {
		have, owed = market.U64(moved).Add(market.U64(margin)), market.U64(trade).Add(market.U64(charged))
	}
	if owed.Less(have) {
		left := have.Sub(owed)
		if left.Hi != 0 || left.Lo > math.MaxInt64 {
			return w
		}
		w.Close = left.Lo
	}
	if margin > math.MaxInt64 {
		return w
	}
	w.Profit, w.Known = int64(w.Close)-int64(margin), true //nolint:gosec // both fit
	return w
}

// share is the fee on an amount, rounded down.
func share(amount uint64, fee uint16) uint64 {
	high, low := bits.Mul64(amount, uint64(fee))
	quotient, _ := bits.Div64(high, low, feeUnit) // fees are below the unit, so that it fits
	return quotient
}
