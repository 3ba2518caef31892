package solana

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// errStuck is returned when the RPC side of an endpoint fails or stands still while its socket does not.
var errStuck = errors.New("endpoint does not follow the chain")

const (
	pollSlot    = 450 * time.Millisecond // getSlot about twice a second
	askAgain    = 100 * time.Millisecond // before a block time is asked for again; doubles up to
	askSeldom   = 5 * time.Second        // this for slots that may have been skipped
	keptTimes   = 2048
	maxQuestion = 16 // block times asked in one request
	maxLag      = 32 // slots that socket and RPC may differ beyond what the commitment explains
)

// wish is a block time that is asked for.
type wish struct {
	next  time.Time     // when to ask; zero = at once
	pause time.Duration // until the question after that
}

// clock knows the newest slot at the configured commitment and the block times of recent slots. It outlives
// connections. Safe for concurrent use.
type clock struct {
	poke chan struct{} // one token when something is wanted at once

	mu       sync.Mutex
	hearers  map[chan struct{}]bool // each gets a token when something became known
	times    map[market.Slot]int64
	calendar calendar // the same far apart, and older ones
	wanted   map[market.Slot]wish
	newest   market.Slot // at the configured commitment
	announce market.Slot // newest one announced by the socket
	pace     slotPace
	behind   time.Time // since when newest and announce have been far apart
}

func newClock() *clock {
	return &clock{
		poke: make(chan struct{}, 1), hearers: map[chan struct{}]bool{},
		times: map[market.Slot]int64{}, wanted: map[market.Slot]wish{},
	}
}

// listen gives a channel that holds a token whenever something became known, until forget is called.
func (c *clock) listen() (changed <-chan struct{}, forget func()) {
	hearer := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hearers[hearer] = true
	return hearer, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.hearers, hearer)
	}
}

// reset is called when a connection begins: another endpoint may stand elsewhere.
func (c *clock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest, c.announce, c.behind = 0, 0, time.Time{}
	clear(c.wanted)
}

// announced notes a slot the socket announced and asks for its time before its logs arrive.
func (c *clock) announced(slot market.Slot) {
	c.mu.Lock()
	c.announce = max(c.announce, slot)
	c.mu.Unlock()
	c.want(slot)
}

// want asks for a slot's block time at once.
func (c *clock) want(slot market.Slot) {
	c.mu.Lock()
	_, known := c.times[slot]
	if !known {
		c.wanted[slot] = wish{pause: askAgain}
	}
	c.mu.Unlock()
	if !known {
		wake.Up(c.poke)
	}
}

func (c *clock) learn(slot market.Slot, at int64) {
	if at == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times[slot] = at
	c.pace.learn(c.times)
	c.calendar.note(slot, at)
	delete(c.wanted, slot)
	if len(c.times) > keptTimes {
		c.trim()
	}
}

// trim forgets the older half of the block times.
func (c *clock) trim() {
	slots := make([]market.Slot, 0, len(c.times))
	for slot := range c.times {
		slots = append(slots, slot)
	}
	slices.Sort(slots)
	for _, slot := range slots[:len(slots)/2] {
		delete(c.times, slot)
	}
}

func (c *clock) time(slot market.Slot) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.times[slot]
	return at, ok
}

// estimate dates a slot by its neighbours' block times: the one before plus the time that slots take, or the one after less it,
// and never beyond either. It is false while no block time is known at all: this machine's clock knows nothing of the
// chain's.
func (c *clock) estimate(slot market.Slot) (at int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()

	before, after, hasBefore, hasAfter := c.calendar.around(slot)
	for known, at := range c.times {
		switch {
		case known <= slot && (!hasBefore || known > before.slot):
			before, hasBefore = mark{known, at}, true
		case known > slot && (!hasAfter || known < after.slot):
			after, hasAfter = mark{known, at}, true
		}
	}

	switch {
	case hasBefore && hasAfter:
		return min(before.time+c.passed(slot-before.slot), max(before.time, after.time)), true
	case hasBefore:
		return before.time + c.passed(slot-before.slot), true
	case hasAfter:
		return max(1, after.time-c.passed(after.slot-slot)), true
	}

	return 0, false
}

// passed is how many seconds so many slots take.
func (c *clock) passed(slots market.Slot) int64 {
	return int64(time.Duration(slots) * c.pace.now() / time.Second) //nolint:gosec // far below 2^63
}

// reached is the newest slot, and its block time, that everything delivered so far allows to call past: two slots
// behind the newest one of both RPC and socket, and not past limit.
func (c *clock) reached(limit market.Slot) (slot market.Slot, at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edge := min(c.newest, c.announce)
	if edge <= graceSlots {
		return 0, 0
	}
	edge = min(edge-graceSlots, limit)
	for back := range market.Slot(rescanSlots) { // skipped slots have no time: the last block before them counts
		if back > edge {
			break
		}
		if at, ok := c.times[edge-back]; ok {
			return edge, at
		}
	}
	return 0, 0
}

// lasts is how long so many slots take on this chain.
func (c *clock) lasts(slots uint64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(min(slots, keptTimes)) * c.pace.now() //nolint:gosec // bounded: more is long in any case
}

