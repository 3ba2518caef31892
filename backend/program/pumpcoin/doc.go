// Package pumpcoin finds coins of pump, from their curve to the PumpSwap pool to which they move.
//
// Owner: none, it keeps nothing; Find may be called from several goroutines.
//
// Failure: what an address is instead of such a coin is said in words for a person; errors of the cluster are passed on.
package pumpcoin
