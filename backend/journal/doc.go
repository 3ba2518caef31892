// Package journal keeps what was learned in a file, one line for each answer: a later line of the same thing takes the place of an
// earlier one. What a line says is the caller's.
//
// The file is a cache: it is read once, at the start, and can be removed. A line that makes no sense, such as the last one when
// the process ended while it was written, is left out, and the file made anew without it; so is one of more lines than are
// worth keeping.
//
// Owner: whoever learns opens one Journal and closes it. Concurrency: one goroutine at a time.
//
// Failure: what cannot be written is not kept, and nothing after it, as that would be lost with half a line.
package journal
