package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// huge is a commit with a value that goes into the value log.
func huge(t *testing.T, s *Store, n int) {
	t.Helper()
	mint := keyOf('H', n)
	e := newSamples(9).event(mint, market.Position{Slot: 1e9, Index: uint32(n)})
	e.Body = &spinpet.TokenCreated{Mint: mint, Name: strings.Repeat(fmt.Sprint("name ", n), 20_000)}
	if err := s.Commit(&market.Commit{Seq: s.Seq() + 1, Events: []market.Event{e}}); err != nil {
		t.Fatal(err)
	}
}

// sessions opens, fills and closes a store again and again, and gives its files after each time. Stores of different kinds
// have the same numbers of everything.
func sessions(t *testing.T, times, kind int) (files []map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	for i := range times {
		s, err := Open(small(Options{Dir: dir}))
		if err != nil {
			t.Fatal(err)
		}
		fill(t, s, 10, 60)
		huge(t, s, i+10*kind)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		files = append(files, allFiles(t, dir))
	}
	return files
}

// TestForeignFilesAreNoticed puts in the place of each file of a store the file of that name of another store, which was
// made in the same way, and older copies of itself: sound files, each of them.
func TestForeignFilesAreNoticed(t *testing.T) {
	t.Parallel()
	mine := sessions(t, 4, 0)
	damaged := &damageCase{t, mine[3], ""}
	damaged.try(damage{}, false)
	other := sessions(t, 4, 1)
	tried := map[string]int{}
	for name, content := range mine[3] {
		for i, files := range append(other, mine[:3]...) {
			with, ok := files[name]
			if !ok || bytes.Equal(with, content) {
				continue
			}
			tried[filepath.Ext(name)]++
			for _, readOnly := range []bool{false, true} {
				damaged.try(damage{fmt.Sprint("exchanged with ", i), name, with}, readOnly)
			}
		}
	}

	if tried[".sst"] < 8 || tried[".vlog"] < 3 || tried[""] < 10 {
		t.Errorf("exchanged: %v", tried)
	}
}

// A table of another store that has the numbers of a killed store's own, with FILES as it was written while it ran.
func TestForeignFilesOfAKilledStore(t *testing.T) {
	t.Parallel()
	killed := func(kind int) map[string][]byte {
		dir := t.TempDir()
		writeFiles(t, dir, sessions(t, 2, kind)[1])
		s := openTest(t, Options{Dir: dir})
		fill(t, s, 5, 60)
		huge(t, s, 9+10*kind)
		files := readFiles(t, dir)
		delete(files, lockFile)
		return files
	}
	damaged, other := &damageCase{t, killed(0), ""}, killed(1)
	damaged.try(damage{}, false)

	tried := 0
	for name, content := range damaged.source {
		if with, ok := other[name]; ok && !bytes.Equal(with, content) {
			tried++
			damaged.try(damage{"exchanged", name, with}, false)
			damaged.try(damage{"exchanged", name, with}, true)
		}
	}

	if tried < 5 {
		t.Errorf("%d files were exchanged", tried)
	}
}

// entryEnds are the places in a log where an entry ends.
func entryEnds(content []byte) (ends []int) {
	for at := logHeader; ; {
		e, ok := entryAt(content, at)
		if !ok || e.size == 0 {
			return ends
		}
		at += e.size
		ends = append(ends, at)
	}
}

// TestLostLogsAreNoticed cuts the log of a killed store where entries end, so that nothing in it is damaged, and takes it
// away. Opening it names the file and changes nothing; after a power cut it goes on from what is there, and so it does when
// it is told to, as another store.
func TestLostLogsAreNoticed(t *testing.T) {
	t.Parallel()
	damaged := &damageCase{t, killedStore(t), ""}
	damaged.try(damage{}, false)
	var name string
	for file := range damaged.source {
		if filepath.Ext(file) == ".mem" {
			name = file
		}
	}

	content := damaged.source[name]
	ends := entryEnds(content)
	list := []damage{{"gone", name, nil}}
	const cuts = 10
	for i := range cuts {
		cut := ends[len(ends)*i/cuts]
		list = append(list, damage{fmt.Sprint("cut to ", cut), name, slices.Concat(content[:cut], make([]byte, 4096))})
	}

	list = append(list, damage{"without the last entry", name, slices.Concat(content[:ends[len(ends)-2]], make([]byte, 4096))})

	for i, d := range list {
		for _, readOnly := range []bool{false, true} {
			damaged.try(d, readOnly)
			s, err := Open(small(Options{Dir: damaged.place(d), ReadOnly: readOnly}))
			if err == nil || !strings.Contains(err.Error(), "up to commit 45") {
				t.Errorf("%s: %v", d.name, err)
			}
			if err == nil {
				_ = s.Close()
			}
		}

		if i%3 == 0 {
			damaged.goesOn(d, func(o *Options) { o.bootID = func() string { return "another run" } })
			damaged.goesOn(d, func(o *Options) { o.Repair = true })
		}
	}
}

