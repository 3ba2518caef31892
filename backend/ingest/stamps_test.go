package ingest_test

import (
	"testing"

	"spinscope/backend/market"
)

// TestOpenCandlesAreStampedByTheirOwnLastTrade delivers many seconds at once, before chain time has closed any of them.
func TestOpenCandlesAreStampedByTheirOwnLastTrade(t *testing.T) {
	l := newLedger(3)
	l.grow(60)
	b := &bench{t: t, dir: t.TempDir()}
	b.open()
	defer b.stop(true)

	b.apply(market.Batch{Transactions: l.txs})
	type key struct {
		mint     market.Pubkey
		interval market.Interval
		time     int64
	}
	last := map[key]*market.Event{} // of any kind
	candles := 0
	for _, c := range b.published {
		for i := range c.Events {
			e := &c.Events[i]
			for _, interval := range market.AllIntervals() {
				last[key{e.Mint(), interval, interval.Floor(e.BlockTime)}] = e
			}
		}

		for _, change := range c.Candles {
			want := last[key{change.Mint, change.Interval, change.Candle.Time}]
			if got := change.Stamp; got.Slot != want.Slot || got.BlockTime != want.BlockTime {
				t.Fatalf("%s candle at %d is stamped %+v, its last event has slot %d and time %d", change.Interval, change.Candle.Time, got, want.Slot, want.BlockTime)
			}
			candles++
		}
	}

	if candles < 100 {
		t.Fatalf("only %d candles were published", candles)
	}
}
