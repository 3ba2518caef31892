// Package listener brings what a source reads of a chain to the writer: it waits for space on the disk, has the writer store
// each batch, and tells how both do.
//
// Owner: the composition root makes one Listener over an open store and runs it once; commands that bring history into a
// store that nobody serves use Write and Take from one goroutine in the place of Run.
//
// Ordering: batches are written in the order in which they come. One that others follow is written while the next is read.
//
// Concurrency: Run, Write, Take and Close belong to one goroutine; Status, Trouble and Collect are for any.
//
// Failure: an error of the store or of the disk ends Run. Trouble with the cluster is the source's own affair.
package listener
