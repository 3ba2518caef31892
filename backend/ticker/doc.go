// Package ticker tells what every mint did lately: its price, and its change, volume and trades over the last five
// minutes, hour and day, and ranks the mints by them.
//
// Owner: backend makes one Cache over the store and hands it to the REST API.
//
// Ordering: windows end at chain time, not at the wall clock, and begin with the first candle that lies inside them
// whole; what happened since chain time is in them. An answer stands at the commit that the store was at, or a later one.
//
// Concurrency: a Cache may be used from any goroutine; answers are made one at a time. It keeps what it computed until a
// commit touches the mint or a candle leaves one of its windows, so that asking often costs little.
//
// Failure: an error of the store ends the answer; nothing half read is kept. Rankings hold the 10,000 mints traded last,
// which bounds what is kept to a few megabytes.
package ticker
