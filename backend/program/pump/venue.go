package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// reservesPart is the first part of a Trade's layout that has the real reserves, and feesPart that which has the fees.
const (
	reservesPart = 1
	feesPart     = 2
)

// usuallyForSale is how many base units the curve of a coin begins to sell, 793,100,000 whole coins; mayhem coins have more.
const usuallyForSale = 793_100_000_000_000

// Venue implements program.Venued.
func (e *Trade) Venue() (program.Venue, bool) {
	virtual, actual := e.quoteReserves()
	v := program.Venue{Base: market.U64(e.VirtualTokenReserves), Quote: market.U64(virtual)}
	if !e.MayhemMode {
		v.ForSale = usuallyForSale
	}
	if e.Parts >= reservesPart {
		v.Held, v.Left, v.Holds = true, e.RealTokenReserves, actual
	}
	if e.Parts >= feesPart {
		v.Fees = program.Fees(program.Fee{Name: "protocol", BasisPoints: e.FeeBasisPoints},
			program.Fee{Name: "creator", BasisPoints: e.CreatorFeeBasisPoints})
	}
	return v, e.VirtualTokenReserves > 0
}

// Venue implements program.Venued: a coin that nobody has bought yet.
func (e *Create) Venue() (program.Venue, bool) {
	virtual := e.VirtualSolReserves
	if Quote(e.QuoteMint) != market.WrappedSOL {
		virtual = e.VirtualQuoteReserves
	}
	v := program.Venue{
		Base: market.U64(e.VirtualTokenReserves), Quote: market.U64(virtual),
		Held: true, Left: e.RealTokenReserves, ForSale: e.RealTokenReserves,
	}
	return v, e.VirtualTokenReserves > 0
}
