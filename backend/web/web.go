package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/backup"
	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/listener"
	"spinscope/backend/logtail"
	"spinscope/backend/market"
	"spinscope/backend/metadata"
	"spinscope/backend/mintinfo"
	"spinscope/backend/offline"
	"spinscope/backend/parts"
	"spinscope/backend/plain"
	"spinscope/backend/server"
	"spinscope/backend/server/guard"
	"spinscope/backend/server/rest"
	"spinscope/backend/server/stream"
	"spinscope/backend/socketio"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/ticker"
	"spinscope/backend/usd"
	"spinscope/backend/watch"
	"spinscope/backend/wire"
)

// patience is how long a client that was on another node is waited for until this one has what it saw there.
const patience = 5 * time.Second

const goodbyeTime = 1500 * time.Millisecond // for telling clients that the server stops

// Options are what a Server is made of.
type Options struct {
	Config  *config.Config
	Dir     *datadir.Dir // with the market that is served
	Assets  fs.FS        // the built page
	Version string
	Newer   func() *wire.Newer // a newer version, nil while none is known; nil: nobody is asked
	Tail    *logtail.Tail      // what the health panel shows of the log
	Notify  func(wire.Alert)   // told of each alert as it fires; may be nil
	Logger  *slog.Logger

	Store    *store.Store // open
	Commits  *hub.Hub
	Listener *listener.Listener
	Node     Node // nil of a server without a bus
	Source   Source
}

// Node is how the server stands among those that share its market.
type Node interface {
	Writes() bool // else its commits are another node's
	Status() wire.Node
	Trouble() string // why no new client should come; "" for nothing
	// Agree and FollowAlerts keep the alerts of all the same: alert.Options and alert.Service have them.
	Agree(*store.AlertChange) error
	FollowAlerts(ctx context.Context, taken func([]store.AlertRecord)) error
	Collect(*telemetry.Metrics)
}

// Source is what clients are told of where batches come from.
type Source struct {
	Endpoints func() []wire.Endpoint
	Gateway   func(context.Context) (string, error) // of documents on IPFS
	Accounts  mintinfo.Read                         // that the cluster keeps; nil: there is none
	Coins     *watch.Service                        // followed by their own addresses; nil: none are
	Collect   telemetry.Collector
}

// Server is the port, the HTTP server behind it, its Socket.IO part, and the followers whose work clients see.
type Server struct {
	Options
	http     *server.Server
	sockets  *socketio.Server
	plain    *plain.Server
	stream   *stream.Stream
	tokens   *metadata.Follower // nil without metadata
	mints    *mintinfo.Follower
	alerts   *alert.Service
	listener net.Listener
	stopping atomic.Bool // the server was told to stop
}

// ready is what /readyz says: nil, or why no new client should come. That clients of a server that stops are sent
// elsewhere, and that nothing is stored, matters to whoever balances between several.
func (f *Server) ready() error {
	if f.stopping.Load() {
		return errors.New("the server stops")
	}
	if trouble := f.Listener.Trouble(); trouble != "" {
		return errors.New("nothing is stored: " + trouble)
	}
	if f.Node == nil {
		return nil
	}
	if trouble := f.Node.Trouble(); trouble != "" {
		return errors.New(trouble)
	}
	return nil
}

// note is what /readyz says of a node in a second line; "" of a server without a bus.
func (f *Server) note() string {
	if f.Node == nil {
		return ""
	}
	s := f.Node.Status()
	lease, server := "nobody's", "not reached"
	if s.Lease.Owner != "" {
		lease = fmt.Sprintf("%s's, seen %.1f s ago", s.Lease.Owner, *s.Lease.AgeSeconds)
	}
	if s.Bus.Connected {
		server = s.Bus.Server
	}
	return fmt.Sprintf("role %s; lag %d commits, %.1f s; lease %s; bus %s", s.Role, s.Lag.Commits, s.Lag.Seconds, lease, server)
}

// Listen opens the port at HOST:PORT.
func (f *Server) Listen(ctx context.Context, address string) (err error) {
	f.listener, err = server.Listen(ctx, address)
	return err
}

// Address is the HOST:PORT listened on, once Listen has returned.
func (f *Server) Address() string { return f.listener.Addr().String() }

// Close closes the port.
func (f *Server) Close() { _ = f.listener.Close() }

