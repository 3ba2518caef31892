package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"spinscope/backend/config"
	"spinscope/backend/export"
	"spinscope/backend/hub"
	"spinscope/backend/ingest"
	"spinscope/backend/logtail"
	"spinscope/backend/market"
	"spinscope/backend/server"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// ErrNotRunning is returned for requests to a backend that has no open store.
var ErrNotRunning = errors.New("the server is not running")

// Backend is everything but the window. Make one with New and run it once.
type Backend struct {
	options Options
	log     *slog.Logger

	mu      sync.Mutex
	address string       // set once the port is open
	store   *store.Store // nil unless running
	intake  *intake      // the same

	alertRules chan struct{} // holds a token while the rule file is to be read again
}

// New makes a backend; it does no I/O.
func New(o Options) *Backend {
	if o.Tail == nil {
		o.Tail = logtail.New(logtail.Place{Path: o.DataDir, Name: "DATA_DIR"})
		o.Logger = slog.New(o.Tail.Handler(o.Logger.Handler()))
	}
	return &Backend{options: o, log: o.Logger.With("component", "backend"), alertRules: make(chan struct{}, 1)}
}

// Address is the HOST:PORT that is served; false until the port is open.
func (b *Backend) Address() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.address, b.address != ""
}

// ExportCandles writes a mint's candles to a CSV file, whole or not at all, and returns the number of rows. progress is
// called now and then with the rows so far.
func (b *Backend) ExportCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, path string, progress func(rows int)) (int, error) {
	b.mu.Lock()
	opened := b.store
	b.mu.Unlock()
	if opened == nil {
		return 0, ErrNotRunning
	}
	from, to := export.Always()
	request := export.Request{
		Kind: export.Candles, Format: export.CSV, Mints: []market.Pubkey{mint}, Interval: interval, From: from, To: to,
	}
	rows, err := export.File(ctx, path, reader{opened}, request, func(rows int64) { progress(int(rows)) })
	if err != nil {
		return 0, fmt.Errorf("export %s candles of %s: %w", interval, mint, err)
	}
	return int(rows), nil
}

