package solana

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

var (
	// ErrTooMany is returned by Follow when MaxFollowed addresses are followed.
	ErrTooMany = errors.New("too many addresses are followed")
	// ErrNotFollowed is returned by Extend for a gap of an address that is not followed.
	ErrNotFollowed = errors.New("the address is not followed")
)

// MaxFollowed is how many addresses a Feed follows at most, beside its program.
const MaxFollowed = 4096

const (
	maxTurns = 3 // followed addresses whose history is read at once
	maxScans = 2 // and whose recent slots are compared

	followedTxs   = 2000    // live transactions of a followed address that are kept while its history is read
	followedBytes = 8 << 20 // bytes of them; bufferedBytes of all such addresses together
	followedKnown = 20_000  // transactions that its ledger remembers

	askRefused    = 10 * time.Second // before a subscription that was refused is asked for again; doubles up to
	rarelyRefused = 10 * time.Minute // this, for an address that is followed live only
	listRefused   = time.Minute      // and this for others, which are read by lists each time
)

// Following says what to follow beside the program, and from where.
type Following struct {
	Address   market.Pubkey
	From      market.Slot  // its last Checkpoint that was kept; 0: all of its history that the endpoints have
	Gaps      []market.Gap // of the address, left open by earlier runs
	SelfCalls bool         // as in Config, for this address

	// Begins is the slot before which the address did nothing, 0 while that is not known: what a gap says of the time before is
	// not asked for again. It may be called at any time and may be nil.
	Begins func() market.Slot

	// Live: no history is read, as when an address has more than an endpoint can list. What was not told is a gap of CauseLive,
	// from 0 on at first and from From on later. What is told of a fork that loses stays, unless another address names it: not to
	// be used at Processed.
	Live bool
}

// AddressStatus is how the reading of one address does.
type AddressStatus struct {
	Address    market.Pubkey
	State      State       // Stopped while Run does not run
	Since      time.Time   // of State
	Delivered  market.Slot // everything of it up to here was delivered, but for its gaps
	Checkpoint market.Slot // and, of finalized slots, up to here; of one that is followed live only the same as Delivered
	Lag        uint64      // slots that Delivered is behind beyond the usual few
	LastError  string      // redacted; why it is refused, or failed last
	RetryAt    time.Time   // of the next attempt, zero when none is planned
	Backfill   Backfill
}

// follower is an address that is followed beside the program.
type follower struct {
	what       Following
	gone       context.Context // ended by Unfollow
	leave      context.CancelFunc
	status     sharedStatus
	extensions chan *extension

	mu     sync.Mutex
	run    *run // what Run knows of it; nil while that does not run
	ended  bool
	active sync.WaitGroup // connections that it is read over: one at most
}

// Follow reads an address beside the program from now on, over the same connection: its own subscription, history and
// checkpoint. Batches of it name it (market.Batch.Addresses), and so do its gaps. A transaction that several addresses name
// is delivered once, with those that were known by then. What is followed stays so when Run ends and is called again, from
// where it was; nothing changes for an address that is followed already. Safe for concurrent use, but not from apply.
func (f *Feed) Follow(what Following) error {
	f.mu.Lock()
	defer f.mu.Unlock()

	if what.Address == f.config.Program || f.followerOf(what.Address) != nil {
		return nil
	}
	if len(f.followers) >= MaxFollowed {
		return fmt.Errorf("%w: %d", ErrTooMany, MaxFollowed)
	}

	what.Gaps = slices.Clone(what.Gaps)
	for i := range what.Gaps {
		what.Gaps[i].Address = what.Address
	}

	one := &follower{what: what, extensions: make(chan *extension)}
	one.gone, one.leave = context.WithCancel(context.Background())
	one.status.current.State = Stopped
	f.followers = append(f.followers, one)
	if f.running != nil {
		one.begin(f.running)
		wake.Up(f.changed)
	}

	return nil
}

// Unfollow ends the reading of an address. No batch of it comes after it has returned, so it must not be called from apply.
// Transactions that another followed address names go on. Safe for concurrent use.
func (f *Feed) Unfollow(address market.Pubkey) {
	f.mu.Lock()
	one := f.followerOf(address)
	if one != nil {
		f.followers = slices.DeleteFunc(f.followers, func(other *follower) bool { return other == one })
		one.leave()
	}
	f.mu.Unlock()
	if one == nil {
		return
	}

	one.mu.Lock()
	one.ended = true
	one.mu.Unlock()
	one.active.Wait()
}

