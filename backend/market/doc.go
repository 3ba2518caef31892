// Package market is the domain: the values every other package speaks in.
//
// It uses the standard library only, does no I/O, starts no goroutine and reads no clock. All amounts are integers in
// the chain's own units; floats appear only where a value leaves the program. Values are safe to copy; slices and
// bodies reached through an Event or a Commit are shared and must not be changed after they were handed on.
package market
