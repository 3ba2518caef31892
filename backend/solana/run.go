package solana

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"spinscope/backend/market"
)

const (
	causeMissing = "transaction not available: " // and its signature
	causeUndated = "no block time known: "       // the same
	causeBare    = "transaction without logs"

	maxMissing     = 1000   // transactions asked for again at every rescan
	maxProvisional = 20_000 // transactions kept until their block time is known
)

// maxProvisional is the same for an address.
func (r *run) maxProvisional() int {
	if r.follows && !r.liveOnly {
		return maxProvisional / 100
	}
	return maxProvisional
}

// shared is the state of one Feed.Run that outlives connections and that all addresses have in common. It is safe for the
// goroutines of all of them.
type shared struct {
	feed       *Feed
	config     Config
	connection *sharedStatus // of the connection
	stats      *endpointStats
	logger     *slog.Logger
	clock      *clock
	orders     *orders
	arrivals   arrivals
	hands      *hands
	batches    []*batchSize  // by endpoint
	spells     []*rateSpell  // by endpoint
	still      atomic.Uint64 // the slot where the chain stood still when the last connection ended; 0 if it did not

	link       atomic.Pointer[link]       // the connection in use; nil between two
	first      *run                       // of the program
	deliveries atomic.Pointer[deliveries] // nil while one address is followed alone
	mode       sync.RWMutex               // held while history is delivered, so that deliveries do not begin to be remembered meanwhile
	turns      chan struct{}              // holds the followers that read history
	scans      chan struct{}              // holds the followers that compare recent slots
	waiting    atomic.Int64               // bytes of live transactions in the followers' queues
	broken     atomic.Pointer[applyError] // of the callback: nothing is delivered after it
	whole      context.Context            // of Run: the end of a connection, or of one address, interrupts nothing that is being applied
	applying   sync.Mutex                 // held while apply runs, and while deliveries change
	apply      func(context.Context, market.Batch) error
}

// run is what outlives connections of the reading of one address. Only the goroutine that delivers it touches it, and
// tellProgress while that one waits; the ledger is safe for others.
type run struct {
	*shared
	config     Config // with what the address has of its own
	address    market.Pubkey
	follows    bool               // it is none that the feed was made for: its history is read whole, and yields to that of others
	begins     func() market.Slot // Following.Begins; may be nil
	liveOnly   bool               // and no history of it is read (Following.Live)
	status     *sharedStatus
	ledger     *ledger
	rescans    chan struct{}
	extensions chan *extension

	recalled   bool        // recall was called, of an address that is followed
	begun      bool        // start is known
	start      market.Slot // slots below are none of ours: a gap, or delivered in an earlier run
	checkpoint market.Slot
	delivered  market.Slot // everything from start to here was delivered
	unproven   market.Slot // lowest slot of what came live and no list was compared with yet; noSlot: none
	comparing  market.Slot // the same, of what the rescan that runs compares
	chainTime  int64
	gaps       []market.Gap // to be delivered with the next batch
	more       bool         // the last batch said that others follow: one does, and if it says nothing else
	openGaps   []market.Gap // open, and an endpoint may have what they miss
	mending    []market.Gap // those of the present round
	mendPause  backoff
	allowance  int         // signatures of a first start that its endpoint did not have
	lastMissed *market.Gap // of one that is followed live only

	extending   *extension                              // asked for and not done
	missing     map[market.Signature]signatureInfo      // behind open gaps
	provisional map[market.Signature]market.Transaction // to be delivered again with their time
}

// applyError carries an error of the callback out of everything.
type applyError struct{ err error }

func (e *applyError) Error() string { return e.err.Error() }
func (e *applyError) Unwrap() error { return e.err }

// deliver hands a batch on and notes what was delivered. An error is an *applyError.
func (r *run) deliver(ctx context.Context, b market.Batch) error {
	b.ChainTime = max(b.ChainTime, r.chainTime)
	if b.Checkpoint <= r.checkpoint {
		b.Checkpoint = 0
	}
	b.Gaps = append(r.gaps, b.Gaps...)
	if !r.more && len(b.Transactions) == 0 && len(b.RolledBack) == 0 && len(b.Gaps) == 0 && b.ChainTime == r.chainTime && b.Checkpoint == 0 && b.Slot <= r.delivered {
		return nil
	}

	r.sign(b.Gaps)
	read := b.Transactions
	if err := r.hand(ctx, &b); err != nil {
		return err
	}

	r.gaps, r.more = nil, b.More
	r.noteGaps(b.Gaps)
	r.chainTime = b.ChainTime
	r.checkpoint = max(r.checkpoint, b.Checkpoint)
	r.delivered = max(r.delivered, b.Slot)
	for i := range read {
		if !read[i].Provisional {
			delete(r.provisional, read[i].Signature)
		}
	}

	for i := range b.Transactions {
		r.noteProvisional(&b.Transactions[i])
	}
	for _, signature := range b.RolledBack {
		delete(r.provisional, signature)
	}

	r.status.change(func(s *Status) {
		s.Delivered, s.Checkpoint = r.delivered, r.checkpoint
		s.Transactions += uint64(len(b.Transactions))
	})
	if r.follows {
		r.connection.change(func(s *Status) { s.Transactions += uint64(len(b.Transactions)) })
	}

	return nil
}

// sign names the address in gaps that are not of the whole program.
func (r *run) sign(gaps []market.Gap) {
	if !r.follows {
		return
	}
	for i := range gaps {
		gaps[i].Address = r.address
	}
}

