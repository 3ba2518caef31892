package node

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/edge"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/wake"
	"spinscope/backend/wire"
)

// Roles of a node, in the words of the API.
const (
	writes   = "writer"
	standsBy = "standby"
	isEdge   = "edge"
)

const (
	lookEvery = time.Second     // between two looks at the lease
	quietTime = 2 * time.Second // for one answer; a bus that is not reached for longer is told of
)

// State is how a node stands among those that share its market, for whoever asks. Safe for concurrent use.
type State struct {
	name    string
	role    string
	replica *edge.Replica // nil of the writer
	look    *look
	agree   func(*store.AlertChange) error                                   // of the writer, set once its store is open
	follow  func(ctx context.Context, taken func([]store.AlertRecord)) error // of the others: the alerts that it tells of
	waiting atomic.Int64                                                     // Unix nanoseconds since when the writer waits for the log to take a commit; 0: it does not
}

// look is what was last seen of the bus, whatever the role. One goroutine sees, any may ask.
type look struct {
	bus     *bus.Bus
	seen    atomic.Pointer[seen]
	digests edge.Compared
	unheard atomic.Int64 // Unix nanoseconds since when nothing is heard of the servers; 0: they answer
}

// seen is who had the lease.
type seen struct {
	bus.Holder
	at time.Time // when its newest sign of life was seen first, by this machine's clock
}

// run looks until ctx ends.
func (l *look) run(ctx context.Context) {
	for {
		once, cancel := context.WithTimeout(ctx, quietTime)
		holder, err := l.bus.Holder(once)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			l.unheard.CompareAndSwap(0, time.Now().UnixNano())
		} else {
			l.unheard.Store(0)
			if before := l.seen.Load(); before == nil || before.Holder != holder {
				l.seen.Store(&seen{holder, time.Now()})
			}
		}

		if wake.After(ctx, lookEvery) != nil {
			return
		}
	}
}

// server is the name of the one that is connected to, "" while nothing is heard.
func (l *look) server() string {
	if since(l.unheard.Load()) > 0 {
		return ""
	}
	return l.bus.Server()
}

// since is how long ago that was, in nanoseconds of Unix time; 0 for a time that is none.
func since(nanoseconds int64) time.Duration {
	if nanoseconds == 0 {
		return 0
	}
	return max(time.Since(time.Unix(0, nanoseconds)), 1)
}

// Writes reports whether the node makes the commits itself.
func (s *State) Writes() bool { return s.replica == nil }

// Agree puts what the writer's alerts did into the log, before it is stored and told.
func (s *State) Agree(c *store.AlertChange) error { return s.agree(c) }

// FollowAlerts takes what the writer's alerts did into a replica's store, until ctx ends.
func (s *State) FollowAlerts(ctx context.Context, taken func([]store.AlertRecord)) error {
	return s.follow(ctx, taken)
}

// lag is how many commits are missing here, or wait for the log, and for how long.
func (s *State) lag() (commits uint64, lasting time.Duration) {
	if s.replica != nil {
		return s.replica.Lag()
	}
	if lasting = since(s.waiting.Load()); lasting > 0 {
		commits = 1
	}
	return commits, lasting
}

// Status is it in the words of the API.
func (s *State) Status() wire.Node {
	commits, lasting := s.lag()
	server := s.look.server()
	out := wire.Node{
		Name: s.name, Role: s.role, Trouble: s.Trouble(),
		Lag: wire.NodeLag{Commits: commits, Seconds: lasting.Seconds()},
		Bus: wire.NodeBus{Server: server, Connected: server != ""},
	}
	if held := s.look.seen.Load(); held != nil && held.Node != "" {
		out.Lease = wire.NodeLease{Owner: held.Node, AgeSeconds: new(time.Since(held.at).Seconds())}
	}
	return out
}

// Trouble says why no new client should come, "" when nothing speaks against it: the replica lacks commits, or nothing can be
// committed, and that for more than two seconds.
func (s *State) Trouble() string {
	if s.replica != nil {
		return s.replica.Trouble()
	}
	if since(s.look.unheard.Load()) > quietTime {
		return "nothing is stored: the bus is not reached"
	}
	if lasting := since(s.waiting.Load()); lasting > quietTime {
		return fmt.Sprintf("nothing is stored: a commit waits for the bus for %d seconds", int(lasting.Seconds()))
	}
	return ""
}

// Collect is a telemetry.Collector.
func (s *State) Collect(m *telemetry.Metrics) {
	now := s.Status()
	for _, role := range []string{writes, standsBy, isEdge} {
		m.GaugeOf("role", role, "node_role", "1 for what this node is among those that share its market.", one(role == now.Role))
	}
	m.Gauge("node_lag_commits", "Commits that the log of the bus has and this node's store has not; of the writer, those that wait for the log.", float64(now.Lag.Commits))
	m.Gauge("node_lag_seconds", "Since when that is so; 0 while nothing is missing.", now.Lag.Seconds)
	m.Gauge("bus_connected", "1 while the servers of the bus answer this node.", one(now.Bus.Connected))
	m.Gauge("lease_owned", "1 while this node has the lease of who writes.", one(now.Lease.Owner == s.name))
	m.Counter("node_digests_equal_total", "Runs of 1,000 commits that are those of the node that wrote them.", s.look.digests.Equal.Load())
	m.Counter("node_digests_differing_total", "Runs of 1,000 commits that are not: this node began anew, or ended.", s.look.digests.Differing.Load())
	if age := now.Lease.AgeSeconds; age != nil {
		m.GaugeOf("owner", now.Lease.Owner, "lease_age_seconds", "Since the newest sign of life of the lease's owner, as this node saw it.", *age)
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
