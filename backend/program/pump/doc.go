// Package pump knows the pump program: the layouts of its events through all their generations, and what a trade on its
// bonding curve comes to. docs/events.md is the reference of the layouts.
//
// The package is pure: no I/O, no clock, no goroutine. Everything in it is safe for concurrent use. Failure: data that
// fits no generation of its layout is refused with an error of package program, never a panic; data longer than the
// newest known one is read as far as it is known, and its tail is kept.
package pump
