// Package spinscope is a client of a Spinscope server: its candles, prices and events, stored and live. It comes back after a
// lost connection, a restart or a crash of the server, goes on where it was, and says when it cannot.
//
// A Client may be used by several goroutines, each of its streams by one at a time. Times are Unix seconds; prices are in what a
// coin is paid in per whole coin, volumes in whole coins.
package spinscope
