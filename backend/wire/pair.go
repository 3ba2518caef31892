package wire

import "spinscope/backend/market"

// Pair says where a coin is traded and what it is paid in. Coins of SpinPet, which are paid in SOL, have none of it: they are
// what they were before there were others.
type Pair struct {
	Program       string `json:"program,omitempty"        doc:"The program that it is traded on; left out: spinpet"`
	QuoteMint     string `json:"quote_mint,omitempty"     doc:"The mint that prices and quote amounts are in; left out: SOL"`
	QuoteSymbol   string `json:"quote_symbol,omitempty"   doc:"What that mint is known as, or the ends of its address; left out: SOL"`
	QuoteDecimals *uint8 `json:"quote_decimals,omitempty" doc:"Of amounts that are whole numbers; left out: 9"`
}

// NewPair is p on the wire.
func NewPair(p market.Pair) Pair {
	if p == (market.Pair{}) {
		return Pair{}
	}
	return Pair{
		Program: p.Program().String(), QuoteMint: p.Quote().String(), QuoteSymbol: p.QuoteSymbol(),
		QuoteDecimals: new(uint8(p.QuoteDecimals())), //nolint:gosec // market.MaxDecimals at most
	}
}
