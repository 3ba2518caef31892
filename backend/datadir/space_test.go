package datadir

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"spinscope/backend/store"
)

// TestServerWaitsForSpace lets the disk fill up under a writer: it waits and says so until there is space.
func TestServerWaitsForSpace(t *testing.T) {
	var left atomic.Int64
	left.Store(1 << 40)
	var log bytes.Buffer
	asked := make(chan struct{}, 1000)
	d := Dir{Path: t.TempDir(), FreeOf: func(string) (int64, bool) {
		select {
		case asked <- struct{}{}:
		default:
		}
		return left.Load(), true
	}}
	space := d.Space(true, slog.New(slog.NewTextHandler(&log, nil)))
	if err := space.Await(t.Context()); err != nil || space.Trouble() != "" {
		t.Fatal(err, space.Trouble())
	}

	left.Store(spaceToWrite - 1)
	for len(asked) > 0 {
		<-asked
	}

	waited := make(chan error, 1)
	go func() { waited <- space.Await(t.Context()) }()
	for range 5 {
		<-asked
	}

	select {
	case err := <-waited:
		t.Fatal("it did not wait:", err)
	default:
	}

	if !strings.Contains(space.Trouble(), "255 MB are left for the data directory, and 256 MB are needed") {
		t.Errorf("trouble %q", space.Trouble())
	}
	left.Store(spaceToWrite)
	if err := <-waited; err != nil || space.Trouble() != "" {
		t.Error(err, space.Trouble())
	}

	if strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), d.Path) || !strings.Contains(log.String(), "there is room again") {
		t.Error(log.String())
	}

	left.Store(0)
	if err := d.Space(false, slog.New(slog.DiscardHandler)).Await(t.Context()); !errors.Is(err, ErrDiskFull) {
		t.Error("a command:", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := space.Await(ended); !errors.Is(err, context.Canceled) {
		t.Error("told to stop:", err)
	}
}

// TestNoStoreIsOpenedOnAFullDisk asks every way to open one.
func TestNoStoreIsOpenedOnAFullDisk(t *testing.T) {
	d := Dir{Path: t.TempDir(), Cluster: "mainnet", FreeOf: func(string) (int64, bool) { return spaceToOpen - 1, true }}
	dir := filepath.Join(d.Path, "mainnet")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := d.OpenExisting(store.Options{})
	_, starting := d.Open(store.Options{})
	for _, err := range []error{err, starting} {
		if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "63 MB are left for "+d.Path) {
			t.Error(err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Error("a store was begun:", files)
	}
}

// The system tells how much space there is, also for a directory that is not made yet.
func TestFree(t *testing.T) {
	dir := t.TempDir()
	here, known := free(dir)
	there, knownThere := free(filepath.Join(dir, "a", "b"))
	if known != knownThere || known && (here <= 0 || there <= 0) {
		t.Error(here, known, there, knownThere)
	}
}
