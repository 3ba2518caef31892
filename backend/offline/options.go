package offline

import (
	"log/slog"

	"spinscope/backend/cluster"
	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/listener"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// Options say which market is meant and how it is read. Config must be valid.
type Options struct {
	Config config.Config
	Dir    *datadir.Dir
	Logger *slog.Logger
	Feed   func(*solana.Config) // changes how the cluster is read, for tests that cannot wait; may be nil
}

// OpenToWrite opens the store for a command that changes it.
func (o *Options) OpenToWrite() (*store.Store, error) {
	return o.open(store.Options{SyncWrites: o.Config.Store.SyncWrites})
}

// openToRepair opens the store to repair it, also when its newest changes are lost.
func (o *Options) openToRepair() (*store.Store, error) {
	return o.open(store.Options{Repair: true, SyncWrites: o.Config.Store.SyncWrites})
}

// OpenToRead opens the store for a command that changes no file.
func (o *Options) OpenToRead() (*store.Store, error) {
	return o.open(store.Options{ReadOnly: true})
}

func (o *Options) open(options store.Options) (*store.Store, error) {
	options.Intervals, options.Addresses, options.Logger = o.Config.Kline.KeptIntervals(), cluster.CoinAddresses, o.Logger
	return o.Dir.OpenExisting(options)
}

// Listener makes the writer over an open store and brings it up to date. source may be nil.
func (o *Options) Listener(opened *store.Store, source listener.Source) (*listener.Listener, error) {
	coins, err := cluster.NewStoredCoins(opened)
	if err != nil {
		return nil, err
	}
	in := listener.New(listener.Options{
		Config: &o.Config, Store: opened, Source: source, Addresses: coins,
		Space: o.Dir.Space(false, o.Logger.With("component", "backend")), Logger: o.Logger,
	})
	return in, in.Recover()
}
