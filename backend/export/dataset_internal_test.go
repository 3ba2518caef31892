package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

// fakeParts is a market whose days have the rows that a test gives them.
type fakeParts struct {
	store   string
	seq     market.Seq
	horizon int64
	whole   bool
	days    map[int64]string
	changed []int64 // without whole
	fail    error   // of the second part that is written
	parts   int
}

func (p *fakeParts) Days(_ context.Context, _ Request, store string, since market.Seq) (Days, error) {
	d := Days{Store: p.store, Seq: p.seq, Horizon: p.horizon, Whole: p.whole || since == 0 || store != p.store, Days: p.changed}
	if d.Whole {
		d.Days = nil
		for day := range p.days {
			d.Days = append(d.Days, day)
		}
		slices.Sort(d.Days)
	}
	return d, nil
}

func (p *fakeParts) WritePart(_ context.Context, w io.Writer, req Request, _ func(Progress)) (int64, error) {
	if p.parts++; p.parts == 2 && p.fail != nil {
		return 0, p.fail
	}
	text := p.days[req.From]
	_, err := io.WriteString(w, text)
	return int64(strings.Count(text, "\n")), err
}

func (p *fakeParts) Gaps(context.Context, Request) ([]ManifestGap, error) {
	return []ManifestGap{{FromSlot: 1, ToSlot: 2, State: "open", Cause: "cut"}}, nil
}

// on is the first second of a day in November 2026.
func on(day int) int64 { return 1_793_491_200 + int64(day-1)*secondsPerDay }

// tree is all there is in a dataset, by path; of manifests and locks only that they are there.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}

		text, err := os.ReadFile(path)
		if found[name] = string(text); strings.HasPrefix(name, "_") {
			found[name] = ""
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	return found
}

