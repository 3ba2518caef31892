package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"
)

// Snapshot says what a store was when one commit had just been made.
type Snapshot struct {
	ID      string // identity; empty of a store that has none yet
	Version uint64 // Badger's timestamp of the state, which no row's is above
	State   State
}

// Row is one row of a snapshot. Key and Value must not be changed.
type Row struct {
	Key, Value []byte
	Version    uint64 // Badger's timestamp of the commit that wrote it
}

// What Restore takes for a row at most, in bytes: keys are short, and a value is part of one Badger transaction.
const (
	maxRowKey   = 1 << 10
	maxRowValue = 1 << 30
)

// restoreBuffer is how many bytes of rows Badger is handed at once.
const restoreBuffer = 1 << 20

// Snapshot gives all rows of the store as the newest commit left them, in the order of their keys, while commits go on.
// begin is called first. A row is valid within fn only. An error of either ends it and is returned, as is ErrCorrupt when
// rows cannot be read. Until it ends, Badger keeps what later commits delete.
func (s *Store) Snapshot(ctx context.Context, begin func(Snapshot) error, fn func(Row) error) error {
	return s.read(nil, func(v *view) error {
		if err := call(v, begin, Snapshot{ID: s.identity, Version: v.at, State: v.state.State}); err != nil {
			return err
		}

		return v.scan(ctx, span{}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			return call(v, fn, Row{Key: key, Value: value, Version: item.Version()})
		})
	})
}

// Restore makes a store in dir, which must be empty or missing, of the rows that next gives in the order of their keys until it
// gives false: those of a Snapshot of the given identity. It leaves dir as far as it came when it fails: the caller removes it.
// Rows that no snapshot has, and another identity or state than was said, are ErrCorrupt.
func Restore(ctx context.Context, dir string, want Snapshot, next func() (Row, bool, error)) (err error) {
	o := Options{Dir: dir, Lean: true}.withDefaults()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if found, err := look(dir); err != nil || !found.empty() {
		return errors.Join(err, fmt.Errorf("restore into %s: a store is there", dir))
	}

	db, err := badger.OpenManaged(badgerOptions(&o).WithBaseTableSize(restoreTable))
	if err != nil {
		return fmt.Errorf("make the store: %w", err)
	}
	err = loadRows(ctx, db, want, next)
	if closing := db.Close(); closing != nil && err == nil {
		err = fmt.Errorf("close the store: %w", closing)
	}
	return err
}

// restoreTable is the size of the tables that Restore makes, in bytes; some of them are in memory at once.
const restoreTable = 4 << 20

// loadRows writes the rows straight into tables.
func loadRows(ctx context.Context, db *badger.DB, want Snapshot, next func() (Row, bool, error)) error {
	writer := db.NewStreamWriter()
	if err := writer.Prepare(); err != nil {
		return fmt.Errorf("prepare tables: %w", err)
	}

	if err := writeRows(ctx, writer, want, next); err != nil {
		writer.Cancel()
		return err
	}
	if err := writer.Flush(); err != nil {
		return fmt.Errorf("write tables: %w", err)
	}
	return nil
}

func writeRows(ctx context.Context, writer *badger.StreamWriter, want Snapshot, next func() (Row, bool, error)) error {
	buffer := z.NewBuffer(restoreBuffer, "restore")
	defer func() { _ = buffer.Release() }()

	var last []byte
	identity, at := want.ID == "", false
	for {
		row, more, err := next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}

		// Badger ends the process over rows out of order.
		if len(row.Key) == 0 || len(row.Key) > maxRowKey || len(row.Value) > maxRowValue || bytes.Compare(row.Key, last) <= 0 || row.Version > want.Version {
			return damaged(errors.New("its rows are not those of a store"))
		}
		last = append(last[:0], row.Key...)

		switch {
		case bytes.Equal(row.Key, keyIdentity):
			found, err := decodeIdentity(row.Value)
			identity = err == nil && hex.EncodeToString(found) == want.ID
		case bytes.Equal(row.Key, keyState):
			found, err := decodeState(row.Value)
			at = err == nil && found.State == want.State && found.at() == want.Version
		}

		badger.KVToBuffer(&pb.KV{Key: row.Key, Value: row.Value, Version: row.Version, StreamId: 1}, buffer)
		if buffer.LenNoPadding() < restoreBuffer {
			continue
		}
		if err := writer.Write(buffer); err != nil {
			return fmt.Errorf("write rows: %w", err)
		}
		buffer.Reset()
	}

	if !identity || !at {
		return damaged(errors.New("it is not the snapshot that it says it is"))
	}
	if err := writer.Write(buffer); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}
