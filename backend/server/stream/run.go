package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// lagEvents is how many events are pushed at once after a lag; more would cut every client for its queue.
const lagEvents = 1000

// Run pushes commits to the clients until ctx ends, and then returns nil. A store that fails ends it with an error. It
// is called once.
func (st *Stream) Run(ctx context.Context) error {
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
		return st.catchUp(ctx)
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

// catchUp replaces the commits that were lost to a lag with their effect, read from the store: each topic's changed
// candles and all events. Topics that come to life meanwhile read a newer state themselves.
func (st *Stream) catchUp(ctx context.Context) error {
	b := st.board
	b.mu.Lock()
	from, upTo := b.absorbed+1, st.store.Seq()
	var candles []*topic
	events := false
	for _, t := range b.topics {
		if t.kind == klineTopic {
			candles = append(candles, t)
		} else {
			events = true
		}
	}
	b.mu.Unlock()
	if upTo < from {
		return nil
	}
	st.log.Warn("broadcaster lagged, reading from the store", "from", from, "to", upTo, "topics", len(candles))
	st.counts.lags.Add(1)

	var list []lostEvent
	whole := true
	if events {
		var err error
		if list, whole, err = st.lostEvents(ctx, from, upTo); err != nil {
			return err
		}
	}
	lost := make([]lostCandles, len(candles))
	for i, t := range candles {
		var err error
		l := &lost[i]
		l.topic = t
		if l.candles, l.complete, l.seq, err = st.store.ChangedCandles(ctx, t.mint, t.interval, from, st.historyMax); err != nil {
			return fmt.Errorf("read candles changed since %d: %w", from, err)
		}
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	b.absorbed = max(b.absorbed, upTo)
	for i := range list {
		b.absorbEvent(list[i].seq, &list[i].event, nil)
	}
	if !whole {
		for _, t := range b.topics {
			if t.kind != klineTopic {
				b.addGap(t, from, upTo)
			}
		}
	}
	for i := range lost {
		b.addLost(&lost[i], from, upTo)
	}
	return nil
}

// lostEvent is an event of a commit that the broadcaster did not see.
type lostEvent struct {
	seq   market.Seq
	event market.Event
}

// lostEvents reads the events of commits from..upTo. whole is false when they are too many, or gone.
func (st *Stream) lostEvents(ctx context.Context, from, upTo market.Seq) (list []lostEvent, whole bool, err error) {
	_, whole, err = st.store.EventsSince(ctx, from, func(seq market.Seq, e *market.Event) error {
		if seq > upTo || len(list) > lagEvents {
			return errPage
		}
		list = append(list, lostEvent{seq, *e})
		return nil
	})
	if errors.Is(err, errPage) {
		err = nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read events since %d: %w", from, err)
	}
	if len(list) > lagEvents {
		return nil, false, nil
	}
	return list, whole, nil
}

// lostCandles are the candles of a topic that changed in commits it did not see, as of seq.
type lostCandles struct {
	topic    *topic
	candles  []market.Candle
	complete bool
	seq      market.Seq
}

// addLost queues them. They are stamped upTo, so that seqs never go back; the commits up to l.seq, which they hold too,
// are skipped for this topic. The mutex is held.
func (b *broadcaster) addLost(l *lostCandles, from, upTo market.Seq) {
	t := l.topic
	if b.topics[t.key] != t {
		return // nobody is left
	}
	t.covered = max(t.covered, l.seq)
	if !l.complete {
		b.addGap(t, from, upTo)
	}
	for _, candle := range l.candles {
		reason := market.Realtime
		if candle.Final {
			reason = market.Final
			if t.closed != 0 && candle.Time <= t.closed {
				reason = market.Correction
			}
		}
		change := &market.CandleChange{Mint: t.mint, Interval: t.interval, Candle: candle, Type: reason, Stamp: market.Stamp{BlockTime: candle.Time}}
		b.add(update{topic: t, seq: upTo, change: change, state: l.seq})
	}
}

func (b *broadcaster) addGap(t *topic, from, upTo market.Seq) {
	b.add(update{topic: t, seq: upTo, gap: &wire.StreamGap{
		Topic: t.name, FromSeq: uint64(from), ToSeq: uint64(upTo), Reason: "the server fell behind: read the history again",
	}})
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

// has tells whether a topic has subscribers.
func (b *broadcaster) has(k key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.topics[k] != nil
}
