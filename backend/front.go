package backend

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/hub"
	"spinscope/backend/server"
	"spinscope/backend/server/guard"
	"spinscope/backend/server/rest"
	"spinscope/backend/server/stream"
	"spinscope/backend/socketio"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

const goodbyeTime = 1500 * time.Millisecond // for telling clients that the server stops

// front is what clients meet: the port, the HTTP server behind it and its Socket.IO part.
type front struct {
	http     *server.Server
	sockets  *socketio.Server
	stream   *stream.Stream
	tokens   *tokens // nil without metadata
	alerts   *alerts
	listener net.Listener
}

// address is the HOST:PORT listened on.
func (f *front) address() string { return f.listener.Addr().String() }

// newFront puts the server together; it opens nothing.
func (b *Backend) newFront(opened *store.Store, commits *hub.Hub, in *intake) (*front, error) {
	cfg := &b.options.Config
	gate, err := guard.New(guard.Config{
		Listen: cfg.Server.Listen, AllowedHosts: cfg.Server.AllowedHosts, AllowOrigins: cfg.CORS.AllowOrigins,
		CORS: cfg.CORS.Enabled, Token: cfg.Server.Token, OwnPageOnly: !cfg.Websocket.Enabled, Logger: b.options.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	ws := &cfg.Websocket
	f := &front{}
	f.sockets = socketio.New(socketio.Options{
		PingInterval: config.Seconds(ws.HeartbeatInterval), PingTimeout: config.Seconds(ws.HeartbeatTimeout),
		MaxPayload: ws.MaxPayload, MaxConnections: ws.MaxConnections, MaxQueuedMessages: ws.MaxQueuedMessages,
		MaxQueuedBytes: ws.MaxQueuedBytes, RequestsPerSecond: float64(ws.MaxRequestsPerSecondPerConnection),
		Allow: gate.Allow, Logger: b.options.Logger,
	})
	var authorize func(string) bool
	if gate.NeedsToken() {
		authorize = gate.Token
	}
	f.stream = stream.New(stream.Options{
		Store: opened, Hub: commits, Alerts: storedAlerts{opened}, Intervals: cfg.Kline.ParsedIntervals(),
		HistoryDefault: cfg.Kline.HistoryLimitDefault, HistoryMax: cfg.Kline.HistoryLimitMax,
		MaxSubscriptions: ws.MaxSubscriptionsPerClient, BatchSize: ws.MessageBatchSize,
		BatchTimeout: time.Duration(ws.MessageBatchTimeoutMS) * time.Millisecond,
		Authorize:    authorize, Queued: in.stages.queued, Logger: b.options.Logger,
	})
	f.stream.Mount(f.sockets)
	f.tokens = b.newTokens(opened, commits, in.net)
	f.alerts = b.newAlerts(opened, commits, in, f.stream)
	f.http = server.New(server.Deps{
		API: rest.Deps{
			Reader: reader{opened}, Stream: streamStats{f.stream, f.sockets}, Feed: in.status, Endpoints: in.endpoints, Log: b.logRecords, Export: reader{opened},
			Metadata: f.tokens.orNone(), Alerts: f.alerts, Tickers: newTickers(opened, cfg.Kline.ParsedIntervals()),
			Intervals: cfg.Kline.ParsedIntervals(), Kline: klineConfig(cfg), Cluster: cfg.Solana.Cluster,
			ProgramID: in.program, Version: b.options.Version,
		},
		Figures: func() []server.Figure { return f.figures(in, commits) },
		Stages:  func() []server.Stage { return in.stages.list(f.stream.Metrics().Latency) },
		Guard:   gate, Sockets: f.sockets, Page: b.options.Assets, Logger: b.options.Logger,
	})
	return f, nil
}

// run serves until ctx ends; then it says goodbye to clients before the port closes.
func (f *front) run(ctx context.Context) error {
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

// status tells how reading the cluster goes, in the words of the REST API.
func (in *intake) status() rest.FeedStatus {
	if p := in.backend.options.player; p != nil {
		return p.status()
	}
	in.mu.Lock()
	feed := in.feed
	in.mu.Unlock()
	if feed == nil {
		if in.backend.options.Config.Solana.EnableEventListener {
			return rest.FeedStatus{Connection: string(solana.Connecting)}
		}
		return rest.FeedStatus{Connection: "disabled"}
	}
	s := feed.Status()
	if trouble := in.trouble(); trouble != "" {
		s.LastError = trouble
	}
	return rest.FeedStatus{
		Running: s.State == solana.Connected || s.State == solana.CatchingUp, Connection: string(s.State),
		Endpoint: s.Endpoint, Slot: s.Slot, Lag: s.Lag, LastError: in.backend.options.Tail.Veil(s.LastError), Failures: uint64(max(0, s.Failures)),
		Backfill: wire.Backfill{
			Running: s.Backfill.Running, Done: int64(s.Backfill.Done), Total: int64(s.Backfill.Total), ETASeconds: s.Backfill.ETASeconds,
		},
	}
}
