package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// damage is one way in which a file of a store is not what it was.
type damage struct {
	name string
	file string
	with []byte // the file's content; nil: the file is gone
}

// damagesOf are the ways tried on one file: cut to every interesting length, a stretch of zeros, single bits flipped,
// gone.
func damagesOf(name string, content []byte) (list []damage) {
	used := len(bytes.TrimRight(content, "\x00"))
	add := func(what string, changed []byte) {
		if !bytes.Equal(changed, content) || changed == nil {
			list = append(list, damage{what, name, changed})
		}
	}
	add("gone", nil)

	lengths := []int{0, 1, 4, 7, 8, 12, 16, 17, 20, 24, 28, 29, used / 4, used / 2, used - 9, used - 4, used - 1, used}
	if name == badger.ManifestFilename {
		for n := range len(content) {
			lengths = append(lengths, n)
		}
	}

	slices.Sort(lengths)
	for _, n := range slices.Compact(lengths) {
		if n >= 0 && n < len(content) {
			add(fmt.Sprintf("cut to %d of %d", n, len(content)), content[:n:n])
		}
	}

	for _, n := range []int{1, 8, 64, 4096} {
		for _, at := range []int{0, 8, used / 3, used * 2 / 3, used - n} {
			if at >= 0 && at < used {
				changed := bytes.Clone(content)
				clear(changed[at:min(at+n, used)])
				add(fmt.Sprintf("%d zeros at %d of %d", n, at, used), changed)
			}
		}
	}

	const flips = 24
	for i := range flips {
		if at := used * i / flips; used > 0 {
			changed := bytes.Clone(content)
			changed[at] ^= 1 << (i % 8)
			add(fmt.Sprintf("bit flipped at %d of %d", at, used), changed)
		}
	}

	return list
}

// contentOf is a digest of all rows of an open store.
func contentOf(s *Store) (string, error) {
	sum, rows := sha256.New(), 0
	err := s.read(nil, func(v *view) error {
		return v.scan(context.Background(), span{}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			if bytes.Equal(key, keyState) {
				value = fmt.Appendf(nil, "%+v", s.State())
			}
			rows++
			fmt.Fprintf(sum, "%x %x\n", key, value)
			return nil
		})
	})
	return fmt.Sprintf("%d rows, %x", rows, sum.Sum(nil)[:8]), err
}

// allFiles reads a directory as it is.
func allFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{}
	for _, entry := range entries {
		if contents[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return contents
}

// closedStore fills a store, closes it and returns its files.
func closedStore(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(small(Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 40, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return allFiles(t, dir)
}

// TestNoDamageLosesData damages every file of a closed store in every way. Opening it either works with every row, or
// ends with an error that names the damage, and then no file has changed. Read-only no file changes in any case, and
// what cannot be read is known at the latest when it is.
func TestNoDamageLosesData(t *testing.T) {
	t.Parallel()
	tryDamages(t, closedStore(t))
}

// damageCase opens copies of a store.
type damageCase struct {
	*testing.T
	source map[string][]byte
	want   string // its content
}

func tryDamages(t *testing.T, source map[string][]byte) {
	damaged := &damageCase{t, source, ""}
	damaged.try(damage{}, false)
	count := 0
	for name, content := range source {
		for _, d := range damagesOf(name, content) {
			damaged.try(d, false)
			damaged.try(d, true)
			count++
		}
	}
	t.Logf("%d damages of %d files", count, len(source))
}

func (t *damageCase) try(d damage, readOnly bool) {
	t.Helper()
	dir := t.place(d)
	defer os.RemoveAll(dir)

	before := allFiles(t.T, dir)

	s, err := Open(small(Options{Dir: dir, ReadOnly: readOnly}))
	if err == nil {
		var got string
		got, err = contentOf(s)
		if t.want == "" {
			t.want = got
		}

		if err == nil && got != t.want {
			t.Errorf("%s, %s, read-only %v: opened with %s, it had %s", d.file, d.name, readOnly, got, t.want)
		}
		if err != nil && !readOnly {
			t.Errorf("%s, %s: opened, and then: %v", d.file, d.name, err)
		}

		if closing := s.Close(); closing != nil {
			t.Errorf("%s, %s: close: %v", d.file, d.name, closing)
		}
	}

	if err != nil && (!errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), d.file)) {
		t.Errorf("%s, %s, read-only %v: the error is %v", d.file, d.name, readOnly, err)
	}
	if err == nil && !readOnly {
		return // it goes on from there
	}

	for name, content := range before {
		if now, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(now, content) {
			t.Errorf("%s, %s, read-only %v: %s was changed: %d bytes of %d (%v)", d.file, d.name, readOnly, name, len(now), len(content), err)
		}
	}

	if after := allFiles(t.T, dir); len(after) != len(before) {
		t.Errorf("%s, %s, read-only %v: %d files, before %d", d.file, d.name, readOnly, len(after), len(before))
	}
}

// place makes a damaged copy of the store.
func (t *damageCase) place(d damage) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "store")
	if err != nil {
		t.Fatal(err)
	}

	writeFiles(t.T, dir, t.source)
	if d.file == "" {
		return dir
	}

	if d.with == nil {
		err = os.Remove(filepath.Join(dir, d.file))
	} else {
		err = os.WriteFile(filepath.Join(dir, d.file), d.with, 0o600)
	}

	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFlippedBitsAreNoticed flips single bits all over the tables of a store and reads it without looking at the blocks
