package store

import (
	"time"

	"github.com/dgraph-io/badger/v4"
)

// keepTime is how long after the first table of a lower level versions go on being kept.
const keepTime = 5 * time.Second

// tombstones says from when on Badger may drop what was deleted or written over.
//
// While Badger merges a store's first tables into a lower level, which has none yet, it may merge younger tables among
// themselves beside that. It then looks for older rows in the lower levels alone, finds no table there, and drops deletions
// whose rows are just being moved down: they are back when that ends. Until there is a table below, and for a while after,
// as a merge may have looked just before, it is therefore let drop nothing. Whoever opens a store that has such a table is
// past that.
//
// The zero value has not looked. It is for one goroutine at a time.
type tombstones struct {
	dropping bool
	looked   time.Time // the last time
	seen     time.Time // when a table was first seen below; zero: not yet
}

// begin looks at a database that was just opened, before anything of it is merged.
func (t *tombstones) begin(db *badger.DB) { t.dropping = hasLower(db) }

// mayDrop reports whether the time has come. It looks once a second.
func (t *tombstones) mayDrop(db *badger.DB, now time.Time) bool {
	switch {
	case t.dropping:
		return true
	case !t.seen.IsZero():
		t.dropping = now.Sub(t.seen) >= keepTime
	case now.Sub(t.looked) >= time.Second:
		t.looked = now
		if hasLower(db) {
			t.seen = now
		}
	}
	return t.dropping
}

// hasLower reports whether a level below the topmost has a table.
func hasLower(db *badger.DB) bool {
	for _, level := range db.Levels() {
		if level.Level > 0 && level.NumTables > 0 {
			return true
		}
	}
	return false
}

// discard lets Badger drop what no reader can see any more, as of the newest commit.
func (s *Store) discard(at uint64) {
	if s.tombstones.mayDrop(s.db, time.Now()) {
		s.db.SetDiscardTs(s.readers.oldest(at))
	}
}