// Alerts is the alert service.
func (f *Server) Alerts() *alert.Service { return f.alerts }

// Subscriptions is how many there are now.
func (f *Server) Subscriptions() int { return f.stream.Metrics().Subscriptions }

// Stopping has /readyz send new clients elsewhere.
func (f *Server) Stopping() { f.stopping.Store(true) }

// ServeHTTP answers a request as if it had come over the port.
func (f *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.http.ServeHTTP(w, r) }

// New puts the server together; it opens nothing.
func New(o Options) (*Server, error) {
	cfg := o.Config
	guarded, err := guard.New(guard.Config{
		Listen: cfg.Server.Listen, AllowedHosts: cfg.Server.AllowedHosts, AllowOrigins: cfg.CORS.AllowOrigins,
		CORS: cfg.CORS.Enabled, Token: cfg.Server.Token, OwnPageOnly: !cfg.Websocket.Enabled, Logger: o.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}

	ws := &cfg.Websocket
	f := &Server{Options: o}
	f.sockets = socketio.New(socketio.Options{
		PingInterval: config.Seconds(ws.HeartbeatInterval), PingTimeout: config.Seconds(ws.HeartbeatTimeout),
		MaxPayload: ws.MaxPayload, MaxConnections: ws.MaxConnections, MaxQueuedMessages: ws.MaxQueuedMessages,
		MaxQueuedBytes: ws.MaxQueuedBytes, RequestsPerSecond: float64(ws.MaxRequestsPerSecondPerConnection),
		Allow: guarded.Allow, Logger: o.Logger,
	})

	var authorize func(string) bool
	if guarded.NeedsToken() {
		authorize = guarded.Token
	}
	f.alerts = f.newAlerts(func(newest uint64, fresh []wire.AlertPush) { f.stream.PushAlerts(newest, fresh) })
	var tickers rest.Tickers // made once it is known who tells of mints
	f.stream = stream.New(stream.Options{
		Rank: func(ctx context.Context, window, sortBy string, limit int) ([]wire.Ticker, int, int64, error) {
			page, err := tickers(ctx, rest.TickerQuery{Window: window, SortBy: rest.TickerSort(sortBy), Page: store.Page{Limit: limit}})
			return page.Tickers, page.Total, page.ChainTime, err
		},
		Coins: o.onDemand(guarded), Store: o.Store, Commits: o.follower("stream"), Alerts: f.alerts, Intervals: cfg.Kline.ParsedIntervals(),
		HistoryDefault: cfg.Kline.HistoryLimitDefault, HistoryMax: cfg.Kline.HistoryLimitMax,
		MaxSubscriptions: ws.MaxSubscriptionsPerClient, BatchSize: ws.MessageBatchSize,
		BatchTimeout: time.Duration(ws.MessageBatchTimeoutMS) * time.Millisecond,
		Patience:     o.patience(), Authorize: authorize, Queued: o.Listener.Queued, Logger: o.Logger,
	})
	f.stream.Mount(f.sockets)
	f.plain = plain.New(plain.Options{
		Places: f.sockets, Allow: guarded.Allow, Token: guarded.NeedsToken(),
		PingInterval: config.Seconds(ws.HeartbeatInterval), PingTimeout: config.Seconds(ws.HeartbeatTimeout),
		MaxPayload: ws.MaxPayload, MaxQueuedMessages: ws.MaxQueuedMessages, MaxQueuedBytes: ws.MaxQueuedBytes,
		RequestsPerSecond: float64(ws.MaxRequestsPerSecondPerConnection), EventID: f.stream.EventID, Logger: o.Logger,
	})
	f.stream.MountPlain(f.plain)
	if o.Source.Coins != nil {
		o.Source.Coins.Serve(f.stream.Wants)
	}

	program, _ := market.ParsePubkey(cfg.Solana.ProgramID) // validated
	f.mints = f.newMints(func(mint market.Pubkey, uri string) {
		if f.tokens != nil {
			f.tokens.Learned(mint, uri)
		}
	})
	f.tokens = f.newTokens()
	cache := ticker.New(o.Store, cfg.Kline.KeptIntervals())
	cache.Facts = rest.TickerFacts(o.Store, f.mints.Stored)
	tickers = rest.NewTickers(cache, f.mints)
	f.http = server.New(server.Deps{
		API: rest.Deps{
			Messages: messages(),
			Reader:   o.Store, Export: f.Stored(), Backup: o.backup(),
			Stream: f.stream.Report(f.sockets, f.plain), Feed: func() rest.FeedStatus { return feedStatus(o.Listener) },
			Endpoints: o.Source.Endpoints, Watch: o.Source.watched(), Log: rest.NewLog(o.Tail),
			Metadata: metadataOrNil(f.tokens), Mints: f.mints, Alerts: f.alerts,
			Tickers:   tickers,
			USD:       usd.New(o.Source.Accounts, o.Logger),
			Intervals: cfg.Kline.ParsedIntervals(), Kline: klineConfig(cfg), Cluster: cfg.Solana.Cluster,
			ProgramID: program, Version: o.Version, Newer: o.Newer, Node: o.node(),
		},
		Collect: f.collectors(o.Listener.Collect, o.Source.Collect, o.Store.Collect, o.Dir.Collect, o.Commits.Collect),
		Ready:   f.ready, Note: f.note,
		Guard: guarded, Sockets: f.sockets, Plain: f.plain, Events: f.stream.Events(f.plain), Page: o.Assets, Logger: o.Logger,
	})

	return f, nil
}

// patience is none where no other node can be ahead of this one.
func (o *Options) patience() time.Duration {
	if o.Node == nil {
		return 0
	}
	return patience
}

// node is how the server stands among several; nil of one alone.
func (o *Options) node() func() wire.Node {
	if o.Node == nil {
		return nil
	}
	return o.Node.Status
}

// backup is how the market is backed up while it is served; nil of one that is made anew at every start.
func (o *Options) backup() func(context.Context, io.Writer) error {
	if !o.Dir.IsMarket() {
		return nil
	}
	return func(ctx context.Context, w io.Writer) error {
		of, err := offline.MarketOf(o.Dir)
		if err != nil {
			return err
		}
		_, err = backup.Write(ctx, w, o.Store, of, o.Version, nil)
		return err
	}
}

// onDemand is who follows coins for clients: nobody where there are none, or where strangers might ask.
func (o *Options) onDemand(guarded *guard.Guard) stream.Coins {
	host, _, _ := net.SplitHostPort(o.Config.Server.Listen) // validated
	if o.Source.Coins == nil || !guarded.NeedsToken() && !config.IsLoopback(host) {
		return nil
	}
	return o.Source.Coins
}

// newAlerts puts the alert service together.
func (f *Server) newAlerts(push func(newest uint64, fresh []wire.AlertPush)) *alert.Service {
	began := time.Now()
	var agree func(*store.AlertChange) error
	if f.Node != nil {
		agree = f.Node.Agree
	}
	return alert.NewService(alert.Options{
		Agree: agree,
		Dir:   f.Dir.Path, Store: f.Store, Commits: f.follower("alerts"),
		Link:   func() (bool, time.Time, bool) { return f.Listener.Link(began) },
		Behind: func() bool { return f.Listener.Status().Connection == listener.CatchingUp },
		Info:   func(mint market.Pubkey) market.MintInfo { info, _ := f.mints.Info(mint); return info },
		Push:   push, Notify: f.Notify, Webhook: f.Config.Alerts.Webhook, Logger: f.Logger,
	})
}

// collectors are the parts that show metrics: those given, and what clients meet.
func (f *Server) collectors(list ...telemetry.Collector) []telemetry.Collector {
	list = append(list, f.stream.Report(f.sockets, f.plain).Collect, f.alerts.Collect, f.mints.Collect)
	if f.tokens != nil {
		list = append(list, f.tokens.Collect)
	}
	if f.Node != nil {
		list = append(list, f.Node.Collect)
	}
	return list
}

// Stored is what exports read.
func (f *Server) Stored() offline.Stored { return offline.Stored{Store: f.Store, Accounts: f.mints} }

// Parts are what must run for clients to be served.
func (f *Server) Parts() []parts.Part {
	list := []parts.Part{
		{Name: "stream", Run: f.stream.Run}, {Name: "sockets", Run: f.sockets.Run}, {Name: "http", Run: f.run}, {Name: "mints", Run: f.mints.Run},
	}
	alerts := f.alerts.Run
	if f.Node != nil && !f.Node.Writes() {
		alerts = func(ctx context.Context) error { return f.alerts.Follow(ctx, f.Node.FollowAlerts) }
	}
	list = append(list, parts.Part{Name: "alerts", Run: alerts})
	if f.tokens != nil {
		list = append(list, parts.Part{Name: "metadata", Run: f.tokens.Run})
	}
	return list
}

// newMints asks the cluster what it keeps of mints; where there is none, what earlier runs learned stays.
func (f *Server) newMints(learned func(market.Pubkey, string)) *mintinfo.Follower {
	return mintinfo.NewFollower(mintinfo.Options{
		Path: f.Dir.Mints(), Forget: f.Dir.Transient, Read: f.Source.Accounts, Derive: solana.ProgramAddress,
		Logger: f.Logger, Learned: learned,
	}, f.Store, f.follower("mints"))
}

// newTokens is nil where metadata is turned off.
func (f *Server) newTokens() *metadata.Follower {
	cfg := f.Config
	if !cfg.Metadata.Enabled {
		return nil
	}
	return metadata.NewFollower(metadata.FollowOptions{
		Catalog: metadata.Options{
			Dir:     filepath.Join(f.Dir.Path, "metadata", cfg.Solana.Cluster),
			Timeout: config.Seconds(cfg.Metadata.RequestTimeoutSeconds), Retries: cfg.Metadata.MaxRetries, Logger: f.Logger,
		},
		Store: f.Store, Commits: f.follower("metadata"), Transient: f.Dir.Transient, Gateway: f.Source.Gateway,
		Kept: func(mint market.Pubkey) (string, bool) {
			info, _ := f.mints.Info(mint)
			return info.URI, info.Named()
		},
	})
}

// follower brings a reader what is committed from now on, or from where it says that it stopped.
func (o *Options) follower(name string) *follow.Follower {
	return follow.New(follow.Options{Name: name, Log: o.Store, Hub: o.Commits, Logger: o.Logger})
}

// metadataOrNil keeps a nil pointer from becoming an interface that is not nil.
func metadataOrNil(tokens *metadata.Follower) rest.Metadata {
	if tokens == nil {
		return nil
	}
	return tokens
}

// run serves until ctx ends; then it says goodbye to clients before the port closes.
func (f *Server) run(ctx context.Context) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var closing sync.WaitGroup
	defer closing.Wait()
	closing.Go(func() {
		<-ctx.Done()
		goodbye, done := context.WithTimeout(serving, goodbyeTime)
		defer done()
		var leaving sync.WaitGroup
		leaving.Go(func() { _ = f.plain.Close(goodbye) })
		_ = f.sockets.Close(goodbye) // those that do not hear it are cut with the port
		leaving.Wait()
		stop()
	})
	return f.http.Serve(serving, f.listener)
}

