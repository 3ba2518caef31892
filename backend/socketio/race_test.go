//go:build race

package socketio

// The race detector makes every call deeper.
func init() { readerStack = 6 << 10 }
