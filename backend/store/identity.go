package store

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// A store has an identity: 16 random bytes, drawn when it is made and never changed. A seq means something only together
// with it. It has a row of its own and is no part of the state record, so that earlier versions of the program, which
// read that record to its exact end and know no such row, open the store as before and leave the identity in it.

const identitySize = 16

func appendIdentity(dst, identity []byte) []byte {
	return append(append(dst, recordVersion), identity...)
}

func decodeIdentity(value []byte) ([]byte, error) {
	f := record(value)
	identity := f.take(identitySize)
	return identity, f.err("identity")
}

func newIdentity() []byte {
	identity := make([]byte, identitySize)
	_, _ = rand.Read(identity) // never fails
	return identity
}

// ID is the store's identity, 32 hexadecimal digits: the same as long as its seqs go on from each other, another one for
// any other store. docs/storage.md says what it cannot tell.
func (s *Store) ID() string { return s.identity }

// loadIdentity reads the identity; a store of an earlier version, which has none, is given one.
func (s *Store) loadIdentity() error {
	txn := s.db.NewTransactionAt(s.state.at(), false)
	defer txn.Discard()

	value, err := s.newest(txn, keyIdentity)
	if err != nil {
		return err
	}
	if value == nil && s.options.ReadOnly {
		return nil // it has none yet, and nobody is told of it
	}

	if value == nil {
		value = appendIdentity(nil, newIdentity())
		if err := s.maintain(func(w *writer) error { return w.put(keyIdentity, value) }); err != nil {
			return fmt.Errorf("give the store an identity: %w", err)
		}
	}

	identity, err := decodeIdentity(value)
	if err != nil {
		return damaged(err)
	}
	s.identity = hex.EncodeToString(identity)
	return nil
}
