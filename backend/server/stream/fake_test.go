package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/candle"
	"spinscope/backend/commitlog"
	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/socketio"
)

// memory is a Store that keeps everything, for comparison and for speed.
type memory struct {
	mu        sync.RWMutex
	commits   []*market.Commit // commits[i].Seq == i+1
	candles   map[key][]stored // oldest first
	events    []storedEvent
	chainTime int64
	pair      market.Pair
	known     market.Seq // commits before it are forgotten by ChangedCandles and EventsSince
	logged    market.Seq // commits before it are forgotten by Commits
	failing   error
	another   atomic.Bool // it is called otherwise, as a store made anew would be
	reading   func()      // runs in the middle of a read of candles
	changing  func()      // runs before a read of changed candles
}

type stored struct {
	candle market.Candle
	seq    market.Seq
}

type storedEvent struct {
	event *market.Event
	seq   market.Seq
}

func newMemory() *memory { return &memory{candles: make(map[key][]stored)} }

// commit takes what the writer decided, with the next seq.
func (m *memory) commit(c *market.Commit) *market.Commit {
	m.mu.Lock()
	defer m.mu.Unlock()

	c.Seq = market.Seq(len(m.commits) + 1)
	m.commits = append(m.commits, c)
	m.chainTime = max(m.chainTime, c.ChainTime)
	for i := range c.Removed {
		m.events = slices.DeleteFunc(m.events, func(e storedEvent) bool { return e.event.Position == c.Removed[i].Position })
	}

	for i := range c.Events {
		m.events = append(m.events, storedEvent{&c.Events[i], c.Seq})
	}
	for _, change := range c.Candles {
		k := key{kind: klineTopic, interval: change.Interval, mint: change.Mint}
		list := m.candles[k]
		i, found := slices.BinarySearchFunc(list, change.Candle.Time, func(s stored, time int64) int { return cmp.Compare(s.candle.Time, time) })
		if found {
			list = slices.Delete(list, i, i+1)
		}
		if !change.Removed {
			list = slices.Insert(list, i, stored{change.Candle, c.Seq})
		}
		m.candles[k] = list
	}

	return c
}

// testStore is what the stores of tests are called.
const testStore = "00112233445566778899aabbccddeeff"

func (m *memory) ID() string {
	if m.another.Load() {
		return "another"
	}
	return testStore
}

func (m *memory) Seq() market.Seq {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return market.Seq(len(m.commits))
}

func (m *memory) ChainTime() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.chainTime
}

func (m *memory) CompleteTo(market.Pubkey) (at int64, own bool, err error) {
	return m.ChainTime(), false, nil
}

func (m *memory) Addresses(market.Pubkey) []market.Pubkey { return nil }

