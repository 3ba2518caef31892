package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"spinscope/backend/backup"
	"spinscope/backend/datadir"
	"spinscope/backend/heap"
)

// ErrDemoBackup is returned for a backup of the demo market, or one into it.
var ErrDemoBackup = errors.New("the demo market is made anew at every start, so there is nothing to go back to: name another with --cluster")

// Backup writes a stored market to the file at path, and reads it again. The store must not be in use; no file of it
// changes. by is the version of the program. progress is told the rows so far, now and then.
func Backup(ctx context.Context, o Options, path, by string, progress func(rows uint64)) (s backup.Summary, err error) {
	if o.Dir.Transient {
		return s, ErrDemoBackup
	}
	of, err := MarketOf(o.Dir)
	if err != nil {
		return s, err
	}
	defer heap.Limit(heap.Read)()

	opened, err := o.OpenToRead()
	if err != nil {
		return s, err
	}
	defer datadir.Close(opened, &err)

	return backup.File(ctx, path, func(w io.Writer) error {
		_, err := backup.Write(ctx, w, opened, of, by, progress)
		return err
	}, progress)
}

// MarketOf is what a backup of a directory's market says whose it is.
func MarketOf(dir *datadir.Dir) (backup.Market, error) {
	genesis, _, err := dir.StoredChain()
	return backup.Market{Cluster: dir.Cluster, Genesis: genesis, Program: dir.Program}, err
}

// Restore makes the market of a backup in a data directory, where no server may run and nothing may stand in its place, and
// returns where it lies. What fails leaves nothing.
func Restore(ctx context.Context, path, dataDir string, log *slog.Logger, progress func(backup.Step)) (s backup.Summary, where string, err error) {
	defer heap.Limit(heap.Write)()
	file, err := os.Open(path)
	if err != nil {
		return s, "", fmt.Errorf("read backup: %w", err)
	}
	defer func() { _ = file.Close() }() // only read

	header, err := backup.ReadHeader(file)
	if err != nil {
		return s, "", fmt.Errorf("%s: %w", path, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return s, "", fmt.Errorf("read backup: %w", err)
	}

	dir, err := restoreTo(header.Market, dataDir)
	if err != nil {
		return s, "", err
	}
	if err := dir.Make(); err != nil {
		return s, "", err
	}
	unlock, err := dir.Lock()
	if err != nil {
		return s, "", err
	}
	defer unlock()

	removeUnfinished(dir.Store())
	s, err = backup.Restore(ctx, file, dir.Store(), log, progress)
	switch {
	case errors.Is(err, backup.ErrExists):
		return s, "", fmt.Errorf("%w: move it away, or give another --data-dir", err)
	case err != nil:
		return s, "", fmt.Errorf("%s: %w", path, err)
	}

	if header.Genesis != "" {
		if err := dir.Admit(header.Genesis); err != nil {
			return s, "", err
		}
	}
	return s, dir.Store(), nil
}

// restoreTo is where a market belongs in a data directory. What is noted there of another chain is refused before anything is
// made.
func restoreTo(of backup.Market, dataDir string) (*datadir.Dir, error) {
	dir := &datadir.Dir{Path: dataDir, Cluster: of.Cluster, Program: of.Program}
	if !dir.IsMarket() {
		return nil, fmt.Errorf("%w: it is of a cluster %q", backup.ErrOther, of.Cluster)
	}

	genesis, _, err := dir.StoredChain()
	if err != nil {
		return nil, err
	}
	if genesis != "" && genesis != of.Genesis {
		return nil, fmt.Errorf("%w: it was read from the chain with genesis %s, and the backup from %s: give another --data-dir, or remove %s",
			datadir.ErrOtherChain, genesis, of.Genesis, dir.MarketFiles())
	}
	return dir, dir.CheckProgram()
}

// removeUnfinished removes what killed restores left beside a store.
func removeUnfinished(store string) {
	left, _ := filepath.Glob(store + ".restoring-*") // the pattern is sound
	for _, path := range left {
		_ = os.RemoveAll(path) // what stays is only in the way of nobody
	}
}
