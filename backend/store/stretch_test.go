package store

import (
	"reflect"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// Against a plain look at every event, over any times and before any place; block times run back within what is allowed.
func TestStretch(t *testing.T) {
	for seed := range uint64(4) {
		s := openTest(t, Options{})
		r := newSamples(seed)
		m := &model{events: map[market.Position]market.Event{}}
		at := market.Position{Slot: 10}
		for range 12 {
			c := &market.Commit{Seq: s.State().Seq + 1, Slot: at.Slot}
			for range r.IntN(40) {
				at.Slot += market.Slot(r.IntN(3) * r.IntN(50))
				at.Index++
				e := r.event(mintKey(r.IntN(2)), at)
				e.BlockTime = int64(10*at.Slot) + r.Int64N(market.ClockSlack)
				c.Events = append(c.Events, e)
				m.events[at] = e
			}

			if err := s.Commit(c); err != nil {
				t.Fatal(err)
			}
		}

		for range 300 {
			q := StretchQuery{Mint: mintKey(r.IntN(3)), From: r.Int64N(int64(10*at.Slot) + 500), Before: market.Position{Slot: at.Slot}}
			q.To = q.From + r.Int64N(5000)
			if r.IntN(3) > 0 {
				q.Before.Slot = market.Slot(r.IntN(int(at.Slot))) //nolint:gosec // a test
			}

			if r.IntN(3) == 0 {
				q.Before = market.Position{}
			}
			want := m.whole(m.list(func(e *market.Event) bool {
				return e.Mint() == q.Mint && e.BlockTime >= q.From && e.BlockTime <= q.To &&
					(q.Before == market.Position{} || e.Position.Compare(q.Before) < 0)
			}))
			slices.Reverse(want)

			var got []market.Event
			seq, err := s.Stretch(t.Context(), q, func(e *market.Event) error { got = append(got, *e); return nil })
			if err != nil || seq != s.State().Seq || !reflect.DeepEqual(list(got), list(want)) {
				t.Fatalf("seed %d, %+v: %d events, want %d; commit %d, %v", seed, q, len(got), len(want), seq, err)
			}

			want = m.whole(m.list(func(e *market.Event) bool { return q.Before == market.Position{} || e.Position.Compare(q.Before) < 0 }))
			slices.Reverse(want)
			got = nil
			seq, err = s.EventsBack(t.Context(), q.Before, func(e *market.Event) error { got = append(got, *e); return nil })
			if err != nil || seq != s.State().Seq || !reflect.DeepEqual(list(got), list(want)) {
				t.Fatalf("seed %d, all before %+v: %d events, want %d; commit %d, %v", seed, q.Before, len(got), len(want), seq, err)
			}
		}
	}
}

// However long a mint's list is, a stretch in its midst is reached without reading up to it.
func TestStretchIsFound(t *testing.T) {
	s := openTest(t, Options{})
	r := newSamples(1)
	const count = 20_000
	c := &market.Commit{Seq: 1, Slot: count}
	for i := range count {
		e := r.event(mintKey(0), market.Position{Slot: market.Slot(i)}) //nolint:gosec // a test
		e.BlockTime = int64(i)
		c.Events = append(c.Events, e)
	}

	if err := s.Commit(c); err != nil {
		t.Fatal(err)
	}
	reads := 0
	if err := s.read(nil, func(v *view) error {
		place, err := v.behind(t.Context(), s.id(mintKey(0)), 5000)
		reads = int(place.Slot) //nolint:gosec // a test
		return err
	}); err != nil {
		t.Fatal(err)
	}

	if reads < 5000 || reads > 5000+2*market.ClockSlack+2 {
		t.Errorf("reading begins at second %d of %d, for what ends at 5000", reads, count)
	}
}
