package backend

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime/pprof"
	"sync"

	"golang.org/x/sync/errgroup"

	"spinscope/backend/alert"
	"spinscope/backend/cluster"
	"spinscope/backend/datadir"
	"spinscope/backend/edge"
	"spinscope/backend/hub"
	"spinscope/backend/listener"
	"spinscope/backend/logtail"
	"spinscope/backend/market"
	"spinscope/backend/recording"
	"spinscope/backend/server"
	"spinscope/backend/store"
)

// Backend is everything but the window. Make one with New and run it once.
type Backend struct {
	options Options
	log     *slog.Logger

	listenAt string // the address that was served in an earlier role; "" before

	mu      sync.Mutex
	address string                                     // set once the port is open
	store   *store.Store                               // nil unless running
	history func(context.Context, cluster.Reach) error // the same
	alerts  *alert.Service                             // the same
}

// New makes a backend; it does no I/O.
func New(o Options) *Backend {
	if o.Tail == nil {
		o.Tail = logtail.New(logtail.Place{Path: o.DataDir, Name: "DATA_DIR"})
		o.Logger = slog.New(o.Tail.Handler(o.Logger.Handler()))
	}
	return &Backend{options: o, log: o.Logger.With("component", "backend")}
}

// Address is the HOST:PORT that is served; false until the port is open.
func (b *Backend) Address() (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.address, b.address != ""
}

// Run opens the store and the port and serves until ctx ends, which is a clean stop, or until the store or the port
// fails. Trouble with the cluster never ends it. With a bus it does so as one of several nodes.
func (b *Backend) Run(ctx context.Context) error {
	if b.options.Config.Bus.On() {
		return b.runNode(ctx)
	}
	return b.serve(ctx, role{})
}

// role is what a backend with a bus does beside what every backend does. The zero role is that of one without.
type role struct {
	opened  func(context.Context, *store.Store) error // called with the store before anything is written to it; may be nil
	append  func(*market.Commit) error                // called before each commit is written; may be nil
	replica *edge.Replica                             // takes commits from the bus in the place of a writer of its own; nil: there is one
	follow  func(context.Context) error               // runs the replica
	parts   func(*store.Store) []part                 // further ones; may be nil
}

// serve is Run in a role.
func (b *Backend) serve(ctx context.Context, as role) (err error) {
	cfg := &b.options.Config
	dir := b.options.Dir()
	if err := dir.Make(); err != nil {
		return err
	}

	recording.Clean(dir.Path)

	unlock, err := dir.Lock()
	if err != nil {
		return err
	}

	defer unlock()

	opened, err := dir.Open(b.storeOptions())
	if err != nil {
		return err
	}

	defer func() {
		b.mu.Lock()
		b.store, b.history, b.alerts, b.address = nil, nil, nil, ""
		b.mu.Unlock()
		datadir.Close(opened, &err)
		b.log.Info("stopped")
	}()

	b.mu.Lock()
	b.store = opened
	b.mu.Unlock()
	if err := dir.RemoveAddress(); err != nil {
		return err
	}

	if as.opened != nil {
		if err := as.opened(ctx, opened); err != nil {
			return err
		}
	}

	commits := hub.New(hub.Options{Logger: b.options.Logger})
	source := b.newSource(opened)
	if as.replica != nil {
		source = b.noSource()
		as.replica.Store, as.replica.Publish = opened, commits.Publish
	}
	in, err := b.newListener(opened, source, commits.Publish, as.append)
	if err != nil {
		return err
	}
	web, err := b.newWebServer(opened, commits, in, source)
	if err != nil {
		return err
	}
	web.replica = as.replica

	if p := b.options.source; p != nil {
		p.Bind(func() int { return web.stream.Metrics().Subscriptions }, in.Idle)
	}

	// Not before: the followers of the commits are there by now. Not later: clients are to find the market as it is.
	recoverOpen := in.Recover
	if as.replica != nil {
		recoverOpen = in.Show
	}
	if err := recoverOpen(); err != nil {
		return err
	}

	if web.listener, err = server.Listen(ctx, cmp.Or(b.listenAt, cfg.Server.Listen)); err != nil {
		return err
	}
	b.listenAt = web.address() // in the next role too
	defer func() { _ = web.listener.Close() }()

	if err := dir.WriteAddress(web.address()); err != nil {
		return err
	}

	b.mu.Lock()
	b.history, b.alerts, b.address = source.history, web.alerts, web.address()
	b.mu.Unlock()
	b.log.Info("serving", "address", "http://"+web.address()+"/", "cluster", cfg.Solana.Cluster, "data", dir.Path)
	if b.options.serving != nil {
		b.options.serving(web.address())
	}

	reading := []part{{"listener", in.Run}}
	if as.replica != nil {
		reading = []part{{"replica", as.follow}}
	}
	if reach := b.options.Backfill; reach != nil && as.replica == nil {
		reading = append(reading, part{"history", func(ctx context.Context) error {
			b.extend(ctx, source, *reach)
			return nil
		}})
	}

	serving := append(web.parts(), part{"store", opened.Run})
	if as.parts != nil {
		serving = append(serving, as.parts(opened)...)
	}
	return runParts(ctx, reading, append(serving, source.parts...), func() { web.stopping.Store(true) })
}

