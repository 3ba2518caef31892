package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/commitlog"
	"spinscope/backend/market"
)

// Store is an open store. All methods are safe for concurrent use; Commit is for one goroutine at a time.
type Store struct {
	db       *badger.DB
	log      *slog.Logger
	options  Options
	identity string // set by Open
	book     addressBook

	write   sync.Mutex // held through a Commit, guards:
	broken  error      // the error that ended the writing
	cache   map[mintID]*mintState
	marks   map[seriesID]*seriesMarks
	arena   []byte
	onSplit func() error            // tests fail here in the middle of a commit
	onPut   func(key, value []byte) // benchmarks look on here
	onSweep func() error            // tests look on here between the steps of retention

	mu        sync.RWMutex // guards what a commit publishes:
	state     state
	directory directory
	overlay   map[mintID]*openCandles
	recent    recent
	rehearsed map[mintID]market.OpenCandles // of a store opened read-only

	onClose []func() error

	gone           chan struct{} // closed once the directory has vanished
	goneErr        error         // why; set before
	losing         sync.Once     // guards the two
	directoryInfo  os.FileInfo   // of the directory that was opened
	readers        readers
	tombstones     tombstones // guarded by write
	closed         atomic.Bool
	damagedTables  atomic.Int64
	damagedReads   atomic.Uint64
	damageLoggedAt atomic.Int64 // Unix nanoseconds of the last line of the log about one; 0: none
	endLean        func()       // of a Lean store; nil otherwise

	files   *filesWatch    // nil of a store opened read-only
	commits *commitlog.Log // nil of a store opened read-only
	encoder commitEncoder  // guarded by write

	last     *os.File   // LAST; nil then too, and when it cannot be written
	noted    lastChange // guarded by write, as is last
	repaired []string   // set by Open
}

// Open opens the store in o.Dir, making it when there is none; read-only it makes none, and the error then wraps
// fs.ErrNotExist. It returns ErrLocked when it is in use, ErrFormat when its layout is another, ErrCorrupt when it is
// damaged, each with what to do about it. A refusal changes no file.
func Open(o Options) (_ *Store, err error) {
	o = o.withDefaults()
	defer func() {
		if err != nil {
			err = fmt.Errorf("open store %s: %w", o.Dir, err)
		}
	}()

	if o.ReadOnly {
		return openReadOnly(o)
	}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}

	found, tables, err := checkFiles(&o)
	var marks map[uint64]tableMark
	if err == nil && tables != nil {
		marks, err = checkBlocks(&o, found, tables)
	}

	if err != nil {
		if inUse(o.Dir) { // the files may have changed while they were looked at
			return nil, locked(&o)
		}
		return nil, openError(&o, err)
	}
	if err := errors.Join(dropUnborn(&o, found), dropUnfinished(&o), rebuild(&o, found), noteBoot(&o)); err != nil {
		return nil, err
	}

	s := newStore(o)
	o.shrinkMemTable(found)
	if s.db, err = openBadger(&o); err != nil {
		return nil, err
	}
	s.tombstones.begin(s.db)
	if s.directoryInfo, err = os.Stat(o.Dir); err != nil {
		return nil, errors.Join(err, s.closeBadger())
	}

	err = s.openLast()
	if err == nil {
		err = s.load(found)
	}
	if err == nil {
		err = s.goOn(found.lost)
	}

	if err == nil {
		err = s.openCommits()
	}
	if err != nil {
		if closeErr := errors.Join(s.closeBadger(), s.closeLast(false)); closeErr != nil {
			s.log.Warn("close after a failed open", "err", closeErr)
		}
		return nil, err
	}

	s.writeNote()
	s.watchFiles(marks)
	if o.Lean {
		s.stayLean()
	}

	return s, nil
}

func newStore(o Options) *Store {
	return &Store{
		log: o.Logger.With("component", "store"), options: o,
		cache: map[mintID]*mintState{}, marks: map[seriesID]*seriesMarks{}, overlay: map[mintID]*openCandles{}, gone: make(chan struct{}),
	}
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
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrFormat), o.ReadOnly && errors.Is(err, fs.ErrNotExist):
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

