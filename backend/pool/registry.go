package pool

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/telemetry"
	"spinscope/backend/wake"
)

const (
	maxKnown  = 100_000 // places that are remembered, here and in the file
	maxWanted = 8192    // places that wait; those above are unknown, to be wanted again

	patience = 30 * time.Second       // a place that waits for longer is called unknown,
	again    = 10 * time.Minute       // and one where there is nothing is let be for so long
	askEvery = 500 * time.Millisecond // between two requests, so that history is not read slower

	firstPause = 250 * time.Millisecond // before a cluster that did not answer is asked again,
	lastPause  = time.Minute            // at most
)

// Options are what a Registry is made of.
type Options struct {
	Path   string               // of the file; it and its directory are made when they are missing
	Forget bool                 // the market is made anew at every start: what was kept of the last one is removed
	Read   program.ReadAccounts // nil: nobody is asked
	Derive program.Derive
	Logger *slog.Logger
}

// Registry is what is known of places.
type Registry struct {
	options Options
	log     *slog.Logger
	wake    chan struct{} // holds a token when there may be somebody to ask about, or something to keep
	limit   int           // places that are remembered

	mu     sync.RWMutex
	known  map[market.Pubkey]known
	ages   []market.Pubkey // of known, from the one that was learned first
	wanted map[market.Pubkey]wish
	queue  []market.Pubkey // of wanted, in order
	absent map[market.Pubkey]time.Time
	fresh  []market.Pubkey // known, and not in the file

	counts struct{ asked, refused, failed atomic.Uint64 }
}

// known is what is known of a place; zero: no coin's series goes on there.
type known struct {
	place  market.Place
	counts bool
}

// wish is a place that is asked about.
type wish struct {
	since time.Time
	next  time.Time // when to ask again; zero: at once
}

// New makes a registry; it does no I/O.
func New(o Options) *Registry {
	return &Registry{
		options: o, log: o.Logger.With("component", "pool"), wake: make(chan struct{}, 1), limit: maxKnown,
		known: map[market.Pubkey]known{}, wanted: map[market.Pubkey]wish{}, absent: map[market.Pubkey]time.Time{},
	}
}

// At is what trades at an address. What is not known is found out; until then the state is market.PlaceAsked, or
// market.PlaceUnknown for what takes too long.
func (r *Registry) At(address market.Pubkey) (market.Place, market.PlaceState) {
	r.mu.RLock()
	one, ok := r.known[address]
	r.mu.RUnlock()
	switch {
	case ok && one.counts:
		return one.place, market.PlaceCounts
	case ok:
		return market.Place{}, market.PlaceOther
	}
	return market.Place{}, r.want(address)
}

// want has a place asked about, unless it waits already.
func (r *Registry) want(address market.Pubkey) market.PlaceState {
	r.mu.Lock()
	defer r.mu.Unlock()

	now := time.Now()
	since := now
	if until, gone := r.absent[address]; gone {
		if now.Before(until) {
			return market.PlaceUnknown
		}
		delete(r.absent, address)
		since = now.Add(-patience) // nobody waits for it another time
	}

	if one, waits := r.wanted[address]; waits {
		if now.Sub(one.since) >= patience {
			return market.PlaceUnknown
		}
		return market.PlaceAsked
	}
	if r.options.Read == nil || len(r.queue) >= maxWanted {
		return market.PlaceUnknown
	}

	r.wanted[address] = wish{since: since}
	r.queue = append(r.queue, address)
	wake.Up(r.wake)
	if since != now {
		return market.PlaceUnknown
	}
	return market.PlaceAsked
}

// Learn takes in what an event says of a place that is new. Other events change nothing.
func (r *Registry) Learn(body market.Body) {
	address, pool, ok := registry.PoolOf(body, r.options.Derive)
	if !ok {
		return
	}
	if pool.Err != nil {
		r.counts.refused.Add(1)
		r.log.Info("trades of a pool are left out", "pool", address, "err", pool.Err)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(address, known{pool.Place, pool.Counts})
	wake.Up(r.wake)
}

// put remembers what was learned of a place, and forgets who was learned first when there are too many; mu is held.
func (r *Registry) put(address market.Pubkey, one known) {
	before, ok := r.known[address]
	if ok && before == one {
		return
	}
	if !ok {
		r.ages = append(r.ages, address)
	}
	r.known[address] = one
	delete(r.absent, address)
	r.fresh = append(r.fresh, address)

	if len(r.known) > r.limit {
		delete(r.known, r.ages[0])
		r.ages = r.ages[1:]
	}
}

// next are the places to ask about now; none, and when there is one again: zero for when somebody is wanted.
func (r *Registry) next(limit int) (addresses []market.Pubkey, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = slices.DeleteFunc(r.queue, func(address market.Pubkey) bool { // an event told it meanwhile
		_, ok := r.known[address]
		if ok {
			delete(r.wanted, address)
		}
		return ok
	})

	now := time.Now()
	for _, address := range r.queue {
		one := r.wanted[address]
		switch {
		case one.next.After(now):
			if at.IsZero() || one.next.Before(at) {
				at = one.next
			}
		case len(addresses) < limit:
			addresses = append(addresses, address)
		default:
			return addresses, now
		}
	}
	return addresses, at
}

// answered takes in what was found out. What is not there yet stays in the queue for a while.
func (r *Registry) answered(addresses []market.Pubkey, pools []program.Pool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for i, address := range addresses {
		pool, one := &pools[i], r.wanted[address]
		_, ofEvent := r.known[address] // by an event meanwhile
		switch {
		case ofEvent:
		case !isAbsent(pool):
			r.put(address, known{pool.Place, pool.Counts})
		case now.Sub(one.since) < patience:
			one.next = now.Add(max(time.Second, now.Sub(one.since)/2))
			r.wanted[address] = one
			continue
		default:
			r.forgetAbsent(now)
			r.absent[address] = now.Add(again)
		}

		delete(r.wanted, address)
		r.queue = slices.DeleteFunc(r.queue, func(other market.Pubkey) bool { return other == address })
	}
}

// forgetAbsent keeps what is remembered of places where there is nothing bounded; mu is held.
func (r *Registry) forgetAbsent(now time.Time) {
	if len(r.absent) < maxWanted {
		return
	}
	for address, until := range r.absent {
		if now.After(until) || len(r.absent) >= maxWanted {
			delete(r.absent, address)
		}
	}
}

// Collect is a telemetry.Collector.
func (r *Registry) Collect(m *telemetry.Metrics) {
	const pools = "pool_accounts_total"
	const help = "Pools that the cluster was asked about, those left out as what they say makes no sense, and requests without an answer."
	m.CounterOf("result", "asked", pools, help, r.counts.asked.Load())
	m.CounterOf("result", "refused", pools, help, r.counts.refused.Load())
	m.CounterOf("result", "failed", pools, help, r.counts.failed.Load())

	r.mu.RLock()
	defer r.mu.RUnlock()
	m.Gauge("pools_known", "Pools of which it is known what trades there.", float64(len(r.known)))
	m.Gauge("pools_waiting", "Pools that the cluster is asked about.", float64(len(r.queue)))
}
