package store

import (
	"bytes"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Raw is Badger alone with the store's options, for benchmarks of other packages' code over the store.
type Raw struct {
	db   *badger.DB
	rows []row
}

// NewRaw opens it.
func NewRaw(b *testing.B) *Raw {
	b.Helper()
	return &Raw{db: rawDB(b)}
}

// Watch collects the rows that the store writes from now on.
func (r *Raw) Watch(s *Store) {
	s.onPut = func(key, value []byte) { r.rows = append(r.rows, row{bytes.Clone(key), bytes.Clone(value)}) }
}

// maxRaw is how many rows go into one of Badger's transactions, which are limited.
const maxRaw = 5000

// Write writes what was collected, as many transactions as there were commits, and tells how long each took.
func (r *Raw) Write(b *testing.B) (took []time.Duration, rows int) {
	b.Helper()
	start := 0
	for i := range r.rows {
		if bytes.Equal(r.rows[i].key, keyState) { // a commit's last row
			var commit time.Duration
			for ; start <= i; start += maxRaw {
				commit += writeRaw(b, r.db, r.rows[start:min(start+maxRaw, i+1)])
			}
			took, start = append(took, commit), i+1
		}
	}
	rows = len(r.rows)
	r.rows = r.rows[:0]
	return took, rows
}

// Quantile and Micros are those of the package's own benchmarks.
var (
	Quantile = quantile
	Micros   = micros
)

// Unwatch ends the collecting.
func Unwatch(s *Store) { s.onPut = nil }
