// Command spinscope is the product's own path from a commit to its clients: hub, stream with both namespaces, socketio,
// guard. Only the store behind it is a stand-in, without candles.
package main

import (
	"context"
	"log"
	"net/http"
	_ "net/http/pprof" //nolint:gosec // a benchmark's server
	"os"
	"sync/atomic"
	"time"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/server/guard"
	"spinscope/backend/server/stream"
	"spinscope/backend/socketio"
	"spinscope/bench/fanout/serve"
)

// empty is a store without candles that knows only how many commits there were.
type empty struct{ seq atomic.Uint64 }

func (e *empty) ID() string { return "" }

func (e *empty) Seq() market.Seq { return market.Seq(e.seq.Load()) }

func (e *empty) ChainTime() int64 { return 0 }

func (e *empty) NewestCandles(context.Context, market.Pubkey, market.Interval, int64, int64, int) ([]market.Candle, int, market.Seq, error) {
	return nil, 0, e.Seq(), nil
}

func (e *empty) ChangedCandles(context.Context, market.Pubkey, market.Interval, market.Seq, int) ([]market.Candle, bool, market.Seq, error) {
	return nil, false, 0, nil
}

func (e *empty) Commits(context.Context, market.Seq, func(*market.Commit) error) error {
	log.Fatal("the stream lagged behind the hub: the run is not valid")
	return nil
}

func (e *empty) CandleBefore(market.Pubkey, market.Interval, int64) (market.Candle, bool, error) {
	return market.Candle{}, false, nil
}

func (e *empty) EventsSince(context.Context, market.Seq, func(market.Seq, *market.Event) error) (market.Seq, bool, error) {
	return e.Seq(), true, nil
}

func (e *empty) LastTrade(context.Context, market.Pubkey) (*market.Event, error) { return nil, nil }

func (e *empty) Pair(market.Pubkey) market.Pair                           { return market.Pair{} }
func (e *empty) CompleteTo(market.Pubkey) (at int64, own bool, err error) { return 0, false, nil }
func (e *empty) Addresses(market.Pubkey) []market.Pubkey                  { return nil }
func (e *empty) LatestTraded(int) []market.Pubkey                         { return []market.Pubkey{serve.Mint} }

func main() {
	guarded, err := guard.New(guard.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	store, commits := &empty{}, hub.New(hub.Options{})
	pushes := stream.New(stream.Options{
		Store: store, Commits: follow.New(follow.Options{Name: "stream", Log: store, Hub: commits}),
	})
	sockets := socketio.New(socketio.Options{
		PingInterval: 30 * time.Second, PingTimeout: 60 * time.Second, MaxConnections: 20_000, Allow: guarded.Allow,
	})
	pushes.Mount(sockets)
	go func() { log.Fatal(pushes.Run(context.Background())) }()
	go func() { log.Fatal(sockets.Run(context.Background())) }()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sockets)
	if os.Getenv("FANOUT_PPROF") != "" {
		mux.Handle("/debug/pprof/", http.DefaultServeMux)
	}

	serve.Run(serve.Server{
		Handler: guarded.Wrap(mux),
		Push: func(seq uint64) {
			at := time.Now()
			store.seq.Store(seq)
			commits.Publish(&market.Commit{
				Seq: market.Seq(seq), ChainTime: at.Unix(), Candles: []market.CandleChange{serve.Change(seq, at.UnixNano())},
			})
		},
		Connections: func() int { return int(sockets.Stats().Connections) },
		Slow: func() (cut, queued int64) {
			st := sockets.Stats()
			return st.SlowConsumers, st.QueuedMessages
		},
	})
}
