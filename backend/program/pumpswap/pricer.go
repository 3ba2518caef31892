package pumpswap

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// NewPricer implements program.Plug. Trades name a pool: whoever knows it has located the body before.
func (plug) NewPricer(int) program.Pricer { return pricer{} }

type pricer struct{ program.Memoryless }

// Price implements program.Pricer. The scale is the decimals of what the price is counted in.
func (pricer) Price(e *market.Event) program.PriceReport {
	e.Scale, e.Price = 0, market.Price{}
	at := placeOf(e.Body)
	body, ok := e.Body.(market.Priced)
	if !ok || at == nil || at.place.Coin.IsZero() {
		return program.PriceReport{}
	}
	e.Scale = uint8(at.place.Pair.QuoteDecimals()) //nolint:gosec // at most MaxDecimals
	e.Price = body.PriceAt(e.Scale)
	return program.PriceReport{Overflow: e.Price.IsZero()}
}
