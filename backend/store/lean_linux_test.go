package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"spinscope/backend/market"
)

// residentOf is how many kilobytes of mapped files of a directory are resident.
func residentOf(t *testing.T, dir string) (kilobytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("SKIPPED: no /proc/self/smaps:", err)
	}

	inside := false
	for line := range bytes.Lines(text) {
		var n int
		switch {
		case bytes.Contains(line, []byte(" /")) || bytes.Contains(line, []byte("-")) && bytes.Contains(line, []byte("p 0")):
			inside = bytes.Contains(line, []byte(filepath.Clean(dir)))
		case inside && bytes.HasPrefix(line, []byte("Rss:")):
			if _, err := fmt.Sscanf(string(line), "Rss: %d", &n); err == nil {
				kilobytes += n
			}
		}
	}

	return kilobytes
}

// TestLeanStoreGivesPagesBack reads all of a store and expects most of its tables' pages to be no longer resident once
// they are given back, and every row still to be there.
func TestLeanStoreGivesPagesBack(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const candles = 60_000
	fill := func() {
		s, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close() //nolint:errcheck // what is missing shows below

		for at := 0; at < candles; at += 1000 {
			c := &market.Commit{Seq: market.Seq(at/1000 + 1), ChainTime: 2_000_000_000}
			for i := at; i < at+1000; i++ {
				c.Candles = append(c.Candles, market.CandleChange{Mint: market.Pubkey{1}, Interval: market.S1, Type: market.Final, Candle: market.Candle{
					Time: int64(1_700_000_000 + i), Open: market.Price{Lo: uint64(i) * 0x9e3779b97f4a7c15}, Trades: 1, Final: true,
				}})
			}
			if err := s.Commit(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill()

	s, err := Open(Options{Dir: dir, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read

	read := func() {
		got, err := s.CandlesBetween(market.Pubkey{1}, market.S1, 0, 1<<40)
		if err != nil || len(got) != candles {
			t.Fatalf("%d candles, %v", len(got), err)
		}
	}
	read()

	before := residentOf(t, dir)
	s.pageOut()
	after := residentOf(t, dir)
	if before < 500 {
		t.Fatalf("%d kB were resident: the test sees nothing", before)
	}

	if after > before/2 {
		t.Errorf("%d kB of %d kB stayed resident", after, before)
	}
	read()
}
