package store

import (
	"reflect"
	"testing"

	"spinscope/backend/market"
)

// The newest events of a user and of a mint, against a plain look at every event, however many are wanted.
func TestHistory(t *testing.T) {
	for seed := range uint64(2) {
		s := openTest(t, Options{})
		r := newSamples(seed)
		m := &model{events: map[market.Position]market.Event{}}
		at := market.Position{Slot: 10}
		for range 20 {
			c := &market.Commit{Seq: s.State().Seq + 1, Slot: at.Slot}
			for range r.IntN(60) {
				at.Slot += market.Slot(r.IntN(3)) //nolint:gosec // a test
				at.Index++
				e := r.event(mintKey(r.IntN(2)), at)
				e.Owner = userKey(r.IntN(3))
				c.Events = append(c.Events, e)
				m.events[at] = e
			}
			if err := s.Commit(c); err != nil {
				t.Fatal(err)
			}
		}

		for range 60 {
			user, mint, limit := userKey(r.IntN(4)), mintKey(r.IntN(3)), 1+r.IntN(40)
			if r.IntN(3) == 0 {
				limit = 5000
			}
			of := &mint
			if r.IntN(2) == 0 {
				of = nil
			}
			check := func(what string, keep func(*market.Event) bool, read func(fn func(*market.Event) error) (History, error)) {
				t.Helper()
				want := m.list(keep)
				more := len(want) > limit
				if more {
					want = want[len(want)-limit:]
				}
				if more {
					want = m.whole(want)
				}

				var got []market.Event
				h, err := read(func(e *market.Event) error { got = append(got, *e); return nil })
				if err != nil || h != (History{Seq: s.State().Seq, Seen: len(want), More: more}) || !reflect.DeepEqual(list(got), list(want)) {
					t.Fatalf("seed %d, %d of %s: %d events, want %d and more %v; %+v, %v", seed, limit, what, len(got), len(want), more, h, err)
				}
			}
			check("a user", func(e *market.Event) bool { return e.Owner == user && (of == nil || e.Mint() == mint) },
				func(fn func(*market.Event) error) (History, error) {
					return s.UserHistory(t.Context(), user, of, limit, fn)
				})
			check("a mint", func(e *market.Event) bool { return e.Mint() == mint },
				func(fn func(*market.Event) error) (History, error) {
					return s.MintHistory(t.Context(), mint, limit, fn)
				})
		}
	}
}
