package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// view is the store as one commit left it. It lives as long as the read it serves.
type view struct {
	s      *Store
	state  state
	seq    market.Seq
	at     uint64 // Badger's timestamp
	txn    *badger.Txn
	inside bool // a caller's function is running: its panics are its own
}

// read runs fn on the newest state. grab, if given, copies what fn needs of the published memory; it runs at the same
// instant under the lock and must be short.
func (s *Store) read(grab func(), fn func(*view) error) (err error) {
	v, err := s.begin(grab)
	if err != nil {
		return err
	}
	defer s.end(v)
	defer rescue(&err, &v.inside)
	if err := fn(v); err != nil && !errors.Is(err, Stop) {
		return err
	}
	return nil
}

func (s *Store) begin(grab func()) (*view, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed.Load() {
		return nil, ErrClosed
	}
	v := &view{s: s, state: s.state, seq: s.state.Seq, at: s.state.at()}
	s.readers.enter(v.at)
	if s.closed.Load() { // Close may have looked before enter; it looks after its own mark
		s.readers.leave(v.at)
		return nil, ErrClosed
	}
	v.txn = s.db.NewTransactionAt(v.at, false)
	if grab != nil {
		grab()
	}
	return v, nil
}

func (s *Store) end(v *view) {
	v.txn.Discard()
	s.readers.leave(v.at)
}

// rescue turns a panic of Badger over damaged data into ErrCorrupt. Panics of a caller's function pass.
func rescue(err *error, inside *bool) {
	if inside != nil && *inside {
		return
	}
	cause := recover()
	if cause == nil {
		return
	}
	if fault, ok := cause.(runtime.Error); ok {
		*err = damaged(fault)
		return
	}
	*err = damaged(fmt.Errorf("%v", cause))
}

// get reads a row that is written once, or whose absence alone matters; nil when there is none. It does not copy: the
// value is valid until the next read of the view. Rows that change are for newest.
func (v *view) get(key []byte) ([]byte, error) {
	value, _, err := v.versioned(key)
	return value, err
}

// newest reads a row that may have changed since it was first written; nil when there is none.
func (v *view) newest(key []byte) ([]byte, error) { return v.s.newest(v.txn, key) }

// versioned is get with the version of the row, Badger's timestamp of the commit that wrote it: who knows which it must be
// can tell an older one, which Badger finds when it cannot read the newest.
func (v *view) versioned(key []byte) (value []byte, version uint64, err error) {
	item, err := v.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		value, err = v.newest(key) // or it is not found because it cannot be read
		return value, 0, err
	}
	if err != nil {
		return nil, 0, v.failed(err)
	}
	value, err = v.value(item)
	return value, item.Version(), err
}

func (v *view) value(item *badger.Item) (value []byte, err error) {
	err = item.Value(func(b []byte) error { value = b; return nil })
	if err != nil {
		return nil, v.failed(err)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}

func (v *view) failed(err error) error { return fmt.Errorf("read store: %w", err) }

// alive reports whether a long read may go on.
func (v *view) alive(ctx context.Context) error {
	if v.s.closed.Load() {
		return ErrClosed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// span is a stretch of keys to read: those with the prefix, from the bound on.
type span struct {
	prefix  []byte
	from    []byte // the first key wanted (going down: the last one); nil: the end of the prefix's range
	open    bool   // from itself is not wanted
	reverse bool
}

// above is a suffix that sorts behind every key of this store.
var above = bytes.Repeat([]byte{0xff}, 64)

// scan calls fn with every row of the span in order, until fn returns an error; Stop ends it without one. The key and
// the item are valid within fn only. When rows were left out because they cannot be read, it returns ErrCorrupt in the
// end, whatever fn returned.
func (v *view) scan(ctx context.Context, sp span, fn func(key []byte, item *badger.Item) error) error {
	it := v.txn.NewIterator(badger.IteratorOptions{Prefix: sp.prefix, Reverse: sp.reverse})
	defer it.Close()

	from := sp.from
	switch {
	case from != nil:
	case sp.reverse:
		from = append(bytes.Clone(sp.prefix), above...)
	default:
		from = sp.prefix
	}

	err := v.rows(ctx, it, &sp, from, fn)
	if damage := v.s.whole(it); damage != nil {
		return damage
	}
	if errors.Is(err, Stop) {
		return nil
	}

	return err
}

func (v *view) rows(ctx context.Context, it *badger.Iterator, sp *span, from []byte, fn func(key []byte, item *badger.Item) error) error {
	var last []byte
	for it.Seek(from); it.Valid(); it.Next() {
		item := it.Item()
		key := item.Key()

		if sp.reverse { // Badger goes up again when the block above the first row cannot be read, and forgets the error
			if last != nil && bytes.Compare(key, last) >= 0 {
				return v.s.unreadable(errOrder)
			}
			last = append(last[:0], key...)
		}

		if sp.open && bytes.Equal(key, sp.from) {
			continue
		}
		if err := v.alive(ctx); err != nil {
			return err
		}
		if err := fn(key, item); err != nil {
			return err
		}
	}

	return nil
}

var errOrder = errors.New("a table gives its rows out of order")

// call runs a caller's function.
func call[T any](v *view, fn func(T) error, with T) error {
	v.inside = true
	err := fn(with)
	v.inside = false
	return err
}

// readers counts the running reads by timestamp: what the oldest of them may still see must not be discarded.
type readers struct {
	mu     sync.Mutex
	at     map[uint64]int
	idle   chan struct{} // closed when the last one leaves, if someone waits
	active int
}

func (r *readers) enter(at uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil {
		r.at = map[uint64]int{}
	}
	r.at[at]++
	r.active++
}

func (r *readers) leave(at uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at[at]--; r.at[at] == 0 {
		delete(r.at, at)
	}
	if r.active--; r.active == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// oldest is the lowest timestamp being read, at most now.
func (r *readers) oldest(now uint64) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at := range r.at {
		now = min(now, at)
	}
	return now
}

// wait returns when no read is running.
func (r *readers) wait() {
	r.mu.Lock()
	if r.active == 0 {
		r.mu.Unlock()
		return
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	<-idle
}
