package solana

import (
	"context"
	"slices"
	"sync"

	"spinscope/backend/market"
)

// book remembers what was delivered lately of all addresses, so that a transaction that several of them name is delivered
// once, and stands in one place. There is none while one address alone is followed.
//
// The rule: a transaction is delivered by the address that comes first with it. To the others it is known, unless they
// know better: another slot, a time that was an estimate, events of a log that was cut, or, in history, another order. Of
// the newest transactions the book remembers maxBook; of a slot that none of them is of it asks Config.Recall.
//
// The rank that a transaction has among those of its address (ledger) says nothing when several addresses meet in a slot. So
// what comes live stands in the order of arrival, and what history has to put in order stands at its place in the block,
// behind those: each list is in order by itself, and so are those that share a transaction. Nothing else relates two lists.
//
// Safe for concurrent use. Only who holds shared.applying changes what was delivered.
type book struct {
	most int // transactions

	mu    sync.Mutex
	known map[market.Signature]*bookEntry
	slots map[market.Slot]*bookSlot
	ring  []market.Signature // in the order in which they came, to bound known
	plans map[market.Signature]plan
	order []market.Signature // of plans, as ring is of known
}

// plan is where a transaction is about to stand by what a block said: whoever comes first with it puts it there, and whoever
// reads a list takes it to stand there. Else two that read one slot at a time would put in order what the other has not seen.
type plan struct {
	slot  market.Slot
	index uint32
}

// bookEntry is what was delivered last of a transaction.
type bookEntry struct {
	entry
	short bool   // its log was cut, whatever else tells its events
	runs  []*run // of the addresses that are known to name it
}

// bookSlot is what is known of a slot.
type bookSlot struct {
	next uint32 // the place of the next one that arrives
	txs  map[market.Signature]struct{}
}

const (
	maxBook = 100_000 // transactions, about 20 MB

	// Places of transactions in their slot, where several addresses are followed.
	unplaced = ^uint32(0) // none yet: the next one free
	inBlock  = 1 << 16    // from here on: the place in the block
	inList   = 1 << 24    // from here on: the rank in a list, where nobody tells the block's order
)

func newBook(most int) *book {
	return &book{most: most, known: map[market.Signature]*bookEntry{}, slots: map[market.Slot]*bookSlot{}, plans: map[market.Signature]plan{}}
}

// take copies what a run has delivered.
func (b *book) take(r *run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for signature, e := range r.ledger.between(0, noSlot) {
		b.put(signature, bookEntry{entry: e, short: e.cut, runs: []*run{r}})
	}
}

// put notes a transaction; mu is held.
func (b *book) put(signature market.Signature, e bookEntry) *bookEntry {
	if old, known := b.known[signature]; known {
		b.leave(old.slot, signature)
	} else {
		b.ring = append(b.ring, signature)
	}

	b.known[signature] = &e
	at := b.slots[e.slot]
	if at == nil {
		at = &bookSlot{txs: map[market.Signature]struct{}{}}
		b.slots[e.slot] = at
	}

	at.txs[signature] = struct{}{}
	if e.index < inBlock {
		at.next = max(at.next, e.index+1)
	}
	for len(b.ring) > b.most {
		b.forget(b.ring[0])
		b.ring = b.ring[1:]
	}

	return &e
}

// leave takes a transaction out of its slot; mu is held.
func (b *book) leave(slot market.Slot, signature market.Signature) {
	if at := b.slots[slot]; at != nil {
		if delete(at.txs, signature); len(at.txs) == 0 {
			delete(b.slots, slot)
		}
	}
}

// forget drops a transaction; mu is held. Its place in the ring is the caller's affair.
func (b *book) forget(signature market.Signature) {
	if e, known := b.known[signature]; known {
		delete(b.known, signature)
		b.leave(e.slot, signature)
	}
}

// plan notes where a transaction is about to stand.
func (b *book) plan(signature market.Signature, slot market.Slot, index uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.plans[signature]; !known {
		b.order = append(b.order, signature)
	}
	b.plans[signature] = plan{slot, index}
	for len(b.order) > b.most {
		delete(b.plans, b.order[0])
		b.order = b.order[1:]
	}
}

// place is where a transaction stands or is about to stand in a slot; unplaced when nobody knows.
func (b *book) place(signature market.Signature, slot market.Slot) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.placeOf(signature, slot)
}

// placeOf is place; mu is held.
func (b *book) placeOf(signature market.Signature, slot market.Slot) uint32 {
	if p, planned := b.plans[signature]; planned && p.slot == slot {
		return p.index
	}
	if e, known := b.known[signature]; known && e.slot == slot {
		return e.index
	}
	return unplaced
}

// look is what was delivered of a transaction that a run's list names.
func (b *book) look(r *run, signature market.Signature) (e entry, short, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	one, known := b.known[signature]
	if !known {
		return entry{}, false, false
	}
	if slices.Contains(one.runs, r) {
		return one.entry, false, true
	}
	return one.entry, one.short, true
}

// name notes that a run's list names a transaction that is known; its ledger remembers it from now on.
func (b *book) name(r *run, signature market.Signature) {
	b.mu.Lock()
	one, known := b.known[signature]
	if known && !slices.Contains(one.runs, r) {
		one.runs = append(one.runs, r)
	}
	b.mu.Unlock()
	if known {
		r.ledger.adopt(signature, one.entry)
	}
}

