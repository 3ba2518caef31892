package mintinfo

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/telemetry"
	"spinscope/backend/wake"
)

const (
	maxKnown  = 20_000 // mints that are remembered: 6 MB or so, here and in the file
	maxWanted = 8192   // mints that wait to be asked about; those above are dropped, to be wanted again
	atOnce    = 50     // mints in one request, of two accounts each

	freshFor = time.Hour // a supply older than that is asked for again when somebody looks

	firstPause = 250 * time.Millisecond // before a cluster that did not answer is asked again,
	lastPause  = time.Minute            // at most
	askEvery   = time.Second            // between two requests, so that history is not read slower
)

// Read is how accounts are read; those of addresses where there is nothing are zero.
type Read = program.ReadAccounts

// Options are what Accounts are made of.
type Options struct {
	Path   string // of the file; it and its directory are made when they are missing
	Forget bool   // the market is made anew at every start: what was kept of the last one is removed
	Read   Read   // nil: nobody is asked, and what is known stays as it is
	Derive program.Derive
	Logger *slog.Logger
	Every  time.Duration // pause between two requests; 0: a second

	// Learned is told of every name and its uri, by the goroutine of Run; may be nil.
	Learned func(mint market.Pubkey, uri string)
}

// entry is what is known of a mint, and since when.
type entry struct {
	info market.MintInfo
	from string // the account that the name is from: metaplex, token-2022; "" for none
	at   int64  // Unix seconds, by this machine's clock
}

// Accounts is what is known of mints from their accounts.
type Accounts struct {
	options Options
	log     *slog.Logger
	wake    chan struct{} // holds a token when there may be somebody to ask about
	now     func() time.Time
	limit   int // mints that are remembered

	mu     sync.RWMutex
	known  map[market.Pubkey]entry
	ages   []market.Pubkey // of known, from the one that was learned first
	wanted map[market.Pubkey]struct{}
	queue  []market.Pubkey // of wanted, in order

	counts struct{ asked, named, refused, failed atomic.Uint64 }
}

// New makes them; it does no I/O.
func New(o Options) *Accounts {
	if o.Every <= 0 {
		o.Every = askEvery
	}
	return &Accounts{
		options: o, log: o.Logger.With("component", "mintinfo"), wake: make(chan struct{}, 1), now: time.Now, limit: maxKnown,
		known: map[market.Pubkey]entry{}, wanted: map[market.Pubkey]struct{}{},
	}
}

// Info is what is known of a mint; false when that is nothing yet. What is not known, or was asked for long ago, is asked for
// soon.
func (b *Accounts) Info(mint market.Pubkey) (market.MintInfo, bool) {
	b.mu.RLock()
	one, ok := b.known[mint]
	b.mu.RUnlock()
	if !ok || b.now().Sub(time.Unix(one.at, 0)) > freshFor {
		b.Want(mint)
	}
	return one.info, ok
}

// Stored is what is known of a mint already; nobody is asked for more. Zero for nothing.
func (b *Accounts) Stored(mint market.Pubkey) market.MintInfo {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.known[mint].info
}

// Supply is how many there are of a coin, as far as it is known already; nobody is asked for more.
func (b *Accounts) Supply(t *market.Token) market.Supply {
	b.mu.RLock()
	defer b.mu.RUnlock()
	one := b.known[t.Mint]
	return t.SupplyFrom(one.info, one.at)
}

// Known reports whether the mint was asked about before, however long ago.
func (b *Accounts) Known(mint market.Pubkey) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, ok := b.known[mint]
	return ok
}

// Want has the mint asked about soon, unless it waits already, or too many do.
func (b *Accounts) Want(mint market.Pubkey) {
	if b.options.Read == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, waits := b.wanted[mint]; waits || len(b.queue) >= maxWanted {
		return
	}
	b.wanted[mint] = struct{}{}
	b.queue = append(b.queue, mint)
	wake.Up(b.wake)
}

// first are the next ones to ask about, which stay in the queue.
func (b *Accounts) first(limit int) []market.Pubkey {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.queue[:min(limit, len(b.queue))])
}

// answered takes in what was learned of the first ones of the queue, which leave it.
func (b *Accounts) answered(mints []market.Pubkey, entries []entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = slices.Clone(b.queue[len(mints):])
	for i, mint := range mints {
		delete(b.wanted, mint)
		b.put(mint, entries[i])
	}
}

// put remembers what was learned of a mint, and forgets who was learned first when there are too many; mu is held.
func (b *Accounts) put(mint market.Pubkey, one entry) {
	if _, ok := b.known[mint]; !ok {
		b.ages = append(b.ages, mint)
	}
	b.known[mint] = one

	if len(b.known) > b.limit {
		delete(b.known, b.ages[0])
		b.ages = b.ages[1:]
	}
}

// Collect is a telemetry.Collector.
func (b *Accounts) Collect(m *telemetry.Metrics) {
	const accounts = "mint_accounts_total"
	const help = "Mints that the cluster was asked about, names learned so, accounts refused as they are not what they should be, and requests without an answer."
	m.CounterOf("result", "asked", accounts, help, b.counts.asked.Load())
	m.CounterOf("result", "named", accounts, help, b.counts.named.Load())
	m.CounterOf("result", "refused", accounts, help, b.counts.refused.Load())
	m.CounterOf("result", "failed", accounts, help, b.counts.failed.Load())

	b.mu.RLock()
	defer b.mu.RUnlock()
	m.Gauge("mint_accounts_waiting", "Mints that the cluster is to be asked about.", float64(len(b.queue)))
}