// storeOptions are those of a store that is served.
func (b *Backend) storeOptions() store.Options {
	cfg := &b.options.Config
	return store.Options{
		SyncWrites: cfg.Store.SyncWrites, RetentionDays: cfg.Store.RetentionDays, Intervals: cfg.Kline.KeptIntervals(),
		Logger: b.options.Logger,
	}
}

// newListener makes the writer over an open store.
func (b *Backend) newListener(opened *store.Store, from source, publish func(*market.Commit), appended func(*market.Commit) error) (*listener.Listener, error) {
	o := listener.Options{
		Config: &b.options.Config, Store: opened, Source: from.reads, Recheck: from.recheck,
		Space: b.options.Dir().Space(from.patient, b.log), Publish: publish, Append: appended, Logger: b.options.Logger,
	}
	stored, err := cluster.NewStoredCoins(opened)
	if err != nil {
		return nil, err
	}
	o.Addresses = stored
	if from.coins != nil {
		o.Coins, o.Addresses = from.coins, cluster.Following{Now: from.coins, Once: stored}
	}
	return listener.New(o), nil
}

// extend is LoadHistory as the start of the server asks for it. A failure is logged: the server goes on.
func (b *Backend) extend(ctx context.Context, from source, reach cluster.Reach) {
	b.log.Info("reading older history", "slot", reach.Slot)
	switch err := from.history(ctx, reach); {
	case err == nil:
		b.log.Info("older history is read", "slot", reach.Slot)
	case ctx.Err() == nil:
		b.log.Error("older history was not read", "slot", reach.Slot, "err", err)
	}
}

// part is something that runs for as long as the backend does.
type part struct {
	name string // of its goroutines in a profile
	run  func(context.Context) error
}

// runParts runs everything until ctx ends or a part fails, and stops it in order: first what reads, then what that feeds.
// stopping is called before.
func runParts(ctx context.Context, reading, serving []part, stopping func()) error {
	served, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()

	group, groupCtx := errgroup.WithContext(served)
	read, stopReading := context.WithCancel(groupCtx)
	defer stopReading()

	var readers sync.WaitGroup
	start := func(ctx context.Context, p part, ended func()) {
		group.Go(func() (err error) {
			defer ended()
			pprof.Do(ctx, pprof.Labels("part", p.name), func(ctx context.Context) { err = p.run(ctx) })
			return err
		})
	}
	for _, p := range reading {
		readers.Add(1)
		start(read, p, readers.Done)
	}

	for _, p := range serving {
		start(groupCtx, p, func() {})
	}

	group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-groupCtx.Done():
		}
		stopping()
		stopReading()
		readers.Wait()
		stopServing()
		return nil
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}

	return nil
}