// goesOn opens a store that has lost commits.
func (t *damageCase) goesOn(d damage, with func(*Options)) {
	t.Helper()
	o := small(Options{Dir: t.place(d)})
	with(&o)
	s, err := Open(o)
	if err != nil {
		t.Errorf("%s: %v", d.name, err)
		return
	}

	if s.Seq() >= 45 || s.Seq() < 40 || (len(s.Repaired()) == 1) != o.Repair {
		t.Errorf("%s: goes on from %d, repaired %q", d.name, s.Seq(), s.Repaired())
	}
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%s: %v %v", d.name, problems, err)
	}

	id := s.ID()
	fill(t.T, s, 1, 1)
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	again, err := Open(small(Options{Dir: o.Dir, ReadOnly: true}))
	if err != nil {
		t.Errorf("%s, opened again: %v", d.name, err)
		return
	}

	defer again.Close()
	whole, err := Open(small(Options{Dir: t.place(damage{}), ReadOnly: true}))
	if err != nil {
		t.Fatal(err)
	}

	defer whole.Close()
	if again.ID() != id || (whole.ID() == id) == o.Repair {
		t.Errorf("%s: its identity is %s, was %s", d.name, again.ID(), whole.ID())
	}
}

// A log that is missing before another leaves a gap in the middle, which nothing fills.
func TestLogMissingInTheMiddle(t *testing.T) {
	t.Parallel()
	source := killedStore(t)
	var name string
	for file := range source {
		if filepath.Ext(file) == ".mem" {
			name = file
		}
	}

	content := source[name]
	ends := entryEnds(content)
	border := 0 // where a transaction ends, in the middle
	for _, end := range ends {
		if e, ok := entryAt(content, end); ok && end > len(content)/2 && e.meta&logPart == 0 {
			border = end + e.size
			break
		}
	}

	next := fmt.Sprintf("%05d.mem", 1+binary.BigEndian.Uint16([]byte{0, name[4] - '0'}))
	source[name] = slices.Concat(content[:border], make([]byte, 4096))
	source[next] = slices.Concat(make([]byte, 8), []byte("twelve bytes"), content[border:])

	damaged := &damageCase{t, source, ""}
	damaged.try(damage{}, false)
	damaged.try(damage{}, true)
	for _, repair := range []bool{false, true} {
		s, err := Open(small(Options{Dir: damaged.place(damage{"", name, nil}), Repair: repair}))
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "before those in "+next) {
			t.Errorf("opened %v, %v", s != nil, err)
		}
	}
}

// Who knows nothing of FILES and LAST, as an earlier version, may use the store meanwhile; they do not hold it back.
func TestOlderNotesAreNoObstacle(t *testing.T) {
	t.Parallel()
	mine := sessions(t, 4, 0)
	for i := range 3 {
		for _, names := range [][]string{{filesFile}, {lastFile}, {filesFile, lastFile}} {
			for _, gone := range []bool{false, true} {
				dir := t.TempDir()
				files := maps.Clone(mine[3])
				for _, name := range names {
					if delete(files, name); !gone {
						files[name] = mine[i][name]
					}
				}

				writeFiles(t, dir, files)
				s, err := Open(small(Options{Dir: dir}))
				if err != nil {
					t.Fatalf("%v of session %d: %v", names, i, err)
				}

				if s.Seq() != 44 {
					t.Errorf("opened at %d", s.Seq())
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}

				now := allFiles(t, dir)
				for _, name := range names {
					if bytes.Equal(now[name], mine[i][name]) || len(now[name]) == 0 {
						t.Errorf("%s is as it was", name)
					}
				}
			}
		}
	}
}

// FuzzNotes: no content of FILES or LAST panics, and what is read is written the same.
func FuzzNotes(f *testing.F) {
	v := inventory{9, 8, map[uint64]tableMark{3: {1, 2, 3, 4}}, map[string]logMark{"00001.mem": {"header", 7}}}
	f.Add(v.encode())
	f.Add((&lastChange{1, 2, 3, 4, 5, true}).encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := decodeInventory(text); err == nil {
			if again, err := decodeInventory(v.encode()); err != nil || len(again.tables) != len(v.tables) {
				t.Error(err)
			}
		}
		if c, err := decodeLast(text); err == nil && !bytes.Equal(c.encode()[8:36], text[8:36]) {
			t.Errorf("%+v", c)
		}
	})
}
