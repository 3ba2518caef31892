package stream

import (
	"context"

	"spinscope/backend/market"
)

// push is an encoded update on its way to clients.
type push struct {
	seq     market.Seq
	event   string
	payload []byte
}

// maxHeld bounds the pushes held back while one answer is read.
const maxHeld = 4096

// join is a subscription on its way into its room. It makes the seam between an answer read from the store and the live
// pushes exact:
//
//  1. hold: from now on the topic's pushes are held back for this client.
//  2. The client's goroutine reads the answer, the state as of commit S.
//  3. settle: the answer is sent, then the held pushes above S. Until the broadcaster has flushed S, pushes up to S are
//     withheld, as the answer holds them; then the client enters the room.
//
// For a client that was in the room already, pushes up to S go out before the answer, so settling waits for S first.
// The broadcaster's mutex guards the fields.
type join struct {
	session *session
	topic   *topic
	from    market.Seq // first commit that the client may not have seen
	after   market.Seq // pushes up to here are not for this client
	was     bool       // the client followed the topic already, or got part of it from another
	reading bool       // pushes are held, else passed on
	lost    bool       // more than maxHeld: the answer must be read again
	held    []push
	target  market.Seq    // reached is closed when this is flushed
	reached chan struct{} // nil when nobody waits
}

// hold makes s a follower of k whose pushes are held back. It returns errLimit when s may not have one more.
func (b *broadcaster) hold(s *session, k key) (*join, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sub := s.subs[k]
	if sub == nil {
		b.separate(k)
		var err error
		if sub, err = b.register(s, k); err != nil {
			return nil, err
		}
		sub.join = b.newJoin(s, sub.topic)
		sub.join.was = b.shadow(s, k)
		return sub.join, nil
	}
	if sub.join == nil {
		b.exit(s, sub)
		sub.join = b.newJoin(s, sub.topic)
	}
	j := sub.join
	j.was, j.reading = true, true
	j.from = max(b.sent(k), j.after) + 1
	return j, nil
}

func (b *broadcaster) newJoin(s *session, t *topic) *join {
	j := &join{session: s, topic: t, reading: true, from: b.sent(t.key) + 1}
	t.joins[j] = struct{}{}
	b.joins[j] = struct{}{}
	return j
}

// push takes a push of the topic: holds it, passes it on or leaves it out. The mutex is held.
func (j *join) push(b *broadcaster, p push) {
	switch {
	case p.seq <= j.after:
	case !j.reading:
		j.session.emit(p.event, p.payload)
	case len(j.held) >= maxHeld:
		j.lost, j.held = true, nil
	case !j.lost:
		j.held = append(j.held, p)
	}
}

// advance is called after each flush: it wakes who waits for it and enters the room when all before it is sent.
func (j *join) advance(b *broadcaster) {
	if j.reached != nil && b.flushed >= j.target {
		close(j.reached)
		j.reached = nil
	}
	if !j.reading && b.sent(j.topic.key) >= j.after {
		b.leaveJoin(j)
		sub := j.session.subs[j.topic.key]
		sub.join = nil
		b.enter(j.session, sub)
	}
}

func (b *broadcaster) leaveJoin(j *join) {
	delete(j.topic.joins, j)
	delete(b.joins, j)
}

// reach waits until the broadcaster has flushed seq. It returns false when ctx or the broadcaster ends first.
func (b *broadcaster) reach(ctx context.Context, j *join, seq market.Seq) bool {
	b.mu.Lock()
	if b.flushed >= seq {
		b.mu.Unlock()
		return true
	}
	reached := make(chan struct{})
	j.target, j.reached = seq, reached
	b.wanted = max(b.wanted, seq)
	b.mu.Unlock()
	b.nudge()
	select {
	case <-reached:
		return true
	case <-ctx.Done():
	case <-b.done:
	}
	return false
}

// nudge makes the broadcaster look at what is due.
func (b *broadcaster) nudge() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// settle sends the answer, which is the state as of seq, in its place among the pushes, and lets the topic go live. It
// returns false when too many pushes came meanwhile: the answer must be read again. whole says that the answer has all
// that was held up to seq.
func (b *broadcaster) settle(j *join, seq market.Seq, whole bool, answer func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if j.lost {
		j.lost = false
		return false
	}
	if j.was && !whole {
		for _, p := range j.held {
			if p.seq <= seq {
				j.session.emit(p.event, p.payload)
			}
		}
	}
	answer()
	for _, p := range j.held {
		if p.seq > seq {
			j.session.emit(p.event, p.payload)
		}
	}
	j.goLive(b, seq)
	return true
}

// goLive ends the reading: pushes above seq are for this client.
func (j *join) goLive(b *broadcaster, seq market.Seq) {
	j.reading, j.held = false, nil
	j.after = max(j.after, seq)
	j.advance(b)
}

// abandon gives up after a failed read: a new subscription ends, an old one goes on as if nothing had been asked. What
// an old one lost meanwhile is returned as the first commit that may be missing, else 0.
func (b *broadcaster) abandon(j *join) (missing market.Seq) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !j.was {
		b.remove(j.session, j.session.subs[j.topic.key])
		return 0
	}
	if j.lost {
		j.lost, missing = false, j.from
	}
	for _, p := range j.held {
		j.session.emit(p.event, p.payload)
	}
	j.goLive(b, j.after)
	return missing
}
