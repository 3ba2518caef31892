package store

import (
	"fmt"
	"path/filepath"
	"testing"

	"spinscope/backend/export"
)

// mixedStore is a store of everything there is, in several tables, and the options to open it with.
func mixedStore(t *testing.T, seed uint64) (files map[string][]byte, o Options) {
	t.Helper()
	p := newProperty(t, seed)
	for range 4 {
		for range 60 {
			p.step()
		}
		p.reopen()
	}
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	return allFiles(t, p.options.Dir), p.options
}

// TestRowsLostInAMergeAreNoticed damages a block of a store that is open, in place, and has Badger merge the tables, which
// leaves out what it cannot read. Then and after another opening, an export gives everything or fails, and an audit lists
// what is missing, unless nothing is.
func TestRowsLostInAMergeAreNoticed(t *testing.T) {
	t.Parallel()
	source, o := mixedStore(t, 3)
	damaged := &damageCase{t, source, ""}
	open := func(dir string, readOnly bool) (*Store, error) {
		o := o
		o.Dir, o.ReadOnly = dir, readOnly
		return Open(o)
	}
	whole, err := open(damaged.place(damage{}), true)
	if err != nil {
		t.Fatal(err)
	}

	kinds := []export.Kind{export.Events, export.Trades, export.Candles, export.Orders, export.Gaps}
	want := map[export.Kind]string{}
	for _, kind := range kinds {
		if want[kind], err = exported(whole, kind); err != nil || len(want[kind]) < 500 {
			t.Fatal(kind, len(want[kind]), err)
		}
	}

	content, err := contentOf(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}

	lost := 0
	judge := func(s *Store, what string) {
		now, err := contentOf(s)
		if err == nil && now == content {
			return
		}

		lost++
		if problems, auditing := s.Audit(t.Context()); auditing == nil && len(problems) == 0 {
			t.Errorf("%s: the content is %s (%v), was %s, and the audit finds nothing", what, now, err, content)
		}
		for _, kind := range kinds {
			if got, err := exported(s, kind); err == nil && got != want[kind] {
				t.Errorf("%s: an export of %s has %d bytes, %d are right", what, kind, len(got), len(want[kind]))
			}
		}
	}
	tried := 0
	for name, table := range source {
		if filepath.Ext(name) != ".sst" {
			continue
		}
		const places = 12
		for i := range places {
			what := fmt.Sprintf("%s at %d of %d", name, len(table)*i/places, len(table))
			dir := damaged.place(damage{})
			s, err := open(dir, false)
			if err != nil {
				t.Fatal(err)
			}

			tried++
			hurt(t, filepath.Join(dir, name), len(table)*i/places)
			if err := s.db.Flatten(1); err != nil {
				t.Errorf("%s: merge: %v", what, err)
			}

			judge(s, what+", merged")
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", what, err)
			}
			for _, readOnly := range []bool{true, false} {
				again, err := open(dir, readOnly)
				if err != nil {
					continue
				}
				judge(again, what+", opened again")
				if err := again.Close(); err != nil {
					t.Errorf("%s: close: %v", what, err)
				}
			}
		}
	}

	t.Logf("%d damages, %d stores without all rows", tried, lost)
	if lost == 0 {
		t.Error("nothing was lost")
	}
}
