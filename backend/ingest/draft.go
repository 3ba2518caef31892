package ingest

import (
	"slices"

	"spinscope/backend/market"
)

// draft collects what the next commit will hold.
type draft struct {
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
	books      []market.Book
	evicted    []market.Pubkey
	replay     market.Position
	newest     market.Position // of all events ever drafted
}

func (d *draft) reset() {
	for _, state := range d.touched {
		state.drafted = false
	}
	*d = draft{newest: d.newest, orders: d.orders, replays: d.replays, gone: d.gone, touched: d.touched[:0], visitors: d.visitors[:0]}
	if d.orders == nil {
		d.orders, d.replays = map[market.Pubkey]market.OrderChange{}, map[market.Pubkey]market.Pubkey{}
		d.gone = map[market.Position]struct{}{}
	}
	clear(d.orders)
	clear(d.replays)
	clear(d.gone)
}

func (d *draft) empty() bool {
	return !d.force && len(d.events)+len(d.removed)+len(d.candles)+len(d.gaps)+len(d.books)+len(d.orders) == 0
}

// touch marks a mint as part of the draft.
func (d *draft) touch(state *mintState) {
	if !state.drafted {
		state.drafted = true
		d.touched = append(d.touched, state)
	}
}

// remove notes that the commit takes stored events away.
func (d *draft) remove(events ...market.Event) {
	d.removed = append(d.removed, events...)
	for i := range events {
		d.gone[events[i].Position] = struct{}{}
	}
}

// isRemoved tells whether the draft takes the stored event at this place away.
func (d *draft) isRemoved(at market.Position) bool {
	_, ok := d.gone[at]
	return ok
}

// stampBefore is the stamp of the mint's last event before the end of a candle. A batch may span several candles.
func (d *draft) stampBefore(state *mintState, end int64) market.Stamp {
	if state.stamp.BlockTime < end {
		return state.stamp
	}
	for i := range slices.Backward(d.events) {
		if e := &d.events[i]; e.BlockTime < end && e.Mint() == state.book.Mint {
			return market.Stamp{Slot: e.Slot, BlockTime: e.BlockTime, ReceivedAt: e.ReceivedAt}
		}
	}
	return state.stamp
}

// take moves the draft's content into a commit that owns it.
func (d *draft) take() *market.Commit {
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
	for _, state := range d.touched {
		if state.recount {
			state.recount = false
			c.Tokens = append(c.Tokens, state.token)
		}
	}
	return c
}
