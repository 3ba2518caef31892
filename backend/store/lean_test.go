package store

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"spinscope/backend/market"
)

// A server that was killed leaves a log of up to its memtable's size, which is more than a Lean store's memtables hold.
func TestLeanStoreOpensAKilledServersStore(t *testing.T) {
	t.Parallel()
	server, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}

	r := newSamples(7)
	for longestLog(t, server.options.Dir) < memTable*3/4 {
		c := &market.Commit{Seq: server.Seq() + 1, Slot: 1 + market.Slot(server.Seq()), ChainTime: 1}
		for i := range 1000 {
			c.Events = append(c.Events, r.event(mintKey(i%20), market.Position{Slot: c.Slot, Index: uint32(i)}))
		}
		if err := server.Commit(c); err != nil {
			t.Fatal(err)
		}
	}

	seq, killed := server.Seq(), t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(server.options.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(killed, lockFile)); err != nil {
		t.Fatal(err)
	}

	if err := server.Close(); err != nil {
		t.Fatal(err)
	}

	for _, o := range []Options{{Dir: killed, Lean: true, ReadOnly: true}, {Dir: killed, Lean: true}} {
		lean, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if lean.Seq() != seq {
			t.Errorf("opened at commit %d, want %d", lean.Seq(), seq)
		}
		if err := lean.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// longestLog is how many bytes the fullest log in a store's directory holds.
func longestLog(t *testing.T, dir string) (longest int) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil || len(logs) == 0 {
		t.Fatal("no log", err)
	}
	for _, log := range logs {
		content, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, len(bytes.TrimRight(content, "\x00")))
	}
	return longest
}
