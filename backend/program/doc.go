// Package program is the seam between the chain and the programs that are understood: it says who wrote which line of a
// transaction's log, cuts events out of self-calls, and hands the bytes to the program they belong to. What those bytes
// mean is known to the packages below it alone, one for each program.
//
// # Numbering
//
// (Signature, Ordinal) identifies an event. Ordinals count the well-formed events of one family of programs in a
// transaction, beginning at the family's own first ordinal, so that understanding a further program never renumbers the
// stored events of another. Programs between which a coin moves are one family, because their events have an order.
//
// The package is pure: no I/O, no clock, no goroutine. Ownership: a Reader belongs to one goroutine, because it reuses
// buffers. Ordering: events come in the order of the log. Failure: foreign, malformed and cut input is counted in a
// Report, never an error and never a panic; the memory used is bounded by the size of the input.
package program
