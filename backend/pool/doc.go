// Package pool remembers what trades at the addresses that events name in the place of their coin: which coin, in what it is
// paid, with how many decimals, on which program, and whether the coin's series goes on there at all.
//
// It learns that from events that open such a place and, where none was seen, from the accounts that the cluster keeps. What
// followed coins have needs no registry: their own addresses say it.
//
// Owner: backend makes one Registry and runs it once. What was learned is kept in a file of its own, one line for each place; the
// oldest go when there are too many. It can be removed: the cluster is asked again.
//
// Ordering: places are asked about in the order in which somebody wanted them, fifty at once, with a pause after each request.
//
// Concurrency: At and Learn may be called from any goroutine and never block.
//
// Bounds: 100,000 places (15 MB) are remembered, 8,192 wait. One that waits for longer than half a minute is called unknown
// until the cluster answers; one above the bound at once.
//
// Failure: nothing here ends the program. A cluster that does not answer is asked again, with growing pauses. An address where
// there is nothing is asked about again, as nodes differ and the newest places are not everywhere yet.
package pool
