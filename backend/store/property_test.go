package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// TestStoreEqualsModel commits at random, with restarts, crashes inside a commit, rollbacks and evictions, and compares
// every query with the naive model.
func TestStoreEqualsModel(t *testing.T) {
	seeds, commits := uint64(4), 160
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newProperty(t, seed)
			for range commits {
				p.step()
			}
			p.reopen()
			p.compareAll()
			if err := p.store.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

type property struct {
	samples
	t       *testing.T
	options Options
	store   *Store
	model   *model
	newest  market.Slot
	days    bool // times run over days with the slots, for retention
}

func newProperty(t *testing.T, seed uint64) *property {
	p := &property{samples: newSamples(seed), t: t, model: newModel()}
	p.options = small(Options{Dir: t.TempDir(), LogLength: 15, chunkRows: 7, markRows: 2, maxCached: 3, maxWrites: []int{0, 5, 60}[seed%3]})
	p.open()
	return p
}

func (p *property) open() {
	var err error
	var id string
	if p.store != nil {
		id = p.store.ID()
	}
	if p.store, err = Open(p.options); err != nil {
		p.t.Fatal(err)
	}
	if id != "" && p.store.ID() != id {
		p.t.Fatalf("opened again, the store calls itself %s, before %s", p.store.ID(), id)
	}
}

// reopen restarts the store; open candles that are not durable are lost, as nobody folds the events again here.
func (p *property) reopen() {
	if err := p.store.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.open()
	for mint := range p.model.ids {
		p.model.forget(mint)
	}
}

func (p *property) step() {
	c := p.commit()
	if p.IntN(12) == 0 {
		p.crash(c)
	}
	if err := p.store.Commit(c); err != nil {
		p.t.Fatal(err)
	}
	p.model.apply(c)
	switch p.IntN(8) {
	case 0:
		p.reopen()
		p.compareAll()
	case 1:
		p.compareAll()
	default:
		p.compareMint(mintKey(p.IntN(7)))
	}
}

// crash lets a commit fail half way, as a killed process would, and opens the store again. It must be as before. The
// model has the commit's candles already; they come back when the commit is made again.
func (p *property) crash(c *market.Commit) {
	before, left := p.store.State(), p.IntN(4)
	injected := errors.New("injected")
	p.store.onSplit = func() error {
		if left--; left < 0 {
			return injected
		}
		return nil
	}
	err := p.store.Commit(c)
	p.store.onSplit = nil
	if err == nil { // too small to be split; take the place of the one that follows
		p.model.apply(c)
		next := p.commit()
		*c = *next
		return
	}

	if !errors.Is(err, injected) {
		p.t.Fatal(err)
	}
	if err := p.store.Commit(c); err == nil {
		p.t.Fatal("a store that failed took another commit")
	}

	if err := p.store.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.open()
	if after := p.store.State(); after != before {
		p.t.Fatalf("state after a crash is %+v, was %+v", after, before)
	}

	p.audit()
	// Open candles were lost with the process: let the commit bring all of them, as ingest does after it recovered.
	for key, series := range p.model.open {
		for _, open := range byKey(series) {
			c.Candles = append(c.Candles, market.CandleChange{Mint: key.mint, Interval: key.interval, Candle: open.Candle})
		}
	}

	for mint := range p.model.ids {
		p.model.forget(mint) // what was removed since they were made durable is back
	}
	p.model.change(c.Candles, c.Seq)
	for i := range c.OpenCandles {
		c.OpenCandles[i] = p.model.openCandles(c.OpenCandles[i].Mint)
	}
}

// commit makes the next commit; the model's candles are already as it leaves them, since durable ones are made from them.
func (p *property) commit() *market.Commit {
	c := &market.Commit{Seq: p.model.state.Seq + 1, ChainTime: int64(p.IntN(5000)), Slot: market.Slot(p.IntN(3))}
	if p.IntN(9) == 0 {
		c.Checkpoint = market.Slot(p.IntN(100))
	}
	stored := p.model.list(func(*market.Event) bool { return true })
	for range min(p.IntN(3), len(stored)) {
		e := stored[p.IntN(len(stored))]
		if p.IntN(5) == 0 {
			e.Signature = p.signature() // not what stands there: must be left alone
		}
		c.Removed = append(c.Removed, e)
	}

	for range p.IntN(8) {
		e := p.event(mintKey(p.IntN(6)), p.position())
		if p.days {
			e.BlockTime = slotTime(e.Slot) + p.Int64N(market.ClockSlack) // further they do not run against the order of slots
		}
		c.Events = append(c.Events, e)
	}

	if p.days {
		c.ChainTime = slotTime(p.newest)
	}
	for range p.IntN(40) {
		c.Candles = append(c.Candles, p.candleChange())
	}

	p.model.change(c.Candles, c.Seq)
	for range p.IntN(3) {
		c.Orders = append(c.Orders, market.OrderChange{Order: p.order(p.IntN(12)), Closed: p.IntN(3) == 0})
	}

	for range p.IntN(3) {
		c.Tokens = append(c.Tokens, p.token(mintKey(p.IntN(6))))
	}
	for n := range 6 {
		mint := mintKey(n)
		if p.IntN(6) > 0 {
			continue
		}
		c.OpenCandles = append(c.OpenCandles, p.model.openCandles(mint))
		c.Replay = market.Position{Slot: market.Slot(p.IntN(50))}
		if p.IntN(2) == 0 {
			c.Evicted = append(c.Evicted, mint)
		}
	}

	if p.IntN(3) == 0 {
		g := market.Gap{From: market.Slot(p.IntN(3)), To: 9, Cause: []string{"a", "b"}[p.IntN(2)], State: market.GapState(p.IntN(4))}
		if p.IntN(2) == 0 {
			g.Mint = mintKey(p.IntN(3))
		}
		c.Gaps = append(c.Gaps, g)
	}

	return c
}

// position is mostly a new one at the end, sometimes one that is taken or lies far back.
func (p *property) position() market.Position {
	slot := market.Slot(p.IntN(int(p.newest) + 1))
	if p.IntN(4) > 0 {
		p.newest += market.Slot(p.IntN(2))
		slot = p.newest
	}
	return market.Position{Slot: slot, Index: p.Uint32N(4), Ordinal: uint16(p.IntN(3))}
}

func (p *property) candleChange() market.CandleChange {
	interval := []market.Interval{market.S1, market.M1}[p.IntN(2)]
	end := int64(p.model.state.Seq)
	t := end - int64(p.IntN(4))
	if p.IntN(6) == 0 {
		t = int64(p.IntN(int(end) + 1))
	}
	t *= interval.Seconds()
	if p.days {
		t = slotTime(p.newest - min(p.newest, market.Slot(p.IntN(20)*p.IntN(20)))) //nolint:gosec // a test
	}
	change := market.CandleChange{Mint: mintKey(p.IntN(6)), Interval: interval, Candle: chained(p.candle(t, p.IntN(3) > 0), false)}
	change.Removed = p.IntN(12) == 0
	return change
}

func (p *property) audit() {
	p.t.Helper()
	problems, err := p.store.Audit(context.Background())
	if err != nil || len(problems) > 0 {
		p.t.Fatalf("commit %d: audit: %v %v", p.model.state.Seq, err, problems)
	}
}

func check2[T any](p *property, what string, got T, err error, want T) {
	p.t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		p.t.Fatalf("commit %d: %s:\n got %+v, %v\nwant %+v", p.model.state.Seq, what, got, err, want)
	}
}

