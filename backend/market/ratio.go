package market

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// RatioPrice is the price of one whole base token when quote base units of the quote stand against base units of the
// base token: quote/base · 10^(baseDecimals−quoteDecimals), rounded down. It returns ErrOverflow when the price does not
// fit, when base is 0, and for decimals above 18.
func RatioPrice(quote, base U128, quoteDecimals, baseDecimals uint8) (Price, error) {
	const maxDecimals = 18
	if base.IsZero() || quoteDecimals > maxDecimals || baseDecimals > maxDecimals {
		return Price{}, ErrOverflow
	}

	digits := PriceDecimals + int(baseDecimals) - int(quoteDecimals) // 10 or more
	if quote.Hi|base.Hi != 0 {
		return wideRatio(quote, base, digits)
	}

	// Long division in base 10^19: the remainder is below the divisor, so that each step fits two words.
	divisor := base.Lo
	price, rest := U64(quote.Lo/divisor), quote.Lo%divisor
	for digits > 0 {
		step := min(digits, 19)
		digits -= step
		factor := power10[step]
		high, low := bits.Mul64(rest, factor)
		var next uint64
		next, rest = bits.Div64(high, low, divisor)
		scaled, overflow := price.Mul64(factor)
		price = scaled.Add(U64(next))
		if overflow || price.Less(scaled) {
			return Price{}, ErrOverflow
		}
	}

	return Price(price), nil
}

// power10 are the powers of ten that fit 64 bits.
var power10 = func() (table [20]uint64) {
	table[0] = 1
	for i := 1; i < len(table); i++ {
		table[i] = table[i-1] * 10
	}
	return table
}()

// wideRatio is the same for reserves that no pool has had yet.
func wideRatio(quote, base U128, digits int) (Price, error) {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	value := scale.Mul(scale, quote.Big())
	value.Quo(value, base.Big())
	if value.BitLen() > 128 {
		return Price{}, ErrOverflow
	}
	var bytes [16]byte
	value.FillBytes(bytes[:])
	return Price(u128FromBytes(bytes)), nil
}

func u128FromBytes(b [16]byte) U128 {
	return U128{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
}
