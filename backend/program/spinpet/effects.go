package spinpet

import "spinscope/backend/market"

// Amounts implements market.Trader.
func (b *BuySell) Amounts() (token, sol uint64, buy bool) { return b.TokenAmount, b.SolAmount, b.IsBuy }

// Amounts implements market.Trader: a long buys what it opens with, a short sells it.
func (b *LongShort) Amounts() (token, sol uint64, buy bool) {
	token, sol = b.Terms.Size()
	return token, sol, b.Terms.OrderType != market.OrderShort
}

// Amounts implements market.Trader.
func (b *Close) Amounts() (token, sol uint64, buy bool) {
	return b.FinalTokenAmount, b.FinalSolAmount, !b.IsCloseLong
}

// traded is a body with a raw price and the amounts that it can be checked against.
type traded interface {
	market.Trader
	rawPrice() market.U128
}

func (b *BuySell) rawPrice() market.U128   { return b.LatestPrice }
func (b *LongShort) rawPrice() market.U128 { return b.LatestPrice }
func (b *Close) rawPrice() market.U128     { return b.LatestPrice }

// RawPrice is the on-chain latest_price of an event; false for kinds without one.
func RawPrice(body market.Body) (raw market.U128, ok bool) {
	if b, ok := body.(traded); ok {
		return b.rawPrice(), true
	}
	return market.U128{}, false
}

// PriceAt implements market.Priced.
func (b *BuySell) PriceAt(scale uint8) market.Price { return priceAt(b.LatestPrice, scale) }

// PriceAt implements market.Priced.
func (b *LongShort) PriceAt(scale uint8) market.Price { return priceAt(b.LatestPrice, scale) }

// PriceAt implements market.Priced.
func (b *Close) PriceAt(scale uint8) market.Price { return priceAt(b.LatestPrice, scale) }

// priceAt is a raw price of that many decimals. It is zero when the scale is not known, and when it does not fit.
func priceAt(raw market.U128, scale uint8) market.Price {
	if scale == 0 {
		return market.Price{}
	}
	price, err := market.ScalePrice(raw, int(scale))
	if err != nil {
		return market.Price{}
	}
	return price
}

// OrderAccount implements market.OrderBody.
func (b *LongShort) OrderAccount() market.Pubkey { return b.Order }

// OrderAccount implements market.OrderBody.
func (b *Close) OrderAccount() market.Pubkey { return b.Order }

// OrderAccount implements market.OrderBody.
func (b *ForceLiquidate) OrderAccount() market.Pubkey { return b.Order }

// OrderTerms implements market.OrderBody.
func (b *LongShort) OrderTerms() (terms *market.Terms, payer market.Pubkey) { return &b.Terms, b.Payer }

// OrderTerms implements market.OrderBody.
func (b *PartialClose) OrderTerms() (terms *market.Terms, payer market.Pubkey) {
	return &b.Terms, b.Payer
}

// OrderTerms implements market.OrderBody.
func (b *FullClose) OrderTerms() (terms *market.Terms, payer market.Pubkey) { return nil, b.Payer }

// OrderTerms implements market.OrderBody.
func (b *ForceLiquidate) OrderTerms() (terms *market.Terms, payer market.Pubkey) { return nil, b.Payer }

// Closes implements market.Closing.
func (*FullClose) Closes() {}

// Closes implements market.Closing.
func (*PartialClose) Closes() {}

// Liquidates implements market.Liquidation.
func (*ForceLiquidate) Liquidates() {}

// Adds implements market.Counted.
func (b *LongShort) Adds() market.Totals {
	return market.Totals{Margin: market.U64(b.Terms.MarginSolAmount)}
}

// Adds implements market.Counted.
func (b *Close) Adds() market.Totals {
	return market.Totals{CloseProfit: market.U64(b.UserCloseProfit)}
}

// Adds implements market.Counted.
func (*ForceLiquidate) Adds() market.Totals { return market.Totals{Liquidations: 1} }

// Names implements market.Creation.
func (b *TokenCreated) Names() (name, symbol, uri string) { return b.Name, b.Symbol, b.URI }

// ChangeToken implements market.TokenBody.
func (b *TokenCreated) ChangeToken(t *market.Token) {
	lowerFees(t, b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
}

// ChangeToken implements market.TokenBody.
func (b *MilestoneDiscount) ChangeToken(t *market.Token) {
	lowerFees(t, b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
}

// lowerFees records the fees that a curve states. A curve's fees only ever fall, so that the order of arrival is no matter.
func lowerFees(t *market.Token, swap, borrow uint16, flag uint8) {
	if t.FeeDiscountFlag == 0 && t.SwapFee == 0 && t.BorrowFee == 0 || flag > t.FeeDiscountFlag {
		t.SwapFee, t.BorrowFee, t.FeeDiscountFlag = swap, borrow, flag
	}
}
