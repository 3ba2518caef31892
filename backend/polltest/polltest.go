// Package polltest waits in a test for what another goroutine does and announces nowhere.
//
// Owner: the test that calls it, from its own goroutine. Nothing but tests imports it. What never comes fails the test.
package polltest

import (
	"testing"
	"time"
)

// patience ends a test that hangs. It is no measure of speed: the machine may be busy.
const patience = 90 * time.Second

// interval lies between two looks.
const interval = time.Millisecond

// Until returns as soon as done reports true, and fails the test when that takes 90 seconds.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	until(t, patience, what, done)
}

func until(t testing.TB, patience time.Duration, what string, done func() bool) {
	t.Helper()

	for deadline := time.Now().Add(patience); !done(); time.Sleep(interval) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}
