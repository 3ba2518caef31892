package stream

import (
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// caster sends one payload to all members of a room; *socketio.Namespace and *plain.Server are.
type caster interface {
	Broadcast(room, event string, payload json.RawMessage, unit uint64)
}

// The namespaces.
const (
	openSpace  = iota // /ws/kline
	spinSpace         // /kline
	plainSpace        // /ws and /sse, which need no Socket.IO
	numSpaces
)

// update is one push that waits to be sent.
type update struct {
	topic  *topic // nil: replaced by a newer one
	seq    market.Seq
	change *market.CandleChange
	pair   market.Pair // of the change's mint
	event  *market.Event
}

// broadcaster knows who follows what, and sends commits to them. Commits are absorbed first, which sorts them into
// pending updates, and flushed later. Everything up to flushed has been sent; flushed <= absorbed.
type broadcaster struct {
	window  time.Duration // how long an update may wait for company
	limit   int           // updates that may wait
	log     *slog.Logger
	now     func() time.Time
	pairOf  func(market.Pubkey) market.Pair
	casters [numSpaces]caster
	counts  *counters
	kick    chan struct{} // asks for a flush
	queued  func(upTo market.Seq, pushed bool)
	done    chan struct{} // closed when nothing is flushed any more

	mu       sync.Mutex
	topics   map[key]*topic
	filtered map[key][]*topic // those with a filter, by the topic without it
	everies  int              // topics of the candles of all mints
	rankings int              // topics of rankings
	derive   *deriver         // of the topics whose candles are not stored
	sessions map[*session]struct{}
	apart    map[*subscription]struct{} // of all topics
	waiters  []waiter
	late     map[*waiter]struct{} // wait for a commit to be absorbed
	absorbed market.Seq
	flushed  market.Seq
	logged   bool       // the newest of absorbed was read from the commit log
	alerted  market.Seq // number of the newest alert sent
	wanted   market.Seq // somebody waits for this to be flushed
	pending  []update
	live     int // pending updates that were not replaced
	urgent   bool
	first    time.Time // when the oldest pending update came
	scratch  []byte
}

// absorb sorts a commit into pending updates. The mutex is held.
func (b *broadcaster) absorb(c *market.Commit) {
	if c.Seq <= b.absorbed {
		return
	}
	b.arrive(c.Seq)
	if len(b.topics) == 0 {
		b.derive.pass(c.ChainTime)
		return
	}

	moved := movedOnly(c)
	for i := range c.Events {
		b.absorbEvent(c.Seq, &c.Events[i], moved)
	}

	for i := range c.Candles {
		change := &c.Candles[i]
		if t := b.topics[key{kind: klineTopic, interval: change.Interval, mint: change.Mint}]; t != nil {
			t.interim = b.absorbCandle(t, t.interim, c.Seq, change)
		}
		if b.everies == 0 {
			continue
		}
		if t := b.topics[key{kind: everyTopic, interval: change.Interval}]; t != nil {
			t.places[change.Mint] = b.absorbCandle(t, t.places[change.Mint], c.Seq, change)
		}
	}

	b.touch(c)
}

func (b *broadcaster) absorbEvent(seq market.Seq, e *market.Event, moved map[identity]struct{}) {
	mint := e.Mint()
	if t := b.topics[key{kind: priceTopic, mint: mint}]; t != nil {
		if _, ok := e.Trade(); ok && !t.newest.after(markOf(e)) {
			t.newest = markOf(e)
			b.drop(t.interim)
			b.add(update{topic: t, seq: seq, event: e})
			t.interim = len(b.pending)
		}
	}
	if _, ok := moved[identityOf(e)]; ok {
		return
	}
	if e.Creates() {
		b.addEvent(key{kind: tokenTopic}, seq, e)
	}
	b.addEvent(key{kind: eventsTopic, mint: mint}, seq, e)
	b.addEvent(key{kind: allTopic}, seq, e)
}

func (b *broadcaster) addEvent(k key, seq market.Seq, e *market.Event) {
	if t := b.topics[k]; t != nil {
		b.add(update{topic: t, seq: seq, event: e})
	}
	if len(b.filtered) == 0 {
		return
	}
	for _, t := range b.filtered[k] {
		if t.filter.pass(e, b.pairOf(e.Mint())) {
			b.add(update{topic: t, seq: seq, event: e})
		}
	}
}

// absorbCandle queues a change for a topic, and takes the interim candle that waits at a place back when it is of the same
// bucket, as the change says more. It returns the place of the one that a newer one may replace.
func (b *broadcaster) absorbCandle(t *topic, place int, seq market.Seq, change *market.CandleChange) int {
	if place != 0 && b.pending[place-1].change.Candle.Time == change.Candle.Time {
		b.drop(place)
		place = 0
	}
	b.add(update{topic: t, seq: seq, change: change, pair: b.pairOf(change.Mint)})
	if change.Type == market.Realtime {
		place = len(b.pending)
	}
	return place
}

// drop takes back the pending update at place-1; 0 is none.
func (b *broadcaster) drop(place int) {
	if place == 0 {
		return
	}
	b.pending[place-1].topic = nil
	b.live--
	b.counts.conflated.Add(1)
}

// add queues an update. A topic that was quiet for half a window is sent at once, and with it what came before, so that
// seqs never go back for any client. A whole window would make a topic whose updates come once in each wait for ever
// longer: every delay of one puts off the next.
func (b *broadcaster) add(u update) {
	b.await(u.topic)
	b.pending = append(b.pending, u)
	b.live++
}

// await notes that a push of a topic waits from now on.
func (b *broadcaster) await(t *topic) {
	now := b.now()
	if len(b.pending) == 0 && len(b.derive.touched) == 0 {
		b.first = now
	}
	if now.Sub(t.sent) >= b.window/2 {
		b.urgent = true
	}
}

// nextFlush tells when to flush: now, after a time, or not at all (wait < 0). The mutex is held.
func (b *broadcaster) nextFlush() (wait time.Duration) {
	switch {
	case b.absorbed == b.flushed && len(b.pending) == 0:
		return -1
	case b.urgent, b.live >= b.limit, b.wanted > b.flushed, len(b.pending) == 0 && len(b.derive.touched) == 0:
		return 0
	}
	return max(0, b.window-b.now().Sub(b.first))
}

// flush sends all pending updates in seq order, then wakes who waited for it. The mutex is held.
func (b *broadcaster) flush() {
	b.merge()
	now := b.now()
	at := now.UnixMilli()
	var last *market.Event // events and candles may go to several topics, one after the other
	var lastChange *market.CandleChange
	var payload []byte
	for i := range b.pending {
		u := &b.pending[i]
		t := u.topic
		if t == nil {
			continue
		}

		t.interim, t.sent = 0, now
		clear(t.places)
		switch {
		case u.event != nil && u.event == last && (t.kind == eventsTopic || t.kind == allTopic):
		case u.change != nil && u.change == lastChange:
			t.noteFinal(u.change)
		default:
			payload = b.encode(u, at)
			last, lastChange = nil, u.change
			if t.kind == eventsTopic || t.kind == allTopic {
				last = u.event
			}
		}

		b.send(t, push{u.seq, t.event(), payload})
		b.counts.published(u, at)
	}

	b.queued(b.absorbed, b.live > 0)
	clear(b.pending) // drops the references to commits
	b.pending, b.live, b.urgent = b.pending[:0], 0, false
	b.flushed = b.absorbed
	b.afterFlush()
}

// send gives one push to the rooms of both namespaces, and to those on their way into them.
func (b *broadcaster) send(t *topic, p push) {
	unit := uint64(p.seq) // a commit goes whole to whoever has space for its beginning
	if t.kind == alertTopic {
		unit = 0
	}
	for space, members := range t.members {
		if members > 0 {
			b.casters[space].Broadcast(t.name, p.event, p.payload, unit)
			b.counts.messages.Add(uint64(members))
		}
	}
	for sub := range t.apart {
		sub.push(p)
	}
}

// encode writes the update's payload once for everybody, into memory of its own.
func (b *broadcaster) encode(u *update, at int64) []byte {
	b.scratch = appendUpdate(b.scratch[:0], u, at)
	if u.change != nil {
		u.topic.noteFinal(u.change)
	}
	return append(make([]byte, 0, len(b.scratch)), b.scratch...)
}

// noteFinal remembers the newest candle that was sent as final. Topics of all mints have no use for it.
func (t *topic) noteFinal(c *market.CandleChange) {
	if c.Type == market.Final && t.kind == klineTopic {
		t.closed = max(t.closed, c.Candle.Time)
	}
}

func appendUpdate(dst []byte, u *update, at int64) []byte {
	t := u.topic
	if c := u.change; c != nil {
		symbol := t.symbol
		if symbol == "" {
			symbol = c.Mint.String()
		}
		data := wire.KlineData{
			Symbol: symbol, Interval: t.length, Data: wire.NewCandle(c.Candle, u.pair, c.Type), Timestamp: at,
			Seq: uint64(u.seq), Slot: uint64(c.Stamp.Slot),
			Stamps: wire.Stamps{BlockTime: c.Stamp.BlockTime, ReceivedAt: c.Stamp.ReceivedAt, PublishedAt: at},
		}
		return data.AppendJSON(dst)
	}
	return appendEvent(dst, t.kind, t.symbol, u.event, u.seq, at)
}

// appendEvent writes an event as topics of the kind show it. symbol may be "" when it is not at hand.
func appendEvent(dst []byte, k kind, symbol string, e *market.Event, seq market.Seq, at int64) []byte {
	stamps := wire.Stamps{BlockTime: e.BlockTime, ReceivedAt: e.ReceivedAt, PublishedAt: at}
	if k == tokenTopic {
		return wire.AppendTokenCreated(dst, e, seq, stamps)
	}
	if symbol == "" {
		symbol = e.Mint().String()
	}
	if k == priceTopic {
		trade, _ := e.Trade()
		return wire.AppendPriceUpdate(dst, symbol, e, trade.Buy, seq, stamps)
	}
	return wire.AppendEventData(dst, symbol, e, seq, stamps)
}

// identity is what tells events apart.
type identity struct {
	signature market.Signature
	ordinal   uint16
}

func identityOf(e *market.Event) identity { return identity{e.Signature, e.Ordinal} }

// movedOnly are the events that the commit puts elsewhere within their slot, unchanged for a client that has them.
func movedOnly(c *market.Commit) map[identity]struct{} {
	if len(c.Removed) == 0 {
		return nil
	}
	old := make(map[identity]*market.Event, len(c.Removed))
	for i := range c.Removed {
		old[identityOf(&c.Removed[i])] = &c.Removed[i]
	}
	moved := make(map[identity]struct{})
	for i := range c.Events {
		e := &c.Events[i]
		if was := old[identityOf(e)]; was != nil && was.Slot == e.Slot && was.BlockTime == e.BlockTime && was.Provisional == e.Provisional {
			moved[identityOf(e)] = struct{}{}
		}
	}
	return moved
}
