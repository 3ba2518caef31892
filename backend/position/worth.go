package position

import (
	"math"
	"math/big"

	"spinscope/backend/market"
)

// Entry is what the tokens that are held cost on average, fees not counted, rounded down; false when none are held, or the
// price does not fit.
func (p *Position) Entry(pair market.Pair) (market.Price, bool) {
	if p.Held.IsZero() {
		return market.Price{}, false
	}
	price, err := market.RatioPrice(p.Cost, p.Held, uint8(pair.QuoteDecimals()), uint8(pair.BaseDecimals())) //nolint:gosec // market.MaxDecimals at most
	return price, err == nil
}

// Value is what the tokens that are held are worth at a price, in base units of the quote, rounded down. What selling them
// would do to the price is not counted, nor are fees.
func (p *Position) Value(price market.Price, pair market.Pair) market.U128 {
	value := new(big.Int).Mul(p.Held.Big(), market.U128(price).Big())
	up, down := pair.QuoteDecimals(), market.PriceDecimals+pair.BaseDecimals()
	value.Mul(value, power(up)).Quo(value, power(down))
	if value.BitLen() > 128 {
		return market.U128{Hi: math.MaxUint64, Lo: math.MaxUint64}
	}
	return fromBig(value)
}

func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// Balance is a number with a sign: Plus less Minus.
type Balance struct{ Plus, Minus market.U128 }

// Realised is what was gained less what was lost, by sales of tokens that were seen bought and by margin orders whose margin
// is known. Fees are not counted where they are not in the amounts themselves.
func (p *Position) Realised() Balance {
	return Balance{p.Gain.Add(p.Margin.Gain), p.Loss.Add(p.Margin.Loss)}
}

// Unrealised is what the tokens that are held are worth at a price less what they cost.
func (p *Position) Unrealised(price market.Price, pair market.Pair) Balance {
	return Balance{p.Value(price, pair), p.Cost}
}

// Add is the sum of two.
func (b Balance) Add(o Balance) Balance { return Balance{b.Plus.Add(o.Plus), b.Minus.Add(o.Minus)} }

// Split is the number without its sign, and whether it is below 0.
func (b Balance) Split() (amount market.U128, negative bool) {
	if b.Plus.Less(b.Minus) {
		return b.Minus.Sub(b.Plus), true
	}
	return b.Plus.Sub(b.Minus), false
}

// Compare is -1, 0 or 1 as b is below, equal to or above o.
func (b Balance) Compare(o Balance) int { return b.Plus.Add(o.Minus).Cmp(o.Plus.Add(b.Minus)) }
