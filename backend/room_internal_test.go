package backend

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

// TestServerWaitsForRoom lets the disk fill up under a writer: nothing is stored and it says so until there is room.
func TestServerWaitsForRoom(t *testing.T) {
	var left atomic.Int64
	left.Store(1 << 40)
	var log bytes.Buffer
	asked := make(chan struct{}, 1000)
	o := Options{Config: config.Default(), DataDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	o.freeOf = func(string) (int64, bool) {
		select {
		case asked <- struct{}{}:
		default:
		}
		return left.Load(), true
	}
	opened, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close() //nolint:errcheck // nothing more is written
	in, err := New(o).newIntake(opened, func(*market.Commit) {})
	if err != nil {
		t.Fatal(err)
	}
	gap := market.Batch{Gaps: []market.Gap{{From: 1, To: 2, Cause: "x"}}}
	if err := in.write(t.Context(), gap); err != nil || opened.State().Seq != 1 || in.trouble() != "" {
		t.Fatal(err, opened.State().Seq, in.trouble())
	}
	left.Store(roomToWrite - 1)
	for len(asked) > 0 {
		<-asked
	}
	written := make(chan error, 1)
	go func() {
		written <- in.write(t.Context(), market.Batch{Gaps: []market.Gap{{From: 3, To: 4, Cause: "x"}}})
	}()
	for range 5 {
		<-asked
	}
	if opened.State().Seq != 1 || !strings.Contains(in.trouble(), "255 MB are left for the data directory, and 256 MB are needed") {
		t.Errorf("seq %d, trouble %q", opened.State().Seq, in.trouble())
	}
	left.Store(roomToWrite)
	if err := <-written; err != nil || opened.State().Seq != 2 || in.trouble() != "" {
		t.Error(err, opened.State().Seq, in.trouble())
	}
	if strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), o.DataDir) || !strings.Contains(log.String(), "there is room again") {
		t.Error(log.String())
	}
	in.patient = false
	left.Store(0)
	if err := in.write(t.Context(), gap); !errors.Is(err, ErrNoRoom) {
		t.Error("a command:", err)
	}
}

// TestNoStoreIsOpenedOnAFullDisk asks every way to open one.
func TestNoStoreIsOpenedOnAFullDisk(t *testing.T) {
	o := Options{Config: config.Default(), DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	o.Config.Solana.Cluster = "mainnet"
	o.freeOf = func(string) (int64, bool) { return roomToOpen - 1, true }
	dir := filepath.Join(o.DataDir, "mainnet")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := openExisting(&o)
	_, starting := New(o).openStore()
	for _, err := range []error{err, starting} {
		if !errors.Is(err, ErrNoRoom) || !strings.Contains(err.Error(), "63 MB are left for "+o.DataDir) {
			t.Error(err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Error("a store was begun:", files)
	}
}

// The system tells how much room there is, also for a directory that is not made yet.
func TestFree(t *testing.T) {
	dir := t.TempDir()
	here, known := free(dir)
	there, knownThere := free(filepath.Join(dir, "a", "b"))
	if known != knownThere || known && (here <= 0 || there <= 0) {
		t.Error(here, known, there, knownThere)
	}
}
