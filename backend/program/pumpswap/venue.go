package pumpswap

import "spinscope/backend/program"

// Venue implements program.Venued.
func (e *Buy) Venue() (program.Venue, bool) { return e.venue(true) }

// Venue implements program.Venued.
func (e *Sell) Venue() (program.Venue, bool) { return e.venue(false) }

func (e *Swap) venue(takesBase bool) (program.Venue, bool) {
	base, quote, err := e.reservesAfter(takesBase)
	if err != nil {
		return program.Venue{}, false
	}
	left, holds, held := e.heldAfter(takesBase)
	if e.sides().Reversed() {
		base, quote, left, holds = quote, base, holds, left
	}

	return program.Venue{
		Pool: true, Base: base, Quote: quote, Held: held, Left: left, Holds: holds,
		Fees: program.Fees(program.Fee{Name: "pool", BasisPoints: e.LPFeeBasisPoints},
			program.Fee{Name: "protocol", BasisPoints: e.ProtocolFeeBasisPoints},
			program.Fee{Name: "creator", BasisPoints: e.CoinCreatorFeeBasisPoints}),
	}, !base.IsZero()
}

// heldAfter is what the pool has of its own sides after the trade; false for reserves that no pool has.
func (e *Swap) heldAfter(takesBase bool) (base, quote uint64, ok bool) {
	if takesBase {
		base, quote = e.PoolBaseReserves-e.BaseAmount, e.PoolQuoteReserves+e.QuoteAmountLPFee
		return base, quote, base <= e.PoolBaseReserves && quote >= e.PoolQuoteReserves
	}
	base, quote = e.PoolBaseReserves+e.BaseAmount, e.PoolQuoteReserves-e.QuoteAmountLPFee
	return base, quote, base >= e.PoolBaseReserves && quote <= e.PoolQuoteReserves
}
