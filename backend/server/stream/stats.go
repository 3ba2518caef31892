package stream

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// latencyBounds are the upper ends of the latency histogram, milliseconds.
var latencyBounds = [...]int64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000}

// counters are totals since the start.
type counters struct {
	since       time.Time
	connections atomic.Uint64
	messages    atomic.Uint64
	updates     atomic.Uint64
	conflated   atomic.Uint64
	errors      atomic.Uint64
	latency     [len(latencyBounds) + 1]atomic.Uint64
	latencySum  atomic.Int64

	mu        sync.Mutex
	sampled   time.Time
	messages0 uint64
	rate      float64
}

func newCounters() *counters { return &counters{} }

// published counts an update and how long after its receipt it was sent.
func (c *counters) published(u *update, at int64) {
	c.updates.Add(1)
	received := int64(0)
	switch {
	case u.change != nil:
		received = u.change.Stamp.ReceivedAt
	case u.event != nil:
		received = u.event.ReceivedAt
	}
	if received == 0 {
		return
	}
	took := max(0, at-received)
	c.latencySum.Add(took)
	place, _ := slices.BinarySearch(latencyBounds[:], took)
	c.latency[place].Add(1)
}

// perSecond is the rate of messages over the last stretch of a second or more.
func (c *counters) perSecond(now time.Time) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sampled.IsZero() {
		c.sampled = c.since
	}
	if passed := now.Sub(c.sampled); passed >= time.Second {
		sent := c.messages.Load()
		c.rate = float64(sent-c.messages0) / passed.Seconds()
		c.sampled, c.messages0 = now, sent
	}
	return c.rate
}

// Metrics are what the stream counts of itself.
type Metrics struct {
	ActiveConnections int     // open now, both namespaces
	TotalConnections  uint64  // ever
	Subscriptions     int     // held now, of all kinds
	Topics            int     // with subscribers
	Mints             int     // with subscribers
	Messages          uint64  // events queued to clients, one for each receiver
	MessagesPerSecond float64 // since the call before, at least one second
	Updates           uint64  // pushes, however many receivers
	Conflated         uint64  // interim updates replaced before they were sent
	Errors            uint64  // requests refused
	Lags              uint64  // times the broadcaster fell behind the live commits
	Waiting           int     // updates in the open batch
	Latency           Latency
}

// Latency is how long after its receipt from the cluster an update was queued to its clients.
type Latency struct {
	Bounds []int64  // upper ends in milliseconds
	Counts []uint64 // one more than Bounds, not cumulative
	Count  uint64
	Sum    int64 // milliseconds
}

// Average is the mean in milliseconds, 0 when nothing was sent.
func (l Latency) Average() float64 {
	if l.Count == 0 {
		return 0
	}
	return float64(l.Sum) / float64(l.Count)
}

// Metrics returns a snapshot.
func (st *Stream) Metrics() Metrics {
	c, b := st.counts, st.broadcaster
	m := Metrics{
		TotalConnections: c.connections.Load(), Messages: c.messages.Load(), MessagesPerSecond: c.perSecond(st.now()),
		Updates: c.updates.Load(), Conflated: c.conflated.Load(), Errors: c.errors.Load(), Lags: st.commits.Lags(),
		Latency: Latency{Bounds: latencyBounds[:], Sum: c.latencySum.Load()},
	}
	for i := range c.latency {
		count := c.latency[i].Load()
		m.Latency.Counts = append(m.Latency.Counts, count)
		m.Latency.Count += count
	}

	b.mu.Lock()
	defer b.mu.Unlock()

	mints := make(map[string]struct{})
	for _, t := range b.topics {
		m.Subscriptions += t.holders
		if t.symbol != "" {
			mints[t.symbol] = struct{}{}
		}
	}

	m.ActiveConnections, m.Topics, m.Mints, m.Waiting = len(b.sessions), len(b.topics), len(mints), b.live
	return m
}

// Client is one connected client.
type Client struct {
	ID, Namespace, RemoteAddr, UserAgent string
	Since                                time.Time
	Topics                               []string // sorted
}

// Clients lists the clients, oldest first.
func (st *Stream) Clients() []Client {
	b := st.broadcaster
	b.mu.Lock()
	list := make([]Client, 0, len(b.sessions))
	for s := range b.sessions {
		client := Client{
			ID: s.peer.ID(), Namespace: s.space.name, RemoteAddr: s.peer.RemoteAddr(), UserAgent: s.peer.UserAgent(),
			Since: s.peer.Since(), Topics: make([]string, 0, len(s.subs)),
		}
		for _, sub := range s.subs {
			client.Topics = append(client.Topics, sub.topic.name)
		}
		list = append(list, client)
	}

	b.mu.Unlock()
	for i := range list {
		slices.Sort(list[i].Topics)
	}

	slices.SortFunc(list, func(a, b Client) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Room is a topic with subscribers.
type Room struct {
	Name        string
	Subscribers int // both namespaces
}

// Rooms lists the topics by name.
func (st *Stream) Rooms() []Room {
	b := st.broadcaster
	b.mu.Lock()
	list := make([]Room, 0, len(b.topics))
	for _, t := range b.topics {
		list = append(list, Room{Name: t.name, Subscribers: t.holders})
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(a, b Room) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
