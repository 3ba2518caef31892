package backend_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// past runs a cluster with history and no new trades, and gives the options to read it with.
func past(t *testing.T, transactions int) backend.Options {
	t.Helper()
	net := simnet.New(simnet.Config{
		Seed: 3, Mints: 3, History: time.Hour, HistoryTransactions: transactions, SlotTime: 20 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := net.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	<-net.Ready()

	cfg := config.Default()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL = "custom", net.RPCURL(), net.WSURL()
	cfg.Solana.BackfillLimit = 300
	cfg.Metadata.Enabled = false
	return backend.Options{Config: cfg, Assets: fstest.MapFS{}, Logger: slog.New(slog.DiscardHandler), DataDir: t.TempDir()}
}

// stored is what a store holds, less what depends on the way it came there.
type stored struct {
	events  []market.Event
	candles map[market.Pubkey][]market.Candle
	open    []market.Gap
}

func read(t *testing.T, o backend.Options) stored {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "custom")})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	got := stored{candles: map[market.Pubkey][]market.Candle{}}
	err = s.EventsAfter(market.Position{}, func(e *market.Event) error {
		got.events = append(got.events, *e)
		got.candles[e.Mint()] = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	for mint := range got.candles {
		for _, interval := range market.AllIntervals() {
			list, err := s.CandlesBetween(mint, interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			for i := range list {
				list[i].Final = false     // chain time went on between the two
				list[i].Corrected = false // tells how the events came
			}
			got.candles[mint] = append(got.candles[mint], list...)
		}
	}

	if got.open, err = s.Gaps(t.Context(), nil, new(market.GapOpen)); err != nil {
		t.Fatal(err)
	}
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}

	return got
}

func same(t *testing.T, got, want stored) {
	t.Helper()
	if len(got.events) != len(want.events) {
		t.Fatalf("%d events, want %d", len(got.events), len(want.events))
	}
	for i := range want.events {
		a, b := got.events[i], want.events[i]
		if a.Position != b.Position || a.Signature != b.Signature || a.Owner != b.Owner || a.Price != b.Price || a.BlockTime != b.BlockTime {
			t.Fatalf("event %d:\n got %+v\nwant %+v", i, a, b)
		}
	}
	for mint, list := range want.candles {
		if !slices.Equal(got.candles[mint], list) {
			t.Fatalf("candles of %s differ", mint)
		}
	}
}

// TestBackfill reads history in three goes, one of them interrupted, and ends with what one start reads.
func TestBackfill(t *testing.T) {
	o := past(t, 4000)
	whole := o
	whole.DataDir = t.TempDir()
	quiet := func(offline.Progress) {}
	if err := offline.Backfill(t.Context(), whole.Offline(), cluster.Reach{}, quiet); err != nil {
		t.Fatal(err)
	}

	want := read(t, whole)
	if len(want.events) < 3500 || len(want.open) != 0 {
		t.Fatalf("%d events, open gaps %+v", len(want.events), want.open)
	}

	at := want.events[len(want.events)*3/4]
	if err := offline.Backfill(t.Context(), o.Offline(), cluster.Reach{Since: time.Unix(at.BlockTime, 0)}, quiet); err != nil {
		t.Fatal(err)
	}
	got := read(t, o)
	if first := got.events[0]; first.BlockTime < at.BlockTime || first.Slot > at.Slot || len(got.open) != 1 || got.open[0].To >= at.Slot {
		t.Fatalf("read back to %+v, want %+v; open %+v", first, at, got.open)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	slow := o
	slow.Feed = func(c *solana.Config) { c.MaxRequestsPerSecond = 900 }
	err := offline.Backfill(ctx, slow.Offline(), cluster.Reach{}, func(p offline.Progress) {
		if p.Done > 0 {
			cancel(context.Canceled)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal("interrupted:", err)
	}

	if n := len(read(t, o).events); n < len(got.events) || n >= len(want.events) {
		t.Errorf("after an interruption %d events; before %d, all are %d", n, len(got.events), len(want.events))
	}

	if err := offline.Backfill(t.Context(), o.Offline(), cluster.Reach{Slot: at.Slot / 2}, quiet); err != nil {
		t.Fatal(err)
	}
	if err := offline.Backfill(t.Context(), o.Offline(), cluster.Reach{}, quiet); err != nil {
		t.Fatal(err)
	}

	got = read(t, o)
	if len(got.open) != 0 {
		t.Errorf("open gaps %+v", got.open)
	}
	same(t, got, want)
}

// TestHistoryWhileServing reads history at the start and on demand, and refuses an offline backfill meanwhile.
func TestHistoryWhileServing(t *testing.T) {
	o := past(t, 2000)
	o.Backfill = &cluster.Reach{Since: time.Now().Add(-30 * time.Minute)}
	b := backend.New(o)
	if err := b.LoadHistory(t.Context(), cluster.Reach{}); !errors.Is(err, backend.ErrNotRunning) {
		t.Errorf("before the start: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
		if address, ready := b.Address(); ready {
			o := o
			err := offline.Backfill(t.Context(), o.Offline(), cluster.Reach{}, func(offline.Progress) {})
			if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), address) {
				t.Errorf("a store in use: %v", err)
			}
			break
		}
	}

	if err := b.LoadHistory(t.Context(), cluster.Reach{}); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}

	got := read(t, o)
	if len(got.open) != 0 || len(got.events) < 1700 {
		t.Errorf("%d events, open gaps %+v", len(got.events), got.open)
	}
}

func TestNoHistoryOfTheDemo(t *testing.T) {
	o := backend.Options{Config: config.Default(), DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	err := offline.Backfill(t.Context(), o.Offline(), cluster.Reach{}, func(offline.Progress) {})
	if !errors.Is(err, cluster.ErrNoHistory) {
		t.Error(err)
	}
}
