package simnet

import (
	"sync"
	"time"
)

// limits counts requests per client address, as public endpoints do: so many in ten seconds.
type limits struct {
	mu    sync.Mutex
	since time.Time
	seen  map[string]int
}

const limitWindow = 10 * time.Second

// allow takes cost requests of the address; if it has none left, it says how long it has to wait.
func (l *limits) allow(now time.Time, address string, cost int, rate float64) (wait time.Duration, ok bool) {
	if rate <= 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= limitWindow {
		l.since, l.seen = now, map[string]int{} // also bounds the map to the clients of a window
	}
	if l.seen[address] += cost; float64(l.seen[address]) > rate*limitWindow.Seconds() {
		return limitWindow - now.Sub(l.since), false
	}
	return 0, true
}
