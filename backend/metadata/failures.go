package metadata

import (
	"sync"
	"time"

	"spinscope/backend/market"
)

const (
	maxFailures    = 1 << 14
	passingPause   = time.Minute // after the first failure that may pass, doubled with each further one
	lastingPause   = 10 * time.Minute
	longestPause   = 12 * time.Hour
	maxDoublings   = 10
	longestBackoff = 30 * time.Second // between the attempts of one task
)

// failures remembers which mints are let be for a while. It forgets over a restart.
type failures struct {
	mu sync.Mutex
	of map[market.Pubkey]failure
}

type failure struct {
	uri   string
	until time.Time
	count int
}

func newFailures() *failures { return &failures{of: map[market.Pubkey]failure{}} }

// allow reports whether the mint may be tried. A new uri, unless it is "", may always.
func (f *failures) allow(mint market.Pubkey, uri string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed, ok := f.of[mint]
	return !ok || !now.Before(failed.until) || uri != "" && uri != failed.uri
}

// note remembers a failure.
func (f *failures) note(mint market.Pubkey, uri string, lasting bool, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed := f.of[mint]
	if failed.uri != uri {
		failed = failure{uri: uri}
	}
	pause := passingPause
	if lasting {
		pause = lastingPause
	}
	failed.until = now.Add(min(pause<<min(failed.count, maxDoublings), longestPause))
	failed.count++
	f.of[mint] = failed
	f.shrink(now)
}

// forget is for what succeeded.
func (f *failures) forget(mint market.Pubkey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, mint)
}

// shrink keeps the bound: what is over goes first, then anything.
func (f *failures) shrink(now time.Time) {
	if len(f.of) <= maxFailures {
		return
	}
	for mint, failed := range f.of {
		if !now.Before(failed.until) {
			delete(f.of, mint)
		}
	}
	for mint := range f.of {
		if len(f.of) <= maxFailures/10*9 {
			return
		}
		delete(f.of, mint)
	}
}
