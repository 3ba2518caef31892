package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/hub"
	"spinscope/backend/market"
)

// Run pushes commits to the clients until ctx ends, and then returns nil. A store that fails ends it with an error. It
// is called once.
func (st *Stream) Run(ctx context.Context) error {
	defer st.jobs.Wait()
	defer st.stop()
	defer close(st.board.done)
	defer st.commits.Close()
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
			return fmt.Errorf("catch up after a lag: %w", err)
		case <-expired:
		case <-st.board.kick:
		case <-st.commits.Ready():
			if err := st.take(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// step flushes what is due and returns how long the rest may wait; negative when there is none.
func (st *Stream) step() time.Duration {
	b := st.board
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := b.due()
	if wait == 0 {
		b.flush()
		wait = b.due()
	}
	return wait
}

// take absorbs the commits that wait.
func (st *Stream) take(ctx context.Context) error {
	commits, err := st.commits.Take()
	if errors.Is(err, hub.ErrLagged) {
		st.catchUp()
		return nil
	}
	if err != nil {
		return fmt.Errorf("read commits: %w", err)
	}
	for _, c := range commits {
		prices, err := st.revised(ctx, c)
		if err != nil {
			return err
		}
		st.board.mu.Lock()
		st.board.absorb(c)
		for i := range prices {
			st.board.revisePrice(c.Seq, &prices[i])
		}
		st.board.mu.Unlock()
	}
	return nil
}

// revised reads the last trades of mints whose newest one the commit may have taken away.
func (st *Stream) revised(ctx context.Context, c *market.Commit) ([]market.Event, error) {
	var prices []market.Event
	seen := make(map[market.Pubkey]bool)
	for i := range c.Removed {
		e := &c.Removed[i]
		if _, ok := e.Trade(); !ok || seen[e.Mint()] || !st.board.has(key{kind: priceTopic, mint: e.Mint()}) {
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
