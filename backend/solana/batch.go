package solana

import "sync"

const (
	maxBatch = 100 // calls in a request

	firstPatience = 64   // full requests that an endpoint must answer before a larger one is tried,
	maxPatience   = 4096 // and at most, as each larger one that is refused doubles it

	easeAfter = 8 // answered requests after a rate limit before an eighth more is asked at once
)

// batchSize is how many calls an endpoint takes in one request. It outlives connections, as what a provider refuses now it
// refuses after a reconnect too. Safe for concurrent use.
//
// A refused request halves it at once, down to single calls, as providers refuse in too many ways to tell their limit from
// a passing failure. It is grown again with care, because it may have been one: after 64 full requests in a row twice as
// many calls are tried; a refusal undoes that and doubles the number of requests until the next try. So a provider's own
// limit costs one refused request in some thousands, and a minute of trouble does not slow the reading of history for ever.
type batchSize struct {
	mu       sync.Mutex
	limit    int // never more than this
	ceiling  int // below every size refused lately
	size     int // the present one; below the ceiling for a while after a rate limit
	least    int // the lowest ceiling so far
	eased    int // requests answered since the size changed by a rate limit, or grew after one
	full     int // requests of the ceiling's size answered since it changed
	patience int // such requests before the ceiling is raised
	raised   bool
}

// newBatchSize begins with as many calls as the request rate allows in a second; 0 is no limit.
func newBatchSize(perSecond float64) *batchSize {
	limit := maxBatch
	if perSecond > 0 {
		limit = int(max(1, min(maxBatch, perSecond)))
	}
	return &batchSize{limit: limit, ceiling: limit, size: limit, least: limit, patience: firstPatience}
}

// now is how many calls the next request may hold.
func (b *batchSize) now() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size
}

// answered notes that a request of n calls was answered whole.
func (b *batchSize) answered(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.eased++; b.size < b.ceiling && b.eased >= easeAfter {
		b.size, b.eased = min(b.size+max(1, b.size/easeAfter), b.ceiling), 0
	}
	if n < b.ceiling || b.ceiling == b.limit {
		return
	}
	if b.full++; b.full < b.patience {
		return
	}
	if b.raised { // the last raise has proved right
		b.patience = firstPatience
	}
	b.ceiling = min(2*b.ceiling, b.limit)
	b.size, b.full, b.raised = b.ceiling, 0, true
}

// refused notes that n calls were too many, and that at most works may do. It reports whether so few were never asked
// for at once before.
func (b *batchSize) refused(n, works int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	works = max(1, min(works, n-1))
	if works >= b.ceiling {
		return false // others that were under way at the same time were refused too
	}
	if b.raised {
		b.patience, b.raised = min(2*b.patience, maxPatience), false
	}
	b.ceiling, b.full = works, 0
	b.size = min(b.size, works)
	news := works < b.least
	b.least = min(b.least, works)
	return news
}

// crowded notes that a request of n calls came when the endpoint had enough. Fewer are asked at once for a while.
func (b *batchSize) crowded(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size, b.eased = max(1, min(b.size, n)/2), 0
}
