package spinscope

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// FollowOptions says where a stream of candles begins: with the newest as many as the server gives (100), unless told.
type FollowOptions struct {
	Limit int       // with the newest so many
	From  *int64    // with those from here on, Unix seconds; with Since, where what the reader holds begins
	Since *Position // goes on where an earlier reader stopped; what that commit itself brought comes once more
}

// CandleStream is the candles of a mint: those that are there, then each change once, in order, whatever happens to connection and
// server. A reader that is slow gets the newest state of each candle alone, the last one always.
type CandleStream struct {
	stream[Update]
	rest           *rest
	mint, interval string
	options        FollowOptions

	store      string
	begun      bool   // the reader has candles of the store, or is being given them
	first      *int64 // where what the reader has begins, if that is known
	firstKnown bool
	missed     string // why what the reader has cannot be brought up to date

	// What waits, in this order.
	watched *WatchUpdate
	reset   *Reset
	front   []entry
	older   *older
	back    queue

	sent    memory
	covered []span // what was read by REST: what was pushed up to its commits is in it
}

// entry is a candle that waits.
type entry struct {
	candle Candle
	seq    uint64
	whole  bool // when this was taken, everything up to upTo was
	upTo   uint64
}

type span struct {
	from, to int64
	seq      uint64
}

// older are candles before a history, which are still to be read by REST.
type older struct {
	from   *int64 // ascending from here; nil: the newest `count`
	to     int64
	count  int
	seq    uint64
	found  []entry         // newest first, of those that are counted
	ctx    context.Context //nolint:containedctx // ends the reading when it begins anew
	cancel context.CancelFunc
}

func newCandleStream(l *live, r *rest, mint, interval string, options FollowOptions) *CandleStream {
	s := &CandleStream{
		stream: newStream[Update](l, "kline:"+mint+":"+interval, "kline", map[string]any{"symbol": mint, "interval": interval}, options.Since),
		rest:   r, mint: mint, interval: interval, options: options, begun: options.Since != nil,
		firstKnown: options.Since == nil || options.From != nil,
	}
	if options.Since != nil {
		s.store, s.first = options.Since.Store, options.From
	}
	s.self = s
	return s
}

func (s *CandleStream) start() {
	if s.begun && s.position == nil && s.missed == "" {
		s.missed = "the reader was too slow"
	}
	s.subscribe()
}

func (s *CandleStream) take() (Update, bool) {
	switch {
	case s.watched != nil:
		w := *s.watched
		s.watched = nil
		return w, true
	case s.reset != nil:
		r := *s.reset
		s.reset = nil
		return r, true
	case len(s.front) > 0:
		e := s.front[0]
		s.front = s.front[1:]
		return s.tell(e), true
	case s.older != nil:
		return nil, false
	}
	for {
		e, ok := s.back.pop()
		if !ok {
			return nil, false
		}
		if e.whole {
			s.position = &Position{e.upTo, s.store}
		}
		if !s.isCovered(e) && !s.sent.has(e.candle) {
			return s.tell(e), true
		}
	}
}

func (s *CandleStream) tell(e entry) Update {
	if at := e.candle.Time; s.firstKnown && (s.first == nil || at < *s.first) {
		s.first = &at
	}
	s.sent.add(e.candle)
	return CandleUpdate{e.candle, e.seq, s.store}
}

func (s *CandleStream) clear() {
	s.front = nil
	if s.older != nil {
		s.older.cancel()
		s.older = nil
	}
	s.back, s.covered = queue{}, nil
}

// fetch reads a page of what lies before the history. When the server is away it is asked again: when it comes back with another
// store, we shall hear of that.
func (s *CandleStream) fetch(ctx context.Context) (bool, error) {
	s.live.mu.Lock()
	o, store := s.older, s.store
	s.live.mu.Unlock()
	if o == nil {
		return false, nil
	}

	reading, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(o.ctx, stop)()
	want := Range{From: o.from, To: &o.to, Limit: o.count - len(o.found)}
	if o.from != nil {
		want.Limit = 0
	}
	found, err := s.rest.page(reading, s.mint, s.interval, want, o.from != nil)
	if err != nil && o.ctx.Err() == nil && !passing(err) {
		return false, err
	}
	if err != nil || found.Store != store {
		_ = pause(reading, retry) // the caller looks at its context
		return true, nil
	}

	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if s.older == o {
		s.add(o, found)
	}
	return true, nil
}

// add takes a page of older candles.
func (s *CandleStream) add(o *older, found *page) {
	more := found.HasNext && len(found.Klines) > 0
	if n := len(found.Klines); n > 0 {
		one, other := found.Klines[0].Time, found.Klines[n-1].Time
		s.covered = append(s.covered, span{min(one, other), max(one, other), found.Seq})
	}
	for _, c := range found.Klines {
		o.found = append(o.found, entry{candle: c, seq: o.seq})
	}
	switch {
	case o.from != nil:
		s.front, o.found = o.found, nil
		if more {
			next := found.Klines[len(found.Klines)-1].Time + 1
			o.from = &next
		}
	case more && len(o.found) < o.count:
		o.to = found.Klines[len(found.Klines)-1].Time - 1
	default:
		slices.Reverse(o.found)
		s.front, more = o.found, false
	}
	if !more {
		o.cancel()
		s.older = nil
	}
}

