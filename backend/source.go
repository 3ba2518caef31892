package backend

import (
	"context"

	"spinscope/backend/cluster"
	"spinscope/backend/listener"
	"spinscope/backend/market"
	"spinscope/backend/parts"
	"spinscope/backend/pool"
	"spinscope/backend/program/registry"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/watch"
	"spinscope/backend/web"
	"spinscope/backend/wire"
)

// source is where batches come from, and what goes with it. No function is nil but those that say so.
type source struct {
	reads   listener.Source // nil: nothing is read
	parts   []parts.Part    // what must run beside it
	patient bool            // it waits for space on the disk
	recheck func()
	history func(context.Context, cluster.Reach) error
	shown   web.Source // what clients are told of it

	whole []market.Program // programs of which all coins are kept, live only
	off   []market.Program // programs of which nothing is read
	pools *pool.Registry   // what trades where, for those; nil without any
}

// noSource reads nothing.
func (b *Backend) noSource() source {
	cfg := &b.options.Config
	return source{
		patient: true,
		recheck: func() {},
		history: func(context.Context, cluster.Reach) error { return cluster.ErrNoHistory },
		shown: web.Source{
			Endpoints: func() []wire.Endpoint { return nil },
			Gateway:   func(context.Context) (string, error) { return cfg.Metadata.IPFSGateway, nil },
			Collect:   func(*telemetry.Metrics) {},
		},
	}
}

// programs are those with the names.
func programs(names []string) (ids []market.Program) {
	for _, name := range names {
		if id, ok := market.ParseProgram(name); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// addresses are where programs lie.
func addresses(programs []market.Program) (list []market.Pubkey) {
	for _, id := range programs {
		list = append(list, registry.Address(id))
	}
	return list
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
	s.whole, s.off = programs(cfg.Programs.Whole()), programs(cfg.Programs.Off())
	o.Whole, o.Off = s.whole, s.off
	var reads *cluster.Source
	if dir.Transient {
		demo := cluster.NewDemo(o)
		reads, s.shown.Gateway = demo.Source, demo.Gateway
		s.parts = []parts.Part{{Name: "demo", Run: demo.RunNet}}
	} else {
		reads = cluster.NewSource(o)
		s.history = reads.LoadHistory
	}

	watching := watch.Options{Source: reads, Mints: cfg.Watch.Parsed(), OnDemand: cfg.Watch.OnDemand, Logger: b.options.Logger}
	if !dir.Transient { // the demo has none of the coins that the list is of
		watching.File = watch.At(b.options.DataDir)
	}
	s.shown.Coins = watch.New(watching)
	s.parts = append(s.parts, parts.Part{Name: "watch", Run: s.shown.Coins.Run})
	s.reads, s.recheck = reads, reads.Recheck
	s.shown.Endpoints, s.shown.Collect, s.shown.Accounts = reads.Endpoints, reads.Collect, reads.Accounts

	if len(s.whole) > 0 {
		s.pools = pool.New(pool.Options{
			Path: dir.Pools(), Forget: dir.Transient, Read: reads.Accounts, Derive: solana.ProgramAddress, Logger: b.options.Logger,
		})
		s.parts = append(s.parts, parts.Part{Name: "pools", Run: s.pools.Run})
		s.shown.Collect = func(m *telemetry.Metrics) {
			reads.Collect(m)
			s.pools.Collect(m)
		}
	}
	return s
}
