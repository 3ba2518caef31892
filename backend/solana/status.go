package solana

import (
	"sync"
	"time"

	"spinscope/backend/market"
)

// State is what a Feed is doing about its cluster.
type State string

// The states of a Feed.
const (
	Stopped      State = "stopped"      // Run is not running
	Connecting   State = "connecting"   // first attempt
	CatchingUp   State = "catching_up"  // connected; history is read, live transactions are buffered
	Connected    State = "connected"    // live
	Reconnecting State = "reconnecting" // down; trying again

	Waiting State = "waiting" // an address: for a connection, or for its turn
	Refused State = "refused" // an address: the endpoint refuses its subscription; it is asked again, and lists are read meanwhile
)

// Status is a snapshot of a Feed.
type Status struct {
	State        State
	Since        time.Time   // of State
	Endpoint     string      // redacted; the one in use or tried last
	Fallback     bool        // Endpoint is not the first one
	Slot         market.Slot // newest slot of the cluster at the configured commitment, 0 when unknown
	Delivered    market.Slot // everything up to here was delivered
	Checkpoint   market.Slot // and, of finalized slots, up to here; 0 before the first
	Lag          uint64      // slots that Delivered, or the live socket, is behind Slot beyond the usual few
	LastError    string      // redacted; empty when nothing is wrong now
	LastErrorAt  time.Time
	Failures     int       // failed attempts since the last good connection
	RetryAt      time.Time // of the next attempt, zero when none is planned
	RateLimited  bool      // the endpoint asked for a pause
	Limits       uint64    // times since start that an endpoint asked for fewer requests
	Reconnects   uint64    // connections lost since start
	Buffered     int       // live transactions waiting for history
	Transactions uint64    // delivered since start, repeats included
	Garbage      uint64    // frames that could not be read
	Backfill     Backfill
}

// Backfill is the progress of reading history.
type Backfill struct {
	Running    bool
	Done       int // transactions
	Total      int // 0 while still counting
	ETASeconds float64
}

// sharedStatus holds the Status; safe for concurrent use.
type sharedStatus struct {
	mu      sync.Mutex
	current Status
}

func (b *sharedStatus) read() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current
}

func (b *sharedStatus) change(edit func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.current.State
	edit(&b.current)
	if b.current.State != before {
		b.current.Since = time.Now()
	}
}

func (b *sharedStatus) fail(err error, limited bool) {
	b.change(func(s *Status) {
		s.LastError, s.LastErrorAt, s.RateLimited = err.Error(), time.Now(), limited
	})
}
