package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"spinscope/backend/export"
	"spinscope/backend/store"
)

// ErrNoStore is returned for a data directory that holds no market of the cluster.
var ErrNoStore = errors.New("no market is stored there")

// storeDir is where the market of the cluster and the program lies: DIR/CLUSTER, or DIR/CLUSTER-PROGRAM when another
// program's market is there already.
func (o *Options) storeDir() string {
	dir := filepath.Join(o.DataDir, o.Config.Solana.Cluster)
	if o.Config.Solana.Cluster == "demo" { // made anew at every start
		return dir
	}
	const shown = 8 // characters of the program's address
	wanted := o.Config.Solana.ProgramID
	if _, program, err := readChain(dir + chainSuffix); err == nil && program != "" && program != wanted {
		return dir + "-" + wanted[:min(shown, len(wanted))]
	}
	return dir
}

// StoredClusters names the clusters that have a market in the data directory; the demo, made anew at every start, is none.
func (o *Options) StoredClusters() []string {
	found := []string{}
	for _, cluster := range []string{"localnet", "devnet", "mainnet", "custom"} {
		if info, err := os.Stat(filepath.Join(o.DataDir, cluster)); err == nil && info.IsDir() {
			found = append(found, cluster)
		}
	}
	return found
}

// openExisting opens a store for an offline command. Unlike a start of the server it creates nothing. When a running
// server holds the store, the error tells its address if that is known.
func openExisting(o *Options) (*store.Store, error) {
	dir := o.storeDir()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if stored := o.StoredClusters(); len(stored) > 0 {
			return nil, fmt.Errorf("%s: %w, but the market of %s is: name it with --cluster", dir, ErrNoStore, strings.Join(stored, ", "))
		}
		return nil, fmt.Errorf("%s: %w: name the directory with --data-dir and the cluster with --cluster", dir, ErrNoStore)
	}
	if err := o.checkRoom(); err != nil {
		return nil, err
	}
	opened, err := store.Open(store.Options{Dir: dir, SyncWrites: o.Config.Store.SyncWrites, Logger: o.Logger})
	if errors.Is(err, store.ErrLocked) {
		if address, readErr := os.ReadFile(filepath.Join(o.DataDir, addressFile)); readErr == nil {
			return nil, fmt.Errorf("%w; it serves http://%s/", err, strings.TrimSpace(string(address)))
		}
	}
	return opened, err
}

// Export writes a stored market's records to path, whole or not at all, or to w when path is empty. The store must not
// be in use. A request without mints is for all of them. It returns the number of rows.
func Export(ctx context.Context, o Options, request export.Request, path string, w io.Writer, progress func(rows int64)) (rows int64, err error) {
	opened, err := openExisting(&o)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := opened.Close(); closing != nil && err == nil {
			err = fmt.Errorf("close store: %w", closing)
		}
	}()
	if path == "" {
		return export.Write(ctx, w, reader{opened}, request, progress)
	}
	return export.File(ctx, path, reader{opened}, request, progress)
}
