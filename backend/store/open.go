package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Store is an open store. All methods are safe for concurrent use; Commit is for one goroutine at a time.
type Store struct {
	db       *badger.DB
	log      *slog.Logger
	options  Options
	identity string // set by Open

	write   sync.Mutex // held through a Commit, guards:
	broken  error      // the error that ended the writing
	cache   map[mintID]*mintState
	arena   []byte
	onSplit func() error            // tests fail here in the middle of a commit
	onPut   func(key, value []byte) // benchmarks look on here
	onSweep func() error            // tests look on here between the steps of retention

	mu        sync.RWMutex // guards what a commit publishes:
	state     state
	directory directory
	overlay   map[mintID]*openCandles
	recent    recent

	readers       readers
	closed        atomic.Bool
	damagedTables atomic.Int64
}

// Open opens the store in o.Dir, making it when there is none. It returns ErrLocked when it is in use, ErrFormat when
// its layout is another, ErrCorrupt when it is damaged, each with what to do about it.
func Open(o Options) (_ *Store, err error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make store directory %s: %w", o.Dir, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("open store %s: %w", o.Dir, err)
		}
	}()
	tables, err := checkFiles(&o)
	if err != nil {
		if inUse(o.Dir) { // the files may have changed while they were looked at
			return nil, locked(&o)
		}
		return nil, openError(&o, err)
	}
	if err := dropUnborn(&o); err != nil {
		return nil, err
	}
	db, err := openBadger(&o)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db: db, log: o.Logger.With("component", "store"), options: o,
		cache: map[mintID]*mintState{}, overlay: map[mintID]*openCandles{},
	}
	if err := s.load(tables); err != nil {
		if closeErr := s.closeBadger(); closeErr != nil {
			s.log.Warn("close after a failed open", "err", closeErr)
		}
		return nil, err
	}
	return s, nil
}

// openBadger opens the database. Badger panics on some damages.
func openBadger(o *Options) (db *badger.DB, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			db, err = nil, damaged(fmt.Errorf("badger: %v", cause))
		}
	}()
	db, err = badger.OpenManaged(badgerOptions(o))
	if err != nil {
		return nil, openError(o, err)
	}
	return db, nil
}

// openError says what an error from opening means.
func openError(o *Options, err error) error {
	has := func(part string) bool { return strings.Contains(err.Error(), part) }
	switch {
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrFormat):
		return err
	case has("Cannot acquire directory lock"), has("Another process is using"):
		return locked(o)
	case has("unsupported version"):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	case errors.Is(err, os.ErrPermission), has("permission denied"), has("read-only file system"), has("no space left"):
		return fmt.Errorf("the directory must be writable: %w", err)
	}
	return damaged(err)
}

func locked(o *Options) error {
	return fmt.Errorf("%w by %s; close it or choose another data directory", ErrLocked, holder(o.Dir))
}

// damaged makes an ErrCorrupt that says what to do.
func damaged(err error) error {
	return fmt.Errorf("%w: %w; move the directory away and start again (history is read anew from the chain), or restore a copy", ErrCorrupt, err)
}

// holder names the process that has the store open. Badger writes its number into the file LOCK.
func holder(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "LOCK")) //nolint:gosec // the store's own directory
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

// load reads what is kept in memory: the state, the mints, the newest signatures. tables is how many files there were.
func (s *Store) load(tables int) (err error) {
	defer rescue(&err, nil)
	if err := s.loadState(tables); err != nil {
		return err
	}
	if err := s.undo(); err != nil {
		return fmt.Errorf("clear an unfinished commit: %w", err)
	}
	if err := s.loadDirectory(); err != nil {
		return err
	}
	if err := s.loadRecent(); err != nil {
		return err
	}
	return s.loadIdentity() // last, as it may write
}

func (s *Store) loadState(tables int) error {
	txn := s.db.NewTransactionAt(latest, false)
	defer txn.Discard()
	format, err := get(txn, keyFormat)
	if err != nil {
		return err
	}
	if format == nil {
		switch {
		case s.db.MaxVersion() != 0:
			return checkFormat(nil)
		case tables > 0:
			return damaged(errors.New("its tables are lost"))
		}
		return s.initialize()
	}
	if err := checkFormat(format); err != nil {
		return err
	}
	value, err := get(txn, keyState)
	if err != nil {
		return err
	}
	if value == nil {
		return damaged(errors.New("no state record"))
	}
	if s.state, err = decodeState(value); err != nil {
		return damaged(err)
	}
	return nil
}

// initialize writes the first state. Its timestamp is 1, as Badger's start there.
func (s *Store) initialize() error {
	s.state = state{skew: 1, logFrom: 1}
	txn := s.db.NewTransactionAt(latest, true)
	defer txn.Discard()
	if err := txn.Set(keyFormat, appendFormat(nil, formatVersion)); err != nil {
		return fmt.Errorf("write format: %w", err)
	}
	if err := txn.Set(keyIdentity, appendIdentity(nil, newIdentity())); err != nil {
		return fmt.Errorf("write identity: %w", err)
	}
	if err := txn.Set(keyState, appendState(nil, &s.state)); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := txn.CommitAt(s.state.at(), nil); err != nil {
		return fmt.Errorf("write first state: %w", err)
	}
	return nil
}

// State is where the store stands.
func (s *Store) State() State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.State
}

// Seq is the newest commit.
func (s *Store) Seq() market.Seq { return s.State().Seq }

// ChainTime is the chain time as of the newest commit, Unix seconds; 0 when none brought one yet.
func (s *Store) ChainTime() int64 { return s.State().ChainTime }

// Close waits for running reads, which end with ErrClosed at their next row, and closes the database. Further calls do
// nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.readers.wait()
	if err := s.closeBadger(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

func (s *Store) closeBadger() (err error) {
	defer rescue(&err, nil)
	return s.db.Close()
}

// get reads one value; nil when there is none. The value is a copy.
func get(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", key[:1], err)
	}
	value, err := item.ValueCopy(nil)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", key[:1], err)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}
