package stream

import (
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// deriver makes the pushes of intervals that are not stored. A commit does not name their candles: which ones it touches,
// as it changes one of their parts or as chain time passes their end, is noted for topics that somebody follows. They are
// read from the store, merged, when they are sent, and stand there as of the newest commit that was absorbed: what is read
// is never older. The broadcaster's mutex guards it.
type deriver struct {
	store  Store
	fail   func(error)
	of     map[market.Interval][]market.Interval // by the interval of their parts
	topics map[key]*topic                        // that are followed
	naming map[market.Pubkey][]*topic            // those of coins whose chain time addresses move
	times  map[market.Pubkey]int64               // chain time that those were told to have come to

	chainTime int64             // of the newest commit that was absorbed, the program's
	sent      int64             // of the newest commit whose pushes were sent
	touched   []*touch          // in the order they were first, since then
	places    map[bucket]*touch // the same
}

func newDeriver(store Store, intervals []market.Interval, fail func(error)) *deriver {
	d := &deriver{store: store, fail: fail, topics: map[key]*topic{}, naming: map[market.Pubkey][]*topic{}, times: map[market.Pubkey]int64{}, places: map[bucket]*touch{}}
	d.of = map[market.Interval][]market.Interval{}
	kept := market.StoredOf(intervals)
	for _, whole := range intervals {
		if part, ok := market.PartOf(whole, kept); ok {
			d.of[part] = append(d.of[part], whole)
		}
	}
	d.forget()
	return d
}

// forget begins anew where the store is now: what was not sent is not sent.
func (d *deriver) forget() {
	d.chainTime = max(d.chainTime, d.store.ChainTime())
	d.sent, d.touched = d.chainTime, nil
	clear(d.places)
	for _, t := range d.topics {
		d.begin(t)
	}
}

// follow begins to make pushes of a topic, leave ends it; t may be none whose candles are merged.
func (d *deriver) follow(t *topic) {
	d.topics[t.key] = t
	for _, address := range d.store.Addresses(t.mint) {
		d.naming[address] = append(d.naming[address], t)
	}
	d.begin(t)
}

func (d *deriver) leave(t *topic) {
	if d.topics[t.key] == nil {
		return
	}
	delete(d.topics, t.key)
	for _, address := range d.store.Addresses(t.mint) {
		d.naming[address] = slices.DeleteFunc(d.naming[address], func(other *topic) bool { return other == t })
		if len(d.naming[address]) == 0 {
			delete(d.naming, address)
			delete(d.times, address)
		}
	}
}

// begin has a topic stand where the store is now.
func (d *deriver) begin(t *topic) {
	at, own, err := d.store.CompleteTo(t.mint)
	if err != nil {
		d.fail(fmt.Errorf("read how far %s has come: %w", t.mint, err))
	}
	t.merged = derivedTopic{own: own, now: at, sent: at}
}

// clock is the chain time that closes a topic's candles, and what it was at the pushes before.
func (d *deriver) clock(t *topic) (now, before int64) {
	if t.merged.own {
		return t.merged.now, t.merged.sent
	}
	return d.chainTime, d.sent
}

// pass notes a chain time that touches nothing, as nobody follows anything.
func (d *deriver) pass(chainTime int64) { d.chainTime = max(d.chainTime, chainTime) }

// touch is a candle that commits may have changed, and how.
type touch struct {
	topic key
	time  int64 // open time
	stamp market.Stamp

	oldest *market.CandleChange // the last change of its oldest part that changed; nil: chain time passed its end, no more
	made   map[int64]uint64     // trades of the parts that have become final, by time
	known  bool                 // a part is gone that was there before
}

// bucket is the place of a candle.
type bucket struct {
	key
	time int64
}

// touch notes which candles that are not stored a commit touches. The mutex is held.
func (b *broadcaster) touch(c *market.Commit) {
	d := b.derive
	defer d.pass(c.ChainTime)

	if len(d.topics) == 0 {
		return
	}

	note := func(t *topic, time int64) *touch {
		at := bucket{t.key, time}
		touched := d.places[at]
		if touched == nil {
			b.await(t)
			touched = &touch{topic: t.key, time: time, made: map[int64]uint64{}}
			d.places[at], d.touched = touched, append(d.touched, touched)
		}
		return touched
	}
	for i := range c.Candles {
		change := &c.Candles[i]
		for _, whole := range d.of[change.Interval] {
			if t := d.topics[key{kind: klineTopic, interval: whole, mint: change.Mint}]; t != nil {
				note(t, whole.Floor(change.Candle.Time)).part(change)
			}
		}
	}

	// No other candle than the one that chain time lay in can end without a part of it that does.
	pass := func(t *topic, was, now int64) {
		if at := t.interval.Floor(was); at < t.interval.Floor(now) {
			if touched := note(t, at); touched.oldest == nil {
				touched.stamp = market.Stamp{Slot: c.Slot, BlockTime: now}
			}
		}
	}
	for _, t := range d.advance(c.Reached) {
		was := t.merged.now
		at, _, err := d.store.CompleteTo(t.mint)
		switch {
		case err != nil:
			d.fail(fmt.Errorf("read how far %s has come: %w", t.mint, err))
		case t.merged.own:
			t.merged.now = max(was, at)
			pass(t, was, t.merged.now)
		default: // it was read with its program, as an imported one, up to now
			t.merged.own, t.merged.now, t.merged.sent = true, at, at
		}
	}

	passed := map[market.Interval]bool{}
	for _, intervals := range d.of {
		for _, i := range intervals {
			if i.Floor(d.chainTime) < i.Floor(c.ChainTime) {
				passed[i] = true
			}
		}
	}

	if len(passed) == 0 {
		return
	}
	for k, t := range d.topics {
		if passed[k.interval] && !t.merged.own {
			pass(t, d.chainTime, c.ChainTime)
		}
	}
}

// advance are the topics of coins whose addresses a commit says to have come further. Chain time counts seconds, and commits of
// programs of which all coins are kept come by the hundred in one.
func (d *deriver) advance(reached []market.Reached) (topics []*topic) {
	if len(d.naming) == 0 {
		return nil
	}
	for i := range reached {
		naming := d.naming[reached[i].Address]
		if len(naming) == 0 || reached[i].ChainTime <= d.times[reached[i].Address] {
			continue
		}
		d.times[reached[i].Address] = reached[i].ChainTime
		for _, t := range naming {
			if !slices.Contains(topics, t) {
				topics = append(topics, t)
			}
		}
	}
	return topics
}

// part notes the change of a part.
func (t *touch) part(change *market.CandleChange) {
	c := &change.Candle
	if t.stamp = change.Stamp; t.oldest == nil || c.Time <= t.oldest.Candle.Time {
		t.oldest = change
	}
	_, made := t.made[c.Time]
	switch {
	case change.Removed:
		t.known = t.known || !made
		delete(t.made, c.Time)
	case change.Type == market.Final, made:
		t.made[c.Time] = c.Trades
	}
}

// isNew reports whether all the trades of the candle are of parts that have become final.
func (t *touch) isNew(trades uint64) bool {
	sum := uint64(0)
	for _, n := range t.made {
		sum += n
	}
	return !t.known && sum == trades
}

// merge makes pushes of the candles that were touched, as of the newest commit. The mutex is held.
func (b *broadcaster) merge() {
	d := b.derive
	touched := d.touched
	d.touched = nil
	clear(d.places)
	for _, touch := range touched {
		t := d.topics[touch.topic]
		if t == nil {
			continue
		}

		candle, found, err := d.store.CandleBefore(t.mint, t.interval, touch.time+1)
		if err != nil {
			d.fail(fmt.Errorf("read %s candle %d of %s: %w", t.interval, touch.time, t.mint, err))
			return
		}

		now, before := d.clock(t)
		change, ok := t.merged.tell(touch, candle, found && candle.Time == touch.time, now, before)
		if ok {
			b.add(update{topic: t, seq: b.absorbed, change: &change, pair: b.pairOf(t.mint)})
		}
	}

	d.sent = d.chainTime
	for _, touch := range touched { // where nothing was touched no candle ended
		if t := d.topics[touch.topic]; t != nil {
			t.merged.sent = t.merged.now
		}
	}
}

// derivedTopic is what a topic knows of candles that are not stored, whose commits do not say what became of them.
type derivedTopic struct {
	open map[int64]struct{} // open times of those that are not final and were touched, and of those that are gone
	last market.Candle      // pushed as final last

	own       bool  // the coin is followed by addresses of its own, whose chain time closes its candles:
	now, sent int64 // that of the newest commit that was absorbed, and of the one whose pushes were sent last
}

// maxOpen bounds derivedTopic.open: one or two are the rule, and estimated block times keep some more open.
const maxOpen = 64

// tell makes the push of a touched candle, which is what it says now if it is found. now is the chain time, and before the
// one at the pushes before. It is false when there is nothing to say.
func (d *derivedTopic) tell(t *touch, candle market.Candle, found bool, now, before int64) (change market.CandleChange, ok bool) {
	change = market.CandleChange{Mint: t.topic.mint, Interval: t.topic.interval, Candle: candle, Stamp: t.stamp}
	c := &change.Candle
	if !found {
		if t.oldest == nil || !t.oldest.Removed {
			return change, false
		}
		d.reopen(t.time) // trades that come back make a new candle
		change.Type, change.Removed = market.Correction, true
		*c, c.Time = t.oldest.Candle, t.time
		return change, true
	}

	end := t.time + t.topic.interval.Seconds()
	if end > now { // what was read may be of a later commit
		c.Final, c.Corrected = false, false
	}
	_, opened := d.open[t.time]
	switch {
	case !c.Final:
		d.reopen(t.time)
		change.Type = market.Realtime
		return change, t.oldest != nil
	case opened, end > before, t.isNew(c.Trades):
		delete(d.open, t.time)
		change.Type = market.Final
	case *c == d.last: // said already, with an earlier commit
		return change, false
	default:
		change.Type = market.Correction
	}

	d.last = *c
	return change, true
}

func (d *derivedTopic) reopen(time int64) {
	if d.open == nil || len(d.open) >= maxOpen {
		d.open = map[int64]struct{}{}
	}
	d.open[time] = struct{}{}
}