// first: each read gives everything or fails, and one that needs nothing of the damaged block goes on working.
func TestFlippedBitsAreNoticed(t *testing.T) {
	t.Parallel()
	source := closedStore(t)
	damaged := &damageCase{t, source, ""}
	read := func(s *Store) (results []string, errs []error) {
		note := func(value any, err error) {
			text, encoding := json.Marshal(value)
			results, err = append(results, string(text)), errors.Join(err, encoding)
			errs = append(errs, err)
		}
		for n := range 20 {
			mint := mintKey(n)
			events, ctx := 0, context.Background()
			note(nil, s.MintEvents(mint, market.Position{}, func(*market.Event) error { events++; return nil }))
			note(events, nil)
			note(s.Candles(ctx, mint, market.S1, CandleQuery{Limit: 1000}))
			note(s.Candles(ctx, mint, market.S1, CandleQuery{Limit: 7, Offset: 3, OldestFirst: true}))
			note(s.Events(ctx, mint, Page{Limit: 30, Offset: 5}))
			note(s.Mints(ctx, MintQuery{All: true, Limit: 100}))
			token, _, err := s.Token(mint)
			note(token, err)
			note(s.UserEvents(ctx, userKey(n), nil, Page{Limit: 50}))
		}

		total := 0
		note(nil, s.EventsAfter(market.Position{}, func(*market.Event) error { total++; return nil }))
		note(total, nil)
		return results, errs
	}
	open := func(dir string) *Store {
		s, err := Open(small(Options{Dir: dir, ReadOnly: true}))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Error(err)
			}
			return nil
		}
		return s
	}

	whole := open(damaged.place(damage{}))
	want, _ := read(whole)
	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}

	flips, refused, opened := 0, 0, 0
	for name, content := range source {
		if filepath.Ext(name) != ".sst" {
			continue
		}
		const places = 63
		for i := range places {
			changed := bytes.Clone(content)
			changed[len(content)*i/places] ^= 1 << (i % 8)
			dir := damaged.place(damage{"", name, changed})
			flips++
			s := open(dir)
			if s == nil {
				continue
			}

			opened++
			got, errs := read(s)
			for i := range got {
				if errs[i] != nil {
					refused++
					if !errors.Is(errs[i], ErrCorrupt) {
						t.Errorf("%s: %v", name, errs[i])
					}
					continue
				}
				counted := i%8 == 1 || i == len(got)-1 // what was read before the error of the line before
				if got[i] != want[i] && (!counted || errs[i-1] == nil) {
					t.Errorf("%s, flip at %d: read %d gives %.200s without an error, want %.200s", name, len(content)*i/places, i, got[i], want[i])
				}
			}

			if err := s.Close(); err != nil {
				t.Error(err)
			}
			_ = os.RemoveAll(dir)
		}
	}

	t.Logf("%d flips, %d opened, %d reads refused", flips, opened, refused)
	if opened == 0 || refused == 0 {
		t.Error("nothing was tried")
	}
}

// killedStore fills a store that nobody closes, and returns its files: its newest commits are in a log.
func killedStore(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, closedStore(t))
	s := openTest(t, Options{Dir: dir})
	fill(t, s, 5, 20) // little enough to be in one log, which stays while the files are read
	files := readFiles(t, dir)
	delete(files, lockFile) // or it would be in use
	return files
}

// A log that is damaged in the middle is an error, and the file stays as it is; only when the machine went down meanwhile
// the store opens at an earlier commit.
func TestLogDamagedInTheMiddle(t *testing.T) {
	t.Parallel()
	damaged := &damageCase{t, killedStore(t), ""}
	damaged.try(damage{}, false)
	tried := 0
	for name, content := range damaged.source {
		if filepath.Ext(name) != ".mem" {
			continue
		}
		used := len(bytes.TrimRight(content, "\x00"))
		for i := 1; i < 20; i++ {
			changed := bytes.Clone(content)
			changed[used*i/20] ^= 4
			zeroed := bytes.Clone(content)
			clear(zeroed[used*i/21 : used*i/21+300])
			for _, d := range []damage{{fmt.Sprint("flip ", i), name, changed}, {fmt.Sprint("zeros ", i), name, zeroed}} {
				tried++
				damaged.try(d, false)
				damaged.try(d, true)

				for _, readOnly := range []bool{true, false} {
					o := small(Options{Dir: damaged.place(d), ReadOnly: readOnly})
					o.bootID = func() string { return "another run" }
					s, err := Open(o)
					if err != nil {
						t.Errorf("%s, after the machine went down: %v", d.name, err)
						continue
					}

					if s.Seq() >= 45 {
						t.Errorf("%s: nothing is lost", d.name)
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}

	if tried == 0 {
		t.Error("no log")
	}
}
