// Package usd tells what SOL costs in US dollars, from the account of Pyth's SOL/USD feed that a cluster keeps.
//
// It is for display only: nothing of it enters candles, events, alerts or the store, which count in what a coin is paid in.
//
// Owner: whoever serves clients makes one Feed. It has no goroutine: the cluster is asked when somebody asks, at most once
// every askEvery, and by one at a time.
//
// Concurrency: Rate may be called from any goroutine. It waits for an answer of the cluster, askFor at most.
//
// Failure: a cluster that does not answer, or keeps something else there, leaves the last price standing until it is stale; what
// went wrong is in the answer. Nothing here ends the program.
package usd
