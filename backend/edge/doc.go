// Package edge keeps a store that is a replica: it takes the commits that the bus carries, in order, each as the original took
// it, so that both have the same rows.
//
// A replica begins from a snapshot on the bus, which is a backup (package backup), and follows the log from the commit after it.
// What it shows is never ahead of the log. It commits nothing of its own; the seq is the original's. Its alerts it takes from a
// log of their own (Alerts). Compare finds one that took other commits.
//
// Concurrency: one goroutine runs a Replica, Trouble is for any. Failure: while the bus cannot be reached the replica waits and
// keeps what it has; ErrBehind says that the log begins later than the store ends, so that it must begin from a snapshot again.
package edge
