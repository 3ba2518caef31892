// Package ingest is the single writer of the market: it turns batches of transaction logs into commits.
//
// Owner: one goroutine calls Apply, Take, Flush, Recover and Close; nothing else may. Counters are safe to read from
// anywhere.
//
// Parts: Ingest composes them, and takes transactions in (transactions.go). Each of them owns what it keeps: window the
// newest transactions and where they stand, mints the open candles, orders the margin orders, prices the price chain,
// progress how far was read, cutLogs the gaps of truncated logs, births the creations that gaps of coins do not reach below,
// commits the next commit and the one being written. A rebuild lives as long as one mint's late events take.
//
// Order: a batch's transactions are read, told apart from what is known, and folded in order of (block time, slot,
// index, ordinal). Then everything is committed at once, and only then published. Seq grows by one with each commit.
// Commits are written one after the other, each while the next one is made ready.
//
// What comes in order costs one pass over the ten open candles of its mint. What comes late, moves or is rolled back
// makes its mint's touched buckets, and the next one, to be built anew from the stored events; changed final candles go
// out as corrections.
//
// Failure: an error of the store ends the writer, as nothing may be published that is not durable. Bad logs, amounts
// and times are counted and skipped, never fatal. After a crash Recover folds the events since the last durable open
// candles.
package ingest
