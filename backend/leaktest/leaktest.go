// Package leaktest ends a test binary with an error when goroutines outlive its tests. It is for packages that run the
// Socket.IO library, in which a connection that ends while it is being upgraded leaves a timer of ten seconds behind.
// The library's timers end by themselves, after a ping interval and timeout at most; all else that stays is a leak.
//
// Owner: TestMain of those packages. Nothing else imports it.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is longer than a ping interval and timeout of the library's defaults, 25 and 20 seconds.
const patience = time.Minute

// Main runs the tests and exits.
func Main(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := waitForEnd(patience); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines left after the tests:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// waitForEnd waits until no goroutine is left; each look itself waits for a moment.
func waitForEnd(patience time.Duration) error {
	for start := time.Now(); ; {
		err := goleak.Find()
		if err == nil || time.Since(start) > patience {
			return err
		}
	}
}