// Addresses tells how each address does: the program, then those that are followed, in the order in which they were added.
// Safe for concurrent use.
func (f *Feed) Addresses() []AddressStatus {
	f.mu.Lock()
	followers := slices.Clone(f.followers)
	f.mu.Unlock()

	list := make([]AddressStatus, 0, 1+len(followers))
	list = append(list, addressStatus(f.config.Program, f.status.read()))
	for _, one := range followers {
		list = append(list, addressStatus(one.what.Address, one.status.read()))
	}
	return list
}

// Address tells how one that is followed beside the program does; false for others. Safe for concurrent use.
func (f *Feed) Address(address market.Pubkey) (status AddressStatus, followed bool) {
	f.mu.Lock()
	one := f.followerOf(address)
	f.mu.Unlock()
	if one == nil {
		return AddressStatus{}, false
	}
	return addressStatus(address, one.status.read()), true
}

func addressStatus(address market.Pubkey, s Status) AddressStatus {
	return AddressStatus{
		Address: address, State: s.State, Since: s.Since, Delivered: s.Delivered, Checkpoint: s.Checkpoint, Lag: s.Lag,
		LastError: s.LastError, RetryAt: s.RetryAt, Backfill: s.Backfill,
	}
}

// followerOf is the follower of an address, nil for others; mu is held.
func (f *Feed) followerOf(address market.Pubkey) *follower {
	for _, one := range f.followers {
		if one.what.Address == address {
			return one
		}
	}
	return nil
}

// runOf is what Run knows of a followed address, nil when it does not run; mu is held.
func (f *Feed) runOf(address market.Pubkey) *run {
	if one := f.followerOf(address); one != nil {
		return one.current()
	}
	return nil
}

// extensionsOf is where the requests for older history of a followed address go, and what says that it is not followed any
// more; mu is held.
func (f *Feed) extensionsOf(address market.Pubkey) (requests chan *extension, gone <-chan struct{}) {
	if one := f.followerOf(address); one != nil {
		return one.extensions, one.gone.Done()
	}
	return nil, nil
}

func (one *follower) current() *run {
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.run
}

// begin has Run know of the follower; Feed.mu is held.
func (one *follower) begin(c *shared) {
	config := c.config
	config.BackfillLimit, config.SelfCalls, config.Gaps = -1, one.what.SelfCalls, one.what.Gaps
	r := c.newRun(config, one.what.Address, one.what.From)
	r.follows, r.status, r.extensions, r.ledger.limit = true, &one.status, one.extensions, followedKnown
	r.begins = one.what.Begins
	if one.what.Live {
		c.arrivals.on.Store(true)
	}
	r.liveOnly, r.begun = one.what.Live, one.what.Live && one.what.From > 0
	one.mu.Lock()
	one.run = r
	one.mu.Unlock()
	one.status.change(func(s *Status) { *s = Status{State: Waiting, Checkpoint: one.what.From} })
}

// end is called when Run ends; Feed.mu is held. The next one goes on from where this one was.
func (one *follower) end() {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.what.From, one.what.Gaps = max(one.what.From, one.run.checkpoint), one.run.gapsLeft()
	one.run = nil
	one.status.change(func(s *Status) { s.State, s.RetryAt = Stopped, time.Time{} })
}

// gapsLeft are the open gaps that the run knows.
func (r *run) gapsLeft() []market.Gap {
	gaps := slices.Clone(r.openGaps)
	for _, info := range r.missing {
		gaps = append(gaps, missingGap(&info, market.GapOpen))
	}
	r.sign(gaps)
	return gaps
}

// naming are the runs of those addresses that a stored transaction is known to name.
func (c *shared) naming(tx *market.Transaction) []*run {
	if tx.Addresses == nil {
		return []*run{c.first}
	}
	var runs []*run
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	for _, address := range tx.Addresses {
		if address == c.first.address {
			runs = append(runs, c.first)
		} else if r := c.feed.runOf(address); r != nil {
			runs = append(runs, r)
		}
	}
	return runs
}

// follow reads the followed addresses over a connection until ctx ends or the connection is of no more use.
func (c *shared) follow(ctx context.Context, l *link) {
	var group sync.WaitGroup
	defer group.Wait()

	reading := map[*follower]bool{}
	for {
		c.feed.mu.Lock()
		followers := slices.Clone(c.feed.followers)
		c.feed.mu.Unlock()
		if len(followers) > 0 {
			c.keepDeliveries()
		}

		still := make(map[*follower]bool, len(followers))
		for _, one := range followers {
			still[one] = true
			if !reading[one] {
				group.Go(func() { one.serve(ctx, l) })
			}
		}

		reading = still

		select {
		case <-ctx.Done():
			return
		case <-l.down:
			return
		case <-c.feed.changed:
		}
	}
}

