package ingest

import (
	"slices"

	"spinscope/backend/market"
)

// nextCommit collects what the next commit will hold.
type nextCommit struct {
	slot       market.Slot
	chainTime  int64
	checkpoint market.Slot
	force      bool // commit even when nothing else changed
	events     []market.Event
	removed    []market.Event
	gone       map[market.Position]struct{} // places of removed
	candles    []market.CandleChange
	orders     map[market.Pubkey]market.OrderChange
	replays    map[market.Pubkey]market.Pubkey // orders to be replayed from their events → their mints
	touched    []*mintState
	visitors   []market.Pubkey // mints that came back to memory only to have candles closed
	gaps       []market.Gap
	reached    map[market.Pubkey]struct{} // addresses that it has batches of
	books      []market.Book
	evicted    []market.Pubkey
	replay     market.Position
	newest     market.Position // of all events ever taken
}

func (d *nextCommit) reset() {
	for _, state := range d.touched {
		state.inCommit = false
	}
	// What the next commit holds is mostly as much as this one did; growing to it would make five times the garbage.
	candles, events := slices.Grow([]market.CandleChange(nil), len(d.candles)), slices.Grow([]market.Event(nil), len(d.events))
	*d = nextCommit{candles: candles, events: events, newest: d.newest, orders: d.orders, replays: d.replays, gone: d.gone, reached: d.reached, touched: d.touched[:0], visitors: d.visitors[:0]}
	if d.orders == nil {
		d.orders, d.replays = map[market.Pubkey]market.OrderChange{}, map[market.Pubkey]market.Pubkey{}
		d.gone, d.reached = map[market.Position]struct{}{}, map[market.Pubkey]struct{}{}
	}
	clear(d.orders)
	clear(d.replays)
	clear(d.gone)
	clear(d.reached)
}

func (d *nextCommit) empty() bool {
	return !d.force && len(d.events)+len(d.removed)+len(d.candles)+len(d.gaps)+len(d.books)+len(d.orders) == 0
}

// touch marks a mint as part of the next commit.
func (d *nextCommit) touch(state *mintState) {
	if !state.inCommit {
		state.inCommit, state.stamps = true, state.stamps[:0]
		d.touched = append(d.touched, state)
	}
}

// remove notes that the commit takes stored events away.
func (d *nextCommit) remove(events ...market.Event) {
	d.removed = append(d.removed, events...)
	for i := range events {
		d.gone[events[i].Position] = struct{}{}
	}
}

// isRemoved reports whether the next commit takes the stored event at this place away.
func (d *nextCommit) isRemoved(at market.Position) bool {
	_, ok := d.gone[at]
	return ok
}

// take moves the next commit's content into a commit that owns it.
func (d *nextCommit) take() *market.Commit {
	slices.SortStableFunc(d.events, func(a, b market.Event) int { return a.Position.Compare(b.Position) })
	c := &market.Commit{
		Events: d.events, Removed: d.removed, Candles: d.candles, Gaps: d.gaps,
		Books: d.books, Evicted: d.evicted, Replay: d.replay,
	}
	for _, change := range d.orders {
		c.Orders = append(c.Orders, change)
	}

	slices.SortFunc(c.Orders, func(a, b market.OrderChange) int {
		return slices.Compare(a.Order.Address[:], b.Order.Address[:])
	})

	recounted := 0
	for _, state := range d.touched {
		if state.recount {
			recounted++
		}
	}

	c.Tokens = slices.Grow(c.Tokens, recounted) // growing step by step would take twice the memory
	for _, state := range d.touched {
		if state.recount {
			state.recount = false
			c.Tokens = append(c.Tokens, state.token)
		}
	}

	return c
}
