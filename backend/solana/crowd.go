package solana

import (
	"context"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// crowdPause is how long those wait that were busy when the others' progress was told.
const crowdPause = 10 * time.Millisecond

// crowd are the followed addresses that are live over a connection. At most times they have nothing to tell but how far they
// have come, which is as far for one as for the other, several times a second: one batch says it for all of them, where each
// would wait for the batches of all others. Safe for concurrent use.
type crowd struct {
	again chan struct{} // one token when one that was busy has nothing to tell but how far it has come

	mu      sync.Mutex
	members map[*session]chan struct{} // where each is woken
}

// join has the crowd tell a session's progress until forget is called. The session is woken when it has to do it itself.
func (c *crowd) join(s *session) (woken <-chan struct{}, forget func()) {
	ticks := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members == nil {
		c.members = map[*session]chan struct{}{}
	}
	c.members[s] = ticks
	return ticks, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.members, s)
	}
}

// quiet are the members that wait and have nothing to do once everything up to a slot and a block time is there. They are held
// until they are released; the others are woken.
func (c *crowd) quiet(slot market.Slot, at int64) (held []*session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s, ticks := range c.members {
		switch {
		case !s.working.TryLock():
		case s.isQuiet(slot, at):
			held = append(held, s)
			continue
		default:
			s.working.Unlock()
		}
		wake.Up(ticks)
	}
	return held
}

// isQuiet reports whether the session would deliver nothing but that everything up to a slot and a block time is there; working
// is held.
func (s *session) isQuiet(slot market.Slot, at int64) bool {
	return len(s.held)+len(s.provisional)+len(s.gaps) == 0 && s.up == nil && slot >= s.delivered && at >= s.chainTime &&
		!s.scansSooner() && s.queue.isEmpty()
}

// listen gives a channel that holds a token when the clock has something new that the session has to look at, until forget is
// called.
func (s *session) listen() (changed <-chan struct{}, forget func()) {
	if s.follows {
		return s.crowd.join(s)
	}
	return s.clock.listen()
}

// tellProgress tells how far the quiet addresses of a connection have come until that is of no more use.
func (c *shared) tellProgress(ctx context.Context, l *link) {
	changed, forget := c.clock.listen()
	defer forget()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.down:
			return
		case <-changed:
		case <-l.crowd.again:
			if sleep(ctx, crowdPause) != nil { // others will be done, too
				return
			}
		}
		if err := c.tellOnce(l); err != nil {
			l.fail(err)
			return
		}
	}
}

// tellOnce delivers how far the quiet addresses have come, as flush does for one. An error is an *applyError.
func (c *shared) tellOnce(l *link) error {
	slot, at := c.clock.reached(^market.Slot(0)) // before the queues are looked at: what it speaks for is in them
	sessions := l.crowd.quiet(slot, at)
	defer func() {
		for _, s := range sessions {
			s.working.Unlock()
		}
	}()

	var addresses []market.Pubkey
	for _, s := range sessions {
		if slot > s.delivered || at > s.chainTime {
			addresses = append(addresses, s.address)
		}
	}
	if len(addresses) > 0 {
		c.applying.Lock()
		err := c.give(market.Batch{Addresses: addresses, Slot: slot, ChainTime: at})
		c.applying.Unlock()
		if err != nil {
			return err
		}
	}

	for _, s := range sessions {
		s.delivered, s.chainTime = slot, at
		s.status.change(func(status *Status) { status.Delivered = slot })
		s.showSlot()
	}
	return nil
}
