package stream

import (
	"errors"
	"fmt"

	"spinscope/backend/market"
)

// errLimit is returned when a client holds as many subscriptions as it may.
var errLimit = errors.New("subscription limit reached")

// subscription is one topic that a client follows. The broadcaster's mutex guards it.
type subscription struct {
	topic    *topic
	join     *join // not nil: on the way into the room
	shadowed bool  // not in the room, as the client gets the same from the topic of all events
}

// register adds a subscription that is in no room yet. The mutex is held, here and in all functions below.
func (b *broadcaster) register(s *session, k key) (*subscription, error) {
	if len(s.subs) >= s.stream.maxSubscriptions {
		return nil, fmt.Errorf("%w: at most %d for one client (websocket.max_subscriptions_per_client)", errLimit, s.stream.maxSubscriptions)
	}
	t := b.topics[k]
	if t == nil {
		t = newTopic(k)
		b.topics[k] = t
	}
	t.holders++
	sub := &subscription{topic: t}
	s.subs[k] = sub
	return sub, nil
}

// remove ends a subscription in any state.
func (b *broadcaster) remove(s *session, sub *subscription) {
	t := sub.topic
	switch {
	case sub.join != nil:
		b.leaveJoin(sub.join)
	case !sub.shadowed:
		b.exit(s, sub)
	}
	delete(s.subs, t.key)
	if t.holders--; t.holders == 0 {
		delete(b.topics, t.key)
	}
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
// It tells whether there were any.
func (b *broadcaster) shadow(s *session, k key) (any bool) {
	if k.kind != allTopic {
		return false
	}
	for _, sub := range s.subs {
		if sub.topic.kind != eventsTopic || sub.shadowed {
			continue
		}
		if sub.join != nil {
			b.leaveJoin(sub.join)
			sub.join = nil
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
		sub.join = b.newJoin(s, sub.topic)
		sub.join.goLive(b, after)
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
	if all := s.subs[key{kind: allTopic}]; k.kind == eventsTopic && all != nil {
		sub.shadowed = true
		return nil
	}
	b.enter(s, sub)
	b.shadow(s, k)
	return nil
}

// followShadowed subscribes to a mint's events if the client follows those of all mints: until is the last commit that it
// has got from there.
func (b *broadcaster) followShadowed(s *session, k key) (shadowed, added bool, until market.Seq, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := s.subs[key{kind: allTopic}]
	if all == nil {
		return false, false, 0, nil
	}
	until = b.flushed
	if all.join != nil {
		until = max(until, all.join.after)
	}
	if s.subs[k] != nil {
		return true, false, until, nil
	}
	sub, err := b.register(s, k)
	if err != nil {
		return false, false, 0, err
	}
	sub.shadowed = true
	return true, true, until, nil
}

// unfollow ends a subscription; false when there was none. confirm runs after the last push.
func (b *broadcaster) unfollow(s *session, k key, confirm func(removed bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sub := s.subs[k]
	if sub != nil {
		b.separate(k)
		after := b.flushed
		if sub.join != nil {
			after = max(after, sub.join.after)
		}
		b.remove(s, sub)
		if k.kind == allTopic {
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
	for _, sub := range s.subs {
		b.remove(s, sub)
	}
}
