package stream

import (
	"context"
	"fmt"
	"time"

	"spinscope/backend/market"
)

// Run pushes commits to the clients until ctx ends, and then returns nil. A store that fails ends it with an error. It
// is called once.
func (st *Stream) Run(ctx context.Context) error {
	defer st.jobs.Wait()
	defer st.stop()
	defer close(st.broadcaster.done)
	defer st.commits.Close()
	st.jobs.Go(func() { st.attend(st.ctx) })
	if st.desk.coins != nil {
		st.jobs.Go(func() { st.attendRefusals(st.ctx) })
	}
	if st.rank != nil {
		st.jobs.Go(func() { st.pushRankings(st.ctx) })
	}

	timer := time.NewTimer(time.Hour)
	defer timer.Stop()

	for {
		wait := st.step()
		var expired <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			expired = timer.C
		}

		select {
		case <-ctx.Done():
			return nil
		case err := <-st.failed:
			return fmt.Errorf("read for a client that is behind: %w", err)
		case <-expired:
		case <-st.broadcaster.kick:
		case <-st.commits.Ready():
			if err := st.commits.Deliver(ctx, st); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// step flushes what is due and returns how long the rest may wait; negative when there is none.
func (st *Stream) step() time.Duration {
	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := b.nextFlush()
	if wait == 0 {
		st.flush()
		wait = b.nextFlush()
	}
	return wait
}

// Take implements follow.Sink. Commits that come from the log come as fast as they are read, which is more than a slow client
// takes: they are sent before many of them wait, and who has not taken those before is set aside.
func (st *Stream) Take(ctx context.Context, c *market.Commit, live bool) error {
	prices, err := st.revised(ctx, c)
	if err != nil {
		return err
	}

	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	b.absorb(c)
	for i := range prices {
		b.revisePrice(c.Seq, &prices[i])
	}
	if b.logged = !live; b.logged && b.live >= b.limit {
		st.flush()
	}
	return nil
}

// flush is the broadcaster's, for Run's goroutine. The mutex is held.
func (st *Stream) flush() {
	b := st.broadcaster
	if b.logged {
		for s := range b.sessions {
			if s.follows(commitOrder) && s.peer.Crowded() {
				st.setAside(s)
			}
		}
	}
	b.flush()
}

// revised reads the last trades of mints whose newest one the commit may have taken away.
func (st *Stream) revised(ctx context.Context, c *market.Commit) ([]market.Event, error) {
	var prices []market.Event
	seen := make(map[market.Pubkey]bool)
	for i := range c.Removed {
		e := &c.Removed[i]
		if _, ok := e.Trade(); !ok || seen[e.Mint()] || !st.broadcaster.has(key{kind: priceTopic, mint: e.Mint()}) {
			continue
		}
		seen[e.Mint()] = true
		last, err := st.store.LastTrade(ctx, e.Mint())
		if err != nil {
			return nil, fmt.Errorf("read last trade of %s: %w", e.Mint(), err)
		}
		if last != nil {
			prices = append(prices, *last)
		}
	}
	return prices, nil
}

// revisePrice queues the price of a mint whose newest trade was taken back. The mutex is held.
func (b *broadcaster) revisePrice(seq market.Seq, last *market.Event) {
	t := b.topics[key{kind: priceTopic, mint: last.Mint()}]
	if t == nil {
		return
	}
	t.newest = markOf(last)
	b.drop(t.interim)
	b.add(update{topic: t, seq: seq, event: last})
	t.interim = len(b.pending)
}

// has reports whether a topic has subscribers.
func (b *broadcaster) has(k key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.topics[k] != nil
}
