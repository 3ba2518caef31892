package store

import (
	"cmp"
	"maps"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// model is the store as one would write it without a disk: plain maps, whole scans, nothing kept up to date.
type model struct {
	events  map[market.Position]market.Event
	stored  map[seriesKey]map[int64]modelCandle
	open    map[seriesKey]map[int64]modelCandle
	gone    map[seriesKey]map[int64]modelCandle // removed last by seq; the candle may be back
	durable map[market.Pubkey]market.OpenCandles
	held    map[seriesKey]map[int64]modelCandle // the durable candles
	orders  map[market.Pubkey]market.Order
	tokens  map[market.Pubkey]market.Token
	gaps    map[market.Gap]market.Gap // key: State and Seq zero
	log     []modelLog
	state   State
	last    int64
	ids     map[market.Pubkey]int // order of first appearance

	touched map[market.Pubkey]market.Seq // the last commit about a mint's trades

	sums       map[market.Pubkey]market.Token
	prunedSlot market.Slot
	horizon    int64
}

type seriesKey struct {
	mint     market.Pubkey
	interval market.Interval
}

type modelCandle struct {
	market.Candle
	seq market.Seq
}

type modelLog struct {
	seq market.Seq
	at  []market.Position
}

func newModel() *model {
	return &model{
		events: map[market.Position]market.Event{}, stored: map[seriesKey]map[int64]modelCandle{}, open: map[seriesKey]map[int64]modelCandle{},
		durable: map[market.Pubkey]market.OpenCandles{}, held: map[seriesKey]map[int64]modelCandle{}, orders: map[market.Pubkey]market.Order{}, tokens: map[market.Pubkey]market.Token{},
		sums: map[market.Pubkey]market.Token{}, touched: map[market.Pubkey]market.Seq{},
		gone: map[seriesKey]map[int64]modelCandle{}, gaps: map[market.Gap]market.Gap{}, ids: map[market.Pubkey]int{},
	}
}

func (m *model) meet(mint market.Pubkey) {
	if _, known := m.ids[mint]; !known {
		m.ids[mint] = len(m.ids)
	}
}

func put(series map[seriesKey]map[int64]modelCandle, key seriesKey, c modelCandle) {
	if series[key] == nil {
		series[key] = map[int64]modelCandle{}
	}
	series[key][c.Time] = c
}

// change applies the candles of a commit; apply does the rest.
func (m *model) change(changes []market.CandleChange, seq market.Seq) {
	for _, change := range changes {
		key := seriesKey{change.Mint, change.Interval}
		switch {
		case change.Removed:
			delete(m.stored[key], change.Candle.Time)
			delete(m.open[key], change.Candle.Time)
			put(m.gone, key, modelCandle{change.Candle, seq})
		case change.Candle.Final:
			delete(m.open[key], change.Candle.Time)
			put(m.stored, key, modelCandle{change.Candle, seq})
		default:
			put(m.open, key, modelCandle{change.Candle, seq})
		}
	}
}

func (m *model) apply(c *market.Commit) {
	for _, e := range c.Removed {
		if m.events[e.Position].Signature == e.Signature {
			delete(m.events, e.Position)
		}
	}

	entry := modelLog{seq: c.Seq}
	for _, e := range c.Events {
		m.meet(e.Mint())
		m.events[e.Position] = e
		m.last = max(m.last, e.BlockTime)
		entry.at = append(entry.at, e.Position)
	}

	m.log = append(m.log, entry)
	for _, change := range c.Candles {
		m.meet(change.Mint)
		m.touched[change.Mint] = c.Seq
	}

	for _, change := range c.Orders {
		if old, ok := m.orders[change.Order.Address]; ok {
			m.meet(old.MintAccount)
		}
		delete(m.orders, change.Order.Address)
		if !change.Closed {
			m.meet(change.Order.MintAccount)
			m.orders[change.Order.Address] = change.Order
		}
	}

	for _, t := range c.Tokens {
		m.meet(t.Mint)
		m.tokens[t.Mint] = t
		m.touched[t.Mint] = c.Seq
	}

	for _, b := range c.OpenCandles {
		m.meet(b.Mint)
		m.durable[b.Mint] = b
		for i := range market.Interval(market.NumStored) {
			m.held[seriesKey{b.Mint, i}] = maps.Clone(m.open[seriesKey{b.Mint, i}])
		}
	}

	for _, mint := range c.Evicted {
		m.forget(mint)
	}
	for _, g := range c.Gaps {
		key := g
		key.State, key.Seq, g.Seq = 0, 0, c.Seq
		if m.gaps[key] = g; g.State == market.GapReplaced {
			delete(m.gaps, key)
		}
	}

	m.state.Seq, m.state.ChainTime = c.Seq, c.ChainTime
	m.state.Slot = cmp.Or(c.Slot, m.state.Slot)
	m.state.Checkpoint = cmp.Or(c.Checkpoint, m.state.Checkpoint)
	if c.Replay != (market.Position{}) {
		m.state.Replay = c.Replay
	}
}

// forget drops a mint's open candles from memory: what remains is durable, where nothing stored stands.
func (m *model) forget(mint market.Pubkey) {
	for i := range market.Interval(market.NumStored) {
		key := seriesKey{mint, i}
		delete(m.open, key)
		for _, c := range m.held[key] {
			if _, stored := m.stored[key][c.Time]; !stored {
				put(m.open, key, c)
			}
		}
	}
}

// openCandles are a mint's.
func (m *model) openCandles(mint market.Pubkey) market.OpenCandles {
	b := market.OpenCandles{Mint: mint, BlockTime: 5}
	for i := range market.Interval(market.NumStored) {
		for _, c := range byKey(m.open[seriesKey{mint, i}]) {
			b.Open[i] = append(b.Open[i], c.Candle)
		}
	}
	return b
}

func byKey[K cmp.Ordered, V any](from map[K]V) (list []V) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		list = append(list, from[key])
	}
	return list
}