// list makes nil and empty slices equal.
func list[T any](l []T) []T { return append([]T{}, l...) }

func (p *property) compareAll() {
	p.t.Helper()
	p.audit()
	for n := range 7 {
		p.compareMint(mintKey(n))
		p.compareUser(userKey(n))
	}

	p.compareStreams()
	p.compareMints()
	stats := Stats{Orders: uint64(len(p.model.orders)), LastEventTime: p.model.last, Seq: p.model.state.Seq, Mints: len(p.model.ids), Total: uint64(len(p.model.events))}
	for _, e := range p.model.events {
		stats.Kinds.Add(e.Kind(), 1)
	}

	for _, series := range p.model.stored {
		stats.Candles += uint64(len(series))
	}
	for _, g := range p.model.gaps {
		if g.State == market.GapOpen {
			stats.GapsOpen++
		}
	}

	check2(p, "stats", p.store.Stats(), nil, stats)
	check2(p, "state", p.store.State(), nil, p.model.state)
	for n := range 12 {
		want, known := p.model.orders[keyOf('O', n)]
		got, found, err := p.store.Order(keyOf('O', n))
		check2(p, "order", got, err, want)
		check2(p, "order found", found, nil, known)
	}

	gaps, err := p.store.Gaps(context.Background(), nil, nil)
	check2(p, "gaps", len(gaps), err, len(p.model.gaps))
	for _, g := range gaps {
		key := g
		key.State, key.Seq = 0, 0
		check2(p, "gap", g, nil, p.model.gaps[key])
	}

	mint, open := mintKey(1), market.GapOpen
	gaps, err = p.store.Gaps(context.Background(), &mint, &open)
	want := 0
	for _, g := range p.model.gaps {
		if g.State == open && (g.Mint == mint || g.Mint.IsZero()) {
			want++
		}
	}

	check2(p, "gaps of a mint", len(gaps), err, want)
}

