package spinpet

import (
	"errors"
	"math/big"

	"spinscope/backend/market"
)

var (
	// ErrCurve is returned for a point that is not on the curve: price 0 or decimals outside 0..28.
	ErrCurve = errors.New("no point of the bonding curve")
	// ErrReserve is returned when a trade asks for more tokens or SOL than the curve can give, or its result does not
	// fit its type.
	ErrReserve = errors.New("the bonding curve cannot give that much")
)

// The reserves of a fresh curve. Their product stays the same.
const (
	FreshSol    = 30         // SOL
	FreshTokens = 1073000000 // whole tokens
)

// guardDigits are digits below a token base unit and a lamport that intermediate results keep; far more than the 28
// digits in all that the program itself works with, so that rounding agrees.
const guardDigits = 24

var (
	tokenUnit  = pow10Big(market.TokenDecimals + guardDigits) // one whole token in working digits
	solUnit    = pow10Big(market.LamportsDecimals + guardDigits)
	guardUnit  = pow10Big(guardDigits)
	product    = new(big.Int).Mul(big.NewInt(FreshSol), big.NewInt(FreshTokens))
	productTok = new(big.Int).Mul(product, new(big.Int).Mul(tokenUnit, tokenUnit)) // K · tokenUnit²
	productSol = new(big.Int).Mul(product, new(big.Int).Mul(tokenUnit, solUnit))   // K · tokenUnit · solUnit
)

// scaledProducts are K · tokenUnit² · 10^decimals.
var scaledProducts = func() (table [market.PriceDecimals + 1]*big.Int) {
	for n := range table {
		table[n] = new(big.Int).Mul(productTok, pow10Big(n))
	}
	return table
}()

// Curve is a point of the bonding curve, given by the price as the program stores it. With K the product of the
// reserves and p the price, t = √(K/p) tokens and s = K/t SOL are in reserve; a trade moves t and the price becomes
// s/t. Fees are not part of it. A Curve is a value: trades return the next one. The zero Curve fails with ErrCurve.
type Curve struct {
	raw      market.U128
	decimals int
}

// FreshCurve is a new mint's curve with prices of that many decimals, 28, 26 or 23 in known deployments.
func FreshCurve(decimals int) (Curve, error) {
	if decimals < 0 || decimals > market.PriceDecimals {
		return Curve{}, ErrCurve
	}
	price := new(big.Int).Mul(big.NewInt(FreshSol), pow10Big(decimals))
	raw, _ := toU128(price.Div(price, big.NewInt(FreshTokens)))
	return CurveAt(raw, decimals)
}

// CurveAt is the curve at a price of SOL per whole token × 10^decimals. It returns ErrCurve.
func CurveAt(raw market.U128, decimals int) (Curve, error) {
	if raw.IsZero() || decimals < 0 || decimals > market.PriceDecimals {
		return Curve{}, ErrCurve
	}
	return Curve{raw: raw, decimals: decimals}, nil
}

// Raw is the price as on chain.
func (c Curve) Raw() market.U128 { return c.raw }

// Decimals is the scale of Raw.
func (c Curve) Decimals() int { return c.decimals }

// Price is the normalised price. It returns market.ErrOverflow if that does not fit.
func (c Curve) Price() (market.Price, error) { return market.ScalePrice(c.raw, c.decimals) }

// Buy takes tokens (base units) out and tells the lamports they cost, fee not included. It returns ErrReserve.
func (c Curve) Buy(tokens uint64) (Curve, uint64, error) { return c.move(tokens, true) }

// Sell puts tokens (base units) in and tells the lamports they bring, fee not deducted. It returns ErrReserve.
func (c Curve) Sell(tokens uint64) (Curve, uint64, error) { return c.move(tokens, false) }

// Move is Buy or Sell.
func (c Curve) Move(tokens uint64, buy bool) (Curve, uint64, error) { return c.move(tokens, buy) }

// TokensFor is how many token base units that many lamports buy (or, when selling, how many bring them), rounded down.
// It returns ErrReserve when selling for more SOL than there is.
func (c Curve) TokensFor(lamports uint64, buy bool) (uint64, error) {
	if c.raw.IsZero() {
		return 0, ErrCurve
	}
	before := c.tokens()
	sol := new(big.Int).Div(productSol, before)
	change := new(big.Int).SetUint64(lamports)
	change.Mul(change, guardUnit)
	if buy {
		sol.Add(sol, change)
	} else if sol.Sub(sol, change); sol.Sign() <= 0 {
		return 0, ErrReserve
	}

	after := sol.Div(productSol, sol)
	after.Sub(before, after)
	after.Abs(after).Div(after, guardUnit)
	if !after.IsUint64() {
		return 0, ErrReserve
	}
	return after.Uint64(), nil
}

