package market

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
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
				at = (r.Int64N(1<<20)-1<<19)*n + interval.Origin() // on a boundary
			}
			got := interval.Floor(at)
			want := int64(math.Floor(float64(at-interval.Origin())/float64(n)))*n + interval.Origin() // exact: both are below 2^53
			if got != want || got > at || at-got >= n {
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
	stored := map[string]int64{
		"s1": 1, "s5": 5, "s15": 15, "s30": 30, "m1": 60, "m5": 300, "m15": 900, "h1": 3600, "h4": 14400, "d1": 86400,
	}
	all := AllIntervals()
	if kept := StoredOf(all); len(kept) != NumStored || len(stored) != NumStored {
		t.Fatalf("%d stored intervals", len(kept))
	}

	for i, interval := range StoredOf(all) { // the numbers that records hold
		if int(interval) != i || stored[interval.String()] != interval.Seconds() || interval.Origin() != 0 {
			t.Errorf("%s has %d seconds and number %d", interval, interval.Seconds(), interval)
		}
	}

	units := map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400}
	keys := map[string]bool{}
	for i, interval := range all {
		name := interval.String()
		if back, err := ParseInterval(name); err != nil || back != interval {
			t.Errorf("%s came back as %s, %v", name, back, err)
		}
		if count, err := strconv.ParseInt(name[1:], 10, 64); err != nil || count*units[name[0]] != interval.Seconds() {
			t.Errorf("%s has %d seconds", name, interval.Seconds())
		}

		if i > 0 && all[i-1].Seconds() >= interval.Seconds() {
			t.Errorf("%s stands before %s", all[i-1], interval)
		}
		if key := interval.Key(); key != "" && keys[key] {
			t.Errorf("two intervals have the key %s", key)
		}

		keys[interval.Key()] = true
		if origin := interval.Origin(); origin < 0 || origin >= interval.Seconds() {
			t.Errorf("%s begins at %d", name, origin)
		}
		if interval.Stored() != (len(PartsOf(interval)) == 0) {
			t.Errorf("%s is stored: %v, and is merged from %v", name, interval.Stored(), PartsOf(interval))
		}
	}

	if M15.Words() != "15 minutes" || D1.Words() != "1 day" {
		t.Errorf("words: %s, %s", M15.Words(), D1.Words())
	}
	for _, name := range []string{"", "M1", "1m", "m2", " m1", "w2"} {
		if _, err := ParseInterval(name); !errors.Is(err, ErrInterval) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A derived interval is merged from the longest kept one that its candles are whole of.
func TestPartOf(t *testing.T) {
	for _, c := range []struct {
		whole Interval
		kept  []Interval
		want  string
	}{
		{M3, StoredIntervals(), "m1"},
		{M30, StoredIntervals(), "m15"},
		{H2, StoredIntervals(), "h1"},
		{W1, StoredIntervals(), "d1"},
		{M3, []Interval{S1, S30, M5}, "s30"},
		{W1, []Interval{H1, M15}, "h1"},
		{W1, []Interval{M5}, "none"}, // too many
		{M3, []Interval{M5, D1}, "none"},
		{M5, StoredIntervals(), "none"},
	} {
		got := "none"
		if part, ok := PartOf(c.whole, c.kept); ok {
			got = part.String()
		}
		if got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.whole, IntervalNames(c.kept), got, c.want)
		}
	}

	monday := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC).Unix()
	for _, at := range []int64{monday, monday + 1, monday + 7*86400 - 1} {
		if got := W1.Floor(at); got != monday {
			t.Errorf("the week of %s begins on %s", time.Unix(at, 0).UTC(), time.Unix(got, 0).UTC())
		}
	}
}
