package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"spinscope/backend/commitlog"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// replayPage is how many pushes are sent at once before the client has to have taken those before.
const replayPage = 128

// errPage ends the reading of a page.
var errPage = errors.New("page is full")

// errOvertaken is returned when an answer was read readTries times and too many pushes came meanwhile each time.
var errOvertaken = errors.New("too many updates while the answer was read")

// pursuit brings a client's topics from where each of them is up to the newest commit, from the store and at the client's
// pace, in the order of commits. The client is paused; its goroutine, or the one of a client that is set aside, does it.
type pursuit struct {
	s     *session
	skip  *subscription   // not this one: its answer is still to be sent
	extra []*target       // and these, which are shadowed
	at    market.Seq      // commit that was sent in part, else 0
	sent  identity        // the last of its events that was sent
	topic map[key]*target // what is followed
	wide  []*target       // of it those with a filter
	every []*target       // of it those of the candles of all mints
}

// target is a topic that is pursued: the client has seen what is up to after and is to get what is up to until.
type target struct {
	sub          *subscription
	after, until market.Seq
}

// page is a stretch of a pursuit.
type page struct {
	pushes   []push
	upTo     market.Seq // commits up to here are in it whole
	at       market.Seq // the one after it in part, else 0
	sent     identity   // up to this event
	more     bool       // the store has more
	complete bool       // the store still has everything from where it was read
}

// pursue ends the pause when it is through, unless keep says that an answer is still to come.
func (s *session) pursue(p *pursuit, keep bool) error {
	p.s = s
	for first := true; ; first = false {
		since := p.look()
		next, err := p.readPage(since)
		if err != nil {
			return err
		}

		if first && !next.complete {
			p.tellGap(since, &next)
		}
		if err := p.addCandles(&next); err != nil {
			return err
		}
		if err := s.emitAll(next.pushes); err != nil {
			return err
		}

		p.advance(&next)
		if !next.more && s.stream.broadcaster.caughtUp(s, keep) {
			return nil
		}
	}
}

// look takes the client's topics and where they are, and returns the first commit to read.
func (p *pursuit) look() (since market.Seq) {
	b, s := p.s.stream.broadcaster, p.s
	b.mu.Lock()
	defer b.mu.Unlock()

	if hold := s.paused[commitOrder]; hold != nil && hold.lost {
		*hold = pause{} // what comes from now on is whole again
	}
	p.topic, p.wide, p.every = make(map[key]*target, len(s.subs)), nil, nil
	since = newestSeq
	note := func(t *target) {
		p.topic[t.sub.topic.key] = t
		if t.sub.topic.kind != klineTopic {
			since = min(since, t.after+1)
		}
		switch {
		case t.sub.topic.filter != nil:
			p.wide = append(p.wide, t)
		case t.sub.topic.kind == everyTopic:
			p.every = append(p.every, t)
		}
	}
	for k, sub := range s.subs {
		if s.paused[commitOrder] != nil && k.order() == commitOrder && sub.apart && sub != p.skip {
			note(&target{sub, sub.after, newestSeq})
		}
	}

	for _, t := range p.extra {
		if t.after < t.until {
			note(t)
		}
	}
	return since
}

// readPage reads what the topics of events get from a commit on. Topics of candles alone need no event.
func (p *pursuit) readPage(since market.Seq) (page, error) {
	st := p.s.stream
	if since == newestSeq {
		return page{upTo: st.store.Seq(), complete: true}, nil
	}

	st.reading <- struct{}{}
	defer func() { <-st.reading }()

	if len(p.every) == 0 {
		return p.readEvents(since, 0)
	}
	next, oldest, err := p.readCommits(since)
	if err != nil || oldest == 0 {
		return next, err
	}
	return p.readEvents(since, oldest)
}

