package store

import (
	"reflect"
	"testing"

	"spinscope/backend/market"
)

// TestRememberedMarksAreThoseOfARead: rows are mostly appended, some come or go further back, and a store that
// remembers marks has the same rows as one that reads a chunk again each time, and as one that is opened anew now and then.
func TestRememberedMarksAreThoseOfARead(t *testing.T) {
	p := newProperty(t, 4)
	remembering, reading := openTest(t, Options{chunkRows: 7, markRows: 2}), openTest(t, Options{chunkRows: 7, markRows: 2})
	remembered, end := 0, int64(0)
	for seq := market.Seq(1); seq <= 600; seq++ {
		c := &market.Commit{Seq: seq}
		for range 1 + p.IntN(6) {
			p.newest++
			c.Events = append(c.Events, p.event(mintKey(p.IntN(3)), market.Position{Slot: p.newest}))
			end++
			c.Candles = append(c.Candles, market.CandleChange{Mint: mintKey(p.IntN(3)), Interval: market.S1, Candle: p.candle(end, true)})
		}

		if p.IntN(30) == 0 {
			c.Events = append(c.Events, p.event(mintKey(p.IntN(3)), market.Position{Slot: 1 + market.Slot(p.IntN(int(p.newest))), Index: 1})) //nolint:gosec // a test
		}
		if p.IntN(30) == 0 { // sometimes so near the end that the row is of the tail or of the newest chunk
			back := int64(p.IntN(1 + min(int(end)-1, 5<<(2*p.IntN(4)))))
			c.Candles = append(c.Candles, market.CandleChange{
				Mint: mintKey(p.IntN(3)), Interval: market.S1, Candle: p.candle(end-back, true), Removed: p.IntN(2) == 0,
			})
		}

		clear(reading.marks)
		for _, s := range []*Store{p.store, remembering, reading} {
			if err := s.Commit(c); err != nil {
				t.Fatal(err)
			}
		}

		if p.IntN(40) == 0 {
			if err := p.store.Close(); err != nil {
				t.Fatal(err)
			}
			p.open()
		}

		for _, m := range remembering.marks {
			if m.newest.count > 0 {
				remembered++
			}
		}
	}

	if remembered < 600 {
		t.Errorf("marks of a whole chunk were remembered %d times in 600 commits", remembered)
	}
	want := allRows(t, reading)
	for _, s := range []*Store{p.store, remembering} {
		got := allRows(t, s)
		for key, value := range want {
			if key[0] == tableChunk && got[key] != value {
				t.Fatalf("row %x is %x, with each chunk read %x", key, got[key], value)
			}
		}
		if s == remembering && !reflect.DeepEqual(got, want) {
			t.Errorf("%d rows, with each chunk read %d, or others", len(got), len(want))
		}
	}

	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
}
