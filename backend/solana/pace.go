package solana

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// pace spaces requests to one endpoint: a fixed rate when one is configured, and the pauses the endpoint asks for.
// Safe for concurrent use.
type pace struct {
	gap time.Duration // between requests, 0 = none

	mu    sync.Mutex
	next  time.Time // when the next request may go
	until time.Time // end of a pause
}

func newPace(perSecond float64) *pace {
	p := &pace{}
	if perSecond > 0 {
		p.gap = time.Duration(float64(time.Second) / perSecond)
	}
	return p
}

// wait returns when n more requests may be sent, or with ctx's error.
func (p *pace) wait(ctx context.Context, n int) error {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}

	p.next = at.Add(time.Duration(n) * p.gap)
	p.mu.Unlock()
	for {
		p.mu.Lock()
		if at.Before(p.until) {
			at = p.until
		}
		p.mu.Unlock()
		if !time.Now().Before(at) {
			return ctx.Err()
		}
		if err := sleep(ctx, time.Until(at)); err != nil {
			return err
		}
	}
}

// pause holds every request back for d.
func (p *pace) pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
	}
}

// paused is how long the present pause lasts; 0 when there is none.
func (p *pace) paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until))
}

// backoff is a pause that doubles up to longest.
type backoff struct {
	first, longest, current time.Duration
}

// next is the pause to make now: between half and all of the current length.
func (b *backoff) next() time.Duration {
	if b.current == 0 {
		b.current = b.first
	}
	length := b.current
	b.current = min(2*b.current, b.longest)
	return jitter(length)
}

func (b *backoff) reset() { b.current = 0 }

// jitter is a random length between d/2 and d.
func jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d/2 + rand.N(d/2) //nolint:gosec // spreads load, guards nothing
}

// sleep returns after d, or at once with ctx's error when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
