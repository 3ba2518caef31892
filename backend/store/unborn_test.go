package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestKilledWhileAFileWasMade leaves what a kill leaves between the creation of a file and its first use. An older empty
// file is damage, as something was written to it.
func TestKilledWhileAFileWasMade(t *testing.T) {
	for _, kind := range []string{".mem", ".vlog"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			for round := range 3 { // a file of that kind is made anew each time
				s, err := Open(small(Options{Dir: dir}))
				if err != nil {
					t.Fatal(err)
				}
				fill(t, s, 5, 10)
				if got := s.Seq(); int(got) != 5*(round+1) {
					t.Fatalf("seq %d in round %d", got, round)
				}

				if problems, err := s.Audit(context.Background()); err != nil || len(problems) > 0 {
					t.Fatalf("audit: %v %v", problems, err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}

				files, err := filepath.Glob(filepath.Join(dir, "*"+kind))
				if err != nil {
					t.Fatal(err)
				}
				newest := 0
				digits := len("00001")
				if kind == ".vlog" {
					digits = len("000001")
				}

				for _, file := range files {
					n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(file), kind))
					if err != nil {
						t.Fatal(err)
					}
					newest = max(newest, n)
				}

				empty := filepath.Join(dir, fmt.Sprintf("%0*d%s", digits, newest+1, kind))
				if err := os.WriteFile(empty, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}

	t.Run("not the newest", func(t *testing.T) {
		dir := t.TempDir()
		s, err := Open(small(Options{Dir: dir}))
		if err != nil {
			t.Fatal(err)
		}

		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for name, size := range map[string]int{"000005.vlog": 0, "000006.vlog": 100} {
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		if s, err := Open(small(Options{Dir: dir})); !errors.Is(err, ErrCorrupt) {
			t.Errorf("opened: %v", err)
			if err == nil {
				_ = s.Close()
			}
		}
	})
}

// TestKilledWhileAMemtableWasDeleted leaves what a kill leaves in the middle of the deletion of a memtable's log, which is
// cut to nothing first. It is no damage where its rows are in a table, and is where they are missing.
func TestKilledWhileAMemtableWasDeleted(t *testing.T) {
	t.Parallel()
	source := killedStore(t)
	log, last := "", 0
	for name := range source {
		if digits, ok := strings.CutSuffix(name, ".mem"); ok {
			n, err := strconv.Atoi(digits)
			if err != nil {
				t.Fatal(err)
			}
			log, last = name, max(last, n)
		}
	}

	write := func(empty string, also map[string][]byte) string {
		dir := t.TempDir()
		writeFiles(t, dir, source)
		writeFiles(t, dir, map[string][]byte{empty: nil})
		writeFiles(t, dir, also)
		return dir
	}
	deleted := fmt.Sprintf("%05d.mem", last-1)
	dir := write(deleted, nil)
	for _, readOnly := range []bool{true, false} {
		s, err := Open(small(Options{Dir: dir, ReadOnly: readOnly}))
		if err != nil {
			t.Fatal(err)
		}
		if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 || s.Seq() != 45 {
			t.Errorf("at %d: %v %v", s.Seq(), problems, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := os.Stat(filepath.Join(dir, deleted)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty file is still there: %v", err)
	}

	newer := map[string][]byte{fmt.Sprintf("%05d.mem", last+1): append(bytes.Clone(source[log][:logHeader]), make([]byte, 100)...)}
	s, err := Open(small(Options{Dir: write(log, newer)}))
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("opened without the rows of %s: %v", log, err)
		if err == nil {
			_ = s.Close()
		}
	}
}

// TestUnusedValueLogs: a value log in which nothing was ever written goes at once, before Badger deletes it in two steps; the
// newest stays, and so does one with something in it.
func TestUnusedValueLogs(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"000001.vlog": logHeader, "000002.vlog": logHeader + 1, "000003.vlog": 0, "000004.vlog": logHeader} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	found, err := look(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: dir}
	if err := dropUnborn(&o, found); err != nil {
		t.Fatal(err)
	}

	left, err := look(dir)
	if err != nil || strings.Join(left.values, " ") != "000002.vlog 000003.vlog 000004.vlog" {
		t.Errorf("left: %v, %v", left.values, err)
	}
}
