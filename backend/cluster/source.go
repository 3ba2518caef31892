package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/listener"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/wire"
)

// Options are what a Source is made of.
type Options struct {
	Config *config.Solana
	Dir    *datadir.Dir // whose chain is the only one let in
	Store  *store.Store // what earlier runs stored
	Logger *slog.Logger
	Veil   func(string) string  // takes out of a text what strangers must not read; nil leaves it as it is
	Whole  []market.Program     // programs of which everything is followed beside the one of Config, live only
	Off    []market.Program     // programs of which nothing is read: no coin of them is followed
	Adjust func(*solana.Config) // changes how the cluster is read, for tests that cannot wait; may be nil

	// Ready gives access points that come before those of Config, once they are there, or the cause of ctx's end; nil for
	// none.
	Ready func(ctx context.Context) ([]solana.Endpoint, error)
}

// Source reads the cluster of the configuration. It implements listener.Source; all methods but Run may be called from any
// goroutine.
type Source struct {
	options   Options
	program   market.Pubkey // whose transactions are all read
	extending chan struct{} // holds whoever reads older history

	ready     chan struct{} // closed when endpoints is set, which then stays
	endpoints []solana.Endpoint

	mu      sync.Mutex
	feed    *solana.Feed                    // nil until the cluster's addresses are known
	waiting []solana.Following              // what was asked for before
	coins   map[market.Pubkey]program.Coin  // those followed, by mint
	owners  map[market.Pubkey]market.Pubkey // their mints, by address
	loosen  func()                          // ends a tight heap; nil while few are followed
}

// NewSource makes a source; it does no I/O.
func NewSource(o Options) *Source {
	if o.Veil == nil {
		o.Veil = func(text string) string { return text }
	}
	id, _ := market.ParsePubkey(o.Config.ProgramID) // validated
	return &Source{options: o, program: id, extending: make(chan struct{}, 1), ready: make(chan struct{}), coins: map[market.Pubkey]program.Coin{}, owners: map[market.Pubkey]market.Pubkey{}}
}

// Run implements listener.Source.
func (s *Source) Run(ctx context.Context, from market.Slot, apply func(context.Context, market.Batch) error) error {
	cfg := s.options.Config
	list := Endpoints(cfg)
	if s.options.Ready != nil {
		first, err := s.options.Ready(ctx)
		if err != nil {
			return err
		}
		list = append(first, list...)
	}

	gaps, err := s.options.Store.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}

	reading := solana.Config{
		Endpoints: list, Program: s.program, Commitment: cfg.Commitment,
		ReconnectInterval: config.Seconds(cfg.ReconnectInterval), PingInterval: config.Seconds(cfg.PingIntervalSeconds),
		MaxRequestsPerSecond: cfg.MaxRequestsPerSecond, BackfillLimit: cfg.BackfillLimit,
		IncludeFailed: cfg.ProcessFailedTransactions, Recall: s.recall, Gaps: gaps, Admit: s.options.Dir.Admit, Logger: s.options.Logger,
	}
	if adjust := s.options.Adjust; adjust != nil {
		adjust(&reading)
	}

	feed := solana.New(reading)
	whole, err := s.whole()
	if err != nil {
		return err
	}
	s.mu.Lock()
	for _, what := range append(whole, s.waiting...) {
		if err := feed.Follow(what); err != nil {
			s.mu.Unlock()
			return err
		}
	}

	s.feed, s.waiting = feed, nil
	s.mu.Unlock()
	s.endpoints = list
	close(s.ready)
	return feed.Run(ctx, from, apply)
}

// current is the feed; nil before the cluster's addresses are known.
func (s *Source) current() *solana.Feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feed
}

// Recheck has the feed compare recent slots with what it delivered.
func (s *Source) Recheck() {
	if feed := s.current(); feed != nil {
		feed.Rescan()
	}
}

// Status implements listener.Source.
func (s *Source) Status() listener.Status {
	feed := s.current()
	if feed == nil {
		return listener.Status{Connection: string(solana.Connecting), Programs: s.programs(nil)}
	}
	now := feed.Status()
	return listener.Status{
		Running: now.State == solana.Connected || now.State == solana.CatchingUp, Connection: string(now.State), Since: now.Since,
		Endpoint: now.Endpoint, Slot: now.Slot, Delivered: now.Delivered, Lag: now.Lag,
		LastError: s.options.Veil(now.LastError), Failures: uint64(max(0, now.Failures)),
		Backfill: wire.Backfill{
			Running: now.Backfill.Running, Done: int64(now.Backfill.Done), Total: int64(now.Backfill.Total), ETASeconds: now.Backfill.ETASeconds,
		},
		Programs: s.programs(feed),
	}
}

// Collect is a telemetry.Collector.
func (s *Source) Collect(m *telemetry.Metrics) {
	if feed := s.current(); feed != nil {
		feed.Collect(m)
	}
}

// Endpoints tells how each access point of the cluster does; nil before they are known.
func (s *Source) Endpoints() []wire.Endpoint {
	feed := s.current()
	if feed == nil {
		return nil
	}

	list, lag := []wire.Endpoint{}, feed.Status().Lag
	for _, one := range feed.Endpoints() {
		endpoint := wire.Endpoint{
			Name: one.Name, State: string(one.State), InUse: one.InUse,
			LatencyMS: float64(one.Latency) / float64(time.Millisecond), Slot: uint64(one.Slot), SeenAt: milliseconds(one.SeenAt),
			Errors: one.Errors, Reconnects: one.Reconnects, LastError: s.options.Veil(one.LastError), LastErrorAt: milliseconds(one.LastErrorAt),
		}
		if one.InUse {
			endpoint.LagSlots = new(lag)
		}
		list = append(list, endpoint)
	}

	return list
}

// milliseconds is t in Unix milliseconds, 0 for the zero time.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
