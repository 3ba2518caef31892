package listener

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
)

// scripted is a source that gives the batches sent to it.
type scripted struct {
	batches chan market.Batch
	ends    error // with which Run ends when batches is closed
	status  atomic.Pointer[Status]
	from    market.Slot
}

func newScripted() *scripted {
	s := &scripted{batches: make(chan market.Batch)}
	s.status.Store(&Status{Connection: "connecting"})
	return s
}

func (s *scripted) Run(ctx context.Context, from market.Slot, apply func(context.Context, market.Batch) error) error {
	s.from = from
	for {
		select {
		case batch, more := <-s.batches:
			if !more {
				return s.ends
			}
			if err := apply(ctx, batch); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *scripted) Status() Status { return *s.status.Load() }

// bench is a listener over an empty store whose disk has as much space as left says.
type bench struct {
	*Listener
	store *store.Store
	left  atomic.Int64
}

func newBench(t *testing.T, source Source, patient bool) *bench {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = opened.Close() })
	b := &bench{store: opened}
	b.left.Store(1 << 40)
	dir := datadir.Dir{Path: t.TempDir(), FreeOf: func(string) (int64, bool) { return b.left.Load(), true }}
	cfg := config.Default()
	b.Listener = New(Options{
		Config: &cfg, Store: opened, Source: source, Space: dir.Space(patient, slog.New(slog.DiscardHandler)),
		Logger: slog.New(slog.DiscardHandler),
	})
	if err := b.Recover(); err != nil {
		t.Fatal(err)
	}

	return b
}

// gapAt is a batch that leaves one record.
func gapAt(slot market.Slot) market.Batch {
	return market.Batch{Slot: slot, Checkpoint: slot, ChainTime: int64(slot), Gaps: []market.Gap{{From: slot, To: slot, Cause: "x"}}} //nolint:gosec // small
}

// What a source gives is stored in order, and a listener that is told to stop stops cleanly.
func TestListenerStores(t *testing.T) {
	source := newScripted()
	b := newBench(t, source, true)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	for slot := market.Slot(1); slot <= 3; slot++ {
		source.batches <- gapAt(slot)
	}
	polltest.Until(t, "three batches are stored", func() bool { return b.store.State().Checkpoint == 3 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if source.from != 0 {
		t.Errorf("a first start reads on from slot %d", source.from)
	}
}

// While the disk is full nothing is stored, the status says so and how far it is behind, and then storing goes on.
func TestListenerWaitsForSpace(t *testing.T) {
	source := newScripted()
	source.status.Store(&Status{Running: true, Connection: Connected, Slot: 190, Delivered: 100, LastError: "an old one"})
	b := newBench(t, source, true)
	if s := b.Status(); s.Stalled || s.LastError != "an old one" || s.Lag != 0 {
		t.Errorf("%+v", s)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()

	b.left.Store(0)
	source.batches <- gapAt(7)
	polltest.Until(t, "it says that it waits", func() bool { return b.Status().Stalled })
	if s := b.Status(); s.Lag != 90 || !strings.Contains(s.LastError, "the disk is nearly full") || s.LastError != b.Trouble() {
		t.Errorf("%+v", s)
	}

	if m := telemetry.Gather([]telemetry.Collector{b.Collect}); m.Values[0].Name != "spinscope_not_storing" || m.Values[0].Value != 1 {
		t.Errorf("%+v", m.Values[0])
	}
	if b.store.State().Seq != 0 {
		t.Error("it stored on a full disk")
	}

	b.left.Store(1 << 40)
	polltest.Until(t, "it is stored", func() bool { return b.store.State().Checkpoint == 7 })
	if s := b.Status(); s.Stalled || b.Trouble() != "" {
		t.Errorf("%+v", s)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A source that can go on no more ends the listener with its error; a command on a full disk ends with ErrDiskFull.
func TestListenerEnds(t *testing.T) {
	source := newScripted()
	source.ends = errors.New("out of records")
	close(source.batches)
	if err := newBench(t, source, true).Run(t.Context()); !errors.Is(err, source.ends) {
		t.Error(err)
	}

	full := newScripted()
	b := newBench(t, full, false)
	b.left.Store(0)
	go func() { full.batches <- gapAt(1) }()
	if err := b.Run(t.Context()); !errors.Is(err, datadir.ErrDiskFull) {
		t.Error(err)
	}
	if err := newBench(t, nil, false).Write(t.Context(), gapAt(1)); err != nil {
		t.Error(err)
	}
}

// Link says since when there is no connection, and not from before it was asked to look.
func TestLink(t *testing.T) {
	began := time.Unix(1000, 0)
	if _, _, watched := newBench(t, nil, true).Link(began); watched {
		t.Error("watched although nothing is read")
	}
	source := newScripted()
	b := newBench(t, source, true)
	for _, c := range []struct{ since, want time.Time }{
		{time.Time{}, began}, {time.Unix(900, 0), began}, {time.Unix(1500, 0), time.Unix(1500, 0)},
	} {
		source.status.Store(&Status{Connection: "reconnecting", Since: c.since})
		if connected, since, watched := b.Link(began); connected || !since.Equal(c.want) || !watched {
			t.Errorf("%v %v %v, want since %v", connected, since, watched, c.want)
		}
	}
}
