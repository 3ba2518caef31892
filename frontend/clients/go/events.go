package spinscope

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
)

// identity tells events apart.
type identity struct {
	signature string
	ordinal   int
}

// EventStream is the events of a topic, each once and in order, whatever happens to connection and server.
type EventStream struct {
	stream[EventsUpdate]
	rest     *rest
	store    string // that the reader was last told of
	waiting  []EventsUpdate
	newest   uint64            // commit of which something was queued
	queued   map[identity]bool // of it: a resume brings it again
	taken    map[identity]bool // of the position's commit
	starting bool
	cancel   context.CancelFunc
}

func newEventStream(l *live, r *rest, topic, kind string, payload map[string]any, since *Position) *EventStream {
	s := &EventStream{
		stream: newStream[EventsUpdate](l, topic, kind, payload, since), rest: r,
		queued: map[identity]bool{}, taken: map[identity]bool{}, cancel: func() {},
	}
	if since != nil {
		s.store = since.Store
	}
	s.self = s
	return s
}

// start subscribes. A reader without a position begins with the next commit: so it misses nothing, also if the server ends before
// anything came.
func (s *EventStream) start() {
	if s.position != nil {
		s.newest, s.queued = s.position.Seq, maps.Clone(s.taken)
		s.subscribe()
		return
	}
	if s.starting {
		return
	}
	s.starting = true
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.begin(ctx)
}

func (s *EventStream) begin(ctx context.Context) {
	for {
		var status Status
		err := s.rest.data(ctx, "/api/events/status", nil, &status)
		if ctx.Err() != nil {
			return
		}
		if err == nil || !passing(err) {
			s.live.mu.Lock()
			defer s.live.mu.Unlock()
			if err != nil {
				s.end(err)
				return
			}
			s.position, s.store = &Position{status.Seq + 1, status.Store}, status.Store
			s.start()
			return
		}
		if pause(ctx, retry) != nil {
			return
		}
	}
}

func (s *EventStream) take() (EventsUpdate, bool) {
	if len(s.waiting) == 0 {
		return nil, false
	}
	next := s.waiting[0]
	s.waiting = s.waiting[1:]
	switch h := next.(type) {
	case EventGap:
		s.position = &Position{h.ToSeq + 1, h.Store}
		clear(s.taken)
	case Event:
		if s.position == nil || s.position.Seq != h.Seq {
			clear(s.taken)
		}
		s.position = &Position{h.Seq, h.Store}
		s.taken[identity{h.Signature, h.Ordinal}] = true
	}
	return next, true
}

func (s *EventStream) fetch(context.Context) (bool, error) { return false, nil }
func (s *EventStream) history(*history)                    {}
func (s *EventStream) whole(*history)                      {}

func (s *EventStream) clear() { s.waiting = nil }

func (s *EventStream) add(h EventsUpdate) {
	s.store = cmp.Or(s.live.store(), s.store)
	s.waiting = append(s.waiting, h)
	if len(s.waiting) > maxWaiting {
		s.overflow()
	}
	s.wake()
}

func (s *EventStream) watch(w WatchUpdate) { s.add(w) }

func (s *EventStream) gap(g *streamGap) {
	store := s.live.store()
	cause := CauseGap
	if s.store != "" && store != "" && store != s.store {
		cause = CauseStore
	}
	s.newest = 0
	clear(s.queued)
	s.add(EventGap{cause, g.FromSeq, g.ToSeq, g.Reason, store})
}

func (s *EventStream) push(seq uint64, payload json.RawMessage) error {
	var push struct {
		Data json.RawMessage `json:"event_data"`
	}
	if err := json.Unmarshal(payload, &push); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	fields := payload // a new token is an event itself
	if push.Data != nil {
		fields = push.Data
	}
	e := Event{}
	if err := json.Unmarshal(fields, &e); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	e.Fields, e.Seq, e.Store = fields, seq, s.live.store()

	of := identity{e.Signature, e.Ordinal}
	if seq < s.newest || seq == s.newest && s.queued[of] {
		return nil
	}
	if seq > s.newest {
		clear(s.queued)
	}
	s.newest = seq
	s.queued[of] = true
	s.add(e)
	return nil
}

// PriceStream is the price of a mint: the last one, then the newest that is known whenever the reader asks, and nothing twice.
type PriceStream struct {
	stream[Price]
	newest *Price
	last   Price
}

func newPriceStream(l *live, mint string) *PriceStream {
	s := &PriceStream{stream: newStream[Price](l, "price:"+mint, "price", map[string]any{"symbol": mint}, nil)}
	s.resumes = false
	s.self = s
	return s
}

func (s *PriceStream) start() { s.subscribe() }

func (s *PriceStream) take() (price Price, ok bool) {
	if s.newest == nil {
		return price, false
	}
	price = *s.newest
	s.newest = nil
	return price, true
}

func (s *PriceStream) clear()                              { s.newest = nil }
func (s *PriceStream) fetch(context.Context) (bool, error) { return false, nil }
func (s *PriceStream) history(*history)                    {}
func (s *PriceStream) whole(*history)                      {}
func (s *PriceStream) gap(*streamGap)                      {}
func (s *PriceStream) watch(WatchUpdate)                   {}

func (s *PriceStream) push(_ uint64, payload json.RawMessage) error {
	var price Price
	if err := json.Unmarshal(payload, &price); err != nil {
		return fmt.Errorf("price: %w", err)
	}
	if price != s.last { // a new connection begins with the last one
		s.newest, s.last = &price, price
		s.wake()
	}
	return nil
}
