// Package wake wakes a goroutine that waits on a channel of one place: waking never blocks, and waking twice before it looks
// is waking once. Whoever waits looks at everything there is to do. Whoever waits for nothing but time is woken by the end of
// its context too.
package wake

import (
	"context"
	"time"
)

// Up wakes whoever receives from c, which must be buffered, for one. It may be called from any goroutine.
func Up(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// After returns nil after d, or why ctx ended as soon as it has.
func After(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