func (m *memory) NewestCandles(_ context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) (candles []market.Candle, total int, seq market.Seq, err error) {
	if m.reading != nil {
		defer m.reading()
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, s := range slices.Backward(m.candles[key{kind: klineTopic, interval: interval, mint: mint}]) {
		if s.candle.Time < from || s.candle.Time > to {
			continue
		}
		if total++; len(candles) < limit {
			candles = append(candles, s.candle)
		}
	}
	return candles, total, market.Seq(len(m.commits)), m.failing
}

func (m *memory) ChangedCandles(_ context.Context, mint market.Pubkey, interval market.Interval, since market.Seq, limit int) (candles []market.Candle, complete bool, seq market.Seq, err error) {
	if m.changing != nil {
		m.changing()
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, s := range slices.Backward(m.candles[key{kind: klineTopic, interval: interval, mint: mint}]) {
		if s.seq >= since {
			candles = append(candles, s.candle)
		}
	}
	complete = since >= m.known && len(candles) <= limit
	candles = candles[:min(len(candles), limit)]
	slices.Reverse(candles)
	return candles, complete, market.Seq(len(m.commits)), m.failing
}

func (m *memory) CandleBefore(mint market.Pubkey, interval market.Interval, before int64) (market.Candle, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, s := range slices.Backward(m.candles[key{kind: klineTopic, interval: interval, mint: mint}]) {
		if s.candle.Time < before {
			return s.candle, true, m.failing
		}
	}
	return market.Candle{}, false, m.failing
}

func (m *memory) EventsSince(_ context.Context, since market.Seq, fn func(market.Seq, *market.Event) error) (market.Seq, bool, error) {
	m.mu.RLock()
	events, upTo, known, failing := slices.Clone(m.events), market.Seq(len(m.commits)), m.known, m.failing
	m.mu.RUnlock()
	for _, e := range events {
		if e.seq < max(since, known) {
			continue
		}
		if err := fn(e.seq, e.event); err != nil {
			return upTo, since >= known, err
		}
	}
	return upTo, since >= known, failing
}

func (m *memory) Commits(_ context.Context, from market.Seq, fn func(*market.Commit) error) error {
	m.mu.RLock()
	commits, oldest, failing := slices.Clone(m.commits), m.logged, m.failing
	m.mu.RUnlock()
	if failing != nil {
		return failing
	}
	if int(from) <= len(commits) && from < oldest {
		return &commitlog.OlderError{From: from, Oldest: oldest}
	}
	for _, c := range commits[from-1:] {
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) LastTrade(_ context.Context, mint market.Pubkey) (*market.Event, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var last *market.Event
	for _, e := range m.events {
		if _, ok := e.event.Trade(); ok && e.event.Mint() == mint && (last == nil || markOf(e.event).after(markOf(last))) {
			last = e.event
		}
	}
	return last, m.failing
}

func (m *memory) Pair(market.Pubkey) market.Pair     { return m.pair }
func (m *memory) LatestTraded(n int) []market.Pubkey { return testMints[:min(n, len(testMints))] }

var testMints = []market.Pubkey{{1, 1}, {2, 2}, {3, 3}}

var testIntervals = []market.Interval{market.S1, market.S5, market.M1}

// writer makes commits as ingest does: trades of a few mints, now and then the closing of buckets, corrections, new mints.
type writer struct {
	store  *memory
	hub    *hub.Hub
	random *rand.Rand
	open   [3]market.OpenCandles
	now    int64
	slot   market.Slot
	number uint64
	before func(*market.Commit) // makes a commit durable elsewhere too, before it is published
}

const startTime = 1_755_000_000

func newWriter(store *memory, h *hub.Hub) *writer {
	return &writer{store: store, hub: h, random: rand.New(rand.NewPCG(3, 4)), now: startTime}
}

// step commits once.
func (w *writer) step() *market.Commit {
	c := &market.Commit{ChainTime: w.now - 1}
	w.slot++
	c.Slot = w.slot
	for range w.random.IntN(3) {
		w.trade(c, w.random.IntN(len(testMints)))
	}

	if w.random.IntN(20) == 0 {
		c.Events = append(c.Events, w.event(&spinpet.TokenCreated{Mint: market.Pubkey{9, byte(w.slot), byte(w.slot >> 8)}, Name: "n"}, len(c.Events)))
	}
	if w.random.IntN(10) == 0 {
		w.now++
	}

	for i := range w.open {
		candle.Close(&w.open[i], testIntervals, c.ChainTime, func(interval market.Interval, closed market.Candle) {
			c.Candles = append(c.Candles, market.CandleChange{
				Mint: testMints[i], Interval: interval, Candle: closed, Type: market.Final, Stamp: market.Stamp{Slot: w.slot, BlockTime: c.ChainTime},
			})
		})
	}

	if w.random.IntN(15) == 0 {
		w.correct(c)
	}
	return w.publish(c)
}

func (w *writer) publish(c *market.Commit) *market.Commit {
	w.store.commit(c)
	if w.before != nil {
		w.before(c)
	}
	w.hub.Publish(c)
	return c
}

func (w *writer) event(body market.Body, ordinal int) market.Event {
	w.number++
	signature := market.Signature{1, byte(w.number), byte(w.number >> 8), byte(w.number >> 16)}
	return market.Event{
		Position: market.Position{Slot: w.slot, Ordinal: uint16(ordinal)}, Signature: signature,
		BlockTime: w.now, ReceivedAt: w.now*1000 + 1, Body: body,
	}
}

func (w *writer) trade(c *market.Commit, mint int) {
	price := market.Price(market.U64(1e18 + w.random.Uint64N(1e18)))
	e := w.event(&spinpet.BuySell{Mint: testMints[mint], IsBuy: w.random.IntN(2) == 0, TokenAmount: 1 + w.random.Uint64N(1e9), SolAmount: 1 + w.random.Uint64N(1e9)}, len(c.Events))
	e.Price, e.Scale = price, 28
	c.Events = append(c.Events, e)
	trade, _ := e.Trade()
	candle.Fold(&w.open[mint], testIntervals, &candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position})
	for _, interval := range testIntervals {
		open := w.open[mint].Open[interval]
		change := market.CandleChange{
			Mint: testMints[mint], Interval: interval, Candle: open[len(open)-1],
			Stamp: market.Stamp{Slot: w.slot, BlockTime: e.BlockTime, ReceivedAt: e.ReceivedAt},
		}
		same := func(other market.CandleChange) bool {
			return other.Mint == change.Mint && other.Interval == interval && other.Candle.Time == change.Candle.Time
		}
		c.Candles = slices.DeleteFunc(c.Candles, same)
		c.Candles = append(c.Candles, change)
	}
}

// correct changes a final candle, as a late trade does.
func (w *writer) correct(c *market.Commit) {
	k := key{kind: klineTopic, interval: testIntervals[w.random.IntN(len(testIntervals))], mint: testMints[w.random.IntN(len(testMints))]}
	w.store.mu.RLock()
	var final []market.Candle
	for _, s := range slices.Backward(w.store.candles[k]) {
		if s.candle.Final && len(final) < 150 {
			final = append(final, s.candle)
		}
	}
	w.store.mu.RUnlock()
	if len(final) == 0 {
		return
	}
	changed := final[w.random.IntN(len(final))]
	changed.Trades++
	changed.Volume = changed.Volume.Add(market.U64(1))
	changed.Corrected = true
	c.Candles = append(c.Candles, market.CandleChange{Mint: k.mint, Interval: k.interval, Candle: changed, Type: market.Correction})
}

// rooms is a caster and the peers in it, delivering at once as the real one queues.
type rooms struct {
	mu      sync.Mutex
	members map[string]map[*fakePeer]struct{}
}

func newRooms() *rooms { return &rooms{members: make(map[string]map[*fakePeer]struct{})} }

func (r *rooms) Broadcast(room, event string, payload json.RawMessage, _ uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.members[room] {
		p.record(event, payload)
	}
}

// fakePeer records what its client would get.
type fakePeer struct {
	id    string
	rooms *rooms
	mu    sync.Mutex
	got   []received
	gone  bool

	crowded  bool       // it takes nothing of what it is pushed
	draining func()     // runs whenever the client takes what waits for it
	kept     []received // for draining
}

type received struct {
	event   string
	payload json.RawMessage
}

var errGone = errors.New("connection is gone")

func (p *fakePeer) record(event string, payload json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, received{event, payload})
}

func (p *fakePeer) Answer(event string, payload any) error {
	text, err := json.Marshal(payload)
	if err != nil || p.gone {
		return errors.Join(err, errGone)
	}
	p.record(event, text)
	return nil
}

func (p *fakePeer) ID() string            { return p.id }
func (p *fakePeer) RemoteAddr() string    { return "127.0.0.1:1" }
func (p *fakePeer) UserAgent() string     { return "fake" }
func (p *fakePeer) Authorization() string { return "" }
func (p *fakePeer) Since() time.Time      { return time.Time{} }

func (p *fakePeer) Crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.crowded
}