func (p *property) compareMint(mint market.Pubkey) {
	p.t.Helper()
	ctx := context.Background()
	for _, interval := range []market.Interval{market.S1, market.M1, market.H1} {
		p.compareCandles(mint, interval)
	}

	p.compareMerged(mint)
	events := p.model.list(func(e *market.Event) bool { return e.Mint() == mint })
	q := Page{Offset: p.IntN(len(events) + 3), Limit: p.IntN(6), OldestFirst: p.IntN(2) == 0}
	ordered := list(events)
	if !q.OldestFirst {
		slices.Reverse(ordered)
	}

	page, err := p.store.Events(ctx, mint, q)
	check2(p, "events", list(page.Events), err, p.model.whole(list(paged(ordered, q.Offset, q.Limit))))
	check2(p, "events' total", page.Total, nil, len(events))

	at := p.position()
	var got []market.Event
	collect := func(e *market.Event) error { got = append(got, *e); return nil }
	err = p.store.MintEvents(mint, at, collect)
	check2(p, "events after", list(got), err, list(p.model.list(func(e *market.Event) bool { return e.Mint() == mint && e.Position.Compare(at) > 0 })))
	got = nil
	err = p.store.MintEventsBack(mint, at, collect)

	before := p.model.list(func(e *market.Event) bool { return e.Mint() == mint && e.Position.Compare(at) < 0 })
	slices.Reverse(before)
	check2(p, "events before", list(got), err, list(before))

	for _, short := range []bool{false, true} {
		want := p.model.ordersOf(func(o *market.Order) bool {
			return o.MintAccount == mint && (o.Terms.OrderType == market.OrderShort) == short
		}, func(a, b *market.Order) int {
			by := a.Terms.LockLpStartPrice.Cmp(b.Terms.LockLpStartPrice)
			if !short {
				by = -by
			}
			return by
		})
		offset, limit := p.IntN(3), p.IntN(4)
		page, err := p.store.MintOrders(ctx, mint, short, Page{Offset: offset, Limit: limit})
		check2(p, "mint's orders", list(page.Orders), err, list(paged(want, offset, limit)))
		check2(p, "mint's orders' total", page.Total, nil, len(want))
	}

	want, known := p.model.tokens[mint]
	token, found, err := p.store.Token(mint)
	check2(p, "token", token, err, want)
	check2(p, "token found", found, nil, known)
	open, _, err := p.store.OpenCandles(mint)
	check2(p, "open candles", open, err, p.model.durable[mint])
}

