package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// Store is what the writer needs of the market store. Reads see every commit made before. Iterations stop with the
// error that fn returns.
type Store interface {
	// Commit stores a commit and does not keep it.
	Commit(c *market.Commit) error

	// Gaps lists the known gaps: of all mints when mint is nil, in one state or, when state is nil, in any.
	Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) ([]market.Gap, error)

	// Reached gives how far each address has come that was followed beside the program.
	Reached(fn func(*market.Reached) error) error

	// AllOpenCandles gives the durable open candles of every mint.
	AllOpenCandles(fn func(*market.OpenCandles) error) error
	OpenCandles(mint market.Pubkey) (market.OpenCandles, bool, error)
	Token(mint market.Pubkey) (market.Token, bool, error)
	Order(address market.Pubkey) (market.Order, bool, error)

	// EventsAfter and SlotEvents give events of all mints in chain order; after is excluded, from and to included.
	EventsAfter(after market.Position, fn func(*market.Event) error) error
	SlotEvents(from, to market.Slot, fn func(*market.Event) error) error
	// FindSignature gives the stored events of one transaction.
	FindSignature(signature market.Signature, fn func(*market.Event) error) error
	// OrderEvents gives the stored events of one order in chain order.
	OrderEvents(order market.Pubkey, fn func(*market.Event) error) error
	// MintEvents goes up from after, MintEventsBack down from before; both exclude the bound.
	MintEvents(mint market.Pubkey, after market.Position, fn func(*market.Event) error) error
	MintEventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) error) error

	// CandleBefore is the newest candle with a time below t, CandleAfter the oldest with a time above it; CandlesBetween
	// gives those with from <= time <= to, ascending. All include the open ones as of the last commit.
	CandleBefore(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error)
	CandleAfter(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error)
	CandlesBetween(mint market.Pubkey, interval market.Interval, from, to int64) ([]market.Candle, error)
}

// commits is the market as the writer sees it: the store, at most one commit that is being written (pending), and the
// next one, which is being made ready. Commits are written and published in order. Until the pending one is done the
// store stands before it: who reads what it changes waits for it.
type commits struct {
	store    Store
	publish  func(*market.Commit) // nil: nobody listens
	counters *counters
	next     nextCommit
	pending  *pendingCommit // nil when everything handed over is written
	written  *market.Commit // whose memory the next one may have; nil where others may keep it
}

// pendingCommit is a commit that a goroutine of its own writes and publishes.
type pendingCommit struct {
	commit *market.Commit
	done   chan struct{} // closed once err is set
	err    error
}

// put writes and publishes a commit. It touches nothing that the making of the next one does.
func (s *commits) put(c *market.Commit) error {
	if err := s.store.Commit(c); err != nil {
		return fmt.Errorf("commit %d events: %w", len(c.Events), err)
	}
	s.counters.events.Add(uint64(len(c.Events)))
	if s.publish != nil {
		s.publish(c)
	}
	return nil
}

// begin empties the next commit, once all of it was handed over.
func (s *commits) begin() {
	s.next.reset(s.written)
	s.written = nil
}

// send is put in the background. Nothing else may be pending.
func (s *commits) send(c *market.Commit) {
	p := &pendingCommit{commit: c, done: make(chan struct{})}
	s.pending = p
	go func() {
		defer close(p.done)
		p.err = s.put(c)
	}()
}

// busy reports whether a commit is being written.
func (s *commits) busy() bool {
	if s.pending == nil {
		return false
	}
	select {
	case <-s.pending.done:
		return false
	default:
		return true
	}
}

// wait returns when everything handed over is written and published. An error stays: the store stands before that
// commit.
func (s *commits) wait() error {
	if s.pending == nil {
		return nil
	}
	<-s.pending.done
	if s.pending.err != nil {
		return s.pending.err
	}
	if s.publish == nil {
		s.written = s.pending.commit
	}
	s.pending = nil
	return nil
}

// waitForSlot waits unless the store already stands as it will as far as the events of a slot are concerned.
func (s *commits) waitForSlot(slot market.Slot) error {
	if s.pending == nil || !s.pending.concerns(slot) {
		return nil
	}
	return s.wait()
}

// waitForMint is waitForSlot for the records of a mint that is not in memory: the pending commit concerns it only if it
// let the mint go.
func (s *commits) waitForMint() error {
	if s.pending == nil || len(s.pending.commit.Evicted) == 0 {
		return nil
	}
	return s.wait()
}

