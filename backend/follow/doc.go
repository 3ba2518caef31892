// Package follow brings the commits of a store to those who follow the market: live from the hub and, to whoever is behind,
// from the store's commit log.
//
// Owner: backend makes one Follower for each [Sink]; the sink's own goroutine calls its methods, so that a sink needs no lock
// for what is delivered to it. Lags may be called from any goroutine.
//
// Ordering: a sink gets every commit after the one that it begins at, each once, in the order of seq. Those that are not in
// the log any more it does not get: it is told of them by Missed, in their place, and reads the store as it can.
//
// Concurrency: what waits for a sink is bounded twice, by the hub's queue and by a page of the log. Who delivers waits for
// nobody; a sink that is slow loses its queue and goes on in the log, which costs no other one anything.
//
// Failure: an error of the sink or of the store ends the delivery, and the commit that the sink failed at counts as not
// delivered.
package follow
