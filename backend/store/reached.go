package store

import (
	"context"
	"encoding/binary"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// How far each address that is followed beside the program has come is a record by address. The program's own stands in the
// state, as it did before there were others.

func appendReachedKey(dst []byte, address *market.Pubkey) []byte {
	return append(append(dst, tableReached), address[:]...)
}

func appendReached(dst []byte, r *market.Reached) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, uint64(r.Slot))
	dst = binary.AppendVarint(dst, r.ChainTime)
	return binary.AppendUvarint(dst, uint64(r.Checkpoint))
}

func decodeReached(key, value []byte) (market.Reached, error) {
	k := fields{rest: key}
	k.u8()
	r := market.Reached{Address: k.key()}
	f := record(value)
	r.Slot, r.ChainTime, r.Checkpoint = market.Slot(f.uvarint()), f.varint(), market.Slot(f.uvarint())
	f.bad = f.bad || k.bad || len(k.rest) != 0
	return r, f.err("address")
}

// reached stores how far an address has come.
func (w *writer) reached(r *market.Reached) error {
	start := len(w.arena)
	w.arena = appendReached(w.arena, r)
	record := w.arena[start:]
	return w.put(w.key(appendReachedKey(w.tail(), &r.Address)), record)
}

// Reached gives how far each address has come that was ever followed beside the program, in the order of the addresses,
// until fn returns an error. A restart reads an address on after its Checkpoint.
func (s *Store) Reached(fn func(*market.Reached) error) error {
	return s.read(nil, func(v *view) error {
		return v.scan(context.Background(), span{prefix: []byte{tableReached}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			r, err := decodeReached(key, value)
			if err != nil {
				return err
			}
			return call(v, fn, &r)
		})
	})
}

// ReachedBy is how far one address has come; false when it was never followed.
func (s *Store) ReachedBy(address market.Pubkey) (r market.Reached, found bool, err error) {
	err = s.read(nil, func(v *view) (err error) {
		r, found, err = v.reached(address)
		return err
	})
	return r, found, err
}

// reached checks the records of addresses.
func (a *audit) reached() error {
	return a.rows(tableReached, func(key, value []byte) error {
		if _, err := decodeReached(key, value); err != nil {
			return a.problem("address: %v", err)
		}
		return nil
	})
}
