package stream

import (
	"context"
	"fmt"

	"spinscope/backend/market"
)

// Alert is one that fired, encoded.
type Alert struct {
	Number  uint64 // 1 for the first one ever, then one more each
	Payload []byte
}

// Alerts is where clients that resume find what fired before.
type Alerts interface {
	// AlertsSince gives the alerts of commits from since on, oldest first, and the number of the newest one stored; complete
	// is false when some are no longer stored.
	AlertsSince(ctx context.Context, since market.Seq) (list []Alert, last uint64, complete bool, err error)
}

// The topic of alerts has its own order, the alerts' numbers, as rules are looked at after a commit was published. Pushes
// and joins of this topic carry numbers where others carry seqs.

// PushAlerts sends alerts that have been stored, up to the number last, to those who follow them. It is called by one
// goroutine, in order; once before the first alert, with the number of the newest one stored.
func (st *Stream) PushAlerts(last uint64, alerts []Alert) {
	b := st.board
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.topics[key{kind: alertTopic}]
	if t != nil {
		for _, a := range alerts {
			b.send(t, push{market.Seq(a.Number), t.event(), a.Payload})
		}
		t.sent = b.now()
	}
	b.alerted = max(b.alerted, market.Seq(last))
	if t != nil {
		for j := range t.joins {
			j.advance(b)
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
	k, board := key{kind: alertTopic}, s.stream.board
	j, err := board.hold(s, k)
	if err != nil {
		return nil, err
	}
	reply := s.confirm(k, id, subscribedText(!j.was))
	since := s.within(k, from)
	for range readTries {
		list, last, complete, err := s.stream.alerts.AlertsSince(s.stream.ctx, since)
		if err != nil {
			board.settle(j, 0, true, func() {})
			s.replayFailed(k, since, s.stream.store.Seq(), fmt.Errorf("read alerts since %d: %w", since, err))
			return reply, nil
		}
		done := board.settle(j, market.Seq(last), true, func() {
			if !complete {
				s.gap(k, since, s.stream.store.Seq(), "only the newest alerts are stored")
			}
			for _, p := range j.held { // pushed to this client meanwhile, and of before since
				if j.was && p.seq <= market.Seq(last) && (len(list) == 0 || p.seq < market.Seq(list[0].Number)) {
					s.emit(p.event, p.payload)
				}
			}
			for _, a := range list {
				s.emit(k.event(), a.Payload)
			}
		})
		if done {
			return reply, nil
		}
	}
	board.settle(j, 0, true, func() {})
	s.replayFailed(k, since, s.stream.store.Seq(), errOvertaken)
	return reply, nil
}
