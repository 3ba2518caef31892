package store

import (
	"math"
	"testing"

	"spinscope/backend/market"
)

// Against a plain look at every event, around any slots.
func TestTimesAround(t *testing.T) {
	s := openTest(t, Options{})
	if before, after, err := s.TimesAround(t.Context(), 5, 9); before != 0 || after != 0 || err != nil {
		t.Error("an empty store:", before, after, err)
	}
	fill(t, s, 6, 5)
	var events []market.Event
	if err := s.EventsAfter(market.Position{}, func(e *market.Event) error { events = append(events, *e); return nil }); err != nil {
		t.Fatal(err)
	}

	last := events[len(events)-1].Slot
	for from := range last + 3 {
		for _, to := range []market.Slot{from, from + 1, from + 4, math.MaxUint64} {
			var below, above int64
			passed := false
			for i := range events {
				if events[i].Slot < from {
					below = events[i].BlockTime
				}
				if events[i].Slot > to && !passed { // a block time may be 0 here
					above, passed = events[i].BlockTime, true
				}
			}

			before, after, err := s.TimesAround(t.Context(), from, to)
			if before != below || after != above || err != nil {
				t.Fatalf("around %d to %d: %d and %d, want %d and %d, %v", from, to, before, after, below, above, err)
			}
		}
	}
}
