package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/backup"
	"spinscope/backend/config"
	"spinscope/backend/edge"
	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/listener"
	"spinscope/backend/market"
	"spinscope/backend/metadata"
	"spinscope/backend/mintinfo"
	"spinscope/backend/offline"
	"spinscope/backend/server"
	"spinscope/backend/server/guard"
	"spinscope/backend/server/rest"
	"spinscope/backend/server/stream"
	"spinscope/backend/socketio"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

const goodbyeTime = 1500 * time.Millisecond // for telling clients that the server stops

// webServer is what clients meet: the port, the HTTP server behind it and its Socket.IO part.
type webServer struct {
	http     *server.Server
	sockets  *socketio.Server
	stream   *stream.Stream
	tokens   *metadata.Follower // nil without metadata
	mints    *mintinfo.Follower
	alerts   *alert.Service
	replica  *edge.Replica // nil of a store with a writer of its own
	listener net.Listener
	stopping atomic.Bool // the server was told to stop
}

// ready is what /readyz says: nil, or why no new client should come. That clients of a server that stops are sent
// elsewhere, and that nothing is stored, matters to whoever balances between several.
func (f *webServer) ready(in *listener.Listener) error {
	if f.stopping.Load() {
		return errors.New("the server stops")
	}
	if trouble := in.Trouble(); trouble != "" {
		return errors.New("nothing is stored: " + trouble)
	}
	if f.replica == nil {
		return nil
	}
	if trouble := f.replica.Trouble(); trouble != "" {
		return errors.New(trouble)
	}
	return nil
}

// address is the HOST:PORT listened on.
func (f *webServer) address() string { return f.listener.Addr().String() }

