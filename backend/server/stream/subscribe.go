package stream

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// readTries bounds how often an answer is read again because pushes overtook it.
const readTries = 5

func (s *session) subscribeKline(f fields) (any, error) {
	switch {
	case f["symbols"] != nil:
		return s.subscribeList(f, klineTopic)
	case f["symbol"] == everyMint:
		k, err := f.every(s.stream.intervals)
		if err != nil {
			return nil, err
		}
		return s.subscribeWhole(k, f)
	}

	k, err := f.candles(s.stream.intervals)
	if err != nil {
		return nil, err
	}

	id, err := f.subscriptionID()
	if err != nil {
		return nil, err
	}

	from, err := s.resume(f)
	if err != nil {
		return nil, err
	}

	read := func(ctx context.Context) (*answer, error) {
		if from.asked {
			return s.stream.changes(ctx, k, from, s.space.oldest)
		}
		return s.stream.history(ctx, k, s.stream.newest(s.space.oldest))
	}
	var reply wire.SubscriptionConfirmed
	_, err = s.insert(k, read, func(a *answer, was bool) {
		s.emit("history_data", a.text)
		reply = s.confirm(k, id, subscribedText(!was))
	})

	return reply, err
}

func (s *session) unsubscribeKline(f fields) (any, error) {
	switch {
	case f["symbols"] != nil:
		return s.unsubscribeList(f, klineTopic)
	case f["symbol"] == everyMint:
		k, err := f.every(s.stream.intervals)
		if err != nil {
			return nil, err
		}
		return s.unsubscribe(k, f)
	}

	k, err := f.candles(s.stream.intervals)
	if err != nil {
		return nil, err
	}
	return s.unsubscribe(k, f)
}

func (s *session) getHistory(f fields) (any, error) {
	k, err := f.candles(s.stream.intervals)
	if err != nil {
		return nil, err
	}

	q, err := f.history(s.stream.newest(s.space.oldest), k.interval, s.stream.historyMax)
	if err != nil {
		return nil, err
	}

	event, err := f.flag("event", true)
	if err != nil {
		return nil, err
	}

	result, err := s.sendHistory(k, q, s.stream.broadcaster.follows(s, k), func(a *answer) {
		if event || !s.acked {
			s.emit("history_data", a.text)
		}
	})
	if err != nil {
		return nil, err
	}
	return historyReply(result.text), nil
}

func (s *session) subscribePrice(f fields) (any, error) {
	if f["symbols"] != nil {
		return s.subscribeList(f, priceTopic)
	}
	mint, err := f.mint()
	if err != nil {
		return nil, err
	}

	id, err := f.subscriptionID()
	if err != nil {
		return nil, err
	}

	k := key{kind: priceTopic, mint: mint}
	from, err := s.resume(f)
	if err != nil {
		return nil, err
	}

	unknown := from.unknown(s.stream.store.Seq())
	if from.asked && unknown == "" {
		return s.replay(k, id, from)
	}

	read := func(ctx context.Context) (*answer, error) { return s.stream.lastPrice(ctx, k) }
	var reply wire.SubscriptionConfirmed
	_, err = s.insert(k, read, func(a *answer, was bool) {
		reply = s.confirm(k, id, subscribedText(!was))
		if unknown != "" {
			s.gap(k, 1, a.seq, unknown)
		}
		if a.last != nil {
			s.emit("price_update", a.text)
			s.stream.broadcaster.noteTrade(k, a.last)
		}
	})

	return reply, err
}

func (s *session) unsubscribePrice(f fields) (any, error) {
	if f["symbols"] != nil {
		return s.unsubscribeList(f, priceTopic)
	}
	mint, err := f.mint()
	if err != nil {
		return nil, err
	}
	return s.unsubscribe(key{kind: priceTopic, mint: mint}, f)
}

// eventsKey is the topic of one mint's events, or of all when the request names none, with the request's filter.
func eventsKey(f fields) (key, error) {
	which, err := f.filter()
	if err != nil {
		return key{}, err
	}
	if f["symbol"] == nil || f["symbol"] == everyMint {
		return key{kind: allTopic, detail: which}, nil
	}
	mint, err := f.mint()
	return key{kind: eventsTopic, mint: mint, detail: which}, err
}

func (s *session) subscribeEvents(f fields) (any, error) {
	if f["symbols"] != nil {
		return s.subscribeList(f, eventsTopic)
	}
	k, err := eventsKey(f)
	if err != nil {
		return nil, err
	}
	return s.subscribeWhole(k, f)
}

func (s *session) unsubscribeEvents(f fields) (any, error) {
	if f["symbols"] != nil {
		return s.unsubscribeList(f, eventsTopic)
	}
	k, err := eventsKey(f)
	if err != nil {
		return nil, err
	}
	return s.unsubscribe(k, f)
}