// furthest is the newest slot that the endpoint has told of, at whatever commitment.
func (c *clock) furthest() market.Slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.newest, c.announce)
}

func (c *clock) slot() market.Slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest
}

// run polls until ctx ends or the endpoint fails for longer than silence.
func (c *clock) run(ctx context.Context, rpc *rpcClient, commitment string, silence time.Duration, report func(error)) error {
	good, polled := time.Now(), time.Time{}
	timer := time.NewTimer(0)
	defer timer.Stop()

	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-c.poke:
		}

		if pause := rpc.pace.paused(); pause > 0 { // alive, but not to be asked
			good = time.Now()
			timer.Reset(min(pause, pollSlot))
			continue
		}

		calls, commit := c.questions(commitment, time.Since(polled) >= pollSlot)
		if len(calls) > 0 {
			if commit.asked {
				polled = time.Now()
			}
			limited, cancel := context.WithTimeout(ctx, max(silence, time.Second))
			err := rpc.do(limited, 1, calls...)
			cancel()
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, errLimited), rpc.pace.paused() > 0:
				good = time.Now() // alive, and the pace slows us down
			case err == nil && commit.err() == nil:
				good = time.Now()
				c.take(commit)
			default:
				if err == nil {
					err = commit.err()
				}
				report(err)
				if time.Since(good) > silence {
					return fmt.Errorf("%w: %w", errStuck, err)
				}
				if err := sleep(ctx, min(silence/4, pollSlot)); err != nil {
					return err
				}
			}
		}

		if err := c.watch(commitment, silence); err != nil {
			return err
		}
		timer.Reset(c.rest(polled))
	}
}

// question is what one request asks.
type question struct {
	asked  bool // getSlot is among the calls
	calls  []*call
	newest market.Slot
	slots  []market.Slot
	times  []int64
}

// err is the error of getSlot; a block time that is not available yet is none.
func (q *question) err() error {
	if q.asked {
		return q.calls[0].err
	}
	return nil
}

func (c *clock) questions(commitment string, poll bool) ([]*call, *question) {
	c.mu.Lock()
	defer c.mu.Unlock()

	q := &question{asked: poll}
	if poll {
		q.calls = append(q.calls, slotCall(commitment, &q.newest))
	}
	now := time.Now()
	for slot, wish := range c.wanted {
		if c.newest > slot+rescanSlots {
			delete(c.wanted, slot) // a rescan brings its time, if it has one
			continue
		}
		if !now.Before(wish.next) {
			q.slots = append(q.slots, slot)
		}
	}

	slices.SortFunc(q.slots, func(a, b market.Slot) int { // those never asked first, then the oldest wishes
		return cmp.Or(c.wanted[a].next.Compare(c.wanted[b].next), cmp.Compare(a, b))
	})
	q.slots = q.slots[:min(len(q.slots), maxQuestion)]
	q.times = make([]int64, len(q.slots))
	for i, slot := range q.slots {
		pause := c.wanted[slot].pause
		c.wanted[slot] = wish{next: now.Add(pause), pause: min(2*pause, askSeldom)}
		q.calls = append(q.calls, timeCall(slot, &q.times[i]))
	}

	return q.calls, q
}

// take notes the answers.
func (c *clock) take(q *question) {
	offset := len(q.calls) - len(q.slots)
	for i, slot := range q.slots {
		c.learn(slot, q.times[i])
		if failure, ok := errors.AsType[*rpcError](q.calls[offset+i].err); ok && (failure.code == codeSlotSkipped || failure.code == codeLongSlotSkipped) {
			c.mu.Lock()
			delete(c.wanted, slot)
			c.mu.Unlock()
		}
	}

	if q.asked {
		c.mu.Lock()
		c.newest = max(c.newest, q.newest)
		edge := min(c.newest, c.announce)
		c.mu.Unlock()
		if edge > graceSlots {
			c.want(edge - graceSlots)
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	for hearer := range c.hearers {
		wake.Up(hearer)
	}
}

// rest is how long to sleep: until the next poll, or less while a transaction may wait for a time.
func (c *clock) rest(polled time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := time.Until(polled.Add(pollSlot))
	for slot, wish := range c.wanted {
		if slot <= c.newest+graceSlots { // later ones cannot be known yet
			left = min(left, time.Until(wish.next))
		}
	}
	return max(left, time.Millisecond)
}

// watch compares socket and RPC: one that stands still while the other moves is down.
func (c *clock) watch(commitment string, silence time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.newest == 0 || c.announce == 0 {
		return nil
	}
	usual := market.Slot(maxLag)
	if commitment == Finalized {
		usual += overlapSlots
	}

	if c.newest <= c.announce+maxLag && c.announce <= c.newest+usual {
		c.behind = time.Time{}
		return nil
	}

	if c.behind.IsZero() {
		c.behind = time.Now()
	}
	if time.Since(c.behind) <= silence {
		return nil
	}
	if c.newest > c.announce {
		return fmt.Errorf("%w: its socket is %d slots behind", errStuck, c.newest-c.announce)
	}

	return fmt.Errorf("%w: its RPC is %d slots behind", errStuck, c.announce-c.newest)
}