func same(t *testing.T, what, dir string, want map[string]string) {
	t.Helper()
	got := tree(t, dir)
	want["_manifest.json"], want["_lock"] = "", ""
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func everything() Request {
	from, to := Always()
	return Request{Kind: Trades, Format: CSV, From: from, To: to}
}

// TestDatasetGoesOn writes, goes on, takes days away, keeps those that the store deletes, and refuses what does not belong.
func TestDatasetGoesOn(t *testing.T) {
	d := Dataset{Dir: filepath.Join(t.TempDir(), "new", "trades"), Request: everything()}
	p := &fakeParts{store: "a", seq: 5, days: map[int64]string{on(1): "1\n", on(2): "2\n2\n", on(4): ""}}
	ran, err := d.Write(t.Context(), p, true, nil)
	if err != nil || ran != (Ran{Rows: 3, Written: 2}) {
		t.Fatal(ran, err)
	}

	same(t, "begun", d.Dir, map[string]string{"date=2026-11-01/data.csv": "1\n", "date=2026-11-02/data.csv": "2\n2\n"})
	data, err := os.ReadFile(filepath.Join(d.Dir, "_manifest.json"))
	if err != nil {
		t.Fatal(err)
	}

	m, err := ParseManifest(data)
	if err != nil || m.Store != "a" || m.Seq != 5 || m.Rows != 3 || len(m.Gaps) != 1 || m.From != nil || len(m.Files) != 2 ||
		m.Files[1] != (ManifestFile{"date=2026-11-02/data.csv", 2, 4, "8d58f634a5b5051db5ee0bb9d005779b382be410e8ebd5144590f2f0429f9220"}) {
		t.Errorf("%s, %v", data, err)
	}

	p.seq, p.changed = 9, []int64{on(1), on(2), on(3)}
	p.days = map[int64]string{on(1): "", on(2): "2\n2\n", on(3): "3\n"}
	ran, err = d.Write(t.Context(), p, true, nil)
	if err != nil || ran != (Ran{Rows: 3, Written: 1, Unchanged: 1, Removed: 1}) {
		t.Error(ran, err)
	}

	same(t, "gone on", d.Dir, map[string]string{"date=2026-11-02/data.csv": "2\n2\n", "date=2026-11-03/data.csv": "3\n"})

	// The store keeps two days: what it lost of the second stays, with --since-last and without.
	p.seq, p.horizon, p.whole, p.days = 12, on(3), true, map[int64]string{on(2): "2\n", on(3): "3\n3\n"}
	for _, since := range []bool{true, false} {
		if ran, err = d.Write(t.Context(), p, since, nil); err != nil || ran.Rows != 4 || ran.Kept != 1 {
			t.Error(since, ran, err)
		}
		same(t, "retention", d.Dir, map[string]string{"date=2026-11-02/data.csv": "2\n2\n", "date=2026-11-03/data.csv": "3\n3\n"})
	}

	for what, change := range map[string]func(*Dataset, *fakeParts){
		"its kind was another":       func(d *Dataset, _ *fakeParts) { d.Request.Kind = Events },
		"its format was another":     func(d *Dataset, _ *fakeParts) { d.Request.Format = Parquet },
		"its market cap was another": func(d *Dataset, _ *fakeParts) { d.Request.MarketCap = true },
		"its from was another":       func(d *Dataset, _ *fakeParts) { d.Request.From = 7 },
		"its mints was another":      func(d *Dataset, _ *fakeParts) { d.Request.Mints = []market.Pubkey{{1}} },
		"is of the store a and":      func(_ *Dataset, p *fakeParts) { p.store = "b" },
	} {
		other, parts := d, *p
		change(&other, &parts)
		if _, err := other.Write(t.Context(), &parts, true, nil); !errors.Is(err, ErrDataset) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}

	same(t, "refused", d.Dir, map[string]string{"date=2026-11-02/data.csv": "2\n2\n", "date=2026-11-03/data.csv": "3\n3\n"})

	// Another store's market, asked for without --since-last, takes the place of the whole.
	fresh := &fakeParts{store: "b", seq: 1, days: map[int64]string{on(9): "9\n"}}
	if _, err := d.Write(t.Context(), fresh, false, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "another market", d.Dir, map[string]string{"date=2026-11-09/data.csv": "9\n"})
}

// TestDatasetSurvivesBeingKilled ends runs at every point: what lies there is the old dataset until a run has all it writes,
// and the next run makes it whole.
func TestDatasetSurvivesBeingKilled(t *testing.T) {
	before := map[string]string{"date=2026-11-01/data.csv": "1\n", "date=2026-11-02/data.csv": "2\n"}
	after := map[string]string{"date=2026-11-02/data.csv": "2\n2\n", "date=2026-11-03/data.csv": "3\n"}
	begun := func(t *testing.T) (*Dataset, *fakeParts) {
		d := &Dataset{Dir: t.TempDir(), Request: everything()}
		p := &fakeParts{store: "a", seq: 5, days: map[int64]string{on(1): "1\n", on(2): "2\n"}}
		if _, err := d.Write(t.Context(), p, true, nil); err != nil {
			t.Fatal(err)
		}
		p.seq, p.changed, p.parts = 6, []int64{on(1), on(2), on(3)}, 0
		p.days = map[int64]string{on(1): "", on(2): "2\n2\n", on(3): "3\n"}
		return d, p
	}

	t.Run("an error while writing", func(t *testing.T) {
		d, p := begun(t)
		p.fail = errors.New("the disk is full")
		if _, err := d.Write(t.Context(), p, true, nil); !errors.Is(err, p.fail) {
			t.Error(err)
		}
		same(t, "afterwards", d.Dir, before)
	})

	// A kill while it stages leaves files without a manifest; one while it moves, any number of files that are moved.
	for moved := -1; moved <= 2; moved++ {
		t.Run(fmt.Sprintf("killed after %d moves", moved), func(t *testing.T) {
			d, p := begun(t)
			last, err := d.last()
			if err != nil {
				t.Fatal(err)
			}

			next := NewManifest(&d.Request)
			days, err := p.Days(t.Context(), d.Request, "a", last.Seq)
			if err != nil {
				t.Fatal(err)
			}

			next.Store, next.Seq = days.Store, days.Seq
			run := datasetRun{Dataset: d, parts: p, days: &days, next: &next, keep: true, before: map[string]ManifestFile{}}
			for _, file := range last.Files {
				run.before[file.Path] = file
			}

			if err := run.stage(t.Context()); err != nil {
				t.Fatal(err)
			}
			if moved < 0 {
				if err := os.Remove(d.in("_staged/_manifest.json")); err != nil {
					t.Fatal(err)
				}
			}

			for _, file := range next.Files[:max(moved, 0)] {
				if err := d.move(file.Path); err != nil {
					t.Fatal(err)
				}
			}

			if moved < 0 {
				if err := d.finish(); err != nil {
					t.Fatal(err)
				}
				same(t, "nothing has changed", d.Dir, before)
			}

			p.changed = nil // a run with nothing to do finishes the one before
			if moved < 0 {
				p.changed = []int64{on(1), on(2), on(3)}
			}
			if _, err := d.Write(t.Context(), p, true, nil); err != nil {
				t.Fatal(err)
			}

			same(t, "the next run", d.Dir, after)
		})
	}
}

// TestDatasetTouchesNothingElse refuses a directory that holds something else, a manifest that leads out of it, and a second
// run beside the first.
func TestDatasetTouchesNothingElse(t *testing.T) {
	p := &fakeParts{store: "a", seq: 5, days: map[int64]string{on(1): "1\n"}}
	d := Dataset{Dir: t.TempDir(), Request: everything()}
	if err := os.WriteFile(filepath.Join(d.Dir, "thesis.doc"), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := d.Write(t.Context(), p, false, nil); !errors.Is(err, ErrDataset) || !strings.Contains(err.Error(), "holds thesis.doc") {
		t.Error(err)
	}

	d.Dir = t.TempDir()
	if err := os.MkdirAll(d.in("_staged"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.in("_staged/_manifest.json"), []byte(`{"manifest":1,"files":[{"path":"../x"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := d.Write(t.Context(), p, false, nil); err == nil || !strings.Contains(err.Error(), "lies elsewhere") {
		t.Error(err)
	}

	d.Dir = t.TempDir()
	release, err := d.lock()
	if err != nil {
		t.Fatal(err)
	}

	defer release()
	if _, err := d.Write(t.Context(), p, false, nil); err == nil || !strings.Contains(err.Error(), "is being written by another export") {
		t.Error(err)
	}
	for _, kind := range []Kind{Orders, Gaps} {
		d.Request.Kind = kind
		if _, err := d.Write(t.Context(), p, false, nil); !errors.Is(err, ErrIndivisible) {
			t.Error(kind, err)
		}
	}
}