// userKey is the topic of the events that belong to one account, of all mints: that of subscribe_events with accounts.
func userKey(f fields) (key, error) {
	text, ok := f["user"].(string)
	if !ok {
		return key{}, invalid("user must be the address of a wallet")
	}
	if _, err := market.ParsePubkey(text); err != nil {
		return key{}, invalid("user: %v", err)
	}
	return key{kind: allTopic, detail: detailOf("accounts=" + text)}, nil
}

func (s *session) subscribeUser(f fields) (any, error) {
	k, err := userKey(f)
	if err != nil {
		return nil, err
	}
	return s.subscribeWhole(k, f)
}

func (s *session) unsubscribeUser(f fields) (any, error) {
	k, err := userKey(f)
	if err != nil {
		return nil, err
	}
	return s.unsubscribe(k, f)
}

// insert sends an answer in its place among the client's pushes, and lets s follow the topic from then on. send does the
// first, with the broadcaster's mutex held; was says that s followed the topic before.
func (s *session) insert(k key, read func(context.Context) (*answer, error), send func(a *answer, was bool)) (*answer, error) {
	return s.insertOne(k, false, read, send)
}

// insertOne is insert, after which the client stays paused when more answers follow.
func (s *session) insertOne(k key, more bool, read func(context.Context) (*answer, error), send func(a *answer, was bool)) (*answer, error) {
	broadcaster := s.stream.broadcaster
	sub, was, err := broadcaster.hold(s, k)
	if err != nil {
		return nil, err
	}

	for range readTries {
		if err := s.makeUp(sub, was); err != nil {
			return nil, err
		}
		result, err := s.prepare(sub, was, read)
		if err != nil {
			broadcaster.abandon(sub, was)
			s.recovered()
			return nil, err
		}

		finished := broadcaster.finish(sub, was, more, result.seq, func() {
			if result.gap != nil {
				s.emitJSON("gap", result.gap)
			}
			send(result, was)
		})
		if finished {
			return result, nil
		}
	}

	broadcaster.abandon(sub, was)
	s.recovered()
	return nil, errOvertaken
}

// makeUp reads from the store what could not be held back any more, but for a topic whose answer has it.
func (s *session) makeUp(sub *subscription, was bool) error {
	broadcaster := s.stream.broadcaster
	broadcaster.mu.Lock()
	hold := s.paused[commitOrder]
	lost := hold != nil && hold.lost
	broadcaster.mu.Unlock()
	if !lost {
		return nil
	}

	p := &pursuit{}
	if !was {
		p.skip = sub
	}
	err := s.pursue(p, true)
	if err != nil {
		if !was {
			broadcaster.refuse(sub)
		}
		s.fallBack(err)
	}

	return err
}

// prepare reads the answer, and waits for the pushes that come before it when the client gets any.
func (s *session) prepare(sub *subscription, was bool, read func(context.Context) (*answer, error)) (*answer, error) {
	ctx := s.stream.ctx
	result, err := read(ctx)
	if err != nil {
		return nil, err
	}
	if s.traced() {
		s.stream.log.Debug("answer read", "client", s.peer.ID(), "topic", sub.topic.name, "seq", result.seq, "bytes", len(result.text))
	}
	if (was || !s.stream.broadcaster.alone(sub)) && !s.stream.broadcaster.reach(ctx, result.seq) {
		return nil, fmt.Errorf("wait for commit %d: %w", result.seq, errStopped)
	}
	if err := s.awaitSpace(ctx, len(result.text)); err != nil {
		return nil, fmt.Errorf("send answer: %w", err)
	}
	return result, nil
}

// historyReply is an encoded history_data as an acknowledgement gives it.
type historyReply []byte

// MarshalJSON implements json.Marshaler.
func (h historyReply) MarshalJSON() ([]byte, error) {
	return append([]byte(`{"success":true,`), h[1:]...), nil
}

// follows reports whether s is subscribed to k.
func (b *broadcaster) follows(s *session, k key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return s.subs[k] != nil
}

// noteTrade remembers the event behind a price that was shown. The mutex is held.
func (b *broadcaster) noteTrade(k key, e *market.Event) {
	if t := b.topics[k]; t != nil && markOf(e).after(t.newest) {
		t.newest = markOf(e)
	}
}

// lastPrice reads the price_update of the mint's newest trade.
func (st *Stream) lastPrice(ctx context.Context, k key) (*answer, error) {
	seq := st.store.Seq() // first: what comes later is pushed once more
	last, err := st.store.LastTrade(ctx, k.mint)
	if err != nil {
		return nil, fmt.Errorf("read last trade: %w", err)
	}
	a := &answer{seq: seq, last: last}
	if last != nil {
		a.text = appendEvent(nil, priceTopic, "", last, seq, st.now().UnixMilli())
	}
	return a, nil
}