// readEvents reads a page from the stored events, of commits before a seq unless it is 0.
func (p *pursuit) readEvents(since, before market.Seq) (page, error) {
	st := p.s.stream
	next := page{complete: true}
	at := st.now().UnixMilli()
	skipping := p.at != 0
	var last market.Seq
	upTo, complete, err := st.store.EventsSince(st.ctx, since, func(seq market.Seq, e *market.Event) error {
		if seq != p.at {
			skipping = false
		}
		if skipping {
			skipping = identityOf(e) != p.sent
			return nil
		}
		if before != 0 && seq >= before {
			return errEnough
		}
		if len(next.pushes) >= replayPage {
			if seq == last {
				next.at = seq
			}
			return errPage
		}

		last, next.sent = seq, identityOf(e)
		p.show(&next, seq, e, at)
		return nil
	})
	if before != 0 && (err == nil || errors.Is(err, errEnough)) { // from there on commits are read
		upTo, err, next.more = min(upTo, before-1), nil, true
	}

	next.upTo, next.complete = upTo, complete
	switch {
	case errors.Is(err, errPage):
		next.more, next.upTo = true, last
		if next.at != 0 {
			next.upTo = last - 1
		}
	case err != nil:
		return page{}, fmt.Errorf("read events since %d: %w", since, err)
	}

	if p.s.traced() {
		st.log.Debug("answer read", "client", p.s.peer.ID(), "since_seq", since, "seq", next.upTo, "pushes", len(next.pushes))
	}
	return next, nil
}

// errEnough ends the reading of events where commits are to be read.
var errEnough = errors.New("the rest is read from the log")

// show adds an event's pushes to a page.
func (p *pursuit) show(next *page, seq market.Seq, e *market.Event, at int64) {
	pair := p.s.stream.store.Pair
	for _, k := range [...]key{{kind: priceTopic, mint: e.Mint()}, {kind: tokenTopic}, {kind: eventsTopic, mint: e.Mint()}, {kind: allTopic}} {
		if t := p.topic[k]; t != nil && t.wants(seq, e) {
			next.pushes = append(next.pushes, push{seq, k.event(), appendEvent(nil, k.kind, "", e, seq, at)})
		}
	}
	for _, t := range p.wide {
		k := t.sub.topic.key
		if (k.kind == allTopic || k.mint == e.Mint()) && t.wants(seq, e) && t.sub.topic.filter.pass(e, pair(e.Mint())) {
			next.pushes = append(next.pushes, push{seq, k.event(), appendEvent(nil, k.kind, "", e, seq, at)})
		}
	}
}

// readCommits reads a page from the commit log, which has the candles of all mints: whole commits, as they were pushed. Where
// the log begins later than at since, it tells with which commit, and the topics of all mints of the gap up to there.
func (p *pursuit) readCommits(since market.Seq) (next page, oldest market.Seq, err error) {
	st := p.s.stream
	next = page{upTo: st.store.Seq(), complete: true}
	at := st.now().UnixMilli()
	last := since - 1
	err = st.store.Commits(st.ctx, since, func(c *market.Commit) error {
		if len(next.pushes) >= replayPage {
			return errPage
		}
		last = c.Seq
		moved := movedOnly(c)
		for i := range c.Events {
			if _, ok := moved[identityOf(&c.Events[i])]; !ok {
				p.show(&next, c.Seq, &c.Events[i], at)
			}
		}
		for _, t := range p.every {
			p.showCandles(&next, t, c, at)
		}
		return nil
	})

	older, lost := errors.AsType[*commitlog.OlderError](err)
	switch {
	case lost:
		for _, t := range p.every {
			if t.after+1 < older.Oldest {
				p.s.gap(t.sub.topic.key, t.after+1, older.Oldest-1, "commits since since_seq are no longer known")
				t.after = older.Oldest - 1
			}
		}
		return page{}, older.Oldest, nil
	case errors.Is(err, errPage):
		next.more, next.upTo = true, last
	case err != nil:
		return page{}, 0, fmt.Errorf("read commits since %d: %w", since, err)
	default:
		next.upTo = max(next.upTo, last)
	}
	return next, 0, nil
}

// showCandles adds the pushes of a commit to a topic of the candles of all mints.
func (p *pursuit) showCandles(next *page, t *target, c *market.Commit, at int64) {
	if c.Seq <= t.after || c.Seq > t.until {
		return
	}
	topic := t.sub.topic
	for i := range c.Candles {
		if change := &c.Candles[i]; change.Interval == topic.interval {
			u := update{topic: topic, seq: c.Seq, change: change, pair: p.s.stream.store.Pair(change.Mint)}
			next.pushes = append(next.pushes, push{c.Seq, topic.event(), appendUpdate(nil, &u, at)})
		}
	}
}

