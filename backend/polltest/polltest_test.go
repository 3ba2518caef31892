package polltest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// failing notes what a test would have ended with.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		Until(t, "the third look", func() bool { looks++; return looks == 3 })

		begin := time.Now()
		f := &failing{TB: t}
		func() {
			defer func() { _ = recover() }()
			until(f, time.Minute, "what never comes", func() bool { return false })
		}()
		if waited := time.Since(begin); f.said != "waited 1m0s in vain for what never comes" || waited < time.Minute || waited > 2*time.Minute {
			t.Errorf("said %q after %v", f.said, waited)
		}
	})
}