// keepDeliveries begins to remember what is delivered of all addresses.
func (c *shared) keepDeliveries() {
	if c.deliveries.Load() != nil {
		return
	}
	c.mode.Lock()
	defer c.mode.Unlock()
	c.applying.Lock()
	defer c.applying.Unlock()
	if c.deliveries.Load() == nil {
		b := newDeliveries(maxDeliveries)
		b.take(c.first)
		c.deliveries.Store(b)
	}
}

// serve reads a follower over a connection, again and again until that is of no more use.
func (one *follower) serve(ctx context.Context, l *link) {
	one.mu.Lock()
	r := one.run
	if one.ended || r == nil {
		one.mu.Unlock()
		return
	}

	one.active.Add(1)
	one.mu.Unlock()
	defer one.active.Done()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(one.gone, cancel)()

	failed := backoff{first: r.config.ReconnectInterval, longest: maxReconnect}
	rarely := listRefused
	if r.liveOnly {
		rarely = rarelyRefused
	}
	refused, logged := backoff{first: r.config.refusedPause, longest: max(r.config.refusedPause, rarely)}, false
	for {
		live := false
		err := r.readOver(ctx, l, func() {
			live = true
			r.status.change(func(s *Status) { s.State, s.LastError, s.RetryAt = Connected, "", time.Time{} })
		})
		if isFatal(err) {
			l.fail(err)
		}

		if live {
			failed.reset()
			refused.reset()
			logged = false
		}
		var wait time.Duration
		switch {
		case ctx.Err() != nil, l.isDown():
			r.status.change(func(s *Status) { s.State, s.RetryAt = Waiting, time.Time{} })
			return
		case errors.Is(err, ErrRefused):
			r.status.change(func(s *Status) { s.State = Refused })
			if !r.liveOnly {
				err = r.readInstead(ctx, l, err)
			}
			wait = refused.next()
			level := slog.LevelWarn
			if logged {
				level = slog.LevelDebug
			}
			r.logger.Log(ctx, level, "an address is refused", "address", r.address, "in", wait.Round(time.Second), "err", err)
			logged = true
		default:
			wait = failed.next()
			r.logger.Warn("reading an address was interrupted", "address", r.address, "in", wait.Round(time.Millisecond), "err", err)
			r.status.change(func(s *Status) { s.State = Reconnecting })
		}

		r.status.change(func(s *Status) { s.LastError, s.LastErrorAt, s.RetryAt = err.Error(), time.Now(), time.Now().Add(wait) })
		select {
		case <-ctx.Done():
		case <-l.down:
		case <-time.After(wait):
		}
	}
}

// readOver reads a follower's address over a connection until that, or the subscription, is of no more use.
func (r *run) readOver(ctx context.Context, l *link, live func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	if !r.recalled && !r.liveOnly {
		if err := r.handle(func() error { return r.recall(ctx) }); err != nil {
			return err
		}
		r.recalled = true
	}

	queue := newQueue(followedTxs)
	queue.limitBytes, queue.shared = followedBytes, &r.waiting
	if r.liveOnly { // nothing that does not fit is read back
		queue = newQueue(r.config.buffered)
	}
	queue.suspect() // nothing is kept until its turn comes to read history, which has what comes before
	defer queue.discard()

	subscription, err := l.socket.subscribeTo(ctx, r.address, r.config.Commitment, queue)
	if err != nil {
		return fmt.Errorf("subscribe to %s at %s: %w", r.address, Redact(l.endpoint.WS), err)
	}
	defer l.socket.unsubscribe(subscription)
	if r.liveOnly {
		return r.readLive(ctx, l, queue, live)
	}
	return r.read(ctx, l, queue, live)
}

// isDown reports whether the connection is of no more use.
func (l *link) isDown() bool {
	select {
	case <-l.down:
		return true
	default:
		return false
	}
}

// turn waits until a followed address may do something of which only a few do at once; done ends that. It waits for nobody
// otherwise.
func (r *run) turn(ctx context.Context, turns chan struct{}) (done func(), err error) {
	if !r.follows {
		return func() {}, nil
	}
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
