package store

import (
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
