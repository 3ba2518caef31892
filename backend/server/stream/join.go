package stream

import (
	"context"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// push is an encoded update on its way to clients.
type push struct {
	seq     market.Seq
	event   string
	payload []byte
}

// Bounds of the pushes held back for one client. They fit its queue.
const (
	maxHeld      = 1024
	maxHeldBytes = 512 << 10
)

// pause holds a client's pushes back, of all topics that share an order, while it is answered from the store. It makes the
// seam between what was read and the live pushes exact, and keeps seqs from going back:
//
//  1. hold: the client leaves the rooms, and its pushes are held back.
//  2. The client's goroutine reads the answer, the state as of commit S.
//  3. finish: the pushes up to S are sent that are not in the answer, then the answer, then the pushes above S. Pushes up
//     to S of the topic that was asked about are left out, as the answer holds them. When the broadcaster has flushed all
//     that the client has seen, the client enters the rooms again.
//
// What is too much to be held is read from the store: see pursue.
type pause struct {
	held  []heldPush
	bytes int
	lost  bool // more came than can be held: what is missing is in the store
}

type heldPush struct {
	sub *subscription
	push
}

// An order is what seqs of a topic count: commits or, for alerts, alerts.
const (
	commitOrder = iota
	alertOrder
	noOrder // rankings: each push is of its own moment
	numOrders
)

func (k key) order() int {
	switch k.kind {
	case alertTopic:
		return alertOrder
	case tickerTopic:
		return noOrder
	default:
		return commitOrder
	}
}

// hold makes s a follower of k whose pushes are held back, with those of its other topics. was says that it followed the
// topic, or got part of it from another one. It returns errLimit when s may not have one more.
func (b *broadcaster) hold(s *session, k key) (sub *subscription, was bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sub = s.subs[k]; sub != nil {
		b.pause(s, k.order())
		return sub, true, nil
	}

	b.separate(k)
	if sub, err = b.register(s, k); err != nil {
		return nil, false, err
	}
	b.part(sub, b.sent(k))
	was = b.shadow(s, k)
	b.pause(s, k.order())
	return sub, was, nil
}

// pause takes a client out of its rooms. The mutex is held, here and in the functions below that do not take it.
func (b *broadcaster) pause(s *session, order int) *pause {
	for _, sub := range s.subs {
		if sub.topic.order() == order && !sub.apart && !sub.shadowed {
			b.exit(s, sub)
			b.part(sub, b.sent(sub.topic.key))
		}
	}
	if s.paused[order] == nil {
		s.paused[order] = &pause{}
	}
	return s.paused[order]
}

// part puts a subscription that is in no room among those that are sent pushes one by one, from after on.
func (b *broadcaster) part(sub *subscription, after market.Seq) {
	sub.apart, sub.after = true, after
	sub.closed, sub.newest = max(sub.closed, sub.topic.closed), sub.topic.newest
	sub.topic.apart[sub] = struct{}{}
	b.apart[sub] = struct{}{}
}

// rejoin undoes part.
func (b *broadcaster) rejoin(sub *subscription) {
	sub.apart = false
	delete(sub.topic.apart, sub)
	delete(b.apart, sub)
}

// push takes a push of the topic for a client that is not in the room: holds it, passes it on or leaves it out.
func (sub *subscription) push(p push) {
	hold := sub.session.paused[sub.topic.order()]
	switch {
	case p.seq <= sub.after:
	case hold == nil:
		sub.session.emit(p.event, p.payload)
	default:
		hold.add(heldPush{sub, p})
	}
}

func (h *pause) add(p heldPush) {
	if h.lost {
		return
	}
	h.bytes += len(p.payload)
	if len(h.held) >= maxHeld || h.bytes > maxHeldBytes {
		h.lose()
		return
	}
	h.held = append(h.held, p)
}

// lose says that what was held is not all any more.
func (h *pause) lose() { *h = pause{lost: true} }

// prune drops what the client has seen meanwhile.
func (h *pause) prune() {
	h.held = slices.DeleteFunc(h.held, func(p heldPush) bool { return p.seq <= p.sub.after })
	h.bytes = 0
	for _, p := range h.held {
		h.bytes += len(p.payload)
	}
}

// advance lets a client into the room when nothing is held back for it and all before is sent.
func (b *broadcaster) advance(sub *subscription) {
	s, k := sub.session, sub.topic.key
	if sub.apart && s.paused[k.order()] == nil && b.sent(k) >= sub.after {
		b.rejoin(sub)
		b.enter(s, sub)
	}
}

// resume ends a pause: what is held and not seen yet is sent, and the client enters its rooms.
func (b *broadcaster) resume(s *session, order int) {
	hold := s.paused[order]
	if hold == nil {
		return
	}
	for _, p := range hold.held {
		s.emitHeld(p)
	}
	s.paused[order] = nil
	for _, sub := range s.subs {
		if sub.topic.order() == order {
			b.advance(sub)
		}
	}
}

// emitHeld sends what was held back, unless the client has seen it or follows the topic no more.
func (s *session) emitHeld(p heldPush) {
	if p.seq > p.sub.after && s.subs[p.sub.topic.key] == p.sub {
		s.emit(p.event, p.payload)
	}
}

// finish sends the answer, which is the state of a topic as of seq, in its place among the pushes, and ends the pause unless
// more answers are to come. It returns false when too many pushes came meanwhile.
func (b *broadcaster) finish(sub *subscription, was, more bool, seq market.Seq, answer func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()

	s, order := sub.session, sub.topic.order()
	hold := s.paused[order]
	if hold.lost {
		return false
	}

	later := hold.held[:0]
	for _, p := range hold.held {
		switch {
		case p.seq > seq:
			later = append(later, p)
		case p.sub != sub || was:
			s.emitHeld(p)
		}
	}

	hold.held = later
	answer()

	sub.after = max(sub.after, seq)
	if !more || len(hold.held) > maxHeld/4 { // the next answer pauses again
		b.resume(s, order)
	}
	return true
}

// abandon gives up after a failed read: a new subscription ends, an old one goes on as if nothing had been asked.
func (b *broadcaster) abandon(sub *subscription, was bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !was {
		b.remove(sub.session, sub)
	}
	if hold := sub.session.paused[sub.topic.order()]; hold != nil && !hold.lost {
		b.resume(sub.session, sub.topic.order())
	}
}

// waiter waits until a commit is flushed, or absorbed.
type waiter struct {
	seq     market.Seq
	reached chan struct{}
}

// reach waits until the broadcaster has flushed seq. It returns false when ctx or the broadcaster ends first.
func (b *broadcaster) reach(ctx context.Context, seq market.Seq) bool {
	b.mu.Lock()
	if b.flushed < seq && b.absorbed >= seq {
		b.flush()
	}
	if b.flushed >= seq {
		b.mu.Unlock()
		return true
	}

	w := waiter{seq, make(chan struct{})}
	b.waiters = append(b.waiters, w)
	b.wanted = max(b.wanted, seq)
	b.mu.Unlock()
	wake.Up(b.kick)

	select {
	case <-w.reached:
		return true
	case <-ctx.Done():
	case <-b.done:
	}

	return false
}

// afterFlush runs after each flush: it wakes who waits for it, and lets clients into rooms.
func (b *broadcaster) afterFlush() {
	b.waiters = slices.DeleteFunc(b.waiters, func(w waiter) bool {
		if b.flushed < w.seq {
			return false
		}
		close(w.reached)
		return true
	})
	for sub := range b.apart {
		b.advance(sub)
	}
}