// newWebServer puts the server together; it opens nothing.
func (b *Backend) newWebServer(opened *store.Store, commits *hub.Hub, in *listener.Listener, from source) (*webServer, error) {
	cfg := &b.options.Config
	guarded, err := guard.New(guard.Config{
		Listen: cfg.Server.Listen, AllowedHosts: cfg.Server.AllowedHosts, AllowOrigins: cfg.CORS.AllowOrigins,
		CORS: cfg.CORS.Enabled, Token: cfg.Server.Token, OwnPageOnly: !cfg.Websocket.Enabled, Logger: b.options.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}

	ws := &cfg.Websocket
	f := &webServer{}
	f.sockets = socketio.New(socketio.Options{
		PingInterval: config.Seconds(ws.HeartbeatInterval), PingTimeout: config.Seconds(ws.HeartbeatTimeout),
		MaxPayload: ws.MaxPayload, MaxConnections: ws.MaxConnections, MaxQueuedMessages: ws.MaxQueuedMessages,
		MaxQueuedBytes: ws.MaxQueuedBytes, RequestsPerSecond: float64(ws.MaxRequestsPerSecondPerConnection),
		Allow: guarded.Allow, Logger: b.options.Logger,
	})

	var authorize func(string) bool
	if guarded.NeedsToken() {
		authorize = guarded.Token
	}
	f.alerts = b.newAlerts(opened, commits, in, func(newest uint64, fresh []wire.AlertPush) { f.stream.PushAlerts(newest, fresh) })
	f.stream = stream.New(stream.Options{
		Coins: b.onDemand(from, guarded), Store: opened, Commits: b.follower("stream", opened, commits), Alerts: f.alerts, Intervals: cfg.Kline.ParsedIntervals(),
		HistoryDefault: cfg.Kline.HistoryLimitDefault, HistoryMax: cfg.Kline.HistoryLimitMax,
		MaxSubscriptions: ws.MaxSubscriptionsPerClient, BatchSize: ws.MessageBatchSize,
		BatchTimeout: time.Duration(ws.MessageBatchTimeoutMS) * time.Millisecond,
		Authorize:    authorize, Queued: in.Queued, Logger: b.options.Logger,
	})
	f.stream.Mount(f.sockets)
	if from.coins != nil {
		from.coins.Serve(f.stream.Wants)
	}

	program, _ := market.ParsePubkey(cfg.Solana.ProgramID) // validated
	f.mints = b.newMints(opened, commits, from.accounts, func(mint market.Pubkey, uri string) {
		if f.tokens != nil {
			f.tokens.Learned(mint, uri)
		}
	})
	f.tokens = b.newTokens(opened, commits, from.gateway, f.mints)
	f.http = server.New(server.Deps{
		API: rest.Deps{
			Reader: opened, Stream: f.stream.Report(f.sockets), Feed: func() rest.FeedStatus { return feedStatus(in) }, Endpoints: from.endpoints, Watch: from.watched(), Log: rest.NewLog(b.options.Tail), Export: offline.Stored{Store: opened}, Backup: b.backup(opened),
			Metadata: noneIfNil(f.tokens), Alerts: f.alerts, Tickers: rest.NewTickers(ticker.New(opened, cfg.Kline.KeptIntervals()), f.mints),
			Mints:     f.mints,
			Intervals: cfg.Kline.ParsedIntervals(), Kline: klineConfig(cfg), Cluster: cfg.Solana.Cluster,
			ProgramID: program, Version: b.options.Version,
		},
		Collect: f.collectors(in.Collect, from.collect, opened.Collect, b.options.Dir().Collect, commits.Collect),
		Ready:   func() error { return f.ready(in) },
		Guard:   guarded, Sockets: f.sockets, Page: b.options.Assets, Logger: b.options.Logger,
	})

	return f, nil
}

// backup is how the market is backed up while it is served; nil of one that is made anew at every start.
func (b *Backend) backup(opened *store.Store) func(context.Context, io.Writer) error {
	dir := b.options.Dir()
	if !dir.IsMarket() {
		return nil
	}
	return func(ctx context.Context, w io.Writer) error {
		of, err := offline.MarketOf(dir)
		if err != nil {
			return err
		}
		_, err = backup.Write(ctx, w, opened, of, b.options.Version, nil)
		return err
	}
}

// onDemand is who follows coins for clients: nobody where there are none, or where strangers might ask.
func (b *Backend) onDemand(from source, guarded *guard.Guard) stream.Coins {
	host, _, _ := net.SplitHostPort(b.options.Config.Server.Listen) // validated
	if from.coins == nil || !guarded.NeedsToken() && !config.IsLoopback(host) {
		return nil
	}
	return from.coins
}

// newAlerts puts the alert service together.
func (b *Backend) newAlerts(opened *store.Store, commits *hub.Hub, in *listener.Listener, push func(newest uint64, fresh []wire.AlertPush)) *alert.Service {
	began := time.Now()
	return alert.NewService(alert.Options{
		Dir: b.options.DataDir, Store: opened, Commits: b.follower("alerts", opened, commits),
		Link:   func() (bool, time.Time, bool) { return in.Link(began) },
		Behind: func() bool { return in.Status().Connection == listener.CatchingUp },
		Push:   push, Notify: b.options.Notify, Webhook: b.options.Config.Alerts.Webhook, Logger: b.options.Logger,
	})
}

// collectors are the parts that show metrics: those given, and what clients meet.
func (f *webServer) collectors(list ...telemetry.Collector) []telemetry.Collector {
	list = append(list, f.stream.Report(f.sockets).Collect, f.alerts.Collect, f.mints.Collect)
	if f.tokens != nil {
		list = append(list, f.tokens.Collect)
	}
	return list
}

// parts are what must run for clients to be served.
func (f *webServer) parts() []part {
	list := []part{{"stream", f.stream.Run}, {"sockets", f.sockets.Run}, {"http", f.run}, {"mints", f.mints.Run}}
	if f.replica == nil { // else whoever writes tells of alerts
		list = append(list, part{"alerts", f.alerts.Run})
	}
	if f.tokens != nil {
		list = append(list, part{"metadata", f.tokens.Run})
	}
	return list
}

// newMints asks a cluster, read by accounts, what it keeps of mints; nil accounts: there is none, and what earlier runs learned
// stays.
func (b *Backend) newMints(opened *store.Store, commits *hub.Hub, accounts mintinfo.Read, learned func(market.Pubkey, string)) *mintinfo.Follower {
	return mintinfo.NewFollower(mintinfo.Options{
		Path: b.options.Dir().Mints(), Forget: b.options.Dir().Transient, Read: accounts, Derive: solana.ProgramAddress,
		Logger: b.options.Logger, Learned: learned,
	}, opened, b.follower("mints", opened, commits))
}

// newTokens is nil where metadata is turned off.
func (b *Backend) newTokens(opened *store.Store, commits *hub.Hub, gateway func(context.Context) (string, error), mints *mintinfo.Follower) *metadata.Follower {
	cfg := &b.options.Config
	if !cfg.Metadata.Enabled {
		return nil
	}
	return metadata.NewFollower(metadata.FollowOptions{
		Catalog: metadata.Options{
			Dir:     filepath.Join(b.options.DataDir, "metadata", cfg.Solana.Cluster),
			Timeout: config.Seconds(cfg.Metadata.RequestTimeoutSeconds), Retries: cfg.Metadata.MaxRetries, Logger: b.options.Logger,
		},
		Store: opened, Commits: b.follower("metadata", opened, commits), Transient: b.options.Dir().Transient, Gateway: gateway,
		Kept: func(mint market.Pubkey) (string, bool) {
			info, _ := mints.Info(mint)
			return info.URI, info.Named()
		},
	})
}

// follower brings a reader what is committed from now on, or from where it says that it stopped.
func (b *Backend) follower(name string, opened *store.Store, commits *hub.Hub) *follow.Follower {
	return follow.New(follow.Options{Name: name, Log: opened, Hub: commits, Logger: b.options.Logger})
}

// noneIfNil keeps a nil pointer from becoming an interface that is not nil.
func noneIfNil(tokens *metadata.Follower) rest.Metadata {
	if tokens == nil {
		return nil
	}
	return tokens
}

// run serves until ctx ends; then it says goodbye to clients before the port closes.
func (f *webServer) run(ctx context.Context) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var closing sync.WaitGroup
	defer closing.Wait()
	closing.Go(func() {
		<-ctx.Done()
		goodbye, done := context.WithTimeout(serving, goodbyeTime)
		defer done()
		_ = f.sockets.Close(goodbye) // those that do not hear it are cut with the port
		stop()
	})
	return f.http.Serve(serving, f.listener)
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
		LastError: s.LastError, Failures: s.Failures, Backfill: s.Backfill, Unreadable: in.Unreadable(),
	}
}