// crowd says whether the client takes nothing of what it is pushed.
func (p *fakePeer) crowd(crowded bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crowded = crowded
}

func (p *fakePeer) Drain(context.Context) error {
	if p.draining != nil {
		p.draining()
	}
	if p.gone {
		return socketio.ErrClosed
	}
	return nil
}

func (p *fakePeer) Join(room string) {
	p.rooms.mu.Lock()
	defer p.rooms.mu.Unlock()
	if p.rooms.members[room] == nil {
		p.rooms.members[room] = make(map[*fakePeer]struct{})
	}
	p.rooms.members[room][p] = struct{}{}
}

func (p *fakePeer) Leave(room string) {
	p.rooms.mu.Lock()
	defer p.rooms.mu.Unlock()
	delete(p.rooms.members[room], p)
}

// take returns what came since the last call.
func (p *fakePeer) take() []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// bench is a stream over a memory store with fake peers.
type bench struct {
	*Stream
	memory  *memory
	durable Store // memory, or what a test put in its place
	hub     *hub.Hub
	writer  *writer
	rooms   [numSpaces]*rooms
}

func newBench(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	b := &bench{memory: newMemory(), hub: hub.New(hub.Options{})}
	options := Options{Store: b.memory}
	if change != nil {
		change(&options)
	}
	b.durable = options.Store
	options.Commits = follow.New(follow.Options{Name: "stream", Log: options.Store.(follow.Log), Hub: b.hub})
	b.Stream = New(options)
	b.writer = newWriter(b.memory, b.hub)
	for i := range b.rooms {
		b.rooms[i] = newRooms()
		b.broadcaster.casters[i] = b.rooms[i]
	}
	return b
}

// run starts the broadcaster; it ends with the test.
func (b *bench) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// client connects a fake peer.
func (b *bench) client(t testing.TB, space int, id string) (*session, *fakePeer) {
	t.Helper()
	p := &fakePeer{id: id, rooms: b.rooms[space]}
	s, err := b.connect(spaces()[space], p, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.take() // the greeting
	return s, p
}

// awaitSent waits until the broadcaster has sent everything committed.
func (b *bench) awaitSent(t testing.TB) {
	t.Helper()
	polltest.Until(t, "the broadcaster", func() bool {
		b.broadcaster.mu.Lock()
		defer b.broadcaster.mu.Unlock()
		return b.broadcaster.absorbed >= b.memory.Seq()
	})

	b.broadcaster.mu.Lock()
	defer b.broadcaster.mu.Unlock()
	b.broadcaster.flush()
}
