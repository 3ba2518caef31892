package backend

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"spinscope/backend/alert"
	"spinscope/backend/cluster"
	"spinscope/backend/datadir"
	"spinscope/backend/hub"
	"spinscope/backend/listener"
	"spinscope/backend/logtail"
	"spinscope/backend/market"
	"spinscope/backend/node"
	"spinscope/backend/offline"
	"spinscope/backend/parts"
	"spinscope/backend/recording"
	"spinscope/backend/release"
	"spinscope/backend/store"
	"spinscope/backend/watch"
	"spinscope/backend/web"
	"spinscope/backend/wire"
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

	accounts offline.Accounts // what is known of those of mints; nil before the port is open

	follows atomic.Pointer[watch.Service] // the coins that are followed; nil: none are
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
		return node.Run(ctx, node.Options{
			Config: &b.options.Config, Edge: b.options.Edge, Dir: b.options.Dir, Version: b.options.Version,
			Serve: b.serve, Logger: b.log,
		})
	}
	return b.serve(ctx, node.Role{})
}

// serve is Run in a role.
func (b *Backend) serve(ctx context.Context, as node.Role) (err error) {
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
		b.store, b.history, b.alerts, b.accounts, b.address = nil, nil, nil, nil, ""
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

	if as.Opened != nil {
		if err := as.Opened(ctx, opened); err != nil {
			return err
		}
	}

	commits := hub.New(hub.Options{Logger: b.options.Logger})
	source := b.newSource(opened)
	if as.Replica != nil {
		source = b.noSource()
		as.Replica.Store, as.Replica.Publish = opened, commits.Publish
	}
	b.follows.Store(source.shown.Coins)
	in, err := b.newListener(opened, source, commits.Publish, as.Append)
	if err != nil {
		return err
	}
	updates := b.newUpdates()
	clients, err := b.newWeb(opened, commits, in, source, as.Stands, updates)
	if err != nil {
		return err
	}

	if p := b.options.source; p != nil {
		p.Bind(clients.Subscriptions, in.Idle)
	}

	// Not before: the followers of the commits are there by now. Not later: clients are to find the market as it is.
	recoverOpen := in.Recover
	if as.Replica != nil {
		recoverOpen = in.Show
	}
	if err := recoverOpen(); err != nil {
		return err
	}

	if err := clients.Listen(ctx, cmp.Or(b.listenAt, cfg.Server.Listen)); err != nil {
		return err
	}
	b.listenAt = clients.Address() // in the next role too
	defer clients.Close()

	if err := dir.WriteAddress(clients.Address()); err != nil {
		return err
	}

	b.mu.Lock()
	b.history, b.alerts, b.accounts, b.address = source.history, clients.Alerts(), clients.Stored().Accounts, clients.Address()
	b.mu.Unlock()
	b.log.Info("serving", "address", "http://"+clients.Address()+"/", "cluster", cfg.Solana.Cluster, "data", dir.Path)
	if b.options.serving != nil {
		b.options.serving(clients.Address())
	}

	reading := []parts.Part{{Name: "listener", Run: in.Run}}
	if as.Replica != nil {
		reading = []parts.Part{{Name: "replica", Run: as.Follow}}
	}
	if reach := b.options.Backfill; reach != nil && as.Replica == nil {
		reading = append(reading, parts.Part{Name: "history", Run: func(ctx context.Context) error {
			b.extend(ctx, source, *reach)
			return nil
		}})
	}

	serving := append(clients.Parts(), parts.Part{Name: "store", Run: opened.Run})
	if as.Parts != nil {
		serving = append(serving, as.Parts(opened)...)
	}
	if updates != nil {
		serving = append(serving, parts.Part{Name: "release", Run: updates.Run})
	}
	return parts.Run(ctx, reading, append(serving, source.parts...), clients.Stopping)
}

// storeOptions are those of a store that is served.
func (b *Backend) storeOptions() store.Options {
	cfg := &b.options.Config
	return store.Options{
		SyncWrites: cfg.Store.SyncWrites, RetentionDays: cfg.Store.RetentionDays, Intervals: cfg.Kline.KeptIntervals(),
		Addresses: cluster.CoinAddresses, Whole: addresses(programs(cfg.Programs.Whole())), Follows: b.isFollowed, Logger: b.options.Logger,
	}
}

// isFollowed reports whether a coin is read by addresses of its own now. Who reads no cluster, as a replica, does not know: of a coin
// that ever was they count.
func (b *Backend) isFollowed(mint market.Pubkey) bool {
	coins := b.follows.Load()
	return coins == nil || coins.Follows(mint)
}

// newListener makes the writer over an open store.
func (b *Backend) newListener(opened *store.Store, from source, publish func(*market.Commit), appended func(*market.Commit) error) (*listener.Listener, error) {
	o := listener.Options{
		Config: &b.options.Config, Store: opened, Source: from.reads, Recheck: from.recheck,
		Off: from.off, Space: b.options.Dir().Space(from.patient, b.log), Publish: publish, Append: appended, Logger: b.options.Logger,
	}
	stored, err := cluster.NewStoredCoins(opened)
	if err != nil {
		return nil, err
	}
	o.Addresses = stored
	if from.shown.Coins != nil {
		o.Coins, o.Addresses = from.shown.Coins, cluster.Following{Now: from.shown.Coins, Once: stored}
	}
	if from.pools != nil {
		o.Whole, o.Pools = from.whole, from.pools
	}
	return listener.New(o), nil
}

// newWeb makes what clients meet, over an open store.
func (b *Backend) newWeb(opened *store.Store, commits *hub.Hub, in *listener.Listener, from source, stands *node.State, updates *release.Watcher) (*web.Server, error) {
	o := &b.options
	shown := web.Options{
		Config: &o.Config, Dir: o.Dir(), Assets: o.Assets, Version: o.Version, Tail: o.Tail, Notify: o.Notify, Logger: o.Logger,
		Store: opened, Commits: commits, Listener: in, Source: from.shown,
	}
	if updates != nil {
		shown.Newer = func() *wire.Newer {
			found, ok := updates.Newer()
			if !ok {
				return nil
			}
			return &wire.Newer{Version: found.Version, Running: updates.Running(), Page: found.Page}
		}
	}
	if stands != nil { // a nil pointer must not become an interface that is not nil
		shown.Node = stands
	}
	return web.New(shown)
}

// newUpdates looks for newer versions where the configuration says at which address; nil otherwise, and of a replay, whose
// data directory ends with it.
func (b *Backend) newUpdates() *release.Watcher {
	o := &b.options
	if o.Config.Updates.URL == "" || o.source != nil {
		return nil
	}
	updates, err := release.New(release.Options{
		URL: o.Config.Updates.URL, Key: o.Config.Updates.PublicKey, Version: o.Version, Path: o.Dir().Updates(), Logger: o.Logger,
	})
	if err != nil { // of the version only: the configuration is valid
		b.log.Warn("nobody is asked about newer versions", "err", err)
		return nil
	}
	return updates
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
