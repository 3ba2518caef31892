package hub

import (
	"log/slog"
	"sync"

	"spinscope/backend/market"
)

// Options configure a Hub.
type Options struct {
	Logger *slog.Logger // nil is silent
}

// Hub is the meeting point of the writer and its readers.
type Hub struct {
	log *slog.Logger

	mu          sync.Mutex
	seq         market.Seq
	published   uint64
	subscribers map[*Subscriber]struct{}
}

// New makes a hub without subscribers.
func New(options Options) *Hub {
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{log: log.With("component", "hub"), subscribers: make(map[*Subscriber]struct{})}
}

// Publish gives c to every subscriber. It never blocks. Seqs must rise by one: a commit that was published
// before is ignored, and after a jump every subscriber is told that it lagged, as the store has what is missing.
func (h *Hub) Publish(c *market.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.Seq <= h.seq {
		h.log.Error("commit published twice", "seq", c.Seq, "newest", h.seq)
		return
	}
	jumped := h.seq != 0 && c.Seq != h.seq+1
	if jumped {
		h.log.Error("commits missing before this one", "seq", c.Seq, "newest", h.seq)
	}
	h.seq = c.Seq
	h.published++
	for s := range h.subscribers {
		s.offer(c, jumped)
	}
}

// Seq is the newest seq published, 0 before the first.
func (h *Hub) Seq() market.Seq {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

// Stats counts what the hub did.
type Stats struct {
	Seq         market.Seq
	Published   uint64
	Subscribers []SubscriberStats
}

// SubscriberStats is the state of one subscriber.
type SubscriberStats struct {
	Name    string
	Pending int    // changes waiting to be read
	Lags    uint64 // times its queue was dropped
}

// Stats returns a snapshot, subscribers in no order.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := Stats{Seq: h.seq, Published: h.published}
	for s := range h.subscribers {
		stats.Subscribers = append(stats.Subscribers, s.stats())
	}
	return stats
}
