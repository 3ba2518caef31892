package store

import (
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

// Each index row that is missing, is another's or has no event is named or counted, and nothing else is.
func TestAuditNamesRows(t *testing.T) {
	s := openTest(t, Options{})
	fill(t, s, 10, 40)
	ctx := t.Context()
	if problems, err := s.Audit(ctx); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}

	at := market.Position{Slot: 5, Index: 3}
	var event market.Event
	if err := s.SlotEvents(at.Slot, at.Slot, func(e *market.Event) error {
		if e.Position == at {
			event = *e
		}
		return nil
	}); err != nil || event.Body == nil {
		t.Fatal(err)
	}

	id := s.id(event.Mint())
	mintRow, userRow := appendMintEventKey(nil, id, at), appendUserEventKey(nil, &event.Owner, at)

	for _, test := range []struct {
		name string
		key  []byte
		fake []byte // nil: the row is deleted
		want []string
	}{
		{"mint row missing", mintRow, nil, []string{"not in its mint's index", "rows of the mints' index: counted"}},
		{"user row missing", userRow, nil, []string{"not in its user's index", "rows of the users' index: counted"}},
		{"user row of another mint", userRow, appendID(nil, 0, id+1)[1:], []string{"not in its user's index"}},
		{"row without an event", appendOrderMoveKey(nil, &event.Owner, at), []byte{}, []string{"rows of the orders' index: counted"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			txn := s.db.NewTransactionAt(s.state.at(), true)
			defer txn.Discard()

			before, err := s.newest(txn, test.key)
			if err != nil {
				t.Fatal(err)
			}
			write := func(value []byte) {
				txn := s.db.NewTransactionAt(s.state.at(), true)
				change := func() error { return txn.Set(test.key, value) }
				if value == nil {
					change = func() error { return txn.Delete(test.key) }
				}
				if err := change(); err != nil {
					t.Fatal(err)
				}
				if err := txn.CommitAt(s.state.at(), nil); err != nil {
					t.Fatal(err)
				}
			}
			write(test.fake)
			defer write(before)

			problems, err := s.Audit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
					t.Errorf("%q is not in %q", want, problems)
				}
			}

			for _, p := range problems {
				named := slices.ContainsFunc(test.want, func(want string) bool { return strings.Contains(p, want) })
				if !named && !strings.HasPrefix(p, "mint number") { // the series of the mint miss the row too
					t.Errorf("unexpected: %s", p)
				}
			}
		})
	}

	if problems, err := s.Audit(ctx); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
}

// EventsOf gives what MintEvents gives of each mint, all in one order.
func TestEventsOf(t *testing.T) {
	s := openTest(t, Options{})
	fill(t, s, 10, 3*trailRows)
	var mints []market.Pubkey
	for n := range 25 {
		mints = append(mints, mintKey(n)) // the last were never seen
	}

	got := make([][]market.Position, len(mints))
	var last market.Position
	err := s.EventsOf(t.Context(), mints, func(mint int, e *market.Event) error {
		if e.Mint() != mints[mint] || e.Position.Compare(last) <= 0 {
			t.Fatalf("%v of %s after %v, for %s", e.Position, e.Mint(), last, mints[mint])
		}
		last = e.Position
		got[mint] = append(got[mint], e.Position)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	total := 0
	for i, mint := range mints {
		var want []market.Position
		if err := s.MintEvents(mint, market.Position{}, func(e *market.Event) error { want = append(want, e.Position); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got[i], want) {
			t.Errorf("mint %d: %d events, want %d, or others", i, len(got[i]), len(want))
		}
		total += len(want)
	}

	if total == 0 {
		t.Error("nothing to read")
	}
}
