// Package verify rebuilds candles, orders and token totals from the stored events and compares them with what is
// stored.
//
// Owner: the command line, on a store that nobody writes to meanwhile. It reads some mints at a time, in pages, so
// that memory does not grow with the store. Repairing is one commit per mint, numbered like every other.
//
// Failure: a difference is a finding, not an error; errors are those of the store.
package verify
