// Package pumpcoin finds coins of pump, from their curve to the PumpSwap pool to which they move, and finds out what a pool is to
// its coin.
//
// Owner: none, it keeps nothing; its functions may be called from several goroutines.
//
// Failure: what an address is instead of such a coin or pool is said in words for a person; errors of the cluster are passed on.
package pumpcoin
