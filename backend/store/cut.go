package store

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"
	"unsafe"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
)

// Badger's iterators end at a block that they cannot read as if nothing came after it, or go on in the next table, and
// tell nobody: the error stays in a field of the table's own iterator. Nothing that Badger exports leads there, neither
// its logger nor its options, and to look at every block before each read would cost more than the read. So the field is
// read where it is. That costs a few nanoseconds for each table, and misses nothing: a table's iterator that failed stays
// failed, and part of the whole, until it is closed or sent elsewhere.
//
// The offsets are looked up by name when the program starts, which ends at once with a version of Badger that is built
// otherwise.
var (
	iteratorWhole = offsetOf[badger.Iterator, y.Iterator]("iitr")
	mergeLeft     = offsetOf[table.MergeIterator, y.Iterator]("left", "iter")
	mergeRight    = offsetOf[table.MergeIterator, y.Iterator]("right", "iter")
	concatTables  = offsetOf[table.ConcatIterator, []*table.Iterator]("iters")
	tableError    = offsetOf[table.Iterator, error]("err")
	tableOf       = offsetOf[table.Iterator, *table.Table]("t")
)

// offsetOf is where a struct S holds a field of type F; path leads to it through structs in it.
func offsetOf[S, F any](path ...string) uintptr {
	at, offset := reflect.TypeFor[S](), uintptr(0)
	for _, name := range path {
		field, ok := at.FieldByName(name)
		if !ok {
			panic(fmt.Sprintf("this version of Badger has no %s.%s", at, name))
		}
		at, offset = field.Type, offset+field.Offset
	}
	if at != reflect.TypeFor[F]() {
		panic(fmt.Sprintf("in this version of Badger %v is a %s", path, at))
	}
	return offset
}

func fieldAt[F, S any](of *S, offset uintptr) F {
	return *(*F)(unsafe.Add(unsafe.Pointer(of), offset)) //nolint:gosec // offsetOf has checked what is there
}

// damageLogged is the time between two lines of the log about reads that were cut short.
const damageLogged = time.Minute

// whole returns ErrCorrupt when something kept an iterator from giving all of its rows so far. It must be asked before the
// iterator is closed, and before it is sent elsewhere.
func (s *Store) whole(it *badger.Iterator) error {
	err := partError(fieldAt[y.Iterator](it, iteratorWhole))
	if err == nil {
		return nil
	}
	return s.unreadable(err)
}

// unreadable counts and logs a read that met a block which cannot be read.
func (s *Store) unreadable(err error) error {
	err = damaged(err)
	s.damagedReads.Add(1)
	now, last := time.Now().UnixNano(), s.damageLoggedAt.Load()
	if now-last >= int64(damageLogged) && s.damageLoggedAt.CompareAndSwap(last, now) {
		s.log.Error("a part of the stored data cannot be read: what would need it is refused", "err", err)
	}
	return err
}

// short is what a read returns that gave another number of rows than was counted when they were written.
func (s *Store) short(what string, got, want uint64) error {
	return s.unreadable(fmt.Errorf("there are %d %s where %d were counted: spinscope verify says more", got, what, want))
}

// DamagedReads is how many reads were refused since the opening because a block that they met cannot be read.
func (s *Store) DamagedReads() uint64 { return s.damagedReads.Load() }

func partError(it y.Iterator) error {
	switch it := it.(type) {
	case *table.MergeIterator:
		if err := partError(fieldAt[y.Iterator](it, mergeLeft)); err != nil {
			return err
		}
		return partError(fieldAt[y.Iterator](it, mergeRight))
	case *table.ConcatIterator:
		for _, one := range fieldAt[[]*table.Iterator](it, concatTables) {
			if one == nil {
				continue
			}
			if err := partError(one); err != nil {
				return err
			}
		}
	case *table.Iterator:
		if err := fieldAt[error](it, tableError); err != nil && !errors.Is(err, io.EOF) {
			id := fieldAt[*table.Table](it, tableOf).ID()
			return fmt.Errorf("file %s: %w", table.IDToFilename(id), err)
		}
	}

	return nil // memtables are in memory
}
