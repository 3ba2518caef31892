package market

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

var two128 = new(big.Int).Lsh(big.NewInt(1), 128)

// randomU128 is of any length, and often next to a power of two.
func randomU128(r *rand.Rand) U128 {
	x := U128{r.Uint64(), r.Uint64()}
	x.Hi >>= r.UintN(65)
	if r.UintN(3) == 0 {
		x.Hi = 0
		x.Lo >>= r.UintN(65)
	}

	switch r.UintN(8) {
	case 0:
		x = U128{Lo: 1 << r.UintN(64)}
	case 1:
		x = U128{Hi: 1 << r.UintN(64)}
	case 2:
		x = U128{math.MaxUint64, math.MaxUint64}
	}

	switch r.UintN(6) {
	case 0:
		return x.Add(U64(1))
	case 1:
		return x.Sub(U64(1))
	}

	return x
}

func TestU128EqualsBig(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	same := func(name string, got U128, want *big.Int) {
		t.Helper()
		if got.Big().Cmp(want) != 0 {
			t.Fatalf("%s: %s, want %s", name, got.Big(), want)
		}
	}
	for range 20000 {
		x, y, m := randomU128(r), randomU128(r), randomU128(r).Lo
		bx, by, bm := x.Big(), y.Big(), new(big.Int).SetUint64(m)
		if hi, lo := new(big.Int).Rsh(bx, 64), bx.Uint64(); hi.Uint64() != x.Hi || lo != x.Lo {
			t.Fatalf("Big of %+v is %s", x, bx)
		}

		sum := new(big.Int).Add(bx, by)
		same("sum", x.Add(y), sum.Mod(sum, two128))
		less := new(big.Int).Sub(bx, by)
		same("difference", x.Sub(y), less.Mod(less, two128))
		if x.Cmp(y) != bx.Cmp(by) || x.Less(y) != (bx.Cmp(by) < 0) || x.Cmp(x) != 0 {
			t.Fatalf("%s and %s are in the wrong order", x, y)
		}

		product := new(big.Int).Mul(bx, bm)
		got, overflow := x.Mul64(m)
		if overflow != (product.Cmp(two128) >= 0) {
			t.Fatalf("%s · %d: overflow %v", x, m, overflow)
		}

		same("product", got, product.Mod(product, two128))
		if m > 0 {
			quotient, rest := x.divMod64(m)
			wantQuotient, wantRest := new(big.Int).DivMod(bx, bm, new(big.Int))
			same("quotient", quotient, wantQuotient)
			if rest != wantRest.Uint64() {
				t.Fatalf("%s mod %d: %d", x, m, rest)
			}
		}

		if x.String() != bx.String() || x.IsZero() != (bx.Sign() == 0) {
			t.Fatalf("%s written as %s", bx, x)
		}
		if back, err := ParseU128(x.String()); err != nil || back != x {
			t.Fatalf("%s came back as %s, %v", x, back, err)
		}
	}
}

func TestParseU128(t *testing.T) {
	tests := []struct {
		text string
		want U128
		err  error
	}{
		{"0", U128{}, nil},
		{"000", U128{}, nil},
		{"18446744073709551616", U128{Hi: 1}, nil},
		{"340282366920938463463374607431768211455", U128{math.MaxUint64, math.MaxUint64}, nil},
		{"340282366920938463463374607431768211456", U128{}, ErrOverflow},
		{"340282366920938463463374607431768211460", U128{}, ErrOverflow},
		{strings.Repeat("9", 1000), U128{}, ErrOverflow},
		{"", U128{}, strconv.ErrSyntax},
		{"-1", U128{}, strconv.ErrSyntax},
		{"+1", U128{}, strconv.ErrSyntax},
		{"1e3", U128{}, strconv.ErrSyntax},
		{" 1", U128{}, strconv.ErrSyntax},
		{"1_000", U128{}, strconv.ErrSyntax},
	}
	for _, test := range tests {
		if got, err := ParseU128(test.text); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%.60q: %s, %v; want %s, %v", test.text, got, err, test.want, test.err)
		}
	}
}

func TestDecimalKnownValues(t *testing.T) {
	tests := []struct {
		digits   string
		decimals int
		want     string
	}{
		{"0", 0, "0"},
		{"0", 28, "0"},
		{"5", 0, "5"},
		{"50", 0, "50"},
		{"50", 1, "5"},
		{"50", 2, "0.5"},
		{"50", 3, "0.05"},
		{"1234567", 6, "1.234567"},
		{"1000000", 6, "1"},
		{"1000001", 6, "1.000001"},
		{"100", 6, "0.0001"},
		{"279589934762348555452", 28, "0.0000000279589934762348555452"},
		{"340282366920938463463374607431768211455", 28, "34028236692.0938463463374607431768211455"},
		{"340282366920938463463374607431768211455", 0, "340282366920938463463374607431768211455"},
		{"340282366920938463463374607431768211455", 39, "0.340282366920938463463374607431768211455"},
		{"1", 45, "0." + strings.Repeat("0", 44) + "1"},
	}
	for _, test := range tests {
		x, err := ParseU128(test.digits)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Decimal(test.decimals); got != test.want {
			t.Errorf("%s at %d: %s, want %s", test.digits, test.decimals, got, test.want)
		}
		if got := string(x.AppendFixed([]byte("kept "), test.decimals)); got != "kept "+test.want {
			t.Errorf("appended: %s", got)
		}
	}
}

// TestDecimalAndFloatAreExact compares with fractions: Decimal stands for exactly x / 10^d, Float is the nearest float64.
func TestDecimalAndFloatAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 20000 {
		x, decimals := randomU128(r), r.IntN(40)
		exact := new(big.Rat).SetFrac(x.Big(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
		text := x.Decimal(decimals)
		if got, ok := new(big.Rat).SetString(text); !ok || got.Cmp(exact) != 0 {
			t.Fatalf("%s at %d written as %s", x, decimals, text)
		}
		if strings.Contains(text, ".") && strings.HasSuffix(text, "0") || strings.HasSuffix(text, ".") ||
			strings.ContainsAny(text, "eE+-") || strings.HasPrefix(text, ".") {
			t.Fatalf("%s at %d written as %s", x, decimals, text)
		}
		if want, _ := exact.Float64(); x.Float(decimals) != want {
			t.Fatalf("%s at %d is %v, want %v", x, decimals, x.Float(decimals), want)
		}
	}
}

func FuzzU128(f *testing.F) {
	f.Add("340282366920938463463374607431768211455", uint8(28))
	f.Add("279589934762348555452", uint8(28))
	f.Fuzz(func(t *testing.T, text string, decimals uint8) {
		x, err := ParseU128(text)
		want, ok := new(big.Int).SetString(text, 10)
		valid := ok && !strings.ContainsAny(text, "+-_") && want.Cmp(two128) < 0
		if (err == nil) != valid {
			t.Fatalf("%q: %v", text, err)
		}

		if err != nil {
			return
		}
		if x.Big().Cmp(want) != 0 {
			t.Fatalf("%q became %s", text, x)
		}

		back, ok := new(big.Rat).SetString(x.Decimal(int(decimals)))
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
		if !ok || back.Cmp(new(big.Rat).SetFrac(want, scale)) != 0 {
			t.Fatalf("%q at %d written as %s", text, decimals, x.Decimal(int(decimals)))
		}

		if float, _ := back.Float64(); x.Float(int(decimals)) != float {
			t.Fatalf("%q at %d is %v, want %v", text, decimals, x.Float(int(decimals)), float)
		}
	})
}
