package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"

	"spinscope/backend/market"
)

// ErrReadOnly is returned by a store opened read-only for what it cannot take.
var ErrReadOnly = errors.New("store is open for reading only")

// openReadOnly opens the store without a change to any file of it, so that the directory may be on a read-only or full
// disk, and several may read at once. Badger alone would delete tables even then, and refuses a store that was not closed.
// So what needs more than reading is read from a directory beside, with links to the tables and copies of the logs, cut
// where they end.
func openReadOnly(o Options) (_ *Store, err error) {
	s := newStore(o)
	release, free := holdShared(o.Dir)
	if !free {
		return nil, locked(&o)
	}

	s.onClose = append(s.onClose, release)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeFiles())
		}
	}()

	found, tables, err := checkFiles(&o)
	if err != nil {
		return nil, openError(&o, err)
	}
	if found.empty() {
		return nil, fmt.Errorf("there is no store: %w", fs.ErrNotExist)
	}

	aside, err := found.needsCopy(&o, tables)
	if err != nil {
		return nil, err
	}

	if aside {
		if o.Dir, err = s.copyAside(found, tables); err != nil {
			return nil, fmt.Errorf("make room beside a store that was not closed (TMPDIR names another place): %w", err)
		}
	}

	o.shrinkMemTable(found)
	if s.db, err = openBadger(&o); err != nil {
		return nil, err
	}
	if err := s.load(found); err != nil {
		return nil, errors.Join(err, s.closeBadger())
	}

	if o.Lean {
		s.stayLean()
	}
	return s, nil
}

// needsCopy reports whether Badger would do more than read.
func (v *survey) needsCopy(o *Options, tables *manifest) (bool, error) {
	for id := range v.tables {
		if !tables.used[id] {
			return true, nil
		}
	}
	if !v.registry {
		return len(v.logs) > 0, nil
	}
	registry, err := os.ReadFile(filepath.Join(o.Dir, badger.KeyRegistryFileName))
	return len(v.logs) > 0 || !soundRegistry(registry), err
}

// copyAside makes the directory that Badger reads in the place of the store's.
func (s *Store) copyAside(found *survey, tables *manifest) (dir string, err error) {
	from, err := filepath.Abs(s.options.Dir)
	if err != nil {
		return "", err
	}
	for _, base := range []string{"", "/dev/shm"} { // the second is memory, for when the disk is full
		dir, err = os.MkdirTemp(base, "spinscope-read-*")
		if err != nil {
			continue
		}
		if err = fillAside(from, dir, found, tables); err == nil {
			s.onClose = append(s.onClose, func() error { return os.RemoveAll(dir) })
			return dir, nil
		}
		_ = os.RemoveAll(dir)
	}
	return "", err
}

func fillAside(from, dir string, found *survey, tables *manifest) error {
	names := append([]string{badger.ManifestFilename}, found.values...)
	for id, used := range tables.used {
		if used {
			names = append(names, table.IDToFilename(id))
		}
	}

	for _, name := range names {
		if unborn(&Options{Dir: from}, name) {
			continue // and Badger would give it a size
		}
		if err := os.Symlink(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}

	for _, name := range found.logs {
		data, err := os.ReadFile(filepath.Join(from, name)) //nolint:gosec // a file of the store
		if err != nil {
			return err
		}
		content, _ := parseLog(data) // it was checked; after the machine went down it may end early
		if content.first == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), data[:content.end], 0o600); err != nil { //nolint:gosec // into a directory of our own
			return err
		}
	}

	return nil
}

// closeFiles gives back what a read-only store holds beside the database.
func (s *Store) closeFiles() error {
	var list []error
	for _, fn := range slices.Backward(s.onClose) {
		list = append(list, fn())
	}
	s.onClose = nil
	return errors.Join(list...)
}

// rehearse takes a commit into memory alone, as far as it is about candles: what a writer commits when it brings
// open candles up to date after an unclean stop.
func (s *Store) rehearse(c *market.Commit) error {
	if len(c.Events)+len(c.Removed)+len(c.Orders)+len(c.Tokens)+len(c.Gaps) > 0 {
		return ErrReadOnly
	}

	open := map[mintID]*openCandles{}
	for i := range c.Candles {
		change := &c.Candles[i]
		_, candles, err := s.openOf(change.Mint, open)
		if err != nil {
			return err
		}
		if change.Removed {
			return ErrReadOnly
		}
		candles.set(change.Interval, openCandle{change.Candle, c.Seq})
	}

	durable := maps.Clone(s.rehearsed)
	if durable == nil {
		durable = map[mintID]market.OpenCandles{}
	}
	for i := range c.OpenCandles {
		id, candles, err := s.openOf(c.OpenCandles[i].Mint, open)
		if err != nil {
			return err
		}
		for interval, list := range c.OpenCandles[i].Open {
			for _, one := range list {
				candles.set(market.Interval(interval), openCandle{one, c.Seq})
			}
		}
		durable[id] = c.OpenCandles[i]
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	maps.Copy(s.overlay, open)
	s.rehearsed = durable
	s.state.Seq = c.Seq
	s.state.skew-- // the timestamp that is read at stays
	return nil
}

// openOf gives a mint's open candles from among the copies, which it adds them to when they are not there. Nobody else may write.
func (s *Store) openOf(mint market.Pubkey, copies map[mintID]*openCandles) (mintID, *openCandles, error) {
	id := s.id(mint)
	if id == 0 {
		return 0, nil, fmt.Errorf("%w: unknown mint %s", ErrCommit, mint)
	}
	if open := copies[id]; open != nil {
		return id, open, nil
	}

	open := &openCandles{}
	for interval := range market.Interval(market.NumStored) {
		err := s.readSeries(mint, interval, func(_ *view, sr *series) error {
			open[interval] = slices.Clone(sr.open)
			return nil
		})
		if err != nil {
			return 0, nil, err
		}
	}
	copies[id] = open
	return id, open, nil
}

// ShowOpen shows the open candles of a commit to the readers, as of the newest commit, and stores nothing: for a store that
// takes its commits from elsewhere and was not closed, whose open candles are in its events only. What the commit closes stays
// open, as the commit that closes it comes from there. It is for the goroutine that commits.
func (s *Store) ShowOpen(c *market.Commit) error {
	s.write.Lock()
	defer s.write.Unlock()

	open := map[mintID]*openCandles{}
	for i := range c.Candles {
		change := &c.Candles[i]
		if change.Removed || change.Interval >= market.NumStored {
			continue
		}
		_, candles, err := s.openOf(change.Mint, open)
		if err != nil {
			return err
		}
		one := change.Candle
		one.Final = false
		candles.set(change.Interval, openCandle{one, s.state.Seq})
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.overlay, open)
	return nil
}
