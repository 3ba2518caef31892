package backend

import (
	"io/fs"
	"log/slog"

	"spinscope/backend/config"
	"spinscope/backend/logtail"
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
	Backfill *Reach               // older history to read while serving, nil for none
	Notify   func(wire.Alert)     // told of each alert as it fires, but not of history; must not block; may be nil
	Feed     func(*solana.Config) // changes how the cluster is read, for tests that cannot wait; may be nil

	freeOf  func(dir string) (int64, bool) // in the place of free, for tests
	player  *player                        // replays a recording in the place of reading a cluster
	serving func(address string)           // called once the port is open
}
