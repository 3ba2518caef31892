package solana

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"spinscope/backend/market"
)

// Feed is the joined stream of live and historic transactions of one program.
type Feed struct {
	config     Config
	board      board
	figures    *figures
	rescan     chan struct{}
	extensions chan *extension

	mu    sync.Mutex
	ended chan struct{} // closed when Run ends; nil while it does not run
}

// New makes a Feed; it does no I/O. A configuration that cannot work is reported by Run.
func New(config Config) *Feed {
	f := &Feed{config: config, figures: newFigures(config.Endpoints), rescan: make(chan struct{}, 1), extensions: make(chan *extension)}
	f.board.status.State = Stopped
	return f
}

// Status is a snapshot; safe for concurrent use at any time.
func (f *Feed) Status() Status { return f.board.read() }

// Rescan asks for a check of recent slots now, as after a break in a price chain. It never blocks; requests made while
// one waits are one.
func (f *Feed) Rescan() { token(f.rescan) }

// Run delivers the program's transactions to apply until ctx ends or apply fails; it may be called once at a time.
// resume is the last Checkpoint that was kept; 0 is a first start. Batches are applied one after the other from the
// calling goroutine. Run returns nil when ctx ended, apply's error, or one wrapping ErrConfig; an
// error of Config.Recall ends it too.
func (f *Feed) Run(ctx context.Context, resume market.Slot, apply func(context.Context, market.Batch) error) error {
	config, err := f.config.withDefaults()
	if err != nil {
		return err
	}
	r := &run{
		config: config, board: &f.board, figures: f.figures, logger: config.Logger.With("component", "solana"), apply: apply,
		clock: newClock(), ledger: newLedger(0), orders: newOrders(), checkpoint: resume, delivered: resume,
		missing: map[market.Signature]signatureInfo{}, provisional: map[market.Signature]market.Transaction{},
	}
	if resume > 0 {
		r.begun, r.start = true, minus(resume, overlapSlots)
		if config.Recall != nil {
			err := config.Recall(ctx, r.start, func(tx market.Transaction) { r.ledger.add([]market.Transaction{tx}) })
			if err != nil {
				return fmt.Errorf("recall what was delivered from slot %d on: %w", r.start, err)
			}
		}
	}
	r.recallMissing(config.Gaps)
	defer f.begin()()
	f.board.change(func(s *Status) { *s = Status{State: Connecting} })
	defer f.board.change(func(s *Status) { s.State, s.RetryAt = Stopped, time.Time{} })
	err = r.keep(ctx, f)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	if failure, ok := errors.AsType[*applyError](err); ok {
		return failure.err
	}
	return err
}

// begin marks Run as running and returns what ends that.
func (f *Feed) begin() (end func()) {
	ended := make(chan struct{})
	f.mu.Lock()
	f.ended = ended
	f.mu.Unlock()
	return func() {
		f.mu.Lock()
		f.ended = nil
		f.mu.Unlock()
		close(ended)
	}
}

// keep runs one session after the other: each endpoint in order, a pause, and the first again, or the one that was seen
// to come back meanwhile. After a connection that had been good the first is tried first.
func (r *run) keep(ctx context.Context, feed *Feed) error {
	pause := backoff{first: r.config.ReconnectInterval, most: maxReconnect}
	voice := voice{logger: r.logger}
	lookout := newLookout(r)
	for index := 0; ; {
		endpoint := r.config.Endpoints[index]
		r.board.change(func(s *Status) { s.Endpoint, s.Fallback, s.RetryAt = endpoint.String(), index > 0, time.Time{} })
		r.figures.using(index)
		var since time.Time
		err := r.connect(ctx, index, feed, func() {
			since = time.Now()
			r.board.change(func(s *Status) { s.State, s.Failures, s.LastError, s.RateLimited = Connected, 0, "", false })
			r.figures.live(index)
			voice.up(endpoint)
		})
		r.figures.left(index, r.board.read().Slot, err, !since.IsZero())
		if ctx.Err() != nil || isFatal(err) {
			return err
		}
		if errors.Is(err, errPreferred) {
			r.logger.Info("returning to a preferred endpoint")
			r.board.change(func(s *Status) { s.State = Reconnecting })
			index = 0
			continue
		}
		good := !since.IsZero()
		if good && time.Since(since) > 2*r.config.SilenceTimeout {
			pause.reset()
		}
		r.board.change(func(s *Status) {
			if good {
				s.Reconnects++
			}
			s.State = Reconnecting
			s.Failures++
			s.LastError, s.LastErrorAt, s.RateLimited = err.Error(), time.Now(), errors.Is(err, errLimited)
		})
		if !good {
			index = (index + 1) % len(r.config.Endpoints)
		} else {
			index = 0
		}
		wait := time.Duration(0)
		if index == 0 {
			wait = pause.next()
		}
		r.board.change(func(s *Status) { s.RetryAt = time.Now().Add(wait) })
		voice.down(ctx, endpoint, err, wait)
		if wait == 0 {
			continue // with the next endpoint
		}
		if index, err = lookout.wait(ctx, wait); err != nil {
			return err
		}
	}
}