// inSlot are the places of what is remembered of a slot.
func (b *book) inSlot(slot market.Slot) map[market.Signature]uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.slots[slot]
	if at == nil {
		return nil
	}
	places := make(map[market.Signature]uint32, len(at.txs))
	for signature := range at.txs {
		places[signature] = b.known[signature].index
	}
	return places
}

// holds reports whether anything of a slot is remembered.
func (b *book) holds(slot market.Slot) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.slots[slot] != nil
}

// admit is what of a run's transactions is to be delivered, in order, each with its place: those that nobody has delivered
// as they are. From now on those are known, and the others to the run, too: whoever reads a list must see what is about to
// stand where. shared.applying is held.
func (b *book) admit(r *run, txs []market.Transaction) (fresh []market.Transaction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.note(r, fresh) }()

	given := map[market.Slot]uint32{} // places given to those that stand in no block yet
	for i := range txs {
		tx := &txs[i]
		old, known := b.known[tx.Signature]
		known = known && old.slot == tx.Slot
		if tx.Index == unplaced {
			if tx.Index = b.placeOf(tx.Signature, tx.Slot); tx.Index == unplaced {
				if at := b.slots[tx.Slot]; at != nil {
					tx.Index = at.next + given[tx.Slot]
				} else {
					tx.Index = given[tx.Slot]
				}
				given[tx.Slot]++
			}
		}

		if known && !r.improves(old, tx) {
			if r.isNamedBy(tx) {
				if !slices.Contains(old.runs, r) {
					old.runs = append(old.runs, r)
				}
				r.ledger.adopt(tx.Signature, old.entry)
			}
			continue
		}
		tx.Addresses = b.namedBy(r, tx)
		fresh = append(fresh, *tx)
	}

	sortTxs(fresh)
	return fresh
}

// improves reports whether a transaction is news beside what was delivered of it at the same slot.
func (r *run) improves(old *bookEntry, tx *market.Transaction) bool {
	switch {
	case old.provisional && !tx.Provisional:
		return true
	case !old.provisional && tx.Provisional:
		return false
	case old.cut && !isCut(tx), old.short && !slices.Contains(old.runs, r):
		return true
	}
	return old.index != tx.Index || old.time != tx.BlockTime
}

// isNamedBy reports whether a transaction that a run brings names its address: all do but those that only change places.
func (r *run) isNamedBy(tx *market.Transaction) bool {
	return tx.Addresses == nil || slices.Contains(tx.Addresses, r.address)
}

// namedBy are the addresses that are known to name a transaction that a run brings; mu is held.
func (b *book) namedBy(r *run, tx *market.Transaction) []market.Pubkey {
	addresses := []market.Pubkey{}
	if r.isNamedBy(tx) {
		addresses = append(addresses, r.address)
	}
	if e, known := b.known[tx.Signature]; known {
		for _, other := range e.runs {
			if !slices.Contains(addresses, other.address) {
				addresses = append(addresses, other.address)
			}
		}
	}
	return addresses
}

// note notes what a run delivers, in the ledgers of all that name it; mu is held.
func (b *book) note(r *run, txs []market.Transaction) {
	for i := range txs {
		tx := &txs[i]
		fresh := bookEntry{entry: entryOf(tx), short: isShort(tx)}
		if old, known := b.known[tx.Signature]; known {
			fresh.runs = old.runs
		}
		if !slices.Contains(fresh.runs, r) && r.isNamedBy(tx) {
			fresh.runs = append(fresh.runs, r)
		}
		b.put(tx.Signature, fresh)
		for _, one := range fresh.runs {
			one.ledger.adopt(tx.Signature, fresh.entry)
		}
	}
}

// rolledBack forgets transactions, in the ledgers of all that name them too.
func (b *book) rolledBack(signatures []market.Signature) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, signature := range signatures {
		e, known := b.known[signature]
		if !known {
			continue
		}
		for _, one := range e.runs {
			one.ledger.remove([]market.Signature{signature})
		}
		b.forget(signature)
		b.ring = slices.DeleteFunc(b.ring, func(other market.Signature) bool { return other == signature })
	}
}

// recallSlots has the book remember what earlier runs, or this one long ago, delivered of slots that it remembers nothing of.
func (h *history) recallSlots(ctx context.Context, b *book, groups []group) error {
	recall := h.run.config.Recall
	if recall == nil {
		return nil
	}

	for _, g := range groups {
		if b.holds(g.slot) {
			continue
		}
		err := recall(ctx, market.Pubkey{}, g.slot, g.slot, func(tx market.Transaction) bool {
			if tx.Slot == g.slot {
				b.recalled(h.run.shared, &tx)
			}
			return true
		})
		if err != nil {
			return err
		}
	}

	return nil
}

// recalled notes a stored transaction, unless it is known better by now.
func (b *book) recalled(c *shared, tx *market.Transaction) {
	e := bookEntry{entry: entry{slot: tx.Slot, index: tx.Index, time: tx.BlockTime, provisional: tx.Provisional}, runs: c.naming(tx)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.known[tx.Signature]; !known {
		b.put(tx.Signature, e)
	}
}
