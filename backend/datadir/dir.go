package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// ErrNoStore is returned for a data directory that holds no market of the cluster.
var ErrNoStore = errors.New("no market is stored there")

// Dir is a data directory and the market in it that is meant.
type Dir struct {
	Path      string // of the directory
	Cluster   string // the market's: localnet, devnet, mainnet, custom, demo, or replay
	Program   string // address of the market's program
	Transient bool   // the market is made anew at every start, and an earlier one removed

	// FreeOf is asked in the place of the system how many bytes are left on a directory's disk, by tests; nil asks the
	// system.
	FreeOf func(dir string) (left int64, known bool)
}

// Make makes the directory for this user alone. One that is there stays as it is.
func (d *Dir) Make() error { return makeDir(d.Path) }

// MakeStore makes the directory of the store, and that around it.
func (d *Dir) MakeStore() error { return makeDir(d.Store()) }

func makeDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("data directory: %w: give another with --data-dir", err)
	}
	return nil
}

// Store is where the market lies: DIR/CLUSTER, or DIR/CLUSTER-PROGRAM when another program's market is there already.
func (d *Dir) Store() string {
	dir := filepath.Join(d.Path, d.Cluster)
	if d.Transient {
		return dir
	}

	const shown = 8 // characters of the program's address
	if _, program, err := readChain(dir + chainSuffix); err == nil && program != "" && program != d.Program {
		return dir + "-" + d.Program[:min(shown, len(d.Program))]
	}
	return dir
}

// kept are the clusters whose markets stay from one start to the next.
var kept = []string{"localnet", "devnet", "mainnet", "custom"}

// IsMarket reports whether the directory's cluster is one whose market stays, and its program an address: what names files
// is checked with it.
func (d *Dir) IsMarket() bool {
	_, err := market.ParsePubkey(d.Program)
	return slices.Contains(kept, d.Cluster) && err == nil
}

// Mints is the file of what the cluster's accounts say of the market's mints. It lies beside the store and can be removed: it
// is asked for again.
func (d *Dir) Mints() string { return d.Store() + ".mints" }

// Pools is the file of what trades in which pool. It lies beside the store and can be removed: the cluster is asked again.
func (d *Dir) Pools() string { return d.Store() + ".pools" }

// Updates is the file of what was said last of newer versions, and when. It can be removed.
func (d *Dir) Updates() string { return filepath.Join(d.Path, "updates.json") }

// Clusters names the clusters that have a market in the directory; the demo, made anew at every start, is none.
func (d *Dir) Clusters() []string {
	found := []string{}
	for _, cluster := range kept {
		if info, err := os.Stat(filepath.Join(d.Path, cluster)); err == nil && info.IsDir() {
			found = append(found, cluster)
		}
	}
	return found
}

// Open opens the store for a server, and makes it when there is none. Options name no directory.
func (d *Dir) Open(options store.Options) (*store.Store, error) {
	options.Dir = d.Store()
	if d.Transient {
		if err := os.Remove(d.chainFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("forget the last %s chain: %w", d.Cluster, err)
		}
	}

	if err := d.CheckProgram(); err != nil {
		return nil, err
	}
	if err := d.checkSpace(); err != nil {
		return nil, err
	}

	opened, err := store.Open(options)
	if err != nil || !d.Transient || opened.State().Seq == 0 {
		return opened, err
	}

	if err := opened.Close(); err != nil {
		return nil, fmt.Errorf("close the last %s market: %w", d.Cluster, err)
	}
	if err := os.RemoveAll(options.Dir); err != nil {
		return nil, fmt.Errorf("remove the last %s market: %w", d.Cluster, err)
	}
	return store.Open(options)
}

// OpenExisting opens a store that is there for a command, with little memory. One opened with options.ReadOnly changes no
// file, so that the disk may be full or read-only. When a running server holds the store, the error tells its address if
// that is known.
func (d *Dir) OpenExisting(options store.Options) (*store.Store, error) {
	options.Dir, options.Lean = d.Store(), true
	if _, err := os.Stat(options.Dir); errors.Is(err, fs.ErrNotExist) {
		return nil, d.noStore()
	}

	if !options.ReadOnly {
		if err := d.checkSpace(); err != nil {
			return nil, err
		}
	}

	opened, err := store.Open(options)
	switch {
	case errors.Is(err, store.ErrLocked):
		if address, known := d.Address(); known {
			return nil, fmt.Errorf("%w; it serves http://%s/", err, address)
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, d.noStore()
	}

	return opened, err
}

// noStore says that no market is stored there, and which are.
func (d *Dir) noStore() error {
	dir := d.Store()
	if stored := d.Clusters(); len(stored) > 0 && !slices.Contains(stored, d.Cluster) {
		return fmt.Errorf("%s: %w, but the market of %s is: name it with --cluster", dir, ErrNoStore, strings.Join(stored, ", "))
	}
	return fmt.Errorf("%s: %w: name the directory with --data-dir and the cluster with --cluster", dir, ErrNoStore)
}

// Close closes a store; its failure becomes err unless there is one.
func Close(opened *store.Store, err *error) {
	if closing := opened.Close(); closing != nil && *err == nil {
		*err = fmt.Errorf("close store: %w", closing)
	}
}
