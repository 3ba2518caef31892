package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"spinscope/backend/market"
)

func alertOf(n int, seq market.Seq) AlertRecord {
	var id AlertID
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return AlertRecord{ID: id, Seq: seq, Data: fmt.Appendf(nil, `{"n":%d}`, n)}
}

func openAlerts(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Random changes beside a list in memory, between commits and across reopening.
func TestAlertsAreTheModel(t *testing.T) {
	dir := t.TempDir()
	r := newSamples(5)
	s := openAlerts(t, dir)
	defer func() { _ = s.Close() }()

	if _, _, known, err := s.AlertCursor(t.Context()); err != nil || known {
		t.Fatalf("a new store has a cursor: %v", err)
	}
	var all []AlertRecord
	known := map[AlertID]bool{}
	marks := map[string]string{}
	seq := market.Seq(0)
	cursor := market.Seq(0)
	for round := range 400 {
		if r.IntN(2) == 0 {
			seq++
			if err := s.Commit(&market.Commit{Seq: seq}); err != nil {
				t.Fatal(err)
			}
		}

		if r.IntN(40) == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openAlerts(t, dir)
		}

		change := AlertChange{Cursor: seq}
		var want []AlertID
		for range r.IntN(12) {
			a := alertOf(r.IntN(3000), seq)
			change.Fired = append(change.Fired, a)
			if !known[a.ID] {
				known[a.ID] = true
				want = append(want, a.ID)
				a.Number = uint64(len(all) + 1)
				all = append(all, a)
			}
		}

		for range r.IntN(3) {
			key, value := fmt.Sprint("k", r.IntN(20)), fmt.Append(nil, round)
			if r.IntN(3) == 0 {
				value = nil
				delete(marks, key)
			} else {
				marks[key] = string(value)
			}
			change.Marks = append(change.Marks, AlertMark{[]byte(key), value})
		}

		fresh, err := s.CommitAlerts(&change)
		if err != nil {
			t.Fatal(err)
		}
		cursor = max(cursor, seq)
		var got []AlertID
		for _, a := range fresh {
			got = append(got, a.ID)
		}

		if !slices.Equal(got, want) {
			t.Fatalf("round %d: %d new, want %d", round, len(got), len(want))
		}
		if round%20 == 0 || round == 399 {
			checkAlerts(t, s, all, marks, cursor, r.IntN(int(seq)+2))
		}
	}

	if len(all) <= keptAlerts {
		t.Fatalf("only %d alerts: nothing had to go", len(all))
	}
	if s.State().Seq != seq {
		t.Errorf("seq %d, want %d", s.State().Seq, seq)
	}

	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func checkAlerts(t *testing.T, s *Store, all []AlertRecord, marks map[string]string, cursor market.Seq, since int) {
	t.Helper()
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	kept := all[max(0, len(all)-keptAlerts):]
	same := func(what string, got, want []AlertRecord) {
		t.Helper()
		if !slices.EqualFunc(got, want, func(x, y AlertRecord) bool {
			return x.ID == y.ID && x.Seq == y.Seq && x.Number == y.Number && string(x.Data) == string(y.Data)
		}) {
			t.Fatalf("%s: %d alerts, want %d", what, len(got), len(want))
		}
	}
	newest := slices.Clone(kept)
	slices.Reverse(newest)
	for _, page := range []struct{ offset, limit int }{{0, 50}, {50, 1000}, {0, 1000}, {len(kept), 5}, {3, 0}, {1 << 53, 10}} {
		list, total, err := s.Alerts(t.Context(), page.offset, page.limit)
		if err != nil || total != len(kept) {
			t.Fatalf("total %d, want %d; %v", total, len(kept), err)
		}
		from := min(page.offset, len(newest))
		same("page", list, newest[from:min(from+page.limit, len(newest))])
	}

	from, _ := slices.BinarySearchFunc(kept, market.Seq(since), func(a AlertRecord, seq market.Seq) int { return int(a.Seq) - int(seq) })
	list, last, complete, err := s.AlertsSince(t.Context(), market.Seq(since))
	lost := slices.ContainsFunc(all[:len(all)-len(kept)], func(a AlertRecord) bool { return a.Seq >= market.Seq(since) })
	if err != nil || last != uint64(len(all)) || complete == lost {
		t.Fatalf("since %d: last %d of %d, complete %v, %v", since, last, len(all), complete, err)
	}

	same("since", list, kept[from:])
	got, stored, known, err := s.AlertCursor(t.Context())
	if err != nil || !known || got != cursor || len(stored) != len(marks) {
		t.Fatalf("cursor %d, want %d; %d marks, want %d; %v", got, cursor, len(stored), len(marks), err)
	}

	for _, m := range stored {
		if marks[string(m.Key)] != string(m.Value) {
			t.Fatalf("mark %q is %q", m.Key, m.Value)
		}
	}
}

func TestAlertIDsAreBounded(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	defer func() { _ = s.Close() }()

	for n := 0; n < keptAlertIDs+500; n += 500 {
		change := AlertChange{Cursor: 1}
		for i := range 500 {
			change.Fired = append(change.Fired, alertOf(n+i, 1))
		}
		if fresh, err := s.CommitAlerts(&change); err != nil || len(fresh) != 500 {
			t.Fatalf("%d new, %v", len(fresh), err)
		}
	}

	again := func(n, want int) {
		t.Helper()
		if fresh, err := s.CommitAlerts(&AlertChange{Cursor: 1, Fired: []AlertRecord{alertOf(n, 1)}}); err != nil || len(fresh) != want {
			t.Errorf("alert %d: %d new, want %d; %v", n, len(fresh), want, err)
		}
	}
	again(keptAlertIDs+499, 0)
	again(500, 0)
	again(499, 1)

	rows := 0
	err := s.read(nil, func(v *view) error {
		a := &audit{v: v, ctx: t.Context()}
		return a.rows(tableAlert, func([]byte, []byte) error { rows++; return nil })
	})
	if err != nil || rows != keptAlerts+2*keptAlertIDs+1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestAlertsRefused(t *testing.T) {
	s := openAlerts(t, t.TempDir())
	large := alertOf(1, 1)
	large.Data = make([]byte, maxAlertSize+1)
	for name, change := range map[string]AlertChange{
		"too large":      {Cursor: 1, Fired: []AlertRecord{large}},
		"out of order":   {Cursor: 5, Fired: []AlertRecord{alertOf(1, 5), alertOf(2, 4)}},
		"beyond cursor":  {Cursor: 4, Fired: []AlertRecord{alertOf(1, 5)}},
		"mark too large": {Cursor: 1, Marks: []AlertMark{{make([]byte, 500), make([]byte, 13)}}},
	} {
		if _, err := s.CommitAlerts(&change); !errors.Is(err, ErrCommit) {
			t.Errorf("%s: %v", name, err)
		}
	}

	if err := s.Commit(&market.Commit{Seq: 1}); err != nil {
		t.Errorf("the store stopped: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if _, err := s.CommitAlerts(&AlertChange{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
