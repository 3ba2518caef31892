package market

import "math/big"

// I128 is a signed number of 128 bits in two's complement; the zero value is 0.
type I128 struct {
	Hi int64
	Lo uint64
}

// I64 is n as an I128.
func I64(n int64) I128 { return I128{Hi: n >> 63, Lo: uint64(n)} } //nolint:gosec // its bits

// Negative reports whether the number is below 0.
func (x I128) Negative() bool { return x.Hi < 0 }

// Abs is the number without its sign.
func (x I128) Abs() U128 {
	hi := uint64(x.Hi) //nolint:gosec // its bits
	if x.Hi >= 0 {
		return U128{Hi: hi, Lo: x.Lo}
	}
	return U128{}.Sub(U128{Hi: hi, Lo: x.Lo})
}

// Big is the number for arithmetic that must not overflow.
func (x I128) Big() *big.Int {
	value := x.Abs().Big()
	if x.Negative() {
		value.Neg(value)
	}
	return value
}

// String is the number in decimal.
func (x I128) String() string { return x.Big().String() }