func (s *CandleStream) watch(w WatchUpdate) {
	s.watched = &w
	s.wake()
}

func (s *CandleStream) history(h *history) {
	missed := s.missed
	s.missed = ""
	switch {
	case !s.begun:
		s.begin(h)
	case s.store != "" && h.Store != "" && h.Store != s.store:
		if missed == "" {
			missed = "the server has another store"
		}
		s.restart(h, CauseStore, missed)
	case missed != "":
		s.restart(h, CauseGap, missed)
	default:
		s.store = h.Store
		s.queue(h.Data, h.Seq)
	}
	s.bound()
}

func (s *CandleStream) whole(h *history) {
	s.restart(h, CauseHistory, "the history of the coin was read")
	s.bound()
}

func (s *CandleStream) push(seq uint64, payload json.RawMessage) error {
	var push struct{ Data Candle }
	if err := json.Unmarshal(payload, &push); err != nil {
		return fmt.Errorf("candle: %w", err)
	}
	s.back.put(entry{push.Data, seq, true, seq})
	s.bound()
	return nil
}

func (s *CandleStream) gap(g *streamGap) {
	s.missed, s.position = g.Reason, nil
	if s.feed != nil && s.feed.ready { // a history follows only where one was asked for
		s.start()
	}
}

func (s *CandleStream) bound() {
	if s.back.len() > maxWaiting {
		s.overflow()
	}
	s.wake()
}

func (s *CandleStream) restart(h *history, cause Cause, reason string) {
	if s.reset != nil && s.reset.Cause == CauseStore {
		cause = CauseStore
	}
	if cause == CauseStore {
		s.first = nil
	}
	s.clear()
	s.sent, s.position = memory{}, nil
	s.reset = &Reset{cause, reason, s.first, h.Store}
	s.begin(h)
}

// begin tells what there is: the history, and what lies before it as far as it is wanted.
func (s *CandleStream) begin(h *history) {
	from := s.first
	if from == nil {
		from = s.options.From
	}
	s.store, s.begun, s.firstKnown = h.Store, true, true

	data := h.Data
	switch {
	case from != nil:
		data = slices.DeleteFunc(slices.Clone(data), func(c Candle) bool { return c.Time < *from })
	case s.options.Limit > 0:
		data = data[max(0, len(data)-s.options.Limit):]
	}
	if h.HasMore && len(h.Data) > 0 {
		begin := h.Data[0].Time
		lacking := s.options.Limit - len(data)
		if from != nil && *from < begin || from == nil && lacking > 0 {
			s.older = &older{from: from, to: begin - 1, count: lacking, seq: h.Seq}
			s.older.ctx, s.older.cancel = context.WithCancel(context.Background())
		}
	}
	s.queue(data, h.Seq)
}

// queue queues a history. With what waits then, everything up to its commit is told.
func (s *CandleStream) queue(data []Candle, seq uint64) {
	for _, c := range data {
		s.back.put(entry{candle: c, seq: seq})
	}
	if last := s.back.last(); last != nil {
		last.whole, last.upTo = true, seq
	} else {
		s.position = &Position{seq, s.store}
	}
}

func (s *CandleStream) isCovered(e entry) bool {
	s.covered = slices.DeleteFunc(s.covered, func(c span) bool { return c.seq < e.seq })
	return slices.ContainsFunc(s.covered, func(c span) bool { return c.from <= e.candle.Time && e.candle.Time <= c.to })
}

// queue is candles in the order in which they changed, each once. The zero queue is empty.
type queue struct {
	order list.List // of *entry
	at    map[int64]*list.Element
}

func (q *queue) len() int { return q.order.Len() }

func (q *queue) put(e entry) {
	if q.at == nil {
		q.at = map[int64]*list.Element{}
	}
	if known := q.at[e.candle.Time]; known != nil {
		q.order.Remove(known)
	}
	q.at[e.candle.Time] = q.order.PushBack(&e)
}

func (q *queue) pop() (entry, bool) {
	front := q.order.Front()
	if front == nil {
		return entry{}, false
	}
	e := q.order.Remove(front).(*entry) //nolint:errcheck,forcetypeassert // nothing else is put in
	delete(q.at, e.candle.Time)
	return *e, true
}

func (q *queue) last() *entry {
	if back := q.order.Back(); back != nil {
		return back.Value.(*entry) //nolint:errcheck,forcetypeassert // nothing else is put in
	}
	return nil
}

// memory remembers the newest that was told of the candles told last: a resume brings some of it again, and a change may come to
// nothing. The zero memory is empty.
type memory struct {
	order list.List // of Candle
	at    map[int64]*list.Element
}

func (m *memory) has(c Candle) bool {
	known := m.at[c.Time]
	return known != nil && known.Value == c
}

func (m *memory) add(c Candle) {
	if m.at == nil {
		m.at = map[int64]*list.Element{}
	}
	if known := m.at[c.Time]; known != nil {
		m.order.Remove(known)
	}
	m.at[c.Time] = m.order.PushBack(c)
	if m.order.Len() > maxSent {
		oldest := m.order.Remove(m.order.Front()).(Candle) //nolint:errcheck,forcetypeassert // nothing else is put in
		delete(m.at, oldest.Time)
	}
}
