//go:build !linux

package store

// stayLean does nothing here: the small caches are all that a Lean store has.
func (s *Store) stayLean() {}
