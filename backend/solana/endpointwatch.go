package solana

import (
	"context"
	"time"
)

const watchTime = 2500 * time.Millisecond // for one endpoint to show that it works

// endpointWatch watches the endpoints during the pauses between attempts. Pauses grow to a minute, but an endpoint that works
// ends one early, so that an outage is over within seconds: at once if it was seen down before, else after a short while,
// as the failure that led to the pause may have been the last one.
type endpointWatch struct {
	run  *shared
	down []bool // by endpoint: did not work when last tried
}

func newEndpointWatch(c *shared) *endpointWatch {
	return &endpointWatch{run: c, down: make([]bool, len(c.config.Endpoints))}
}

// wait returns after d with the first endpoint's index, or earlier with that of an endpoint that works.
func (l *endpointWatch) wait(ctx context.Context, d time.Duration) (index int, err error) {
	began := time.Now()
	deadline := began.Add(d)
	for {
		left := time.Until(deadline)
		if left <= l.run.config.endpointWatch {
			return 0, sleep(ctx, max(0, left))
		}
		if err := sleep(ctx, jitter(l.run.config.endpointWatch)); err != nil {
			return 0, err
		}
		limited, cancel := context.WithDeadline(ctx, deadline)
		index, works := l.look(limited, time.Since(began) >= l.run.config.endpointWatch)
		cancel()
		if works {
			return index, ctx.Err()
		}
	}
}

// look tries each endpoint once and returns the first that works and was down before; once stable, the first that works.
func (l *endpointWatch) look(ctx context.Context, stable bool) (index int, found bool) {
	for index, endpoint := range l.run.config.Endpoints {
		limited, done := context.WithTimeout(ctx, watchTime)
		err := l.run.try(limited, index)
		done()
		if ctx.Err() != nil {
			return 0, false
		}
		was := l.down[index]
		if l.down[index] = err != nil; err == nil && (was || stable) {
			l.run.logger.Debug("endpoint works", "endpoint", endpoint)
			return index, true
		}
	}
	return 0, false
}
