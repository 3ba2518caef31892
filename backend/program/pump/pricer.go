package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// pricer implements program.Pricer. It keeps nothing: each event has the reserves that its price follows from.
type pricer struct{ program.Memoryless }

// NewPricer implements program.Plug.
func (plug) NewPricer(int) program.Pricer { return pricer{} }

// Price implements program.Pricer. The scale is the decimals of what the price is counted in.
func (pricer) Price(e *market.Event) program.PriceReport {
	body, ok := e.Body.(interface {
		market.Priced
		Quote() market.Pubkey
	})
	if !ok {
		e.Scale, e.Price = 0, market.Price{}
		return program.PriceReport{}
	}
	e.Scale = QuoteDecimals(body.Quote())
	e.Price = body.PriceAt(e.Scale)
	return program.PriceReport{Overflow: e.Price.IsZero()}
}

// QuoteDecimals are those of a mint that coins are paid in: SOL, or a stable coin or another coin, which have as many as
// coins of the program.
func QuoteDecimals(mint market.Pubkey) uint8 {
	const lamports = 9
	if mint == market.WrappedSOL {
		return lamports
	}
	return TokenDecimals
}

// PriceAt implements market.Priced.
func (e *Trade) PriceAt(scale uint8) market.Price {
	price, _ := e.Price(scale) // zero when there is none
	return price
}

// PriceAt implements market.Priced.
func (e *PostCompleteBuy) PriceAt(scale uint8) market.Price {
	price, _ := e.Price(scale) // zero when there is none
	return price
}

// pairOf is the market of a coin that is paid in the mint.
func pairOf(quote market.Pubkey) market.Pair {
	if quote == market.WrappedSOL {
		return solPair
	}
	return market.MustPair(Program, quote, TokenDecimals, QuoteDecimals(quote))
}

var solPair = market.MustPair(Program, market.WrappedSOL, TokenDecimals, QuoteDecimals(market.WrappedSOL))

// changePair sets the market of a coin. One that has moved on to the program that comes after stays there, whatever older
// event is seen later.
func changePair(t *market.Token, quote market.Pubkey) {
	if t.Pair.Program() <= Program {
		t.Pair = pairOf(quote)
	}
}

// ChangeToken implements market.TokenBody.
func (e *Create) ChangeToken(t *market.Token) { changePair(t, Quote(e.QuoteMint)) }

// ChangeToken implements market.TokenBody: the coin's creation may lie before what is stored.
func (e *Trade) ChangeToken(t *market.Token) { changePair(t, e.Quote()) }

// Names implements market.Creation.
func (e *Create) Names() (name, symbol, uri string) { return e.Name, e.Symbol, e.URI }

// Graduates implements market.Graduation.
func (*Complete) Graduates() {}

// TotalSupply implements market.Supplied. The oldest layout does not say it.
func (e *Create) TotalSupply() (uint64, bool) { return e.TokenTotalSupply, e.TokenTotalSupply != 0 }
