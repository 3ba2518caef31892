// Package export writes candles, trades, events, orders and gaps as CSV, JSON Lines, Parquet or Arrow, with every digit of the
// stored integers: as one file with a manifest, or as a Dataset, a directory with a file a day that each run brings up to date.
// The REST route, the app's File › Export and the command line use the same writers.
//
// It owns the file it writes until that is complete: File writes beside the target and renames, so a reader never sees
// half an export. Rows of one mint are ascending; mints follow each other as asked.
// An export of all has events in chain order, and the rest by the mints' addresses. A Write is used by one goroutine,
// holds two chunks of rows in memory and reads the source chunk by chunk, so that no store transaction stays open while
// a slow reader takes its time. It stops at the first error and at the end of its context.
//
// docs/rest.md lists the columns.
package export
