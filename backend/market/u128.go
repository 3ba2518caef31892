package market

import (
	"errors"
	"math/big"
	"math/bits"
	"strconv"
)

// ErrOverflow is returned when a result does not fit 128 bits.
var ErrOverflow = errors.New("number does not fit 128 bits")

// U128 is an unsigned 128-bit integer, as the program's u128 and as sums of u64 that must not wrap.
type U128 struct{ Hi, Lo uint64 }

// U64 widens x.
func U64(x uint64) U128 { return U128{Lo: x} }

// ParseU128 reads decimal digits. It returns ErrOverflow above 2^128-1.
func ParseU128(text string) (U128, error) {
	if text == "" {
		return U128{}, strconv.ErrSyntax
	}
	var x U128
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return U128{}, strconv.ErrSyntax
		}
		scaled, overflow := x.Mul64(10)
		if overflow {
			return U128{}, ErrOverflow
		}

		next := scaled.Add(U64(uint64(text[i] - '0')))
		if next.Less(scaled) {
			return U128{}, ErrOverflow
		}
		x = next
	}

	return x, nil
}

// IsZero reports whether x is 0.
func (x U128) IsZero() bool { return x.Hi|x.Lo == 0 }

// Cmp is -1, 0 or 1 as x is below, equal to or above y.
func (x U128) Cmp(y U128) int {
	switch {
	case x == y:
		return 0
	case x.Less(y):
		return -1
	}
	return 1
}

// Less reports whether x < y.
func (x U128) Less(y U128) bool { return x.Hi < y.Hi || x.Hi == y.Hi && x.Lo < y.Lo }

// Add is x + y modulo 2^128.
func (x U128) Add(y U128) U128 {
	lo, carry := bits.Add64(x.Lo, y.Lo, 0)
	hi, _ := bits.Add64(x.Hi, y.Hi, carry)
	return U128{hi, lo}
}

// Sub is x - y modulo 2^128.
func (x U128) Sub(y U128) U128 {
	lo, borrow := bits.Sub64(x.Lo, y.Lo, 0)
	hi, _ := bits.Sub64(x.Hi, y.Hi, borrow)
	return U128{hi, lo}
}

// Mul64 is x · y and whether it overflowed.
func (x U128) Mul64(y uint64) (U128, bool) {
	carry, lo := bits.Mul64(x.Lo, y)
	over, hi := bits.Mul64(x.Hi, y)
	hi, c := bits.Add64(hi, carry, 0)
	return U128{hi, lo}, over|c != 0
}

// divMod64 is x / y and x % y; y must not be 0.
func (x U128) divMod64(y uint64) (U128, uint64) {
	hi, rest := bits.Div64(0, x.Hi, y)
	lo, rest := bits.Div64(rest, x.Lo, y)
	return U128{hi, lo}, rest
}

// Big is x as a big.Int.
func (x U128) Big() *big.Int {
	b := new(big.Int).SetUint64(x.Hi)
	return b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(x.Lo))
}

// String is x in decimal digits.
func (x U128) String() string { return string(x.appendDecimal(nil)) }

func (x U128) appendDecimal(dst []byte) []byte {
	if x.Hi == 0 {
		return strconv.AppendUint(dst, x.Lo, 10)
	}
	const chunk = 1e19
	head, tail := x.divMod64(chunk)
	dst = head.appendDecimal(dst)
	var digits [19]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + tail%10)
		tail /= 10
	}
	return append(dst, digits[:]...)
}

// Decimal is x / 10^decimals written exactly, without an exponent and without trailing zeros ("0.0000000279", "12").
func (x U128) Decimal(decimals int) string { return string(x.AppendFixed(nil, decimals)) }

// AppendFixed appends Decimal(decimals) to dst.
func (x U128) AppendFixed(dst []byte, decimals int) []byte {
	var buffer [40]byte
	digits := x.appendDecimal(buffer[:0])
	whole := len(digits) - decimals
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		digits = digits[whole:]
	} else {
		dst = append(dst, '0')
	}

	end := len(digits)
	for end > 0 && digits[end-1] == '0' {
		end--
	}

	if end == 0 {
		return dst
	}
	dst = append(dst, '.')
	for range max(0, -whole) {
		dst = append(dst, '0')
	}

	return append(dst, digits[:end]...)
}

// Float is the float64 nearest to x / 10^decimals.
func (x U128) Float(decimals int) float64 {
	if x.Hi == 0 && x.Lo < 1<<53 && decimals <= 22 {
		return float64(x.Lo) / pow10[decimals] // both exact, so the quotient is correctly rounded
	}
	var buffer [48]byte
	value, _ := strconv.ParseFloat(string(x.AppendFixed(buffer[:0], decimals)), 64)
	return value
}

var pow10 = [23]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}