// Run opens the store and the port and serves until ctx ends, which is a clean stop, or until the store or the port
// fails. Trouble with the cluster never ends it.
func (b *Backend) Run(ctx context.Context) (err error) {
	cfg := &b.options.Config
	if err := os.MkdirAll(b.options.DataDir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w: give another with --data-dir", err)
	}
	unlock, err := lockData(b.options.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	opened, err := b.openStore()
	if err != nil {
		return err
	}
	defer func() {
		b.mu.Lock()
		b.store, b.intake, b.address = nil, nil, ""
		b.mu.Unlock()
		if closing := opened.Close(); closing != nil && err == nil {
			err = fmt.Errorf("close store: %w", closing)
		}
		b.log.Info("stopped")
	}()
	b.mu.Lock()
	b.store = opened
	b.mu.Unlock()
	if err := removeAddress(b.options.DataDir); err != nil {
		return err
	}

	events := hub.New(hub.Options{Logger: b.options.Logger})
	in, err := b.newIntake(opened, events.Publish)
	if err != nil {
		return err
	}
	if cfg.Solana.Cluster == "demo" && cfg.Solana.EnableEventListener {
		in.net = simnet.New(b.demo(in.program))
	}
	front, err := b.newFront(opened, events, in)
	if err != nil {
		return err
	}
	if p := b.options.player; p != nil {
		p.clients = func() int { return front.stream.Metrics().Subscriptions }
	}
	if front.listener, err = server.Listen(ctx, cfg.Server.Listen); err != nil {
		return err
	}
	defer func() { _ = front.listener.Close() }()
	if err := writeAddress(b.options.DataDir, front.address()); err != nil {
		return err
	}
	b.mu.Lock()
	b.intake, b.address = in, front.address()
	b.mu.Unlock()
	b.log.Info("serving", "address", "http://"+front.address()+"/", "cluster", cfg.Solana.Cluster, "data", b.options.DataDir)
	if b.options.serving != nil {
		b.options.serving(front.address())
	}
	return runParts(ctx, opened, in, front)
}

// demo is the simulated cluster that the app brings along.
func (b *Backend) demo(program market.Pubkey) simnet.Config {
	cfg := simnet.Default()
	cfg.Program = program
	cfg.Rate = 6                   // lively enough that the token shown moves every few seconds
	cfg.HistoryTransactions = 9000 // below the backfill limit, so that a first start has it all
	cfg.Logger = b.options.Logger
	return cfg
}

// runParts runs everything until ctx ends or a part fails, and stops it in order: first the intake, then what it feeds.
func runParts(ctx context.Context, opened *store.Store, in *intake, front *front) error {
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	group, groupCtx := errgroup.WithContext(serving)
	reading, stopReading := context.WithCancel(groupCtx)
	defer stopReading()
	read := make(chan struct{})
	group.Go(func() error {
		defer close(read)
		return in.run(reading)
	})
	if in.net != nil {
		group.Go(func() error { return in.net.Run(groupCtx) })
	}
	if reach := in.backend.options.Backfill; reach != nil {
		group.Go(func() error {
			in.extend(reading, *reach)
			return nil
		})
	}
	group.Go(func() error { return opened.Run(groupCtx) })
	group.Go(func() error { return front.stream.Run(groupCtx) })
	group.Go(func() error { return front.sockets.Run(groupCtx) })
	group.Go(func() error { return front.run(groupCtx) })
	group.Go(func() error { return front.alerts.run(groupCtx) })
	if front.alerts.webhook != nil {
		group.Go(func() error { return front.alerts.webhook.Run(groupCtx) })
	}
	if front.tokens != nil {
		group.Go(func() error { return front.tokens.fetch(groupCtx) })
		group.Go(func() error { return front.tokens.follow(groupCtx) })
	}
	group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-groupCtx.Done():
		}
		stopReading()
		<-read
		stopServing()
		return nil
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// openStore opens the cluster's store. The demo market is made anew at every start, and so is its store.
func (b *Backend) openStore() (*store.Store, error) {
	cluster := b.options.Config.Solana.Cluster
	options := store.Options{
		Dir: b.options.storeDir(), SyncWrites: b.options.Config.Store.SyncWrites, Logger: b.options.Logger,
		RetentionDays: b.options.Config.Store.RetentionDays,
	}
	if cluster == "demo" {
		if err := os.Remove(b.options.chainFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("forget the last demo chain: %w", err)
		}
	}
	if err := b.options.checkProgram(); err != nil {
		return nil, err
	}
	if err := b.options.checkRoom(); err != nil {
		return nil, err
	}
	opened, err := store.Open(options)
	if err != nil {
		return nil, err
	}
	if cluster != "demo" || opened.State().Seq == 0 {
		return opened, nil
	}
	if err := opened.Close(); err != nil {
		return nil, fmt.Errorf("close the last demo market: %w", err)
	}
	if err := os.RemoveAll(options.Dir); err != nil {
		return nil, fmt.Errorf("remove the last demo market: %w", err)
	}
	return store.Open(options)
}

// intake brings transactions to the writer.
type intake struct {
	backend *Backend
	store   *store.Store
	writer  *ingest.Ingest
	resume  market.Slot
	program market.Pubkey
	net     *simnet.Net // the demo cluster
	patient bool        // it waits for room on the disk
	room    room

	stages    stages
	thrift    thrift
	extending chan struct{} // holds whoever reads older history

	mu   sync.Mutex
	feed *solana.Feed // nil until the cluster's addresses are known
}

// run reads the cluster until ctx ends and then makes the candle books durable.
func (in *intake) run(ctx context.Context) error {
	cfg := &in.backend.options.Config
	if cfg.Solana.EnableEventListener {
		if err := in.read(ctx); err != nil {
			if errors.Is(err, ErrNoRoom) { // what was taken is kept
				err = errors.Join(err, in.writer.Close())
			}
			return fmt.Errorf("read the cluster: %w", err)
		}
	}
	<-ctx.Done()
	if err := in.writer.Close(); err != nil {
		return fmt.Errorf("close the writer: %w", err)
	}
	return nil
}

func (in *intake) read(ctx context.Context) error {
	if p := in.backend.options.player; p != nil {
		if err := p.play(ctx, in, in.stages.apply(in.write)); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	}
	cfg := &in.backend.options.Config.Solana
	list := endpoints(cfg)
	if in.net != nil {
		select {
		case <-in.net.Ready():
		case <-ctx.Done():
			return nil
		}
		list = append([]solana.Endpoint{{RPC: in.net.RPCURL(), WS: in.net.WSURL()}}, list...)
	}
	gaps, err := in.store.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	reading := solana.Config{
		Endpoints: list, Program: in.program, Commitment: cfg.Commitment,
		ReconnectInterval: config.Seconds(cfg.ReconnectInterval), PingInterval: config.Seconds(cfg.PingIntervalSeconds),
		MaxRequestsPerSecond: cfg.MaxRequestsPerSecond, BackfillLimit: cfg.BackfillLimit,
		IncludeFailed: cfg.ProcessFailedTransactions, Recall: in.recall, Gaps: gaps, Admit: in.backend.options.admit, Logger: in.backend.options.Logger,
	}
	if adjust := in.backend.options.Feed; adjust != nil {
		adjust(&reading)
	}
	feed := solana.New(reading)
	in.mu.Lock()
	in.feed = feed
	in.mu.Unlock()
	defer in.thrift.set(false)
	if err := feed.Run(ctx, in.resume, in.apply); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// apply takes in a batch of the feed. One that others follow is written while the next one is read, unless it brings
// holes: others ask the store about those at once.
func (in *intake) apply(ctx context.Context, batch market.Batch) error {
	if err := in.await(ctx); err != nil {
		return err
	}
	in.thrift.set(in.current().Status().Backfill.Running)
	if batch.More && len(batch.Gaps) == 0 {
		return in.writer.Take(ctx, batch)
	}
	if err := in.writer.Flush(); err != nil { // or its publication would be measured as this batch's
		return err
	}
	return in.stages.apply(in.writer.Apply)(ctx, batch)
}

// write stores a batch as soon as there is room for it.
func (in *intake) write(ctx context.Context, batch market.Batch) error {
	if err := in.await(ctx); err != nil {
		return err
	}
	return in.writer.Apply(ctx, batch)
}

// recall tells the feed which transactions earlier runs stored from a slot on: those with events, and those that left
// nothing but a hole, as their logs were cut.
func (in *intake) recall(ctx context.Context, from market.Slot, visit func(market.Transaction)) error {
	cut := map[market.Signature]market.Slot{}
	gaps, err := in.store.Gaps(ctx, nil, new(market.GapUnfillable))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	for i := range gaps {
		if signature, ok := ingest.TruncatedIn(&gaps[i]); ok && gaps[i].From >= from {
			cut[signature] = gaps[i].From
		}
	}
	err = in.store.SlotEvents(from, math.MaxUint64, func(e *market.Event) error {
		if e.Ordinal == 0 {
			delete(cut, e.Signature)
			visit(market.Transaction{
				Signature: e.Signature, Slot: e.Slot, Index: e.Index, BlockTime: e.BlockTime, Provisional: e.Provisional,
			})
		}
		return ctx.Err()
	})
	for signature, slot := range cut {
		visit(market.Transaction{Signature: signature, Slot: slot}) // its place and time are read again
	}
	return err
}
