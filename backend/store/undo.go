package store

import (
	"bytes"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// undo takes back what a crash left of a commit that was too large for one Badger transaction. The state record of such
// a commit is missing, so everything newer than the state's timestamp is put back to what it was at that time, at a
// timestamp above; the state itself last, so that a crash in here is undone the same way.
func (s *Store) undo() error {
	good, stray := s.state.at(), s.db.MaxVersion()
	if stray <= good {
		return nil
	}

	old := s.db.NewTransactionAt(good, false)
	defer old.Discard()

	all := s.db.NewTransactionAt(latest, false)
	defer all.Discard()

	it := all.NewIterator(badger.IteratorOptions{AllVersions: true, SinceTs: good})
	defer it.Close()

	batch := s.db.NewWriteBatchAt(stray + 1)
	defer batch.Cancel()

	var last []byte
	rows := 0
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if bytes.Equal(key, last) || bytes.Equal(key, keyState) {
			continue
		}

		last = key
		value, err := s.newest(old, key)
		if err != nil {
			return err
		}

		if value == nil {
			err = batch.Delete(key)
		} else {
			err = batch.Set(key, value)
		}

		if err != nil {
			return fmt.Errorf("put back a row: %w", err)
		}
		rows++
	}

	if err := s.whole(it); err != nil {
		return err
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("put back %d rows: %w", rows, err)
	}

	s.state.skew = stray + 1 - uint64(s.state.Seq)
	txn := s.db.NewTransactionAt(latest, true)
	defer txn.Discard()

	value := appendState(nil, &s.state)
	if err := txn.Set(keyState, value); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := txn.CommitAt(stray+1, nil); err != nil {
		return fmt.Errorf("write state: %w", err)
	}

	s.note(value, &s.state)
	s.log.Warn("cleared an unfinished commit", "rows", rows)
	return nil
}
