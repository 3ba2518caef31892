package market

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestScalePrice(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 20000 {
		raw, decimals := randomU128(r), r.IntN(34)-2
		price, err := ScalePrice(raw, decimals)
		if decimals < 0 || decimals > PriceDecimals {
			if !errors.Is(err, ErrOverflow) || !price.IsZero() {
				t.Fatalf("%d decimals: %s, %v", decimals, price, err)
			}
			continue
		}
		want := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(PriceDecimals-decimals)), nil)
		want.Mul(want, raw.Big())
		if want.Cmp(two128) >= 0 {
			if !errors.Is(err, ErrOverflow) || !price.IsZero() {
				t.Fatalf("%s at %d: %s, %v; it does not fit", raw, decimals, price, err)
			}
			continue
		}
		if err != nil || U128(price).Big().Cmp(want) != 0 {
			t.Fatalf("%s at %d: %s, %v; want %s", raw, decimals, U128(price), err, want)
		}
	}
}

func TestPrice(t *testing.T) {
	price, err := ScalePrice(U64(2795899347623485554), 26)
	if err != nil || price.String() != "0.00000002795899347623485554" || price.Float() != 2.795899347623485554e-08 {
		t.Errorf("%s, %v, %v", price, price.Float(), err)
	}
	higher := Price{Hi: price.Hi, Lo: price.Lo + 1}
	if !price.Less(higher) || higher.Less(price) || price.Less(price) || price.IsZero() || !(Price{}).IsZero() {
		t.Error("prices are in the wrong order")
	}
}

func TestFloor(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, interval := range AllIntervals() {
		n := interval.Seconds()
		for range 2000 {
			at := r.Int64N(1<<40) - 1<<39
			if r.IntN(4) == 0 {
				at = (r.Int64N(1<<20) - 1<<19) * n // on a boundary
			}
			got := interval.Floor(at)
			want := int64(math.Floor(float64(at)/float64(n))) * n // exact: both are below 2^53
			if got != want || got > at || at-got >= n || got%n != 0 {
				t.Fatalf("%s: %d starts at %d, want %d", interval, at, got, want)
			}
			if interval.Floor(got) != got || interval.Floor(got+n-1) != got || interval.Floor(got-1) != got-n {
				t.Fatalf("%s: edges of %d", interval, got)
			}
		}
	}
	if M1.Floor(-1) != -60 || D1.Floor(-86400) != -86400 || S1.Floor(-7) != -7 {
		t.Error("times before 1970 are wrong")
	}
}

func TestIntervals(t *testing.T) {
	want := map[string]int64{
		"s1": 1, "s5": 5, "s15": 15, "s30": 30, "m1": 60, "m5": 300, "m15": 900, "h1": 3600, "h4": 14400, "d1": 86400,
	}
	all := AllIntervals()
	if len(all) != NumIntervals || len(want) != NumIntervals {
		t.Fatalf("%d intervals", len(all))
	}
	for i, interval := range all {
		if int(interval) != i || want[interval.String()] != interval.Seconds() {
			t.Errorf("%s has %d seconds and number %d", interval, interval.Seconds(), interval)
		}
		if back, err := ParseInterval(interval.String()); err != nil || back != interval {
			t.Errorf("%s came back as %s, %v", interval, back, err)
		}
	}
	for _, name := range []string{"", "M1", "1m", "m2", " m1", "w1"} {
		if _, err := ParseInterval(name); !errors.Is(err, ErrInterval) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
