// Package porttest finds a port for a test that listens on it again after a restart, or gives it to a program.
//
// Owner: the test that calls it, from any goroutine. Nothing but tests imports it.
package porttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports below those that systems hand out by themselves, so that nobody is given one while it is not listened on.
const (
	first = 15_000
	count = 15_000
)

// Free is an address of the loopback, 127.0.0.1:PORT, that nobody listens on. It fails the test when there is none.
func Free(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	for range 100 {
		listener, err := config.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(count))) //nolint:gosec // any will do
		if err == nil {
			defer func() { _ = listener.Close() }()
			return listener.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}
