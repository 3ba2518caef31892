package solana

import (
	"context"
	"time"
)

const lookoutTime = 2500 * time.Millisecond // for one endpoint to show that it works

// lookout watches the endpoints during the pauses between attempts. Pauses grow to a minute; an endpoint that was found
// down and works again ends the pause at once, so that an outage is over within seconds. One that keeps working in the
// lookout's eyes and fails all the same is left to the pause.
type lookout struct {
	run  *run
	down []bool // by endpoint: did not work when last tried
}

func newLookout(r *run) *lookout {
	return &lookout{run: r, down: make([]bool, len(r.config.Endpoints))}
}

// wait returns after d with the first endpoint's index, or earlier with that of an endpoint that is back.
func (l *lookout) wait(ctx context.Context, d time.Duration) (index int, err error) {
	deadline := time.Now().Add(d)
	for {
		left := time.Until(deadline)
		if left <= l.run.config.lookout {
			return 0, sleep(ctx, max(0, left))
		}
		if err := sleep(ctx, jitter(l.run.config.lookout)); err != nil {
			return 0, err
		}
		if index, back := l.look(ctx, deadline); back {
			return index, ctx.Err()
		}
	}
}

// look tries each endpoint once, until the deadline.
func (l *lookout) look(ctx context.Context, deadline time.Time) (index int, back bool) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for index, endpoint := range l.run.config.Endpoints {
		limited, done := context.WithTimeout(ctx, lookoutTime)
		err := l.run.try(limited, endpoint)
		done()
		if ctx.Err() != nil {
			return 0, false
		}
		if err == nil && l.down[index] {
			l.down[index] = false
			l.run.logger.Debug("endpoint is back", "endpoint", endpoint)
			return index, true
		}
		l.down[index] = err != nil
	}
	return 0, false
}