func (p *property) compareCandles(mint market.Pubkey, interval market.Interval) {
	p.t.Helper()
	ctx := context.Background()
	any := func(modelCandle) bool { return true }
	end := int64(p.model.state.Seq+2) * interval.Seconds()
	if p.days {
		end = slotTime(p.newest + 3)
	}

	q := CandleQuery{From: math.MinInt64, To: math.MaxInt64, Limit: p.IntN(8), OldestFirst: p.IntN(2) == 0}
	if p.IntN(2) == 0 {
		q.From, q.To = p.Int64N(end), 1+p.Int64N(end)
	}
	all := p.model.candlesIn(mint, interval, q.From, q.To, any)
	q.Offset = p.IntN(len(all) + 3)

	ordered := list(all)
	if !q.OldestFirst {
		slices.Reverse(ordered)
	}
	page, err := p.store.Candles(ctx, mint, interval, q)
	check2(p, fmt.Sprintf("candles %+v of %d %s", q, p.model.ids[mint], interval), list(page.Candles), err, list(paged(ordered, q.Offset, q.Limit)))
	check2(p, fmt.Sprintf("candles' total %+v", q), page.Total, nil, len(all))
	check2(p, "candles' commit", page.Seq, nil, p.model.state.Seq)

	at := p.Int64N(end)
	below := p.model.candlesIn(mint, interval, math.MinInt64, at-1, any)
	got, found, err := p.store.CandleBefore(mint, interval, at)
	check2(p, "found a candle before", found, err, len(below) > 0)
	if found {
		check2(p, "candle before", got, nil, below[len(below)-1])
	}

	above := p.model.candlesIn(mint, interval, at+1, math.MaxInt64, any)
	got, found, err = p.store.CandleAfter(mint, interval, at)
	check2(p, "found a candle after", found, err, len(above) > 0)
	if found {
		check2(p, "candle after", got, nil, above[0])
	}

	from, err := p.store.CandlesFrom(mint, interval, at)
	check2(p, "candles from", list(from), err, list(p.model.candlesIn(mint, interval, at, math.MaxInt64, any)))

	if interval == market.M3 {
		p.compareChangedParts(mint)
		return
	}

	since := market.Seq(p.IntN(int(p.model.state.Seq) + 4))
	changed, complete, _, err := p.store.ChangedCandles(ctx, mint, interval, since, 6)
	first := market.Seq(1)
	if p.model.state.Seq >= 15 {
		first = p.model.state.Seq - 14
	}

	if since < first || since > p.model.state.Seq+1 {
		check2(p, "changes not known", list(changed), err, []market.Candle{})
		check2(p, "changes not known", complete, nil, false)
		return
	}

	want := p.model.candlesIn(mint, interval, math.MinInt64, math.MaxInt64, func(c modelCandle) bool { return c.seq >= since })
	whole := len(want) <= 6
	// Durable candles older than the removal may bring a candle back after a crash; that is no change either.
	back := func(c modelCandle) bool { return c.seq >= since }
	for t, removed := range p.model.gone[seriesKey{mint, interval}] {
		if removed.seq >= since && len(p.model.candlesIn(mint, interval, t, t, back)) == 0 {
			whole = false
		}
	}

	if p.days && p.model.horizon != 0 && !complete {
		whole = false // a deleted candle that was not at the end of its series: its change cannot be told any more
	}
	check2(p, fmt.Sprint("all changed since ", since), complete, err, whole)
	check2(p, fmt.Sprint("changed since ", since), list(changed), nil, list(want[max(0, len(want)-6):]))
}

// compareMerged is compareCandles for candles that are merged, with questions of its own, so that it changes no others.
func (p *property) compareMerged(mint market.Pubkey) {
	defer func(before *rand.Rand) { p.Rand = before }(p.Rand)
	p.Rand = rand.New(rand.NewPCG(uint64(p.model.state.Seq), uint64(mint[0]))) //nolint:gosec // a test that repeats
	p.compareCandles(mint, market.M3)
}