// wants reports whether the topic shows an event of a commit.
func (t *target) wants(seq market.Seq, e *market.Event) bool {
	if seq <= t.after || seq > t.until {
		return false
	}
	switch t.sub.topic.kind {
	case tokenTopic:
		return e.Creates()
	case priceTopic: // a trade that came late is not the price
		if _, ok := e.Trade(); !ok || t.sub.newest.after(markOf(e)) {
			return false
		}
		t.sub.newest = markOf(e)
	}
	return true
}

// advance notes what was sent.
func (p *pursuit) advance(next *page) {
	b := p.s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	p.at, p.sent = next.at, next.sent
	for _, t := range p.topic {
		if t.sub.topic.kind == klineTopic {
			t.sub.after = max(t.sub.after, t.after)
			continue
		}
		t.after = max(t.after, next.upTo)
		if !t.sub.shadowed {
			t.sub.after = max(t.sub.after, t.after)
		}
	}
}

// addCandles puts the present state of the candles that changed among the pushes of a page: before the first push that is newer
// than what the client has of a topic, and with its seq. So a client that is cut, and goes on from the newest seq it has, has
// seen all candles of the commits before, and seqs do not go back.
func (p *pursuit) addCandles(next *page) error {
	before := map[int][]push{} // by the place of the push that they come before
	for k, t := range p.topic {
		if k.kind != klineTopic || t.after >= next.upTo {
			continue
		}

		place, seq := len(next.pushes), next.upTo
		if i := slices.IndexFunc(next.pushes, func(one push) bool { return one.seq > t.after }); i >= 0 {
			place, seq = i, next.pushes[i].seq
		}
		pushes, err := p.readCandles(t, seq, next.upTo)
		if err != nil {
			return err
		}
		before[place] = append(before[place], pushes...)
	}

	for _, place := range slices.Backward(slices.Sorted(maps.Keys(before))) {
		next.pushes = slices.Insert(next.pushes, place, before[place]...)
	}
	return nil
}

// readCandles reads the candles of a topic that changed since what the client has. They are stamped with seq; the client has
// what is up to upTo, at least, when it has them.
func (p *pursuit) readCandles(t *target, seq, upTo market.Seq) ([]push, error) {
	st, topic := p.s.stream, t.sub.topic
	st.reading <- struct{}{}
	defer func() { <-st.reading }()

	candles, complete, newest, err := st.store.ChangedCandles(st.ctx, topic.mint, topic.interval, t.after+1, st.historyMax)
	if err != nil {
		return nil, fmt.Errorf("read candles changed since %d: %w", t.after+1, err)
	}

	if !complete {
		p.s.gap(topic.key, t.after+1, upTo, "the server fell behind: read the history again")
	}

	at := st.now().UnixMilli()
	pushes := make([]push, 0, len(candles))
	for _, candle := range candles {
		reason := market.Realtime
		switch {
		case candle.Final && t.sub.closed != 0 && candle.Time <= t.sub.closed:
			reason = market.Correction
		case candle.Final:
			reason = market.Final
			t.sub.closed = candle.Time
		}
		change := market.CandleChange{Mint: topic.mint, Interval: topic.interval, Candle: candle, Type: reason, Stamp: market.Stamp{BlockTime: candle.Time}}
		pushes = append(pushes, push{seq, topic.event(), appendUpdate(nil, &update{topic: topic, seq: seq, change: &change, pair: st.store.Pair(change.Mint)}, at)})
	}

	t.after = max(newest, upTo)
	return pushes, nil
}

// tellGap tells the client which commits the store has no more.
func (p *pursuit) tellGap(since market.Seq, next *page) {
	to := next.upTo
	if len(next.pushes) > 0 {
		to = max(since, next.pushes[0].seq-1)
	}
	for k, t := range p.topic {
		if k.kind != klineTopic && t.after < to {
			p.s.gap(k, t.after+1, to, "commits since since_seq are no longer known")
		}
	}
}

// caughtUp ends a pause, if no push was lost meanwhile.
func (b *broadcaster) caughtUp(s *session, keep bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	hold := s.paused[commitOrder]
	switch {
	case hold == nil:
		return true
	case hold.lost:
		return false
	}
	if hold.prune(); !keep {
		b.resume(s, commitOrder)
	}
	return true
}

