package backend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spinscope/backend"
	"spinscope/backend/datadir"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/replay"
	"spinscope/backend/store"
)

// directory is all there is in a data directory: contents, and when they were written.
func directory(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = fmt.Sprintf("%s %d %x", info.ModTime(), info.Size(), bytes.TrimRight(content, "\x00"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return files
}

func unchanged(t *testing.T, what string, dir string, before map[string]string) {
	t.Helper()
	after := directory(t, dir)
	for path := range before {
		if after[path] != before[path] {
			t.Errorf("%s: %s was changed or deleted", what, path)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%s: %d files, before %d", what, len(after), len(before))
	}
}

// killed gives a copy of a market whose server was killed: the store is not closed, and its newest events are in no
// table and no open candles.
func killed(t *testing.T, o backend.Options) backend.Options {
	t.Helper()
	from := filepath.Join(o.DataDir, "mainnet")
	opened, err := store.Open(store.Options{Dir: from})
	if err != nil {
		t.Fatal(err)
	}

	defer opened.Close()
	var last market.Event // the newest trade, which is made once more
	err = opened.EventsAfter(market.Position{}, func(e *market.Event) error {
		if _, ok := e.Trade(); ok && e.Kind() == spinpet.KindBuySell && e.BlockTime >= last.BlockTime {
			last = *e
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	token, _, err := opened.Token(last.Mint())
	if err != nil {
		t.Fatal(err)
	}
	trade, _ := last.Trade()
	last.Position = market.Position{Slot: opened.State().Slot + 1}
	last.Signature, last.BlockTime = market.Signature{1}, last.BlockTime+1
	token.Trades++
	token.TotalSolAmount = token.TotalSolAmount.Add(market.U64(trade.Quote))
	token.LatestTradeTime, token.LastEventTime = last.BlockTime, last.BlockTime
	c := &market.Commit{Seq: opened.Seq() + 1, Slot: last.Slot, Events: []market.Event{last}, Tokens: []market.Token{token}}
	if err := opened.Commit(c); err != nil {
		t.Fatal(err)
	}

	copied := marketIn(t.TempDir())
	if err := os.CopyFS(filepath.Join(copied.DataDir, "mainnet"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// allEvents is the request for every event.
func allEvents() export.Request {
	from, to := export.Always()
	return export.Request{Kind: export.Events, Format: export.CSV, From: from, To: to}
}

// Commands that only read change no file: of a store that was closed, and of one whose server was killed.
func TestReadingChangesNoFile(t *testing.T) {
	t.Parallel()
	for what, o := range map[string]backend.Options{
		"closed": recordedMarket(t, 5, 400), "killed": killed(t, recordedMarket(t, 5, 400)),
	} {
		before := directory(t, o.DataDir)
		rows, err := offline.Export(t.Context(), o.Offline(), allEvents(), "", false, io.Discard, nil)
		if err != nil || rows < 400 {
			t.Errorf("%s: export: %d rows, %v", what, rows, err)
		}

		unchanged(t, what+", export", o.DataDir, before)

		report, err := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
		if err != nil || report.Events < 400 || report.Differences > 0 {
			t.Errorf("%s: verify: %+v, %v", what, report, err)
		}
		unchanged(t, what+", verify", o.DataDir, before)

		ctx, stop := context.WithCancel(t.Context())
		served := o
		served.Config.Server.Listen = "127.0.0.1:0"
		err = backend.RunReplay(ctx, served, replay.Replay{
			From: -1 << 62, To: 1 << 62, Speed: 1, Serving: func(string, int64, int64) { stop() },
		})
		if err != nil {
			t.Errorf("%s: replay: %v", what, err)
		}

		stop()
		unchanged(t, what+", replay", o.DataDir, before)
	}
}

// A MANIFEST that is cut short anywhere ends every command with an error, and no file is deleted or changed.
func TestShortManifestDeletesNothing(t *testing.T) {
	t.Parallel()
	o := recordedMarket(t, 6, 200)
	path := filepath.Join(o.DataDir, "mainnet", "MANIFEST")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	for size := range len(whole) {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		before := directory(t, filepath.Join(o.DataDir, "mainnet"))
		_, exporting := offline.Export(t.Context(), o.Offline(), allEvents(), "", false, io.Discard, nil)
		_, verifying := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
		_, repairing := offline.Verify(t.Context(), o.Offline(), true, func(int, int) {})
		served := o
		served.Config.Server.Listen = "127.0.0.1:0"
		for what, err := range map[string]error{
			"export": exporting, "verify": verifying, "verify --repair": repairing, "serve": backend.New(served).Run(t.Context()),
		} {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("cut to %d of %d bytes: %s: %v", size, len(whole), what, err)
			}
		}

		unchanged(t, fmt.Sprintf("cut to %d bytes", size), filepath.Join(o.DataDir, "mainnet"), before)
	}
}

// What a killed server had stored last is gone with its log: commands end with an error that names the file, and change
// nothing, until a repair goes on without it.
func TestLostLogIsNoShortStore(t *testing.T) {
	t.Parallel()
	o := killed(t, recordedMarket(t, 7, 200))
	dir := filepath.Join(o.DataDir, "mainnet")
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}

	if err := os.Remove(logs[0]); err != nil {
		t.Fatal(err)
	}

	before := directory(t, dir)
	_, exporting := offline.Export(t.Context(), o.Offline(), allEvents(), "", false, io.Discard, nil)
	_, verifying := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
	served := o
	served.Config.Server.Listen = "127.0.0.1:0"
	for what, err := range map[string]error{"export": exporting, "verify": verifying, "serve": backend.New(served).Run(t.Context())} {
		if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), filepath.Base(logs[0])) {
			t.Errorf("%s: %v", what, err)
		}
	}

	unchanged(t, "without its log", dir, before)

	report, err := offline.Verify(t.Context(), o.Offline(), true, func(int, int) {})
	if err != nil || report.Repaired != 1 || len(report.Findings) != 1 || !strings.Contains(report.Findings[0], "goes on from commit") {
		t.Errorf("repaired: %+v, %v", report, err)
	}
	report, err = offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
	if err != nil || report.Differences != 0 || report.Events < 200 {
		t.Errorf("afterwards: %+v, %v", report, err)
	}
}

// A directory without a store is none, and stays empty.
func TestNoStoreIsMadeByReading(t *testing.T) {
	o := marketIn(t.TempDir())
	dir := filepath.Join(o.DataDir, "mainnet")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, exporting := offline.Export(t.Context(), o.Offline(), allEvents(), "", false, io.Discard, nil)
	_, verifying := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
	for _, err := range []error{exporting, verifying} {
		if !errors.Is(err, datadir.ErrNoStore) {
			t.Error(err)
		}
	}
	unchanged(t, "empty", dir, nil)
}

// A server whose data directory vanishes while it runs ends by itself and says why; so does one that is told to stop then.
func TestServerEndsWhenItsDirectoryVanishes(t *testing.T) {
	t.Parallel()
	for _, stopped := range []bool{false, true} {
		o := recordedMarket(t, 7, 100)
		o.Config.Server.Listen, o.Config.Solana.EnableEventListener = "127.0.0.1:0", false
		ctx, stop := context.WithCancel(t.Context())
		defer stop()

		server := backend.New(o)
		ended := make(chan error, 1)
		go func() { ended <- server.Run(ctx) }()
		polltest.Until(t, "the port is open", func() bool { _, open := server.Address(); return open })

		// Moved away first: what the server makes by its name meanwhile would keep os.RemoveAll from emptying it.
		away := o.DataDir + "-away"
		if err := errors.Join(os.Rename(o.DataDir, away), os.RemoveAll(away)); err != nil {
			t.Fatal(err)
		}

		if stopped {
			stop()
		}
		select {
		case err := <-ended:
			if !stopped && !errors.Is(err, store.ErrGone) {
				t.Errorf("it ended with %v", err)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("it goes on")
		}
	}
}
