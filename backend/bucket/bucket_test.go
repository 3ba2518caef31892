package bucket_test

import (
	"testing"
	"time"

	"spinscope/backend/bucket"
)

// TestTake: a burst at once, then the rate, and never more than the burst after a rest.
func TestTake(t *testing.T) {
	b := bucket.New(2, 3)
	now := time.Unix(1_700_000_000, 0)
	taken := func() (count int) {
		for b.Take(now) {
			count++
		}
		return count
	}

	for _, step := range []struct {
		rest time.Duration
		want int
	}{
		{0, 3}, {0, 0}, {250 * time.Millisecond, 0}, {250 * time.Millisecond, 1}, {time.Second, 2}, {time.Hour, 3},
	} {
		now = now.Add(step.rest)
		if got := taken(); got != step.want {
			t.Errorf("after %v: %d taken, want %d", step.rest, got, step.want)
		}
	}
}
