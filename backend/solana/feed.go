package solana

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// Feed is the joined stream of live and historic transactions of a program, and of the addresses that are followed beside it.
type Feed struct {
	config     Config
	status     sharedStatus
	stats      *endpointStats
	rescan     chan struct{}
	extensions chan *extension
	changed    chan struct{} // one token when other addresses are to be followed

	mu        sync.Mutex
	ended     chan struct{} // closed when Run ends; nil while it does not run
	running   *shared       // while it does
	followers []*follower   // in the order in which they were added; at most MaxFollowed
}

// New makes a Feed; it does no I/O. A configuration that cannot work is reported by Run.
func New(config Config) *Feed {
	f := &Feed{config: config, stats: newEndpointStats(config.Endpoints), rescan: make(chan struct{}, 1), extensions: make(chan *extension), changed: make(chan struct{}, 1)}
	f.status.current.State = Stopped
	return f
}

// Status is a snapshot; safe for concurrent use at any time.
func (f *Feed) Status() Status { return f.status.read() }

// Rescan asks for a check of recent slots now, as after a break in a price chain: of the program's, or of those of the
// addresses given, as far as they are followed. It never blocks; requests made while one waits are one.
func (f *Feed) Rescan(addresses ...market.Pubkey) {
	if len(addresses) == 0 {
		wake.Up(f.rescan)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, address := range addresses {
		if address == f.config.Program {
			wake.Up(f.rescan)
		} else if r := f.runOf(address); r != nil {
			wake.Up(r.rescans)
		}
	}
}

// Run delivers the transactions of the program, and of the addresses that are followed, to apply until ctx ends or apply
// fails; it may be called once at a time. resume is the last Checkpoint of the program that was kept; 0 is a first start.
// Batches are applied one after the other. Run returns nil when ctx ended, apply's error, or one wrapping ErrConfig; an
// error of Config.Recall ends it too.
func (f *Feed) Run(ctx context.Context, resume market.Slot, apply func(context.Context, market.Batch) error) error {
	config, err := f.config.withDefaults()
	if err != nil {
		return err
	}

	c := &shared{
		feed: f, config: config, connection: &f.status, stats: f.stats, logger: config.Logger.With("component", "solana"), apply: apply,
		clock: newClock(), orders: newOrders(), hands: newHands(), turns: make(chan struct{}, maxTurns), scans: make(chan struct{}, maxScans),
	}
	for _, endpoint := range config.Endpoints {
		c.batches = append(c.batches, newBatchSize(config.MaxRequestsPerSecond))
		c.spells = append(c.spells, &rateSpell{logger: c.logger, endpoint: endpoint})
	}

	r := c.newRun(config, config.Program, resume)
	r.status, r.rescans, r.extensions = &f.status, f.rescan, f.extensions
	c.first, c.whole = r, ctx
	if err := r.recall(ctx); err != nil {
		return err
	}

	end := f.begin(c)
	defer end()

	f.status.change(func(s *Status) { *s = Status{State: Connecting} })
	defer f.status.change(func(s *Status) { s.State, s.RetryAt = Stopped, time.Time{} })

	err = c.keep(ctx, r)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end that was asked for
	}
	if failure, ok := errors.AsType[*applyError](err); ok {
		return failure.err
	}

	return err
}

// newRun is the reading of an address from a checkpoint on; 0 is a first start.
func (c *shared) newRun(config Config, address market.Pubkey, resume market.Slot) *run {
	return &run{
		shared: c, config: config, address: address, status: &sharedStatus{},
		rescans: make(chan struct{}, 1), extensions: make(chan *extension),
		ledger: newLedger(0), checkpoint: resume, delivered: resume, unproven: noSlot, comparing: noSlot,
		mendPause: backoff{first: config.MendInterval, longest: max(mendRare, config.MendInterval)},
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

	r.ledger.prune(r.start)
	err := r.stored(ctx, r.start, noSlot, func(tx market.Transaction) bool {
		r.ledger.add([]market.Transaction{tx})
		if others := r.deliveries.Load(); others != nil {
			others.recalled(r.shared, &tx)
		}
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

// stored is Config.Recall, if there is one, for the run's address.
func (r *run) stored(ctx context.Context, from, to market.Slot, visit func(market.Transaction) (more bool)) error {
	if r.config.Recall == nil {
		return nil
	}
	return r.config.Recall(ctx, r.address, from, to, func(tx market.Transaction) bool {
		named := !r.follows && tx.Addresses == nil || slices.Contains(tx.Addresses, r.address)
		return !named || visit(tx)
	})
}

// begin marks Run as running and returns what ends that.
func (f *Feed) begin(c *shared) (end func()) {
	ended := make(chan struct{})
	f.mu.Lock()
	f.ended, f.running = ended, c
	for _, one := range f.followers {
		one.begin(c)
	}
	f.mu.Unlock()
	return func() {
		f.mu.Lock()
		f.ended, f.running = nil, nil
		for _, one := range f.followers {
			one.end()
		}
		f.mu.Unlock()
		close(ended)
	}
}

// keep runs one session after the other: each endpoint in order, a pause, and the first again, or the one that was seen
// to come back meanwhile. After a connection that had been good the first is tried first.
func (c *shared) keep(ctx context.Context, first *run) error {
	pause := backoff{first: c.config.ReconnectInterval, longest: maxReconnect}
	changes := connectionLog{logger: c.logger}
	watch := newEndpointWatch(c)
	for index := 0; ; {
		endpoint := c.config.Endpoints[index]
		c.connection.change(func(s *Status) { s.Endpoint, s.Fallback, s.RetryAt = endpoint.String(), index > 0, time.Time{} })
		c.stats.using(index)
		var since time.Time
		err := c.connect(ctx, index, first, func() {
			since = time.Now()
			c.still.Store(0)
			c.connection.change(func(s *Status) { s.State, s.Failures, s.LastError, s.RateLimited = Connected, 0, "", false })
			c.stats.live(index)
			changes.up(endpoint)
		})
		c.stats.left(index, c.connection.read().Slot, err, !since.IsZero())
		if ctx.Err() != nil || isFatal(err) {
			return err
		}

		if errors.Is(err, errPreferred) {
			c.logger.Info("returning to a preferred endpoint")
			c.connection.change(func(s *Status) { s.State = Reconnecting })
			index = 0
			continue
		}

		if errors.Is(err, errSilent) {
			c.still.Store(max(c.still.Load(), uint64(c.clock.furthest()), uint64(c.connection.read().Slot)))
		}
		good := !since.IsZero()
		if good && time.Since(since) > 2*c.config.SilenceTimeout {
			pause.reset()
		}

		c.connection.change(func(s *Status) {
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
		c.connection.change(func(s *Status) { s.RetryAt = time.Now().Add(wait) })
		changes.down(ctx, endpoint, err, wait)
		if wait == 0 {
			continue // with the next endpoint
		}

		if index, err = watch.wait(ctx, wait); err != nil {
			return err
		}
	}
}
