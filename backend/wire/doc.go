// Package wire holds the shapes that leave the program as JSON, over REST and Socket.IO alike. The names are those of
// docs/rest.md and docs/protocol.md and are a contract with scripts: add fields, never rename or drop one.
//
// It owns nothing, reads no clock and does no I/O; every value may be read by several goroutines. This is the one place
// where exact integers become floats. Encoding cannot fail. frontend/src/api/client/wire.gen.ts is generated from these types.
//
//go:generate go run ./gen -root ../..
package wire