// messages are those of the stream, for their description.
func messages() (list []rest.Message) {
	for _, m := range stream.Messages() {
		list = append(list, rest.Message(m))
	}
	return list
}

func klineConfig(cfg *config.Config) wire.KlineConfig {
	return wire.KlineConfig{
		Intervals: cfg.Kline.Intervals, HistoryLimitDefault: cfg.Kline.HistoryLimitDefault,
		HistoryLimitMax: cfg.Kline.HistoryLimitMax, MaxConnections: cfg.Websocket.MaxConnections,
		MaxSubscriptionsPerClient: cfg.Websocket.MaxSubscriptionsPerClient,
		HeartbeatInterval:         float64(cfg.Websocket.HeartbeatInterval), HeartbeatTimeout: float64(cfg.Websocket.HeartbeatTimeout),
		MaxPayload: cfg.Websocket.MaxPayload, MessageBatchSize: cfg.Websocket.MessageBatchSize,
		MessageBatchTimeoutMS: cfg.Websocket.MessageBatchTimeoutMS,
	}
}

// feedStatus is how reading goes in the words of the REST API.
func feedStatus(in *listener.Listener) rest.FeedStatus {
	s := in.Status()
	return rest.FeedStatus{
		Running: s.Running, Connection: s.Connection, Stalled: s.Stalled, Endpoint: s.Endpoint, Slot: s.Slot, Lag: s.Lag,
		LastError: s.LastError, Failures: s.Failures, Backfill: s.Backfill, Unreadable: in.Unreadable(), Programs: s.Programs,
	}
}

// watched keeps a nil pointer from becoming an interface that is not nil.
func (s *Source) watched() rest.Watch {
	if s.Coins == nil {
		return nil
	}
	return s.Coins
}
