// Package registry is the list of the programs that are understood. Whoever stores, shows or writes events asks it for the
// plug of a kind's program, and knows none itself.
//
// The list is made while packages are initialised and never changes after that, so everything is safe for concurrent use.
package registry
