package listener

import (
	"context"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// Source is where batches come from: a cluster, the demo, a recording.
type Source interface {
	// Run gives every batch to apply, in order, from slot from on, until ctx ends, which is clean, or until it can go on no
	// more. An error of apply ends it.
	Run(ctx context.Context, from market.Slot, apply func(context.Context, market.Batch) error) error
	// Status may be called from any goroutine, also before Run.
	Status() Status
}

// Status is how reading goes. Texts hold no secrets.
type Status struct {
	Running    bool
	Connection string // such as connected or reconnecting
	Stalled    bool   // nothing can be stored: what is read waits
	Endpoint   string
	Slot       market.Slot // newest one known
	Lag        uint64      // slots
	LastError  string
	Failures   uint64
	Backfill   wire.Backfill
	Programs   []wire.FollowedProgram // of which all coins are kept, live only, and those that are off
	Since      time.Time              // of the connection's state; zero when that is not known
	Delivered  market.Slot            // newest one that was given to apply
}

// The connections that a listener looks at.
const (
	Disabled   = "disabled"    // nothing is read
	Connected  = "connected"   // the chain is read live
	CatchingUp = "catching_up" // history is read
)
