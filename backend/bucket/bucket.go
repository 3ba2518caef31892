// Package bucket bounds how often something may happen: a token bucket. It keeps no time of its own.
package bucket

import "time"

// Bucket is a token bucket, full at first. Make one with New. Not safe for concurrent use.
type Bucket struct {
	perSecond, burst, tokens float64
	last                     time.Time
}

// New makes a bucket that gains perSecond tokens a second and holds burst of them at most.
func New(perSecond float64, burst int) Bucket {
	return Bucket{perSecond: perSecond, burst: float64(burst), tokens: float64(burst)}
}

// Take takes a token; false when there is no whole one. The times of its calls must not go back.
func (b *Bucket) Take(now time.Time) bool {
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
