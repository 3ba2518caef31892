// Package spinpet knows the SpinPet program: the layouts of its events, which log lines are its own, how its prices are
// scaled and how its bonding curve moves. docs/events.md is the reference of the layouts.
//
// The package is pure: no I/O, no clock, no goroutine. Ownership: a Reader and a Scales belong to one goroutine, because
// they reuse buffers; every function and Curve is safe for concurrent use. Ordering: a Reader gives the events of one
// transaction in the order of its log. Failure: foreign, malformed and cut input is counted in a Report, never an error
// and never a panic; the memory used is bounded by the size of the input.
package spinpet
