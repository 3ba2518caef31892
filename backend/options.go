package backend

import (
	"io/fs"
	"log/slog"

	"spinscope/backend/config"
	"spinscope/backend/solana"
)

// Options are what a Backend is made of. Config must be valid.
type Options struct {
	Config   config.Config
	DataDir  string // holds the store of each cluster, server.addr and window.json; created when missing
	Assets   fs.FS  // the built page
	Version  string
	Logger   *slog.Logger
	Backfill *Reach               // older history to read while serving, nil for none
	Feed     func(*solana.Config) // changes how the cluster is read, for tests that cannot wait; may be nil
}
