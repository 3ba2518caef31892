package store

import (
	"fmt"

	"spinscope/backend/market"
)

// maintain changes the store between two commits: fn's rows and the state are one Badger transaction with a timestamp of
// its own (skew grows by one), while seq stays. Readers and crashes see it whole or not at all. An error of fn is as
// final as one of Commit.
func (s *Store) maintain(fn func(*writer) error) (err error) {
	s.write.Lock()
	defer s.write.Unlock()

	if s.closed.Load() {
		return ErrClosed
	}
	if s.options.ReadOnly {
		return ErrReadOnly
	}
	if s.broken != nil {
		return fmt.Errorf("store stopped at an earlier failure: %w", s.broken)
	}

	defer func() {
		if err != nil {
			s.broken = err
		}
	}()
	defer rescue(&err, nil)

	w := &writer{s: s, c: &market.Commit{Seq: s.state.Seq}, state: s.state, arena: s.arena[:0], loaded: map[mintID]*openCandles{}}
	w.state.kinds = w.state.kinds.Clone()
	w.state.skew++
	w.at = w.state.at()
	w.txn = s.db.NewTransactionAt(w.at-1, true)
	defer w.discard()

	if err := fn(w); err != nil {
		return fmt.Errorf("maintain: %w", err)
	}
	if err := w.writeMints(); err != nil {
		return fmt.Errorf("maintain: %w", err)
	}
	if err := w.writeState(nil); err != nil {
		return fmt.Errorf("maintain: %w", err)
	}

	s.mu.Lock()
	s.state = w.state
	for _, m := range w.touched {
		s.directory.written[m.id-1] = w.at
	}

	s.mu.Unlock()
	s.discard(w.state.at())
	return nil
}