// fallBack goes on with live pushes after the store failed, and tells the client what it may miss.
func (s *session) fallBack(err error) {
	if isGone(err) || s.stream.ctx.Err() != nil {
		return // there is nobody to tell, and nothing is wrong here
	}
	s.stream.log.Error("replay failed", "client", s.peer.ID(), "err", err)
	newest := s.stream.store.Seq()

	b := s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()

	if hold := s.paused[commitOrder]; hold != nil && hold.lost {
		*hold = pause{}
	}
	for k, sub := range s.subs {
		if k.order() == commitOrder && sub.apart && sub.after < newest {
			s.gap(k, sub.after+1, newest, "the replay failed")
		}
	}

	b.resume(s, commitOrder)
}

// replay subscribes to a topic of events and sends what commits from a seq on brought, oldest first, before it goes live.
func (s *session) replay(k key, id *string, from resume) (any, error) {
	p := &pursuit{}
	var reply any
	err := s.rewind(p, k, from, func(added bool) { reply = s.confirm(k, id, subscribedText(added)) })
	if err != nil {
		return nil, err
	}
	if err := s.pursue(p, false); err != nil {
		s.fallBack(err)
	}
	return reply, nil
}

// rewind makes the client a follower of a topic of events that is to be sent what commits from a seq on brought: the pursuit
// does it. confirm runs before anything of the topic is sent.
func (s *session) rewind(p *pursuit, k key, from resume, confirm func(added bool)) error {
	broadcaster := s.stream.broadcaster
	if k.mintEvents() {
		shadowed, added, err := broadcaster.followShadowed(s, k)
		if err != nil {
			return err
		}
		if shadowed {
			confirm(added)
			p.extra = append(p.extra, broadcaster.shadowTarget(s, k, s.within(k, from)))
			return nil
		}
	}

	sub, was, err := broadcaster.hold(s, k)
	if err != nil {
		return err
	}

	confirm(!was)
	since := s.within(k, from)
	broadcaster.mu.Lock()
	defer broadcaster.mu.Unlock()
	if sub.newest = (mark{}); was {
		sub.after = min(sub.after, since-1)
	} else {
		sub.after = since - 1
	}
	return nil
}

// newestSeq is no bound.
const newestSeq = ^market.Seq(0)

// emitAll sends pushes as the client takes them.
func (s *session) emitAll(pushes []push) error {
	for _, one := range pushes {
		if err := s.awaitSpace(s.stream.ctx, len(one.payload)); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		s.emit(one.event, one.payload)
	}
	return nil
}

// Missed implements follow.Sink: every client reads from the store what the commit log has lost, and is told of a gap where
// the store has lost it too.
func (st *Stream) Missed(_ context.Context, from, to market.Seq) error {
	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()

	behind := 0
	for s := range b.sessions {
		if s.follows(commitOrder) {
			behind++
			st.setAside(s)
		}
	}
	st.log.Warn("commits are lost to the pushes, clients read from the store", "from", from, "to", to, "clients", behind)
	b.arrive(to)
	b.derive.forget() // each client is told by its own reading
	b.flush()
	return nil
}

// setAside lets a client read from the store, at its own pace, what it is not pushed. The broadcaster's mutex is held.
func (st *Stream) setAside(s *session) {
	reading := s.paused[commitOrder] != nil
	st.broadcaster.pause(s, commitOrder).lose()
	if !reading {
		st.jobs.Go(s.recover)
	}
}

// follows reports whether s has a subscription of an order. The broadcaster's mutex is held.
func (s *session) follows(order int) bool {
	for k := range s.subs {
		if k.order() == order {
			return true
		}
	}
	return false
}

// recover brings a client that was set aside up to date, unless a request of the client has done so.
func (s *session) recover() {
	s.serving.Lock()
	defer s.serving.Unlock()
	s.recovered()
}

// recovered ends the pause of a client that was set aside.
func (s *session) recovered() {
	b := s.stream.broadcaster
	b.mu.Lock()
	paused := s.paused[commitOrder] != nil
	b.mu.Unlock()
	if !paused {
		return
	}
	if err := s.pursue(&pursuit{}, false); err != nil {
		s.fallBack(err)
		if !isGone(err) && s.stream.ctx.Err() == nil {
			select {
			case s.stream.failed <- err:
			default:
			}
		}
	}
}

func (s *session) gap(k key, from, to market.Seq, reason string) {
	s.emitJSON("gap", wire.StreamGap{Topic: k.room(), FromSeq: uint64(from), ToSeq: uint64(to), Reason: reason})
}
