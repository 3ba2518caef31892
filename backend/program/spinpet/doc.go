// Package spinpet knows the SpinPet program: the layouts of its events, how its prices are scaled and how its bonding
// curve moves. docs/events.md is the reference of the layouts.
//
// The package is pure: no I/O, no clock, no goroutine. Ownership: a Scales belongs to one goroutine; every function, the
// plug and Curve are safe for concurrent use. Failure: data that fits no layout is refused with an error of package
// program, never a panic; the memory used is bounded by the size of the input.
package spinpet
