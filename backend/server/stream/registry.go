package stream

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"spinscope/backend/market"
	"spinscope/backend/socketio"
)

// errLimit is returned when a client holds as many subscriptions as it may.
var errLimit = errors.New("subscription limit reached")

// subscription is one topic that a client follows. The broadcaster's mutex guards it.
type subscription struct {
	session  *session
	topic    *topic
	weight   int        // of the session's allowance
	shadowed bool       // not in the room, as the client gets the same from the topic of all events
	apart    bool       // not in the room: pushes are held back, or sent one by one
	after    market.Seq // while apart: pushes up to here are not for this client
	closed   int64      // while apart: time of the newest candle that the client knows as final
	newest   mark       // while apart: the event behind the price it was shown last
}

// register adds a subscription that is in no room yet. The mutex is held, here and in all functions below.
func (b *broadcaster) register(s *session, k key) (*subscription, error) {
	if s.left {
		return nil, socketio.ErrClosed
	}
	if err := s.mayHold(1); err != nil {
		return nil, err
	}
	t := b.topics[k]
	if t == nil {
		t = newTopic(k)
		b.topics[k] = t
		if k.kind == klineTopic && !k.interval.Stored() {
			b.derive.follow(t)
		}
		b.tally(t, 1)
	}
	t.holders++
	sub := &subscription{session: s, topic: t, weight: s.weight}
	s.held += sub.weight
	s.subs[k] = sub
	return sub, nil
}

// What a subscription weighs: a symbol of a list is a hundredth of one that was asked for by itself.
const (
	wholeWeight = 100
	listWeight  = 1
)

// mayHold returns errLimit when a client may not have so many more subscriptions of the request under way.
func (s *session) mayHold(more int) error {
	limit := s.stream.maxSubscriptions
	if s.held+more*s.weight <= limit*wholeWeight {
		return nil
	}
	return fmt.Errorf("%w: at most %d for one client (websocket.max_subscriptions_per_client), of which a hundred symbols in lists count as one; %s held, %s asked for",
		errLimit, limit, inWhole(s.held), inWhole(more*s.weight))
}

// inWhole is a weight in subscriptions.
func inWhole(weight int) string {
	return strconv.FormatFloat(float64(weight)/wholeWeight, 'f', -1, 64)
}

// tally keeps the lists of topics that need looking at beside the one of a commit's mint.
func (b *broadcaster) tally(t *topic, by int) {
	switch {
	case t.kind == everyTopic:
		b.everies += by
	case t.kind == tickerTopic:
		b.rankings += by
	case t.filter != nil && by > 0:
		b.filtered[t.wide()] = append(b.filtered[t.wide()], t)
	case t.filter != nil:
		rest := slices.DeleteFunc(b.filtered[t.wide()], func(other *topic) bool { return other == t })
		if b.filtered[t.wide()] = rest; len(rest) == 0 {
			delete(b.filtered, t.wide())
		}
	}
}

// remove ends a subscription in any state.
func (b *broadcaster) remove(s *session, sub *subscription) {
	t := sub.topic
	switch {
	case sub.apart:
		b.rejoin(sub)
	case !sub.shadowed:
		b.exit(s, sub)
	}
	delete(s.subs, t.key)
	s.held -= sub.weight
	if t.holders--; t.holders == 0 {
		b.tally(t, -1)
		delete(b.topics, t.key)
		b.derive.leave(t)
	}
}

// refuse ends a new subscription whose answer failed. It takes the mutex.
func (b *broadcaster) refuse(sub *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(sub.session, sub)
}

// alone reports whether the client follows nothing else whose pushes have an order with sub's. It takes the mutex.
func (b *broadcaster) alone(sub *subscription) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, other := range sub.session.subs {
		if other != sub && k.order() == sub.topic.order() {
			return false
		}
	}
	return true
}

// enter puts a client into the room.
func (b *broadcaster) enter(s *session, sub *subscription) {
	s.peer.Join(sub.topic.name)
	sub.topic.members[s.space.index]++
}

// exit takes a client out of the room; the subscription stays.
func (b *broadcaster) exit(s *session, sub *subscription) {
	s.peer.Leave(sub.topic.name)
	sub.topic.members[s.space.index]--
}

// separate sends what waits before a client moves between single mints and all events: it might wait for one of them only.
func (b *broadcaster) separate(k key) {
	if k.kind == allTopic {
		b.flush()
	}
}

// shadow takes a client that now follows all events out of the rooms of single mints, so that it gets each event once.
// It reports whether there were any.
func (b *broadcaster) shadow(s *session, k key) (any bool) {
	if !k.allEvents() {
		return false
	}
	for _, sub := range s.subs {
		if !sub.topic.mintEvents() || sub.shadowed {
			continue
		}
		if sub.apart {
			b.rejoin(sub)
		} else {
			b.exit(s, sub)
		}
		sub.shadowed, any = true, true
	}
	return any
}

// unshadow undoes shadow when the client no longer follows all events: it has seen those up to after.
func (b *broadcaster) unshadow(s *session, after market.Seq) {
	for _, sub := range s.subs {
		if !sub.shadowed {
			continue
		}
		sub.shadowed = false
		b.part(sub, after)
		b.advance(sub)
	}
}

// follow subscribes without an answer to wait for: everything absorbed from now on is pushed. confirm runs before that.
func (b *broadcaster) follow(s *session, k key, confirm func(added bool)) error {
	b.mu.Lock()
	defer b.mu.Unlock()

	if s.subs[k] != nil {
		confirm(false)
		return nil
	}

	b.separate(k)
	sub, err := b.register(s, k)
	if err != nil {
		return err
	}

	confirm(true)
	if all := s.subs[key{kind: allTopic}]; k.mintEvents() && all != nil {
		sub.shadowed = true
		return nil
	}

	b.part(sub, b.sent(k))
	b.advance(sub)
	b.shadow(s, k)
	return nil
}

// followShadowed subscribes to a mint's events if the client follows those of all mints, from where it gets them.
func (b *broadcaster) followShadowed(s *session, k key) (shadowed, added bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.subs[key{kind: allTopic}] == nil {
		return false, false, nil
	}
	if s.subs[k] != nil {
		return true, false, nil
	}
	sub, err := b.register(s, k)
	if err != nil {
		return false, false, err
	}
	sub.shadowed = true
	return true, true, nil
}

// shadowTarget is what the client is to get of a shadowed topic from a seq on: what it does not get from the other one.
func (b *broadcaster) shadowTarget(s *session, k key, since market.Seq) *target {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := &target{sub: s.subs[k], after: since - 1, until: b.flushed}
	if all := s.subs[key{kind: allTopic}]; all.apart {
		t.until = all.after
	}
	return t
}

// unfollow ends a subscription; false when there was none. confirm runs after the last push.
func (b *broadcaster) unfollow(s *session, k key, confirm func(removed bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sub := s.subs[k]
	if sub != nil {
		b.separate(k)
		after := b.flushed
		if sub.apart {
			after = sub.after
		}
		b.remove(s, sub)
		if k.allEvents() {
			b.unshadow(s, after)
		}
	}
	confirm(sub != nil)
}

// welcome and forget keep the list of clients.
func (b *broadcaster) welcome(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions[s] = struct{}{}
}

func (b *broadcaster) forget(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, s)
	s.left = true
	for _, sub := range s.subs {
		b.remove(s, sub)
	}
}
