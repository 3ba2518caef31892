package listener

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/heap"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
)

// Options are what a Listener is made of.
type Options struct {
	Config    *config.Config // valid
	Store     *store.Store
	Source    Source // nil: nothing is read
	Space     *datadir.Space
	Publish   func(*market.Commit) // told of each commit after it is stored; nil for a store that nobody serves
	Coins     ingest.Coins         // followed by addresses of their own; nil: none are
	Addresses ingest.Addresses     // of coins that are or were followed so; nil: there are none
	Off       []market.Program     // of which nothing is read
	Whole     []market.Program     // of those that are read by coin: all of their coins are kept, as the source tells of them
	Pools     ingest.Pools         // what trades where, for Whole
	Recheck   func()               // asks the source to compare recent slots with what it gave; may be nil
	// Append is called with each commit before it is written: an error keeps it from being written and ends the writer. Nil:
	// nobody is asked.
	Append func(*market.Commit) error
	Logger *slog.Logger
}

// Listener brings transactions to the writer.
type Listener struct {
	options Options
	writer  *ingest.Ingest
	resume  market.Slot
	stages  telemetry.Stages
	saver   heap.Saver
}

// New makes the writer over an open store. Recover comes next.
func New(o Options) *Listener {
	at := o.Store.State()
	l := &Listener{options: o, resume: at.Checkpoint}

	publish := o.Publish
	if publish != nil {
		publish = l.stages.Publish(publish)
		l.saver.Bytes = heap.History // commands have a limit of their own
	}

	var to ingest.Store = o.Store
	if o.Append != nil {
		to = &appending{o.Store, o.Append}
	}
	l.writer = l.newWriter(to, publish)

	return l
}

// newWriter makes a writer that goes on where the store stands.
func (l *Listener) newWriter(to ingest.Store, publish func(*market.Commit)) *ingest.Ingest {
	o := &l.options
	program, _ := market.ParsePubkey(o.Config.Solana.ProgramID) // validated
	decimals, _ := o.Config.Solana.Decimals()
	return ingest.New(ingest.Config{
		Programs: registry.At(program, o.Coins != nil, o.Off...), PriceDecimals: decimals, Intervals: o.Config.Kline.KeptIntervals(),
		Logger: o.Logger.With("component", "ingest"), Publish: publish, Horizon: o.Store.Horizon, Recheck: o.Recheck,
		Coins: o.Coins, Addresses: o.Addresses, Whole: o.Whole, Pools: o.Pools,
	}, to, ingest.Resume(o.Store.State()))
}

// appending is a store whose commits are in a log before they are in it.
type appending struct {
	*store.Store
	log func(*market.Commit) error
}

// Commit implements ingest.Store.
func (a *appending) Commit(c *market.Commit) error {
	if err := a.log(c); err != nil {
		return err
	}
	return a.Store.Commit(c)
}

// showing is a store that is told of open candles and takes no commits.
type showing struct{ *store.Store }

// Commit implements ingest.Store.
func (s *showing) Commit(c *market.Commit) error { return s.ShowOpen(c) }

// Show shows what Recover would, and commits nothing: for a store whose commits come from elsewhere.
func (l *Listener) Show() error {
	if err := l.newWriter(&showing{l.options.Store}, nil).Recover(); err != nil {
		return fmt.Errorf("bring open candles up to date: %w", err)
	}
	return nil
}

// Recover brings the writer up to date with the store, which an end without a stop leaves some work. It is called once, before
// anything else is written, and publishes what it commits.
func (l *Listener) Recover() error {
	if err := l.writer.Recover(); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return nil
}

// Run reads the source until ctx ends and then makes the open candles durable.
func (l *Listener) Run(ctx context.Context) error {
	if err := l.read(ctx); err != nil {
		if errors.Is(err, datadir.ErrDiskFull) { // what was taken is kept
			err = errors.Join(err, l.writer.Close())
		}
		return fmt.Errorf("read the cluster: %w", err)
	}

	<-ctx.Done()
	return l.Close()
}

