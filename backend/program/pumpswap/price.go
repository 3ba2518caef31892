package pumpswap

import (
	"slices"

	"spinscope/backend/market"
)

// Pool is what must be known of a pool to read its trades.
type Pool struct {
	BaseMint, QuoteMint         market.Pubkey // the pool's own sides
	BaseDecimals, QuoteDecimals uint8
}

// Sides are those of the pool that was opened.
func (e *CreatePool) Sides() Pool {
	return Pool{e.BaseMint, e.QuoteMint, e.BaseMintDecimals, e.QuoteMintDecimals}
}

// rank is a mint's place among those that prices are counted in; negative for a mint that is none.
func rank(mint market.Pubkey) int {
	return slices.IndexFunc(market.Quotes(), func(q market.Quote) bool { return q.Mint == mint })
}

// Reversed reports whether the pool's base side is what prices are counted in: the first of market.Quotes that the pool has
// is its quote, else its own quote side.
func (p Pool) Reversed() bool {
	base, quote := rank(p.BaseMint), rank(p.QuoteMint)
	return base >= 0 && (quote < 0 || base < quote)
}

// Coin is the mint whose price the pool makes.
func (p Pool) Coin() market.Pubkey {
	if p.Reversed() {
		return p.QuoteMint
	}
	return p.BaseMint
}

// Quote is the mint that the price is counted in.
func (p Pool) Quote() market.Pubkey {
	if p.Reversed() {
		return p.BaseMint
	}
	return p.QuoteMint
}

// Trade is what a swap comes to: base units of the coin and of what it is counted in, without fees.
type Trade struct {
	Price       market.Price // after the trade, of one whole coin, rounded down
	Base, Quote uint64
	Buy         bool // the taker bought the coin
}

// Trade is what the buy comes to in its pool. It returns market.ErrOverflow for reserves that give no price.
func (e *Buy) Trade(p Pool) (Trade, error) {
	// Instructions that name what is paid swap the gross and the net amount.
	net := min(e.QuoteAmount, e.UserQuoteAmount)
	return e.trade(p, net, true)
}

// Trade is what the sale comes to in its pool. It returns market.ErrOverflow for reserves that give no price.
func (e *Sell) Trade(p Pool) (Trade, error) { return e.trade(p, e.QuoteAmount, false) }

func (e *Swap) trade(p Pool, net uint64, takesBase bool) (Trade, error) {
	base, quote, err := e.reservesAfter(takesBase)
	if err != nil {
		return Trade{}, err
	}
	t := Trade{Base: e.BaseAmount, Quote: net, Buy: takesBase}
	if !p.Reversed() {
		t.Price, err = market.RatioPrice(quote, base, p.QuoteDecimals, p.BaseDecimals)
		return t, err
	}
	t.Base, t.Quote, t.Buy = t.Quote, t.Base, !t.Buy
	t.Price, err = market.RatioPrice(base, quote, p.BaseDecimals, p.QuoteDecimals)
	return t, err
}

// reservesAfter are what the pool's price is made of after the trade, virtual reserves included.
func (e *Swap) reservesAfter(takesBase bool) (base, quote market.U128, err error) {
	base, quote = market.U64(e.PoolBaseReserves), market.U64(e.PoolQuoteReserves)
	var baseOut, quoteOut market.U128
	if takesBase {
		quote, baseOut = quote.Add(market.U64(e.QuoteAmountLPFee)), market.U64(e.BaseAmount)
	} else {
		base, quoteOut = base.Add(market.U64(e.BaseAmount)), market.U64(e.QuoteAmountLPFee)
	}
	if virtual := e.VirtualQuoteReserves.Abs(); e.VirtualQuoteReserves.Negative() {
		quoteOut = quoteOut.Add(virtual)
	} else {
		quote = quote.Add(virtual) // below 2^127 + 2^65
	}

	if base.Less(baseOut) || quote.Less(quoteOut) {
		return base, quote, market.ErrOverflow
	}
	return base.Sub(baseOut), quote.Sub(quoteOut), nil
}