// hand gives a batch to the callback, one at a time, with the address that it speaks for, and notes what was delivered. Of
// the transactions those that another address has brought are left out.
func (r *run) hand(ctx context.Context, b *market.Batch) error {
	r.applying.Lock()
	defer r.applying.Unlock()

	if r.follows && ctx.Err() != nil {
		return ctx.Err() // it is not followed any more
	}
	b.Addresses = []market.Pubkey{r.address}
	others := r.deliveries.Load()
	if others != nil {
		b.Transactions = others.admit(r, b.Transactions)
		others.rolledBack(b.RolledBack)
	}

	if err := r.give(*b); err != nil {
		return err
	}

	if others == nil {
		r.ledger.add(b.Transactions)
	}
	r.ledger.remove(b.RolledBack)
	return nil
}

// give calls the callback, unless it has failed before; applying is held. An error is an *applyError.
func (c *shared) give(b market.Batch) error {
	if failure := c.broken.Load(); failure != nil {
		return failure
	}
	if err := c.apply(c.whole, b); err != nil {
		failure := &applyError{err}
		c.broken.Store(failure)
		return failure
	}
	return nil
}

func (r *run) noteProvisional(tx *market.Transaction) {
	if !tx.Provisional {
		delete(r.provisional, tx.Signature)
		return
	}
	if len(r.provisional) < r.maxProvisional() { // the others are corrected by a rescan
		r.provisional[tx.Signature] = *tx
		r.clock.want(tx.Slot)
	}
}

// dated are the provisional transactions whose block time has become known, in order.
func (r *run) dated() []market.Transaction {
	var txs []market.Transaction
	for _, tx := range r.provisional {
		if at, known := r.clock.time(tx.Slot); known {
			if e, ok := r.ledger.get(tx.Signature); ok {
				tx.Index = e.index
			}
			tx.BlockTime, tx.Provisional = at, false
			txs = append(txs, tx)
		}
	}
	sortTxs(txs)
	return txs
}

// absorb turns an outcome of reading history into a batch: what is missing becomes a gap, a gap that closed a filled one.
// Above finalized a missing transaction is no gap yet.
func (r *run) absorb(o outcome, finalized market.Slot) market.Batch {
	b := market.Batch{Transactions: o.txs}
	for i := range o.txs {
		if info, ok := r.missing[o.txs[i].Signature]; ok {
			delete(r.missing, info.signature)
			b.Gaps = append(b.Gaps, missingGap(&info, market.GapFilled))
		}
	}

	for _, unsure := range o.unsure {
		b.Gaps = append(b.Gaps, r.openGap(unsure.from, min(unsure.to, finalized), unsure.cause)...)
	}
	if n := len(o.forgotten); n > 0 {
		b.Gaps = append(b.Gaps, r.openGap(slices.Min(o.forgotten), slices.Max(o.forgotten), CauseForgotten)...)
	}

	for _, g := range o.missing {
		info := g.infos[0]
		if _, noted := r.missing[info.signature]; noted || g.slot > finalized {
			continue
		}
		if len(r.missing) >= maxMissing { // so many are no affair of single transactions
			b.Gaps = append(b.Gaps, r.openGap(g.slot, g.slot, CauseForgotten)...)
			continue
		}

		gap := missingGap(&info, market.GapOpen)
		r.logger.Warn("transaction left out", "slot", g.slot, "cause", gap.Cause)
		b.Gaps = append(b.Gaps, gap)
		r.missing[info.signature] = info
	}

	for _, slot := range slices.Compact(slices.Sorted(slices.Values(o.bare))) {
		b.Gaps = append(b.Gaps, market.Gap{From: slot, To: slot, Cause: causeBare, State: market.GapUnfillable})
	}
	return b
}

// missingGap is the gap that a transaction leaves which the node lists and does not show, or not with a time.
func missingGap(info *signatureInfo, state market.GapState) market.Gap {
	cause := causeMissing
	if info.undated {
		cause = causeUndated
	}
	return market.Gap{From: info.slot, To: info.slot, Cause: cause + info.signature.String(), State: state}
}

// MissingIn is the transaction that the node listed and did not show, or not with a time, of the gap that it left; false
// for a gap of another cause.
func MissingIn(gap *market.Gap) (market.Signature, bool) {
	if signature, ok := gap.Transaction(causeMissing); ok {
		return signature, true
	}
	return gap.Transaction(causeUndated)
}

// recallGaps takes up the open gaps of earlier runs, to ask for what they miss again.
func (r *run) recallGaps(gaps []market.Gap) {
	gaps = slices.DeleteFunc(slices.Clone(gaps), func(gap market.Gap) bool { return !r.owns(&gap) })
	r.noteGaps(gaps)
	for _, gap := range gaps {
		signature, ok := MissingIn(&gap)
		if ok && gap.State == market.GapOpen && len(r.missing) < maxMissing {
			_, undated := gap.Transaction(causeUndated)
			r.missing[signature] = signatureInfo{signature: signature, slot: gap.From, undated: undated}
		}
	}
}

// owns reports whether a gap is one of the run's address.
func (r *run) owns(gap *market.Gap) bool {
	return gap.Address == r.address || !r.follows && gap.Address.IsZero()
}

// isFatal reports whether err ends Run.
func isFatal(err error) bool {
	_, ok := errors.AsType[*applyError](err)
	return ok
}

// minus is a - b, not below 0.
func minus(a, b market.Slot) market.Slot { return a - min(a, b) }
