// Package store keeps the market in Badger: events, candles, orders, tokens and the counters over them.
//
// Owner: one writer calls Commit; any number of goroutines read. Order: commits are numbered without gaps, and the number
// is Badger's timestamp too, so that a reader's snapshot is exactly the state after one commit, open candles included:
// those live in a memory overlay which is copied at the same instant. Concurrency: readers never wait for a write to
// disk. Failure: a commit is there whole or not at all, also after a crash; an error of Commit is final, open the store
// again. A damaged record is reported as ErrCorrupt. Layout and reasons: docs/storage.md.
package store
