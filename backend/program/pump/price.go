package pump

import (
	"math"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// TokenDecimals are those of every coin of the program.
const TokenDecimals = 6

// Quote is the mint that a price is counted in: market.WrappedSOL where the program names none.
func Quote(mint market.Pubkey) market.Pubkey {
	if mint == program.DefaultAddress {
		return market.WrappedSOL
	}
	return mint
}

// Quote is the mint that the trade was paid in.
func (e *Trade) Quote() market.Pubkey { return Quote(e.QuoteMint) }

// Amounts are the base units traded, of the coin and of the quote, without fees, and whether the taker bought.
func (e *Trade) Amounts() (base, quote uint64, buy bool) {
	if e.Quote() == market.WrappedSOL {
		return e.TokenAmount, e.SolAmount, e.IsBuy
	}
	return e.TokenAmount, e.QuoteAmount, e.IsBuy
}

// quoteReserves are those of what the coin is paid in, after the trade: virtual ones, of which the price is made, and real ones.
func (e *Trade) quoteReserves() (virtual, actual uint64) {
	if e.Quote() == market.WrappedSOL {
		return e.VirtualSolReserves, e.RealSolReserves
	}
	return e.VirtualQuoteReserves, e.RealQuoteReserves
}

// Fees implements market.Charged: the program's fee, of which buybacks are a part, and the creator's, wherever it goes: as
// cashback it is told apart, and so it is for holders. Layouts before 2025-05 tell of none.
func (e *Trade) Fees() (quote uint64, known bool) {
	creator := max(e.CreatorFee, e.HolderRewards) // one fee, for the one or for the others
	return sum(sum(e.Fee, creator), e.Cashback), e.FeeRecipient != program.DefaultAddress
}

// Price is the curve's price after the trade: what is quoted against one whole coin, rounded down. It returns
// market.ErrOverflow for reserves that give none.
func (e *Trade) Price(quoteDecimals uint8) (market.Price, error) {
	quote, _ := e.quoteReserves()
	return market.RatioPrice(market.U64(quote), market.U64(e.VirtualTokenReserves), quoteDecimals, TokenDecimals)
}

// Quote is the mint that the trade was paid in.
func (e *PostCompleteBuy) Quote() market.Pubkey { return Quote(e.QuoteMint) }

// Amounts are the base units traded, of the coin and of the quote; it is always a buy.
func (e *PostCompleteBuy) Amounts() (base, quote uint64, buy bool) { return e.BaseOut, e.QuoteIn, true }

// Fees implements market.Charged.
func (e *PostCompleteBuy) Fees() (quote uint64, known bool) { return sum(e.Fee, e.CreatorFee), true }

// sum is a + b, the largest number where that does not fit.
func sum(a, b uint64) uint64 {
	if a+b < a {
		return math.MaxUint64
	}
	return a + b
}

// Price is that of the pool that opens next, after the trade.
func (e *PostCompleteBuy) Price(quoteDecimals uint8) (market.Price, error) {
	return market.RatioPrice(market.U64(e.PoolQuoteReservesAfter), market.U64(e.PoolBaseReservesAfter), quoteDecimals, TokenDecimals)
}