func (l *Listener) read(ctx context.Context) error {
	if l.options.Source == nil {
		return nil
	}
	defer l.saver.Set(false)
	err := l.options.Source.Run(ctx, l.resume, l.apply)
	if errors.Is(err, context.Canceled) || ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

// apply takes in a batch of the source. One that others follow is written while the next one is read, unless it brings
// gaps: others ask the store about those at once.
func (l *Listener) apply(ctx context.Context, batch market.Batch) error {
	if err := l.options.Space.Await(ctx); err != nil {
		return err
	}
	l.saver.Set(l.options.Source.Status().Backfill.Running)
	if batch.More && len(batch.Gaps) == 0 {
		return l.writer.Take(ctx, batch)
	}

	if err := l.writer.Flush(); err != nil { // or its publication would be measured as this batch's
		return err
	}
	return l.stages.Apply(l.writer.Apply)(ctx, batch)
}

// Write stores a batch as soon as there is space for it.
func (l *Listener) Write(ctx context.Context, batch market.Batch) error {
	if err := l.options.Space.Await(ctx); err != nil {
		return err
	}
	return l.writer.Apply(ctx, batch)
}

// Take is Write for a batch that others follow: it is stored while the next one is made. Flush waits for it.
func (l *Listener) Take(ctx context.Context, batch market.Batch) error {
	if err := l.options.Space.Await(ctx); err != nil {
		return err
	}
	return l.writer.Take(ctx, batch)
}

// Flush returns when everything that was taken is stored.
func (l *Listener) Flush() error { return l.writer.Flush() }

// Close makes the open candles durable. Nothing is written after it.
func (l *Listener) Close() error {
	if err := l.writer.Close(); err != nil {
		return fmt.Errorf("close the writer: %w", err)
	}
	return nil
}

// Counters are the writer's.
func (l *Listener) Counters() ingest.Counters { return l.writer.Counters() }

// Unreadable are the programs none of whose events could be read for ten minutes of chain time.
func (l *Listener) Unreadable() []market.Program { return l.writer.Unreadable() }

// Queued notes that everything up to a commit has been queued to the clients, or concerned none.
func (l *Listener) Queued(upTo market.Seq, pushed bool) { l.stages.Queued(upTo, pushed) }

// Idle reports whether everything that was published has been queued to the clients.
func (l *Listener) Idle() bool { return l.stages.Idle() }

// Trouble is what keeps the writer from storing, "" for nothing. It names no path: it is shown to whoever asks.
func (l *Listener) Trouble() string {
	if l.options.Store.Gone() {
		return store.ErrGone.Error()
	}
	return l.options.Space.Trouble()
}

// Status is the source's, with what the writer knows of it.
func (l *Listener) Status() Status {
	if l.options.Source == nil {
		return Status{Connection: Disabled}
	}
	s := l.options.Source.Status()
	if trouble := l.Trouble(); trouble != "" { // the source itself is well, but what it reads goes nowhere
		s.Stalled, s.LastError = true, trouble
		s.Lag = max(s.Lag, uint64(s.Slot-min(s.Slot, s.Delivered)))
	}
	return s
}

// Link reports whether the source is connected and, while it is not, since when, at the earliest since began; watched is
// false when nothing is read.
func (l *Listener) Link(began time.Time) (connected bool, since time.Time, watched bool) {
	status := l.Status()
	since = status.Since
	if since.Before(began) {
		since = began
	}
	return status.Running, since, status.Connection != Disabled
}

// Collect is a telemetry.Collector.
func (l *Listener) Collect(m *telemetry.Metrics) {
	stalled := 0.0
	if l.Trouble() != "" {
		stalled = 1
	}
	m.Gauge("not_storing", "1 while nothing can be stored, as the disk is nearly full or the data directory is gone.", stalled)
	if status := l.Status(); status.Connection == Connected && !status.Stalled {
		skew := time.Since(time.Unix(l.options.Store.ChainTime(), 0)).Seconds()
		m.Gauge("clock_skew_seconds", "How far this machine's clock is ahead of the chain's, while the cluster is read live: a few seconds when both are right.", skew)
	}

	l.writer.Collect(m)
	l.stages.Collect(m)
}
