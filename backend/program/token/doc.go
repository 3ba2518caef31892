// Package token reads what the token programs and the metadata program keep of a mint: its supply and decimals, and the name
// that whoever made it gave it. None of it is an event, and none of it belongs to one market's program.
//
// A name is text of strangers: it is taken as it stands or refused, never mended.
//
// The package is pure: no I/O, no clock, no goroutine; everything in it is safe for concurrent use. Failure: an account that is
// not what it should be is refused with an error, never a panic.
package token
