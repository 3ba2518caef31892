package store

import (
	"errors"
	"fmt"
	"os"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// writer builds one commit.
type writer struct {
	s     *Store
	c     *market.Commit
	at    uint64 // Badger's timestamp of the commit
	txn   *badger.Txn
	count int    // writes in txn
	arena []byte // keys and values until they are sent; what outgrows it stays valid where it was
	state state

	ids       map[market.Pubkey]mintID // new mints of this commit
	fresh     []market.Pubkey          // the same in order
	touched   []*mintState
	loaded    map[mintID]*openCandles // first open candles of mints that were not in memory
	candleIDs []mintID                // of c.Candles

	sameCreated []bool              // of each of c.Tokens: its TokenCreated is stored already
	changed     map[openID]struct{} // candles of this commit, made when durable ones need it
	late        []lateRow
	isLate      map[lateRow]struct{}
	chunks      map[seriesID]*chunkList
	pruned      map[mintID]*market.Token // sums of deleted events; not nil while retention deletes
	low         map[lowID]uint64         // rows left in the chunks it changed
}

type openID struct {
	id       mintID
	interval market.Interval
	time     int64
}

func (s *Store) newWriter(c *market.Commit) *writer {
	w := &writer{s: s, c: c, state: s.state, arena: s.arena[:0], loaded: map[mintID]*openCandles{}}
	w.state.kinds = w.state.kinds.Clone()
	w.state.Seq = c.Seq
	w.at = w.state.at()
	w.txn = s.db.NewTransactionAt(w.at-1, true)
	return w
}

func (w *writer) discard() {
	w.txn.Discard()
	const keep = 8 << 20
	if cap(w.arena) <= keep {
		w.s.arena = w.arena[:0]
	}
}

// tail is the free end of the arena, to append a key to; key takes the result in.
func (w *writer) tail() []byte { return w.arena[len(w.arena):] }

func (w *writer) key(key []byte) []byte {
	if cap(w.arena)-len(w.arena) >= len(key) {
		w.arena = w.arena[:len(w.arena)+len(key)] // it was built in place
		return key
	}
	w.arena = append(make([]byte, 0, max(2*cap(w.arena), 64<<10)), key...)
	return w.arena
}

// put writes a row. The slices must stay unchanged until the commit is over.
func (w *writer) put(key, value []byte) error {
	if err := w.countRow(); err != nil {
		return err
	}
	if w.s.onPut != nil {
		w.s.onPut(key, value)
	}
	err := w.txn.Set(key, value)
	if errors.Is(err, badger.ErrTxnTooBig) {
		if err := w.split(); err != nil {
			return err
		}
		err = w.txn.Set(key, value)
	}
	if err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

func (w *writer) del(key []byte) error {
	if err := w.countRow(); err != nil {
		return err
	}
	err := w.txn.Delete(key)
	if errors.Is(err, badger.ErrTxnTooBig) {
		if err := w.split(); err != nil {
			return err
		}
		err = w.txn.Delete(key)
	}
	if err != nil {
		return fmt.Errorf("delete row: %w", err)
	}
	return nil
}

// countRow counts a row that is about to be written, and splits the commit before the one that would not fit.
func (w *writer) countRow() error {
	w.count++
	if limit := w.s.options.maxWrites; limit > 0 && w.count > limit {
		return w.split()
	}
	return nil
}

// split sends what the commit holds so far, as one Badger transaction cannot hold all. Readers do not look at this
// timestamp yet, and after a crash undo clears it.
func (w *writer) split() error {
	if err := w.send(nil); err != nil {
		return err
	}
	w.txn = w.s.db.NewTransactionAt(w.at, true)
	w.count = 1
	if w.s.onSplit != nil {
		return w.s.onSplit()
	}
	return nil
}

func (w *writer) send(meanwhile func()) error {
	sent := make(chan error, 1)
	if err := w.txn.CommitAt(w.at, func(err error) { sent <- err }); err != nil {
		return fmt.Errorf("write transaction: %w", err)
	}

	if meanwhile != nil {
		meanwhile()
	}

	select {
	case err := <-sent:
		if err == nil {
			return nil
		}
		if missing := w.s.directoryThere(); errors.Is(missing, os.ErrNotExist) {
			return w.s.lose(missing)
		}
		return fmt.Errorf("write transaction: %w", err)
	case <-w.s.gone:
		return w.s.goneErr
	}
}

// get reads a row as the commit has it so far; nil when there is none. The value is valid until the next call.
func (w *writer) get(key []byte) ([]byte, error) {
	item, err := w.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	var value []byte
	if err := item.Value(func(b []byte) error { value = b; return nil }); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}

// mint is a mint's state for changing. A mint seen for the first time gets a number.
func (w *writer) mint(mint market.Pubkey) (*mintState, error) {
	id, known := w.s.directory.ids[mint] // only the writer changes the directory
	if !known {
		id, known = w.ids[mint]
	}
	if !known {
		if w.ids == nil {
			w.ids = map[market.Pubkey]mintID{}
		}
		w.state.lastMint++
		id = w.state.lastMint
		w.ids[mint] = id
		w.fresh = append(w.fresh, mint)

		m := &mintState{id: id, mint: mint}
		m.token.Mint = mint
		w.s.remember(m)
		w.touch(m)
		return m, nil
	}

	m, err := w.mintByID(id)
	if err != nil {
		return nil, err
	}
	w.touch(m)
	return m, nil
}

func (w *writer) mintByID(id mintID) (*mintState, error) {
	if m, ok := w.s.cache[id]; ok {
		return m, nil
	}
	// From the last commit's state: this one's mints are kept, and written last.
	var m *mintState
	err := w.s.read(nil, func(v *view) (err error) {
		m, err = v.mint(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	w.s.remember(m)
	return m, nil
}

func (w *writer) touch(m *mintState) {
	if !m.unstored {
		m.unstored = true
		w.touched = append(w.touched, m)
	}
}

// remember keeps a mint decoded. When there are too many an arbitrary one that is not in use leaves.
func (s *Store) remember(m *mintState) {
	if len(s.cache) >= s.options.maxCached {
		for id, old := range s.cache {
			if !old.unstored {
				delete(s.cache, id)
				break
			}
		}
	}
	s.cache[m.id] = m
}
