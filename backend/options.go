package backend

import (
	"context"
	"io/fs"
	"log/slog"

	"spinscope/backend/cluster"
	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/logtail"
	"spinscope/backend/offline"
	"spinscope/backend/replay"
	"spinscope/backend/solana"
	"spinscope/backend/wire"
)

// Options are what a Backend is made of. Config must be valid.
type Options struct {
	Config   config.Config
	Origin   config.Origin // where Config comes from; the window's settings want it
	DataDir  string        // holds the store of each cluster, server.addr and window.json; created when missing
	Assets   fs.FS         // the built page
	Version  string
	Logger   *slog.Logger
	Tail     *logtail.Tail        // what Logger keeps for the health panel; nil makes one
	Backfill *cluster.Reach       // older history to read while serving, nil for none
	Notify   func(wire.Alert)     // told of each alert as it fires, but not of history; must not block; may be nil
	Edge     bool                 // serves a replica of the market that the bus of Config carries, and reads no cluster
	Feed     func(*solana.Config) // changes how the cluster is read, for tests that cannot wait; may be nil

	freeOf  func(dir string) (int64, bool) // datadir.Dir's, for tests
	source  *replay.Source                 // replays a recording in the place of reading a cluster
	serving func(address string)           // called once the port is open
}

// Dir is the data directory with the market of the configured cluster and program.
func (o *Options) Dir() *datadir.Dir {
	cluster := o.Config.Solana.Cluster
	return &datadir.Dir{
		Path: o.DataDir, Cluster: cluster, Program: o.Config.Solana.ProgramID, Transient: cluster == "demo", FreeOf: o.freeOf,
	}
}

// Offline are the options of the commands that work on a market that nobody serves.
func (o *Options) Offline() offline.Options {
	return offline.Options{Config: o.Config, Dir: o.Dir(), Logger: o.Logger, Feed: o.Feed}
}

// RunReplay serves a recording in the place of a cluster (replay.Run).
func RunReplay(ctx context.Context, o Options, r replay.Replay) error {
	return replay.Run(ctx, o.Offline(), r, func(ctx context.Context, of offline.Options, source *replay.Source, serving func(string)) error {
		o.Config, o.DataDir, o.Backfill = of.Config, of.Dir.Path, nil
		o.source, o.serving = source, serving
		return New(o).Run(ctx)
	})
}
