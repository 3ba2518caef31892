package hub

import (
	"context"
	"errors"
	"sync"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// ErrLagged is returned when the subscriber read too slowly and its queue was dropped. Everything after the last commit
// it got is in the store; what is read from the subscriber next may overlap with that, but leaves nothing out after it.
var ErrLagged = errors.New("subscriber lagged behind the commits")

// ErrClosed is returned after Close.
var ErrClosed = errors.New("subscriber is closed")

// DefaultMaxPending bounds a subscriber that names no bound.
const DefaultMaxPending = 1 << 16

// SubscribeOptions configure a Subscriber.
type SubscribeOptions struct {
	Name       string // for Stats
	MaxPending int    // what the commits queued may weigh (Weight); 0 is DefaultMaxPending
}

// Subscriber is a bounded queue of commits.
type Subscriber struct {
	hub   *Hub
	name  string
	bound int
	ready chan struct{} // holds a token while there is something to take

	mu      sync.Mutex
	queue   []*market.Commit
	pending int
	lagged  bool
	closed  bool
	lags    uint64
}

// Subscribe starts a queue with the next commit published. Close it when done.
func (h *Hub) Subscribe(options SubscribeOptions) *Subscriber {
	bound := options.MaxPending
	if bound <= 0 {
		bound = DefaultMaxPending
	}
	s := &Subscriber{hub: h, name: options.Name, bound: bound, ready: make(chan struct{}, 1)}
	h.mu.Lock()
	h.subscribers[s] = struct{}{}
	h.mu.Unlock()
	return s
}

// Ready receives when Take has something to return. It may also receive when Take has nothing.
func (s *Subscriber) Ready() <-chan struct{} { return s.ready }

// Wake has Ready receive, though nothing may wait.
func (s *Subscriber) Wake() { wake.Up(s.ready) }

// Take returns all that waits, oldest first, without blocking; nothing and no error when nothing waits. The slice is
// the caller's. It returns ErrLagged once for each loss, ErrClosed after Close.
func (s *Subscriber) Take() ([]*market.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.lagged:
		s.lagged = false
		return nil, ErrLagged
	}
	taken := s.queue
	s.queue, s.pending = nil, 0
	return taken, nil
}

// Next is Take, but waits until there is something or ctx ends, whose error it then returns.
func (s *Subscriber) Next(ctx context.Context) ([]*market.Commit, error) {
	for {
		if taken, err := s.Take(); err != nil || len(taken) > 0 {
			return taken, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ready:
		}
	}
}

// Close leaves the hub. Waiting calls of Next return ErrClosed. Closing twice is harmless.
func (s *Subscriber) Close() {
	s.hub.mu.Lock()
	delete(s.hub.subscribers, s)
	s.hub.mu.Unlock()
	s.mu.Lock()
	s.closed, s.queue, s.pending = true, nil, 0
	s.mu.Unlock()
	wake.Up(s.ready)
}

// Weight is what a commit counts for in a bound on how many may wait: its events and candles, and one more.
func Weight(c *market.Commit) int { return 1 + len(c.Events) + len(c.Removed) + len(c.Candles) }

// offer queues c. While a loss has not been told, more of the same is dropped: the store has it all when it is told.
func (s *Subscriber) offer(c *market.Commit, jumped bool) {
	s.mu.Lock()
	if jumped && !s.lagged {
		s.drop()
	}
	if s.lagged {
		s.mu.Unlock()
		return
	}
	weight := Weight(c)
	if s.pending+weight > s.bound && len(s.queue) > 0 { // one commit alone always fits
		s.drop()
	} else {
		s.queue = append(s.queue, c)
		s.pending += weight
	}
	s.mu.Unlock()
	wake.Up(s.ready)
}

func (s *Subscriber) drop() {
	s.queue, s.pending, s.lagged = nil, 0, true
	s.lags++
}

func (s *Subscriber) stats() SubscriberStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SubscriberStats{Name: s.name, Pending: s.pending, Lags: s.lags}
}
