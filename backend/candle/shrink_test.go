package candle

import (
	"testing"

	"spinscope/backend/market"
)

// What a stretch of history took of memory, in which many candles were open at once, is given back when they close; the candles
// that stay open are what they were.
func TestCloseGivesBackTheMemoryOfHistory(t *testing.T) {
	interval := market.StoredIntervals()[0]
	for _, stay := range []int{0, 1, 3} {
		var candles market.OpenCandles
		for n := range 1000 {
			candles.Open[interval] = append(candles.Open[interval], market.Candle{Time: int64(n) * interval.Seconds(), Trades: uint64(n)})
		}
		closed := 0
		Close(&candles, []market.Interval{interval}, int64(1000-stay)*interval.Seconds(), func(market.Interval, market.Candle) { closed++ })
		open := candles.Open[interval]
		if closed != 1000-stay || len(open) != stay || cap(open) > 8 {
			t.Errorf("%d closed, %d open in the memory of %d", closed, len(open), cap(open))
		}
		for i := range open {
			if want := uint64(1000 - stay + i); open[i].Trades != want {
				t.Errorf("candle %d has %d trades, want %d", i, open[i].Trades, want)
			}
		}
	}
}