// compareChangedParts compares what changed of candles that are merged: those of which a part changed, and perhaps one or
// two that are final, as they may have become so by chain time alone.
func (p *property) compareChangedParts(mint market.Pubkey) {
	p.t.Helper()
	const limit = 6
	since := market.Seq(p.IntN(int(p.model.state.Seq) + 4))
	got, complete, _, err := p.store.ChangedCandles(context.Background(), mint, market.M3, since, limit)
	now := map[int64]market.Candle{}
	for _, c := range p.model.candles(mint, market.M3) {
		now[c.Time] = c.Candle
	}

	must, may := map[int64]bool{}, map[int64]bool{} // buckets of which a part changed; the others may be told of as well
	parts := map[int64]bool{}
	for _, c := range p.model.candles(mint, market.M1) {
		parts[c.Time] = true
		if c.seq >= since {
			must[market.M3.Floor(c.Time)] = true
		}
	}

	vanished := false
	for t, gone := range p.model.gone[seriesKey{mint, market.M1}] {
		bucket := market.M3.Floor(t)
		_, there := now[bucket]
		switch {
		case gone.seq < since:
		case there && !parts[t]:
			must[bucket] = true
		default: // the part is back, or the whole candle is gone
			may[bucket] = true
			vanished = vanished || !there
		}
	}

	known := since <= p.model.state.Seq+1 && since+14 >= p.model.state.Seq && since > 0
	if known && !vanished && len(must)+len(may)+2 <= limit && p.model.horizon == 0 {
		check2(p, fmt.Sprint("all merged changed since ", since), complete, err, true)
	}
	if !complete {
		check2(p, "changes of parts", 0, err, 0)
		return
	}

	listed, extra := map[int64]bool{}, 0
	for _, c := range got {
		check2(p, "a changed candle", c, err, now[c.Time])
		listed[c.Time] = true
		if !must[c.Time] && !may[c.Time] && p.model.horizon == 0 { // else a part that changed may have been deleted
			check2(p, "a candle that may have become final", c.Final, nil, true)
			extra++
		}
	}

	for bucket := range must {
		check2(p, fmt.Sprintf("candle %d is among those changed since %d", bucket, since), listed[bucket], nil, true)
	}
	check2(p, "not too many are given", extra <= 2, nil, true)
}

func (p *property) compareUser(user market.Pubkey) {
	p.t.Helper()
	ctx := context.Background()
	var mint *market.Pubkey
	if p.IntN(2) == 0 {
		m := mintKey(p.IntN(7))
		mint = &m
	}

	offset, limit, oldest := p.IntN(4), p.IntN(5), p.IntN(2) == 0
	events := p.model.list(func(e *market.Event) bool { return e.Owner == user && (mint == nil || e.Mint() == *mint) })
	orders := p.model.ordersOf(func(o *market.Order) bool { return o.Terms.User == user && (mint == nil || o.MintAccount == *mint) },
		func(a, b *market.Order) int { return int(a.Terms.StartTime) - int(b.Terms.StartTime) })
	if !oldest {
		slices.Reverse(events)
		slices.Reverse(orders)
	}

	page, err := p.store.UserEvents(ctx, user, mint, Page{Offset: offset, Limit: limit, OldestFirst: oldest})
	check2(p, "user's events", list(page.Events), err, p.model.whole(list(paged(events, offset, limit))))
	check2(p, "user's events' total", page.Total, nil, len(events))
	got, err := p.store.UserOrders(ctx, user, mint, Page{Offset: offset, Limit: limit, OldestFirst: oldest})
	check2(p, "user's orders", list(got.Orders), err, list(paged(orders, offset, limit)))
	check2(p, "user's orders' total", got.Total, nil, len(orders))
}

