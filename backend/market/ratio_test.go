package market

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestRatioPriceIsExact compares with exact rational arithmetic over the whole range of values.
func TestRatioPriceIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	word := func() uint64 { return r.Uint64() >> r.IntN(64) }
	fits, overflows := 0, 0
	for range 200_000 {
		quote, base := U64(word()), U64(word())
		if r.IntN(10) == 0 {
			quote.Hi = word()
		}
		if r.IntN(10) == 0 {
			base.Hi = word()
		}

		quoteDecimals, baseDecimals := uint8(r.IntN(20)), uint8(r.IntN(20)) //nolint:gosec // small
		got, err := RatioPrice(quote, base, quoteDecimals, baseDecimals)

		var want *big.Int
		if !base.IsZero() && quoteDecimals <= 18 && baseDecimals <= 18 {
			want = new(big.Int).Exp(big.NewInt(10), big.NewInt(28+int64(baseDecimals)-int64(quoteDecimals)), nil)
			want.Mul(want, quote.Big()).Quo(want, base.Big())
		}

		if want == nil || want.BitLen() > 128 {
			overflows++
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("%s of %d decimals / %s of %d: %s, %v; want an overflow", quote.Big(), quoteDecimals, base.Big(), baseDecimals, got, err)
			}
			continue
		}

		fits++
		if err != nil || U128(got).Big().Cmp(want) != 0 {
			t.Fatalf("%s of %d decimals / %s of %d: %s, %v; want %s", quote.Big(), quoteDecimals, base.Big(), baseDecimals, U128(got).Big(), err, want)
		}
	}

	if fits < 10_000 || overflows < 10_000 {
		t.Errorf("%d fit, %d do not: the test looks at one side only", fits, overflows)
	}
}

func TestI128(t *testing.T) {
	for _, test := range []struct {
		value I128
		text  string
	}{
		{I128{}, "0"},
		{I64(-1), "-1"},
		{I64(math.MinInt64), "-9223372036854775808"},
		{I64(17), "17"},
		{I128{Hi: math.MinInt64}, "-170141183460469231731687303715884105728"},
		{I128{Hi: math.MaxInt64, Lo: math.MaxUint64}, "170141183460469231731687303715884105727"},
	} {
		if got := test.value.String(); got != test.text {
			t.Errorf("%+v is %s, want %s", test.value, got, test.text)
		}
		if test.value.Negative() != (test.text[0] == '-') {
			t.Errorf("%s: Negative is %v", test.text, test.value.Negative())
		}
	}
}
