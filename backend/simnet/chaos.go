package simnet

import (
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// chaos decides which faults strike, and counts them. It has nothing to do with what is traded.
type chaos struct {
	mu      sync.Mutex
	rng     *rand.Rand
	faults  Faults
	counts  map[string]int
	outage  time.Time // nothing is answered until then
	refusal time.Time // HTTP requests are refused until then
	nodes   map[string][]Node
	good    map[string]int // by access point and cursor: lists to be given well
}

func newChaos(seed int64, faults Faults) *chaos {
	return &chaos{rng: rand.New(rand.NewPCG(uint64(seed), 3)), faults: faults, counts: map[string]int{}, nodes: map[string][]Node{}, good: map[string]int{}} //nolint:gosec // a game
}

// strikes reports whether a fault happens now; name is its name in the counts.
func (c *chaos) strikes(name string, share func(*Faults) float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := share(&c.faults); p <= 0 || c.rng.Float64() >= p {
		return false
	}
	c.counts[name]++
	return true
}

func (c *chaos) count(name string, n int) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	c.counts[name] += n
	c.mu.Unlock()
}

func (c *chaos) down(now time.Time) (outage, refusal bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.outage), now.Before(c.refusal)
}

func (c *chaos) current() Faults {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults
}

// Outage closes every socket and answers nothing for so long: connections are accepted and dropped.
func (n *Net) Outage(length time.Duration) {
	n.chaos.mu.Lock()
	n.chaos.outage = time.Now().Add(length)
	n.chaos.counts["outage"]++
	n.chaos.mu.Unlock()
	n.CloseSockets()
}

// RefuseRPC answers every HTTP request with 503 for so long; open sockets go on.
func (n *Net) RefuseRPC(length time.Duration) {
	n.chaos.mu.Lock()
	n.chaos.refusal = time.Now().Add(length)
	n.chaos.counts["refuse_rpc"]++
	n.chaos.mu.Unlock()
}

// CloseSockets closes every WebSocket connection without a close frame.
func (n *Net) CloseSockets() {
	for _, s := range n.sockets.all() {
		s.cut()
	}
}

// SetFaults replaces the faults, except Fork and Truncate, which belong to the ledger and stay as configured.
func (n *Net) SetFaults(faults Faults) {
	if faults.SlowBy <= 0 {
		faults.SlowBy = 2 * time.Second
	}
	n.chaos.mu.Lock()
	n.chaos.faults = faults
	n.chaos.mu.Unlock()
}

// FaultCounts tells how often each fault has struck, by name.
func (n *Net) FaultCounts() map[string]int {
	n.chaos.mu.Lock()
	defer n.chaos.mu.Unlock()
	return maps.Clone(n.chaos.counts)
}
