package solana

import (
	"cmp"
	"slices"
	"sync"

	"spinscope/backend/market"
)

// entry is what was delivered last of a transaction.
type entry struct {
	slot        market.Slot
	time        int64
	index       uint32
	provisional bool
	cut         bool // its log was, and nothing else told its events
}

// ledger remembers what was delivered of recent slots, so that history can be compared with it. It is bounded: past its
// bound the oldest slots are forgotten, and read again when a rescan covers them. Safe for concurrent use.
type ledger struct {
	limit int // transactions

	mu     sync.Mutex
	known  map[market.Signature]entry
	counts map[market.Slot]uint32 // transactions per slot; the next one's rank
	floor  market.Slot            // slots below are not remembered,
	last   suspect                // but for the newest transaction there
}

const maxKnown = 200_000

func newLedger(floor market.Slot) *ledger {
	return &ledger{limit: maxKnown, known: map[market.Signature]entry{}, counts: map[market.Slot]uint32{}, floor: floor}
}

func (l *ledger) get(signature market.Signature) (entry, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.known[signature]
	return e, ok
}

// rank is the place of a live transaction: its former one if it was delivered before, else the next of its slot.
// pending counts those of the slot that wait before it.
func (l *ledger) rank(signature market.Signature, slot market.Slot, pending uint32) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.known[signature]; ok && e.slot == slot {
		return e.index
	}
	return l.counts[slot] + pending
}

// add notes delivered transactions.
func (l *ledger) add(txs []market.Transaction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range txs {
		l.note(txs[i].Signature, entryOf(&txs[i]))
	}
	l.bound()
}

// entryOf is what is remembered of a transaction that is delivered.
func entryOf(tx *market.Transaction) entry {
	return entry{slot: tx.Slot, index: tx.Index, time: tx.BlockTime, provisional: tx.Provisional, cut: isCut(tx)}
}

// adopt notes a transaction that another address has brought.
func (l *ledger) adopt(signature market.Signature, e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(signature, e)
	l.bound()
}

// note remembers a transaction; mu is held.
func (l *ledger) note(signature market.Signature, e entry) {
	if e.slot < l.floor {
		l.forgetOne(signature, e.slot)
		return
	}
	before, moved := l.known[signature]
	if moved && before.slot != e.slot {
		l.counts[before.slot]--
		moved = false
	}
	if !moved {
		l.counts[e.slot]++
	}
	l.known[signature] = e
}

// bound keeps to what may be remembered; mu is held.
func (l *ledger) bound() {
	if len(l.known) > l.limit {
		l.shrink()
	}
}

func (l *ledger) remove(signatures []market.Signature) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, signature := range signatures {
		if e, ok := l.known[signature]; ok {
			delete(l.known, signature)
			l.counts[e.slot]--
		}
	}
}

// reach has the ledger remember what is noted from a slot on, though it stays incomplete there.
func (l *ledger) reach(slot market.Slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor = min(l.floor, slot)
}

// shrink forgets the older half.
func (l *ledger) shrink() {
	slots := make([]market.Slot, 0, len(l.counts))
	for slot := range l.counts {
		slots = append(slots, slot)
	}
	slices.Sort(slots)
	if len(slots) < 2 {
		return // one slot holds everything; no floor could halve it
	}
	l.forget(slots[len(slots)/2])
}

// prune forgets slots below floor.
func (l *ledger) prune(floor market.Slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if floor > l.floor {
		l.forget(floor)
	}
}

func (l *ledger) forget(floor market.Slot) {
	l.floor = floor
	for signature, e := range l.known {
		if e.slot < floor {
			l.forgetOne(signature, e.slot)
			delete(l.known, signature)
		}
	}
	for slot := range l.counts {
		if slot < floor {
			delete(l.counts, slot)
		}
	}
}

// forgetOne keeps the newest of the transactions that are not remembered.
func (l *ledger) forgetOne(signature market.Signature, slot market.Slot) {
	if slot >= l.last.slot {
		l.last = suspect{signature, slot}
	}
}

// newestForgotten is the newest transaction below the first slot that the ledger speaks for; slot 0: none is known.
func (l *ledger) newestForgotten() suspect {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// lowest is the first slot the ledger speaks for.
func (l *ledger) lowest() market.Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.floor
}

// between lists what was delivered of slots from..to, by signature.
func (l *ledger) between(from, to market.Slot) map[market.Signature]entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[market.Signature]entry{}
	for signature, e := range l.known {
		if e.slot >= from && e.slot <= to {
			out[signature] = e
		}
	}
	return out
}

// sortTxs puts transactions into chain order.
func sortTxs(txs []market.Transaction) {
	slices.SortStableFunc(txs, func(a, b market.Transaction) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Index, b.Index))
	})
}