// slotEvents gives the stored events of a slot, less those that the next commit removes.
func (s *commits) slotEvents(slot market.Slot, fn func(*market.Event)) error {
	if err := s.waitForSlot(slot); err != nil {
		return err
	}
	err := s.store.SlotEvents(slot, slot, func(e *market.Event) error {
		if !s.next.isRemoved(e.Position) {
			fn(e)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read slot %d: %w", slot, err)
	}
	return nil
}

// pendingOrder is what the pending commit says of an order.
func (s *commits) pendingOrder(address market.Pubkey) (market.OrderChange, bool) {
	if s.pending == nil {
		return market.OrderChange{}, false
	}
	list := s.pending.commit.Orders
	i, found := slices.BinarySearchFunc(list, address, func(change market.OrderChange, address market.Pubkey) int {
		return slices.Compare(change.Order.Address[:], address[:])
	})
	if !found {
		return market.OrderChange{}, false
	}
	return list[i], true
}

// concerns reports whether the commit adds or removes events of a slot.
func (p *pendingCommit) concerns(slot market.Slot) bool {
	if len(p.commit.Removed) > 0 {
		return true
	}
	_, found := slices.BinarySearchFunc(p.commit.Events, slot, func(e market.Event, slot market.Slot) int {
		return cmp.Compare(e.Slot, slot)
	})
	return found
}

// nextCommit collects what the next commit will hold. Its zero value is not ready: reset (begin) makes it so.
type nextCommit struct {
	slot       market.Slot
	chainTime  int64
	checkpoint market.Slot
	force      bool // commit even when nothing else changed
	events     []market.Event
	removed    []market.Event
	gone       map[market.Position]struct{} // positions of removed
	candles    []market.CandleChange
	orders     []market.OrderChange // by address
	touched    []*mintState
	gaps       []market.Gap
	open       []market.OpenCandles
	evicted    []market.Pubkey
	replay     market.Position
	newest     market.Position // of all events ever taken
}

// reset empties the commit. The memory of an older one, which may be nil, is used again.
func (n *nextCommit) reset(old *market.Commit) {
	for _, state := range n.touched {
		state.inCommit = false
	}

	var candles []market.CandleChange
	var events []market.Event
	if old != nil {
		clear(old.Candles)
		clear(old.Events)
		candles, events = old.Candles[:0], old.Events[:0]
	}

	// What the next commit holds is mostly as much as this one did; growing to it would make five times the garbage.
	candles, events = slices.Grow(candles, len(n.candles)), slices.Grow(events, len(n.events))
	*n = nextCommit{candles: candles, events: events, newest: n.newest, gone: n.gone, touched: n.touched[:0]}
	if n.gone == nil {
		n.gone = map[market.Position]struct{}{}
	}
	clear(n.gone)
}

func (n *nextCommit) empty() bool {
	return !n.force && len(n.events)+len(n.removed)+len(n.candles)+len(n.gaps)+len(n.open)+len(n.orders) == 0
}

// touch marks a mint as part of the next commit.
func (n *nextCommit) touch(state *mintState) {
	if !state.inCommit {
		state.inCommit, state.stamps = true, state.stamps[:0]
		n.touched = append(n.touched, state)
	}
}

// add puts an event into the commit.
func (n *nextCommit) add(event *market.Event) {
	n.events = append(n.events, *event)
	if n.newest.Compare(event.Position) < 0 {
		n.newest = event.Position
	}
}

// of are the commit's events of a transaction.
func (n *nextCommit) of(signature market.Signature) []market.Event {
	var events []market.Event
	for i := range n.events {
		if n.events[i].Signature == signature {
			events = append(events, n.events[i])
		}
	}
	return events
}

// drop takes the events of a transaction out of the commit again and returns them.
func (n *nextCommit) drop(signature market.Signature) []market.Event {
	dropped := n.of(signature)
	if len(dropped) == 0 {
		return nil
	}
	n.events = slices.DeleteFunc(n.events, func(e market.Event) bool { return e.Signature == signature })
	return dropped
}

// remove notes that the commit takes stored events away.
func (n *nextCommit) remove(events ...market.Event) {
	n.removed = append(n.removed, events...)
	for i := range events {
		n.gone[events[i].Position] = struct{}{}
	}
}

// isRemoved reports whether the commit takes the stored event at this position away.
func (n *nextCommit) isRemoved(at market.Position) bool {
	_, ok := n.gone[at]
	return ok
}

// take moves the content into a commit that owns it.
func (n *nextCommit) take() *market.Commit {
	slices.SortStableFunc(n.events, func(a, b market.Event) int { return a.Position.Compare(b.Position) })
	c := &market.Commit{
		Events: n.events, Removed: n.removed, Candles: n.candles, Orders: n.orders, Gaps: n.gaps,
		OpenCandles: n.open, Evicted: n.evicted, Replay: n.replay,
	}

	recounted := 0
	for _, state := range n.touched {
		if state.recount {
			recounted++
		}
	}

	c.Tokens = slices.Grow(c.Tokens, recounted) // growing step by step would take twice the memory
	for _, state := range n.touched {
		if state.recount {
			state.recount = false
			c.Tokens = append(c.Tokens, state.token)
		}
	}

	return c
}
