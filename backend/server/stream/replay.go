package stream

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/socketio"
)

// replayPage is how many pushes are replayed before the client has to have taken them.
const replayPage = 256

// errPage ends the reading of a page.
var errPage = errors.New("page is full")

// errOvertaken is returned when an answer was read readTries times and too many pushes came meanwhile each time.
var errOvertaken = errors.New("too many updates while the answer was read")

// shows tells whether a topic pushes an event.
func (k key) shows(e *market.Event) bool {
	switch k.kind {
	case allTopic:
		return true
	case tokenTopic:
		return e.Kind() == market.KindTokenCreated
	case eventsTopic:
		return e.Mint() == k.mint
	case priceTopic:
		_, ok := e.Trade()
		return ok && e.Mint() == k.mint
	default:
		return false
	}
}

// page is a stretch of a replay: whole commits from one seq up to upTo.
type page struct {
	pushes   []push
	upTo     market.Seq
	more     bool // the store has commits after upTo
	complete bool // the store still has everything from the first seq on
}

// readPage encodes the pushes of commits in [since, until].
func (st *Stream) readPage(ctx context.Context, k key, since, until market.Seq) (page, error) {
	var p page
	at := st.now().UnixMilli()
	var last market.Seq
	upTo, complete, err := st.store.EventsSince(ctx, since, func(seq market.Seq, e *market.Event) error {
		if seq > until || len(p.pushes) >= replayPage && seq != last {
			return errPage
		}
		last = seq
		if k.shows(e) {
			p.pushes = append(p.pushes, push{seq, k.event(), appendEvent(nil, k.kind, "", e, seq, at)})
		}
		return nil
	})
	p.upTo, p.complete = upTo, complete
	if errors.Is(err, errPage) {
		p.upTo, p.more, err = last, true, nil
	}
	if err != nil {
		return page{}, fmt.Errorf("read events since %d: %w", since, err)
	}
	return p, nil
}

// replay subscribes to a topic of events and sends what commits from a seq on brought, oldest first, before it goes live.
func (s *session) replay(k key, id *string, from resume) (any, error) {
	board := s.stream.board
	if k.kind == eventsTopic {
		shadowed, added, until, err := board.followShadowed(s, k)
		if err != nil {
			return nil, err
		}
		if shadowed {
			reply := s.confirm(k, id, subscribedText(added))
			since := s.within(k, from)
			if err := s.replayUntil(k, since, until); err != nil {
				s.replayFailed(k, since, until, err)
			}
			return reply, nil
		}
	}
	j, err := board.hold(s, k)
	if err != nil {
		return nil, err
	}
	reply := s.confirm(k, id, subscribedText(!j.was))
	since := s.within(k, from)
	if j.was {
		since = min(since, j.from) // what is held back is replayed
	}
	if err := s.replayInto(j, since); err != nil {
		// The subscription stands, so the client is told what it misses rather than refused.
		board.settle(j, 0, true, func() {})
		s.replayFailed(k, since, s.stream.store.Seq(), err)
	}
	return reply, nil
}

// replayInto sends full pages until the newest one, which goes out in its place among the pushes.
func (s *session) replayInto(j *join, since market.Seq) error {
	tries := 0
	for first := true; ; first = false {
		p, err := s.nextPage(j.topic.key, since, newestSeq, first)
		if err != nil {
			return err
		}
		if !p.more {
			if s.stream.board.settle(j, p.upTo, true, func() { s.emitAll(p) }) {
				return nil
			}
			if tries++; tries == readTries {
				return errOvertaken
			}
			continue
		}
		s.emitAll(p)
		since = p.upTo + 1
	}
}

// replayUntil sends the pages up to a commit.
func (s *session) replayUntil(k key, since, until market.Seq) error {
	for first := true; ; first = false {
		p, err := s.nextPage(k, since, until, first)
		if err != nil {
			return err
		}
		s.emitAll(p)
		if !p.more || p.upTo >= until {
			return nil
		}
		since = p.upTo + 1
	}
}

// newestSeq is no bound.
const newestSeq = ^market.Seq(0)

// nextPage reads a page once the client has taken the ones before. It tells the client when the store cannot serve the
// first one whole.
func (s *session) nextPage(k key, since, until market.Seq, first bool) (page, error) {
	if !first {
		if err := s.peer.Drain(s.stream.ctx); err != nil {
			return page{}, fmt.Errorf("send replay: %w", err)
		}
	}
	p, err := s.stream.readPage(s.stream.ctx, k, since, until)
	if s.traced() {
		s.stream.log.Debug("answer read", "client", s.peer.ID(), "topic", k.room(), "since_seq", since, "seq", p.upTo, "pushes", len(p.pushes))
	}
	if err == nil && first && !p.complete {
		to := p.upTo
		if len(p.pushes) > 0 {
			to = max(since, p.pushes[0].seq-1)
		}
		s.gap(k, since, to, "commits since since_seq are no longer known")
	}
	return p, err
}

func (s *session) emitAll(p page) {
	for _, one := range p.pushes {
		s.emit(one.event, one.payload)
	}
}

func (s *session) replayFailed(k key, from, to market.Seq, err error) {
	if errors.Is(err, socketio.ErrClosed) {
		return // there is nobody to tell, and nothing is wrong here
	}
	s.stream.log.Error("replay failed", "client", s.peer.ID(), "topic", k.room(), "err", err)
	s.gap(k, from, to, "the replay failed")
}
