// Package watch follows coins: it finds out what a mint is, has the source follow the coin's addresses, and tells the writer
// which events are the coin's.
//
// Owner: one goroutine runs Service.Run; Add, Remove, Coins, Follows and At may be called from any.
//
// Ordering: a coin is known to the writer before its addresses are followed, so that nothing which the source brings of it is
// left out, and is forgotten by it only after they are followed no more.
//
// Failure: what is no coin is said so for good (Refused); a cluster that does not answer is asked again, with growing pauses.
// Nothing here ends the program.
package watch