// Between is what moving the price from here to raw (of the same scale) trades: token base units rounded down and
// lamports rounded to the nearest, whichever direction. It is the content of a liquidation range. It returns ErrCurve
// for raw 0 and ErrReserve.
func (c Curve) Between(raw market.U128) (tokens, lamports uint64, err error) {
	if c.raw.IsZero() || raw.IsZero() {
		return 0, 0, ErrCurve
	}
	here, there := c.tokens(), Curve{raw, c.decimals}.tokens()
	lamports, ok := lamportsBetween(here, there)
	here.Sub(here, there)
	here.Abs(here).Div(here, guardUnit)
	if !ok || !here.IsUint64() {
		return 0, 0, ErrReserve
	}
	return here.Uint64(), lamports, nil
}

// Reserves are the tokens (base units) and lamports behind the price, virtual ones included, rounded down and capped at
// the largest uint64.
func (c Curve) Reserves() (tokens, lamports uint64) {
	if c.raw.IsZero() {
		return 0, 0
	}
	t := c.tokens()
	s := new(big.Int).Div(productSol, t)
	return toU64Capped(t.Div(t, guardUnit)), toU64Capped(s.Div(s, guardUnit))
}

func (c Curve) move(tokens uint64, buy bool) (Curve, uint64, error) {
	before, after, err := c.reserves(tokens, buy)
	if err != nil {
		return Curve{}, 0, err
	}
	lamports, ok := lamportsBetween(before, after)
	if !ok {
		return Curve{}, 0, ErrReserve
	}
	next, ok := c.at(after)
	if !ok {
		return Curve{}, 0, ErrReserve
	}
	return next, lamports, nil
}

// reserves are the tokens before and after a trade, in working digits. It returns ErrCurve and ErrReserve.
func (c Curve) reserves(tokens uint64, buy bool) (before, after *big.Int, err error) {
	if c.raw.IsZero() {
		return nil, nil, ErrCurve
	}
	before = c.tokens()
	after = new(big.Int).SetUint64(tokens)
	after.Mul(after, guardUnit)
	if buy {
		after.Sub(before, after)
	} else {
		after.Add(before, after)
	}
	if after.Sign() <= 0 {
		return nil, nil, ErrReserve
	}
	return before, after, nil
}

// at is the point with that token reserve, which it uses up; false if its price does not fit.
func (c Curve) at(tokens *big.Int) (Curve, bool) {
	raw, ok := toU128(new(big.Int).Div(scaledProducts[c.decimals], tokens.Mul(tokens, tokens)))
	return Curve{raw, c.decimals}, ok && !raw.IsZero()
}

// tokens is t in working digits, rounded down, so that the price worked out from it is never below c's.
func (c Curve) tokens() *big.Int {
	t := new(big.Int).Div(scaledProducts[c.decimals], c.raw.Big())
	return t.Sqrt(t)
}

// lamportsBetween is the SOL between two token reserves; false if it does not fit.
func lamportsBetween(a, b *big.Int) (uint64, bool) {
	s := new(big.Int).Div(productSol, a)
	s.Sub(s, new(big.Int).Div(productSol, b))
	s.Abs(s).Add(s, new(big.Int).Rsh(guardUnit, 1)).Div(s, guardUnit)
	return s.Uint64(), s.IsUint64()
}

var powers = func() (table [market.TokenDecimals + market.LamportsDecimals + 2*guardDigits]*big.Int) {
	table[0] = big.NewInt(1)
	for i := range len(table) - 1 {
		table[i+1] = new(big.Int).Mul(table[i], big.NewInt(10))
	}
	return table
}()

// pow10Big is 10^n, to be read only.
func pow10Big(n int) *big.Int { return powers[n] }

func toU128(x *big.Int) (market.U128, bool) {
	if x.BitLen() > 128 {
		return market.U128{}, false
	}
	var data [16]byte
	x.FillBytes(data[:])
	var value market.U128
	for i := range 8 {
		value.Hi = value.Hi<<8 | uint64(data[i])
		value.Lo = value.Lo<<8 | uint64(data[8+i])
	}
	return value, true
}

func toU64Capped(x *big.Int) uint64 {
	if !x.IsUint64() {
		return ^uint64(0)
	}
	return x.Uint64()
}
