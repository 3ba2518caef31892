package solana

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// Feed is the joined stream of live and historic transactions of one program.
type Feed struct {
	config      Config
	statusBoard statusBoard
	figures     *figures
	rescan      chan struct{}
	extensions  chan *extension

	mu    sync.Mutex
	ended chan struct{} // closed when Run ends; nil while it does not run
}

// New makes a Feed; it does no I/O. A configuration that cannot work is reported by Run.
func New(config Config) *Feed {
	f := &Feed{config: config, figures: newFigures(config.Endpoints), rescan: make(chan struct{}, 1), extensions: make(chan *extension)}
	f.statusBoard.status.State = Stopped
	return f
}

// Status is a snapshot; safe for concurrent use at any time.
func (f *Feed) Status() Status { return f.statusBoard.read() }

// Rescan asks for a check of recent slots now, as after a break in a price chain. It never blocks; requests made while
// one waits are one.
func (f *Feed) Rescan() { wake.Up(f.rescan) }

// Run delivers the program's transactions to apply until ctx ends or apply fails; it may be called once at a time.
// resume is the last Checkpoint that was kept; 0 is a first start. Batches are applied one after the other from the
// calling goroutine. Run returns nil when ctx ended, apply's error, or one wrapping ErrConfig; an
// error of Config.Recall ends it too.
func (f *Feed) Run(ctx context.Context, resume market.Slot, apply func(context.Context, market.Batch) error) error {
	config, err := f.config.withDefaults()
	if err != nil {
		return err
	}
	c := &shared{
		feed: f, config: config, board: &f.statusBoard, figures: f.figures, logger: config.Logger.With("component", "solana"), apply: apply,
		clock: newClock(), orders: newOrders(),
	}
	for _, endpoint := range config.Endpoints {
		c.batches = append(c.batches, newBatchSize(config.MaxRequestsPerSecond))
		c.spells = append(c.spells, &rateSpell{logger: c.logger, endpoint: endpoint})
	}
	r := c.newRun(config, []market.Pubkey{config.Program}, resume)
	r.statusBoard, r.rescans, r.extensions = &f.statusBoard, f.rescan, f.extensions
	if err := r.recall(ctx); err != nil {
		return err
	}

	defer f.begin()()
	f.statusBoard.change(func(s *Status) { *s = Status{State: Connecting} })
	defer f.statusBoard.change(func(s *Status) { s.State, s.RetryAt = Stopped, time.Time{} })
	err = c.keep(ctx, r)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	if failure, ok := errors.AsType[*applyError](err); ok {
		return failure.err
	}
	return err
}

// newRun is the reading of a set of addresses from a checkpoint on; 0 is a first start.
func (c *shared) newRun(config Config, addresses []market.Pubkey, resume market.Slot) *run {
	return &run{
		shared: c, config: config, addresses: addresses, statusBoard: &statusBoard{},
		rescans: make(chan struct{}, 1), extensions: make(chan *extension),
		ledger: newLedger(0), checkpoint: resume, delivered: resume,
		mendPause: backoff{first: config.MendInterval, most: max(mendRare, config.MendInterval)},
		missing:   map[market.Signature]signatureInfo{}, provisional: map[market.Signature]market.Transaction{},
	}
}

// recall takes up what earlier runs left.
func (r *run) recall(ctx context.Context) error {
	r.recallGaps(r.config.Gaps)
	if r.checkpoint == 0 {
		return nil
	}
	r.begun, r.start = true, minus(r.checkpoint, overlapSlots)
	if r.config.Recall == nil {
		return nil
	}

	r.ledger.prune(r.start)
	err := r.config.Recall(ctx, r.start, noSlot, func(tx market.Transaction) bool {
		r.ledger.add([]market.Transaction{tx})
		if !tx.Provisional {
			r.clock.learn(tx.Slot, tx.BlockTime)
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("recall what was delivered from slot %d on: %w", r.start, err)
	}
	return nil
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
func (c *shared) keep(ctx context.Context, first *run) error {
	pause := backoff{first: c.config.ReconnectInterval, most: maxReconnect}
	changes := connectionLog{logger: c.logger}
	watch := newEndpointWatch(c)
	for index := 0; ; {
		endpoint := c.config.Endpoints[index]
		c.board.change(func(s *Status) { s.Endpoint, s.Fallback, s.RetryAt = endpoint.String(), index > 0, time.Time{} })
		c.figures.using(index)
		var since time.Time
		err := c.connect(ctx, index, first, func() {
			since = time.Now()
			c.still.Store(0)
			c.board.change(func(s *Status) { s.State, s.Failures, s.LastError, s.RateLimited = Connected, 0, "", false })
			c.figures.live(index)
			changes.up(endpoint)
		})
		c.figures.left(index, c.board.read().Slot, err, !since.IsZero())
		if ctx.Err() != nil || isFatal(err) {
			return err
		}
		if errors.Is(err, errPreferred) {
			c.logger.Info("returning to a preferred endpoint")
			c.board.change(func(s *Status) { s.State = Reconnecting })
			index = 0
			continue
		}
		if errors.Is(err, errSilent) {
			c.still.Store(max(c.still.Load(), uint64(c.clock.furthest()), uint64(c.board.read().Slot)))
		}
		good := !since.IsZero()
		if good && time.Since(since) > 2*c.config.SilenceTimeout {
			pause.reset()
		}
		c.board.change(func(s *Status) {
			if good {
				s.Reconnects++
			}
			s.State = Reconnecting
			s.Failures++
			s.LastError, s.LastErrorAt, s.RateLimited = err.Error(), time.Now(), errors.Is(err, errLimited)
		})
		if !good {
			index = (index + 1) % len(c.config.Endpoints)
		} else {
			index = 0
		}
		wait := time.Duration(0)
		if index == 0 {
			wait = pause.next()
		}
		c.board.change(func(s *Status) { s.RetryAt = time.Now().Add(wait) })
		changes.down(ctx, endpoint, err, wait)
		if wait == 0 {
			continue // with the next endpoint
		}
		if index, err = watch.wait(ctx, wait); err != nil {
			return err
		}
	}
}
