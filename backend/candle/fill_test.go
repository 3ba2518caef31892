package candle

import (
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// Every bucket from the first candle on has one, up to chain time: a stored one where there is one, else a flat one at the
// last close.
func TestFill(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9)) //nolint:gosec // a test that repeats
	all := market.AllIntervals()
	for range 3000 {
		interval := all[r.IntN(len(all))]
		length := interval.Seconds()
		first := interval.Floor(1_760_000_000)
		from, to := first+r.Int64N(20*length)-5*length, first+r.Int64N(30*length)
		chainTime := first + r.Int64N(30*length)
		stored := map[int64]market.Candle{}
		var candles []market.Candle
		for start := interval.Floor(from + length - 1); start <= to; start += length {
			if r.IntN(3) == 0 {
				c := market.Candle{Time: start, Close: market.Price{Lo: uint64(1 + r.IntN(99))}, Trades: 1, Final: start+length <= chainTime}
				stored[start], candles = c, append(candles, c)
			}
		}

		before, known := market.Candle{Time: first - 100*length, Close: market.Price{Lo: 77}, Trades: 1}, r.IntN(2) == 0

		var want []market.Candle
		last, begun := before.Close, known
		for start := interval.Floor(from + length - 1); start <= to; start += length {
			c, there := stored[start]
			if !there && (!begun || start > chainTime) {
				continue
			}
			if !there {
				c = market.Candle{Time: start, Open: last, High: last, Low: last, Close: last, Final: start+length <= chainTime}
			}
			last, begun, want = c.Close, true, append(want, c)
		}

		got := Fill(interval, slices.Clone(candles), before, known, from, to, chainTime)
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %d to %d, chain time %d, known %v:\n got %v\nwant %v", interval, from, to, chainTime, known, got, want)
		}
		if n := max(0, Buckets(interval, from, to)); int64(len(got)) > n {
			t.Fatalf("%d candles in %d buckets", len(got), n)
		}
	}
}
