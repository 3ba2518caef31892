package backend

import (
	"context"

	"spinscope/backend/cluster"
	"spinscope/backend/listener"
	"spinscope/backend/mintinfo"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/watch"
	"spinscope/backend/wire"
)

// source is where batches come from, and what goes with it. No function is nil but accounts.
type source struct {
	reads     listener.Source // nil: nothing is read
	parts     []part          // what must run beside it
	patient   bool            // it waits for space on the disk
	recheck   func()
	history   func(context.Context, cluster.Reach) error
	endpoints func() []wire.Endpoint
	gateway   func(context.Context) (string, error) // of documents on IPFS
	accounts  mintinfo.Read                         // that the cluster keeps; nil: there is none
	coins     *watch.Service                        // followed by their own addresses; nil: none are
	collect   telemetry.Collector
}

// noSource reads nothing.
func (b *Backend) noSource() source {
	cfg := &b.options.Config
	return source{
		patient:   true,
		recheck:   func() {},
		history:   func(context.Context, cluster.Reach) error { return cluster.ErrNoHistory },
		endpoints: func() []wire.Endpoint { return nil },
		gateway:   func(context.Context) (string, error) { return cfg.Metadata.IPFSGateway, nil },
		collect:   func(*telemetry.Metrics) {},
	}
}

// newSource is the one that the options ask for: a recording, the demo, or a cluster.
func (b *Backend) newSource(opened *store.Store) source {
	cfg, s := &b.options.Config, b.noSource()
	if b.options.source != nil {
		s.reads, s.patient = b.options.source, false
		return s
	}

	if !cfg.Solana.EnableEventListener {
		return s
	}

	dir := b.options.Dir()
	o := cluster.Options{
		Config: &cfg.Solana, Dir: dir, Store: opened, Veil: b.options.Tail.Veil, Adjust: b.options.Feed, Logger: b.options.Logger,
	}
	var reads *cluster.Source
	if dir.Transient {
		demo := cluster.NewDemo(o)
		reads, s.gateway = demo.Source, demo.Gateway
		s.parts = []part{{"demo", demo.RunNet}}
	} else {
		reads = cluster.NewSource(o)
		s.history = reads.LoadHistory
	}

	watching := watch.Options{Source: reads, Mints: cfg.Watch.Parsed(), OnDemand: cfg.Watch.OnDemand, Logger: b.options.Logger}
	if !dir.Transient { // the demo has none of the coins that the list is of
		watching.File = watch.At(b.options.DataDir)
	}
	s.coins = watch.New(watching)
	s.parts = append(s.parts, part{"watch", s.coins.Run})
	s.reads, s.recheck, s.endpoints, s.collect, s.accounts = reads, reads.Recheck, reads.Endpoints, reads.Collect, reads.Accounts
	return s
}

// watched keeps a nil pointer from becoming an interface that is not nil.
func (s *source) watched() rest.Watch {
	if s.coins == nil {
		return nil
	}
	return s.coins
}