// load reads what is kept in memory: the state, the mints, the newest signatures.
func (s *Store) load(found *survey) (err error) {
	defer rescue(&err, nil)
	if err := s.loadState(); err != nil {
		return err
	}
	if err := s.checkState(found); err != nil {
		return err
	}

	if !s.options.ReadOnly { // a reader does not look at what is newer than the state
		if err := s.undo(); err != nil {
			return fmt.Errorf("clear an unfinished commit: %w", err)
		}
	}

	if err := s.loadDirectory(); err != nil {
		return err
	}
	if s.options.ReadOnly {
		return s.loadIdentity() // nothing is rolled back, so nobody looks for signatures
	}
	if err := s.loadRecent(); err != nil {
		return err
	}

	return s.loadIdentity() // last, as it may write
}

func (s *Store) loadState() error {
	txn := s.db.NewTransactionAt(latest, false)
	defer txn.Discard()

	format, err := s.newest(txn, keyFormat)
	if err != nil {
		return err
	}
	if format == nil {
		switch {
		case s.db.MaxVersion() != 0:
			return checkFormat(nil)
		case s.options.ReadOnly:
			return fmt.Errorf("there is no store: %w", fs.ErrNotExist)
		}
		return s.initialize()
	}

	if err := checkFormat(format); err != nil {
		return err
	}
	value, err := s.newest(txn, keyState)
	if err != nil {
		return err
	}
	if value == nil {
		return damaged(errors.New("no state record"))
	}

	if s.state, err = decodeState(value); err != nil {
		return damaged(err)
	}
	if s.state.gapSum, err = s.sumRows(tableGap); err != nil {
		return err
	}
	if s.state.orderSum, err = s.sumRows(tableOrder); err != nil {
		return err
	}
	s.noted = changeOf(value, &s.state)

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

	value := appendState(nil, &s.state)
	if err := txn.Set(keyState, value); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := txn.CommitAt(s.state.at(), nil); err != nil {
		return fmt.Errorf("write first state: %w", err)
	}
	s.note(value, &s.state)

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
	if s.endLean != nil {
		defer s.endLean() // Badger writes and merges at its end too
	}
	if s.files != nil {
		s.files.end()
	}

	if s.commits != nil {
		if err := s.commits.Close(); err != nil {
			s.log.Warn("close the commit log", "err", err)
		}
	}

	if s.Gone() { // Badger would wait for ever for a file that it cannot make
		return s.closeLast(false)
	}
	err := s.closeDatabase()
	if err == nil && s.files != nil {
		s.files.keep(true)
	}

	if err := errors.Join(err, s.closeLast(err == nil), s.closeFiles()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

func (s *Store) closeBadger() (err error) {
	defer rescue(&err, nil)
	return s.db.Close()
}

// newest reads one value; nil when there is none. Badger's own Get takes a block that it cannot read for one without the
// key, and so finds an older version of a row, or none; this one does not, and takes about 8 µs where Get takes 1. The
// value is a copy.
func (s *Store) newest(txn *badger.Txn, key []byte) (value []byte, err error) {
	value, _, err = s.newestOf(txn, key)
	return value, err
}

// newestOf is newest with the version of the row.
func (s *Store) newestOf(txn *badger.Txn, key []byte) (value []byte, version uint64, err error) {
	it := txn.NewKeyIterator(key, badger.IteratorOptions{})
	defer it.Close()
	it.Seek(key)
	if err := s.whole(it); err != nil {
		return nil, 0, err
	}
	if !it.Valid() || it.Item().IsDeletedOrExpired() {
		return nil, 0, nil
	}
	if value, err = it.Item().ValueCopy(nil); err != nil {
		return nil, 0, fmt.Errorf("read %q: %w", key[:1], err)
	}
	if value == nil {
		value = []byte{}
	}
	return value, it.Item().Version(), nil
}