func (p *property) compareStreams() {
	p.t.Helper()
	var got []market.Event
	collect := func(e *market.Event) error { got = append(got, *e); return nil }
	at := p.position()
	err := p.store.EventsAfter(at, collect)
	check2(p, "all events after", list(got), err, list(p.model.list(func(e *market.Event) bool { return e.Position.Compare(at) > 0 })))

	from, to := market.Slot(p.IntN(int(p.newest)+2)), market.Slot(p.IntN(int(p.newest)+2))
	if p.IntN(2) == 0 {
		to = from
	}
	got = nil
	err = p.store.SlotEvents(from, to, collect)
	check2(p, "events of slots", list(got), err, list(p.model.list(func(e *market.Event) bool { return e.Slot >= from && e.Slot <= to })))
	for _, e := range p.model.events {
		got = nil
		err = p.store.FindSignature(e.Signature, collect)
		check2(p, "events of a signature", got, err, []market.Event{e})
		break
	}

	order := keyOf('O', p.IntN(12))
	got = nil
	err = p.store.OrderEvents(order, collect)
	check2(p, "events of an order", list(got), err, list(p.model.list(func(e *market.Event) bool {
		of, ok := e.Order()
		return ok && of == order
	})))

	since := p.model.state.Seq - min(p.model.state.Seq, market.Seq(p.IntN(14)))
	var want []market.Event
	for _, l := range p.model.log {
		for _, at := range l.at {
			if e, ok := p.model.events[at]; ok && l.seq >= since {
				want = append(want, e)
			}
		}
	}

	got = nil
	last := since
	whole := true
	for _, l := range p.model.log {
		for _, at := range l.at {
			whole = whole && (l.seq < max(since, 1) || at.Slot > p.model.prunedSlot || p.model.prunedSlot == 0)
		}
	}

	if !whole {
		want = nil
	}
	upTo, complete, err := p.store.EventsSince(context.Background(), max(since, 1), func(seq market.Seq, e *market.Event) error {
		if seq < last {
			p.t.Errorf("commit %d after %d", seq, last)
		}
		last = seq
		return collect(e)
	})
	check2(p, "events since", list(got), err, p.model.whole(list(want)))
	check2(p, "events since, complete", complete, nil, whole)
	check2(p, "events since, up to", upTo, nil, p.model.state.Seq)
}

func (p *property) compareMints() {
	p.t.Helper()
	ctx := context.Background()
	for _, order := range []MintSort{CreatedDesc, CreatedAsc, LastTradeDesc, VolumeDesc} {
		for _, all := range []bool{false, true} {
			want := p.model.mints(order, all)
			offset, limit := p.IntN(4), 1+p.IntN(4)
			page, err := p.store.Mints(ctx, MintQuery{Sort: order, All: all, Offset: offset, Limit: limit})
			check2(p, "mints", list(page.Tokens), err, list(paged(want, offset, limit)))
			check2(p, "mints' total", page.Total, nil, len(want))
			var got []market.Token
			for cursor := ""; ; {
				page, err := p.store.Mints(ctx, MintQuery{Sort: order, All: all, Limit: limit, Cursor: cursor})
				if err != nil {
					p.t.Fatal(err)
				}
				got = append(got, page.Tokens...)
				if cursor = page.NextCursor; cursor == "" {
					break
				}
				if _, err := p.store.Mints(ctx, MintQuery{Sort: order, All: !all, Limit: limit, Cursor: cursor}); !errors.Is(err, ErrCursor) {
					p.t.Fatalf("the cursor of another list: %v", err)
				}
			}

			check2(p, "mints by cursor", list(got), nil, list(want))
		}
	}

	traded := p.model.mints(LastTradeDesc, true)
	since := int64(p.IntN(22)) // sample tokens traded from 0 to 19
	var want []market.Pubkey
	for i := range traded {
		if t := traded[i].LatestTradeTime; t != 0 && t >= since {
			want = append(want, traded[i].Mint)
		}
	}

	limit := p.IntN(8)
	marks := p.store.Traded(since, limit)
	var got []market.Pubkey
	for _, mark := range marks {
		got = append(got, mark.Mint)
		if again := p.store.Marks([]market.Pubkey{mintKey(99), mark.Mint}); len(again) != 1 || again[0] != mark || mark.Seq > p.model.state.Seq || mark.Seq < p.model.touched[mark.Mint] {
			p.t.Errorf("mark %v, then %v, at commit %d", mark, again, p.model.state.Seq)
		}
	}

	check2(p, "traded", list(got), nil, list(want[:min(limit, len(want))]))
}
