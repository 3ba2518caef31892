package pumpswap

import "spinscope/backend/market"

// located is the pool that an event names, as far as it is known which it is. The zero value: it is not.
type located struct{ place market.Place }

// Locate implements market.Located.
func (l *located) Locate(p market.Place) { l.place = p }

// MintAccount implements market.Body: zero until the pool is known.
func (l *located) MintAccount() market.Pubkey { return l.place.Coin }

// ChangeToken implements market.TokenBody: a coin that trades in a pool is paid in what the pool has.
func (l *located) ChangeToken(t *market.Token) { t.Pair = l.place.Pair }

// sides are those of the pool.
func (l *located) sides() Pool {
	pair := l.place.Pair
	p := Pool{l.place.Coin, pair.Quote(), uint8(pair.BaseDecimals()), uint8(pair.QuoteDecimals())} //nolint:gosec // at most MaxDecimals
	if l.place.Reversed {
		p.BaseMint, p.QuoteMint = p.QuoteMint, p.BaseMint
		p.BaseDecimals, p.QuoteDecimals = p.QuoteDecimals, p.BaseDecimals
	}
	return p
}

// PlaceAccount implements market.Located.
func (e *Swap) PlaceAccount() market.Pubkey { return e.Pool }

// PlaceAccount implements market.Located.
func (e *Liquidity) PlaceAccount() market.Pubkey { return e.Pool }

// OpenedPlace implements market.Opening.
func (e *CreatePool) OpenedPlace() market.Pubkey { return e.Pool }

// Place is what a pool is to its coin. It returns market.ErrDecimals for mints that no price can be told of.
func (p Pool) Place() (market.Place, error) {
	base, quote := p.BaseDecimals, p.QuoteDecimals
	if p.Reversed() {
		base, quote = quote, base
	}
	pair, err := market.NewPair(Program, p.Quote(), base, quote)
	return market.Place{Coin: p.Coin(), Pair: pair, Reversed: p.Reversed()}, err
}

// Amounts implements market.Trader.
func (e *Buy) Amounts() (base, quote uint64, buy bool) {
	t, _ := e.Trade(e.sides()) // zero when there is none
	return t.Base, t.Quote, t.Buy
}

// Amounts implements market.Trader.
func (e *Sell) Amounts() (base, quote uint64, buy bool) {
	t, _ := e.Trade(e.sides()) // zero when there is none
	return t.Base, t.Quote, t.Buy
}

// Fees implements market.Charged: what the taker paid beyond what was traded. Fees of a reversed pool are paid in the coin.
func (e *Buy) Fees() (quote uint64, known bool) {
	return max(e.QuoteAmount, e.UserQuoteAmount) - min(e.QuoteAmount, e.UserQuoteAmount), !e.place.Reversed
}

// Fees implements market.Charged: what the taker was not given of what was traded.
func (e *Sell) Fees() (quote uint64, known bool) {
	return max(e.QuoteAmount, e.UserQuoteAmount) - e.UserQuoteAmount, !e.place.Reversed
}

// PriceAt implements market.Priced. The pool says how many decimals there are.
func (e *Buy) PriceAt(uint8) market.Price {
	t, _ := e.Trade(e.sides()) // zero when there is none
	return t.Price
}

// PriceAt implements market.Priced.
func (e *Sell) PriceAt(uint8) market.Price {
	t, _ := e.Trade(e.sides()) // zero when there is none
	return t.Price
}
