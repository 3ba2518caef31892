package socketio

import "time"

// bucket is a token bucket. Not safe for concurrent use.
type bucket struct {
	perSecond, burst, tokens float64
	last                     time.Time
}

func newBucket(perSecond float64, burst int) bucket {
	return bucket{perSecond: perSecond, burst: float64(burst), tokens: float64(burst)}
}

func (b *bucket) take(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.perSecond)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
