package stream

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// Alerts is where clients that resume find what fired before.
type Alerts interface {
	// AlertsSince gives the alerts of commits from since on, oldest first, and the number of the newest one stored; complete
	// is false when some are no longer stored.
	AlertsSince(ctx context.Context, since market.Seq) (list []wire.AlertPush, last uint64, complete bool, err error)
}

// The topic of alerts has its own order, the alerts' numbers, as rules are looked at after a commit was published. Pushes
// and subscriptions of this topic carry numbers where others carry seqs.

// PushAlerts sends alerts that have been stored, up to the number last, to those who follow them. It is called by one
// goroutine, in order; once before the first alert, with the number of the newest one stored.
func (st *Stream) PushAlerts(last uint64, alerts []wire.AlertPush) {
	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.topics[key{kind: alertTopic}]
	if len(alerts) > 0 {
		st.noteAlert(alerts[len(alerts)-1].Payload)
	}
	if t != nil {
		for _, a := range alerts {
			b.send(t, push{market.Seq(a.Number), t.event(), a.Payload})
		}
		t.sent = b.now()
	}
	b.alerted = max(b.alerted, market.Seq(last))
	if t != nil {
		for sub := range t.apart {
			b.advance(sub)
		}
	}
}

// sent is up to where a topic's pushes have gone out.
func (b *broadcaster) sent(k key) market.Seq {
	if k.kind == alertTopic {
		return b.alerted
	}
	return b.flushed
}

// replayAlerts follows the alerts and first sends those of commits from a seq on. There are never more than fit one answer.
func (s *session) replayAlerts(id *string, from resume) (any, error) {
	k, broadcaster := key{kind: alertTopic}, s.stream.broadcaster
	sub, was, err := broadcaster.hold(s, k)
	if err != nil {
		return nil, err
	}

	reply := s.confirm(k, id, subscribedText(!was))
	since := s.within(k, from)

	for range readTries {
		list, last, complete, err := s.stream.alerts.AlertsSince(s.stream.ctx, since)
		if err == nil {
			err = s.awaitSpaceFor(list)
		}
		if err != nil {
			return reply, s.alertsFailed(sub, since, fmt.Errorf("read alerts since %d: %w", since, err))
		}
		if broadcaster.answerAlerts(sub, was, last, list, func() {
			if !complete {
				s.gap(k, since, s.stream.store.Seq(), "only the newest alerts are stored")
			}
		}) {
			return reply, nil
		}
	}

	return reply, s.alertsFailed(sub, since, errOvertaken)
}

// awaitSpaceFor waits until the client has taken what came before the alerts.
func (s *session) awaitSpaceFor(list []wire.AlertPush) error {
	size := 0
	for _, a := range list {
		size += len(a.Payload)
	}
	return s.awaitSpace(s.stream.ctx, size)
}

// answerAlerts sends the alerts up to the number last in their place among the pushes, and ends the pause. It returns false
// when too many were pushed meanwhile.
func (b *broadcaster) answerAlerts(sub *subscription, was bool, last uint64, list []wire.AlertPush, first func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()

	s := sub.session
	hold := s.paused[alertOrder]
	if hold.lost {
		*hold = pause{}
		return false
	}

	first()
	for _, p := range hold.held { // pushed to this client meanwhile, and of before since
		if was && p.seq <= market.Seq(last) && (len(list) == 0 || p.seq < market.Seq(list[0].Number)) {
			s.emitHeld(p)
		}
	}

	for _, a := range list {
		s.emit(sub.topic.event(), a.Payload)
	}
	sub.after = max(sub.after, market.Seq(last))
	b.resume(s, alertOrder)
	return true
}

// alertsFailed goes on with live alerts, and tells the client what it may miss.
func (s *session) alertsFailed(sub *subscription, since market.Seq, err error) error {
	if isGone(err) {
		return err
	}
	s.stream.log.Error("replay failed", "client", s.peer.ID(), "topic", sub.topic.name, "err", err)
	s.gap(sub.topic.key, since, s.stream.store.Seq(), "the replay failed")

	b := s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resume(s, alertOrder)
	return nil
}