// candles of a series, ascending.
func (m *model) candles(mint market.Pubkey, interval market.Interval) []modelCandle {
	if part, derived := market.PartOf(interval, market.StoredIntervals()); derived {
		return m.merged(m.candles(mint, part), interval)
	}
	all := maps.Clone(m.stored[seriesKey{mint, interval}])
	if all == nil {
		all = map[int64]modelCandle{}
	}
	maps.Copy(all, m.open[seriesKey{mint, interval}])
	return byKey(all)
}

// merged makes candles of those of a shorter interval, which are in order.
func (m *model) merged(parts []modelCandle, interval market.Interval) (whole []modelCandle) {
	for _, part := range parts {
		start := interval.Floor(part.Time)
		if n := len(whole); n == 0 || whole[n-1].Time != start {
			part.Time = start
			whole = append(whole, part)
			continue
		}

		c := &whole[len(whole)-1]
		c.High, c.Low, c.Close = max128(c.High, part.High), min128(c.Low, part.Low), part.Close
		c.Volume, c.QuoteVolume, c.BuyVolume = c.Volume.Add(part.Volume), c.QuoteVolume.Add(part.QuoteVolume), c.BuyVolume.Add(part.BuyVolume)
		c.Trades += part.Trades
		c.Final, c.Provisional = c.Final && part.Final, c.Provisional || part.Provisional
		c.Corrected, c.seq = c.Corrected || part.Corrected, max(c.seq, part.seq)
	}

	for i := range whole {
		c := &whole[i]
		c.Final = c.Final && c.Time+interval.Seconds() <= m.state.ChainTime
		c.Corrected = c.Corrected && c.Final
	}

	return whole
}

func (m *model) candlesIn(mint market.Pubkey, interval market.Interval, from, to int64, keep func(modelCandle) bool) (in []market.Candle) {
	for _, c := range m.candles(mint, interval) {
		if c.Time >= from && c.Time <= to && keep(c) {
			in = append(in, c.Candle)
		}
	}
	return in
}

// list gives the events that keep wants, in chain order.
func (m *model) list(keep func(*market.Event) bool) (events []market.Event) {
	for _, e := range m.events {
		if keep(&e) {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b market.Event) int { return a.Position.Compare(b.Position) })
	return events
}

// whole adds to liquidations the orders that they ended.
func (m *model) whole(events []market.Event) []market.Event {
	for i := range events {
		body, ok := events[i].Body.(*spinpet.ForceLiquidate)
		if !ok {
			continue
		}

		var o market.Order
		for _, e := range m.list(func(e *market.Event) bool {
			of, about := e.Order()
			return about && of == body.Order && e.Position.Compare(events[i].Position) < 0
		}) {
			switch b := e.Body.(type) {
			case *spinpet.LongShort:
				o.Terms = b.Terms
			case *spinpet.PartialClose:
				o.Terms = b.Terms
			default:
				o = market.Order{}
				continue
			}

			if o.Address, o.MintAccount, o.LatestTradeTime = body.Order, e.Mint(), e.BlockTime; !e.Price.IsZero() {
				o.Scale, o.LatestPrice = e.Scale, e.Price
			}
		}

		if o.Terms.OrderType != 0 {
			events[i].Liquidated = &o
		}
	}

	return events
}

func (m *model) ordersOf(keep func(*market.Order) bool, less func(a, b *market.Order) int) (orders []market.Order) {
	for _, o := range m.orders {
		if keep(&o) {
			orders = append(orders, o)
		}
	}
	slices.SortFunc(orders, func(a, b market.Order) int {
		return cmp.Or(less(&a, &b), slices.Compare(a.Address[:], b.Address[:]))
	})
	return orders
}

// mints lists the created ones, or all that were created or traded, in an order; ties go by first appearance, the newest
// first when the list goes down.
func (m *model) mints(order MintSort, all bool) (tokens []market.Token) {
	for _, t := range m.tokens {
		if t.Created != nil || all && t.LatestTradeTime != 0 {
			tokens = append(tokens, t)
		}
	}

	slices.SortFunc(tokens, func(a, b market.Token) int {
		var by int
		switch order {
		case LastTradeDesc:
			by = cmp.Compare(a.LatestTradeTime, b.LatestTradeTime)
		case VolumeDesc:
			by = a.TotalSolAmount.Cmp(b.TotalSolAmount)
		default:
			by = cmp.Or(cmp.Compare(a.CreateTime, b.CreateTime), a.CreatedPosition.Compare(b.CreatedPosition))
		}
		return cmp.Or(by, cmp.Compare(m.ids[a.Mint], m.ids[b.Mint]))
	})
	if order != CreatedAsc {
		slices.Reverse(tokens)
	}

	return tokens
}

// paged cuts a page out of a list.
func paged[T any](list []T, offset, limit int) []T {
	offset = min(offset, len(list))
	return list[offset:min(len(list), offset+limit)]
}
