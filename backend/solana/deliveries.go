package solana

import (
	"context"
	"slices"
	"sync"

	"spinscope/backend/market"
)

// deliveries remembers what was delivered lately of all addresses, so that a transaction that several of them name is delivered
// once, and stands in one place. There is none while one address alone is followed.
//
// The rule: a transaction is delivered by the address that comes first with it. To the others it is known, unless they
// know better: another slot, a time that was an estimate, events of a log that was cut, or, in history, another order. Of
// the newest transactions it remembers maxDeliveries; of a slot that none of them is of it asks Config.Recall.
//
// The rank that a transaction has among those of its address (ledger) says nothing when several addresses meet in a slot. So
// what comes live stands in the order of arrival, and what history has to put in order stands at its place in the block,
// behind those: each list is in order by itself, and so are those that share a transaction. Nothing else relates two lists.
//
// Safe for concurrent use. Only who holds shared.applying changes what was delivered.
type deliveries struct {
	limit int // transactions

	mu    sync.Mutex
	known map[market.Signature]*delivery
	slots map[market.Slot]*slotDeliveries
	ring  []*delivery // in the order in which they came, to bound known
	plans map[market.Signature]plan
	order []market.Signature // of plans, as ring is of known
}

// plan is where a transaction is about to stand by what a block said: whoever comes first with it puts it there, and whoever
// reads a list takes it to stand there. Else two that read one slot at a time would put in order what the other has not seen.
type plan struct {
	slot  market.Slot
	index uint32
}

// delivery is what was delivered last of a transaction.
type delivery struct {
	entry
	short     bool   // its log was cut, whatever else tells its events
	runs      []*run // of the addresses that are known to name it
	signature market.Signature
}

// slotDeliveries is what is known of a slot.
type slotDeliveries struct {
	next uint32 // the place of the next one that arrives
	txs  []*delivery
}

const (
	maxDeliveries = 50_000 // transactions, about 13 MB: those of two minutes where 350 are delivered in a second

	// Places of transactions in their slot, where several addresses are followed.
	unplaced = ^uint32(0) // none yet: the next one free
	inBlock  = 1 << 16    // from here on: the place in the block
	inList   = 1 << 24    // from here on: the rank in a list, where nobody tells the block's order
)

func newDeliveries(limit int) *deliveries {
	return &deliveries{limit: limit, known: map[market.Signature]*delivery{}, slots: map[market.Slot]*slotDeliveries{}, plans: map[market.Signature]plan{}}
}

// take copies what a run has delivered.
func (d *deliveries) take(r *run) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for signature, e := range r.ledger.between(0, noSlot) {
		d.put(signature, delivery{entry: e, short: e.cut, runs: []*run{r}})
	}
}

// put notes a transaction; mu is held.
func (d *deliveries) put(signature market.Signature, e delivery) {
	one, known := d.known[signature]
	if known {
		d.leave(one)
	} else {
		one = &delivery{}
		d.known[signature] = one
		d.ring = append(d.ring, one)
	}

	e.signature = signature
	*one = e
	at := d.slots[e.slot]
	if at == nil {
		at = &slotDeliveries{}
		d.slots[e.slot] = at
	}

	at.txs = append(at.txs, one)
	if e.index < inBlock {
		at.next = max(at.next, e.index+1)
	}
	for len(d.ring) > d.limit {
		d.forget(d.ring[0])
		d.ring[0] = nil
		d.ring = d.ring[1:]
	}
}

// leave takes a transaction out of its slot; mu is held.
func (d *deliveries) leave(one *delivery) {
	at := d.slots[one.slot]
	if i := slices.Index(at.txs, one); i >= 0 {
		at.txs = slices.Delete(at.txs, i, i+1)
	}
	if len(at.txs) == 0 {
		delete(d.slots, one.slot)
	}
}

// forget drops a transaction; mu is held. Its place in the ring is the caller's affair.
func (d *deliveries) forget(one *delivery) {
	delete(d.known, one.signature)
	d.leave(one)
}

// plan notes where a transaction is about to stand.
func (d *deliveries) plan(signature market.Signature, slot market.Slot, index uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.plans[signature]; !known {
		d.order = append(d.order, signature)
	}
	d.plans[signature] = plan{slot, index}
	for len(d.order) > d.limit {
		delete(d.plans, d.order[0])
		d.order = d.order[1:]
	}
}

// place is where a transaction stands or is about to stand in a slot; unplaced when nobody knows.
func (d *deliveries) place(signature market.Signature, slot market.Slot) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.placeOf(signature, slot)
}

// placeOf is place; mu is held.
func (d *deliveries) placeOf(signature market.Signature, slot market.Slot) uint32 {
	if p, planned := d.plans[signature]; planned && p.slot == slot {
		return p.index
	}
	if e, known := d.known[signature]; known && e.slot == slot {
		return e.index
	}
	return unplaced
}

// look is what was delivered of a transaction that a run's list names.
func (d *deliveries) look(r *run, signature market.Signature) (e entry, short, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, known := d.known[signature]
	if !known {
		return entry{}, false, false
	}
	if slices.Contains(one.runs, r) {
		return one.entry, false, true
	}
	return one.entry, one.short, true
}

// name notes that a run's list names a transaction that is known; its ledger remembers it from now on.
func (d *deliveries) name(r *run, signature market.Signature) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, known := d.known[signature]
	if !known {
		return
	}
	if !slices.Contains(one.runs, r) {
		one.runs = append(one.runs, r)
	}
	r.ledger.adopt(signature, one.entry)
}

// inSlot are the places of what is remembered of a slot.
func (d *deliveries) inSlot(slot market.Slot) map[market.Signature]uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.slots[slot]
	if at == nil {
		return nil
	}
	places := make(map[market.Signature]uint32, len(at.txs))
	for _, one := range at.txs {
		places[one.signature] = one.index
	}
	return places
}

// holds reports whether anything of a slot is remembered.
func (d *deliveries) holds(slot market.Slot) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.slots[slot] != nil
}

// admit is what of a run's transactions is to be delivered, in order, each with its place: those that nobody has delivered
// as they are. From now on those are known, and the others to the run, too: whoever reads a list must see what is about to
// stand where. shared.applying is held.
func (d *deliveries) admit(r *run, txs []market.Transaction) (fresh []market.Transaction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.note(r, fresh) }()

	placed := map[market.Slot]uint32{} // places given to those that stand in no block yet
	for i := range txs {
		tx := &txs[i]
		old, known := d.known[tx.Signature]
		known = known && old.slot == tx.Slot
		if rank := tx.Index; rank == unplaced || isArrival(rank) {
			if tx.Index = d.placeOf(tx.Signature, tx.Slot); tx.Index == unplaced {
				if isArrival(rank) && d.isFree(tx.Slot, rank-arrived) {
					tx.Index = rank - arrived
				} else if at := d.slots[tx.Slot]; at != nil {
					tx.Index = at.next + placed[tx.Slot]
				} else {
					tx.Index = placed[tx.Slot]
				}
				placed[tx.Slot]++
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
		tx.Addresses = d.namedBy(r, tx)
		fresh = append(fresh, *tx)
	}

	sortTxs(fresh)
	return fresh
}

// isFree reports whether no transaction stands at a place of a slot, as far as is remembered; mu is held.
func (d *deliveries) isFree(slot market.Slot, index uint32) bool {
	if at := d.slots[slot]; at != nil {
		for _, one := range at.txs {
			if one.index == index {
				return false
			}
		}
	}
	return true
}

// improves reports whether a transaction is news beside what was delivered of it at the same slot.
func (r *run) improves(old *delivery, tx *market.Transaction) bool {
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
func (d *deliveries) namedBy(r *run, tx *market.Transaction) []market.Pubkey {
	addresses := []market.Pubkey{}
	if r.isNamedBy(tx) {
		addresses = append(addresses, r.address)
	}
	if e, known := d.known[tx.Signature]; known {
		for _, other := range e.runs {
			if !slices.Contains(addresses, other.address) {
				addresses = append(addresses, other.address)
			}
		}
	}
	return addresses
}

// note notes what a run delivers, in the ledgers of all that name it; mu is held.
func (d *deliveries) note(r *run, txs []market.Transaction) {
	for i := range txs {
		tx := &txs[i]
		fresh := delivery{entry: entryOf(tx), short: isShort(tx)}
		if old, known := d.known[tx.Signature]; known {
			fresh.runs = old.runs
		}
		if !slices.Contains(fresh.runs, r) && r.isNamedBy(tx) {
			fresh.runs = append(fresh.runs, r)
		}
		d.put(tx.Signature, fresh)
		for _, one := range fresh.runs {
			one.ledger.adopt(tx.Signature, fresh.entry)
		}
	}
}

// rolledBack forgets transactions, in the ledgers of all that name them too.
func (d *deliveries) rolledBack(signatures []market.Signature) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, signature := range signatures {
		e, known := d.known[signature]
		if !known {
			continue
		}
		for _, one := range e.runs {
			one.ledger.remove([]market.Signature{signature})
		}
		d.forget(e)
		d.ring = slices.DeleteFunc(d.ring, func(other *delivery) bool { return other == e })
	}
}

// recallSlots has deliveries remember what earlier runs, or this one long ago, delivered of slots that it remembers nothing of.
func (h *history) recallSlots(ctx context.Context, d *deliveries, groups []group) error {
	recall := h.run.config.Recall
	if recall == nil {
		return nil
	}

	for _, g := range groups {
		if d.holds(g.slot) {
			continue
		}
		err := recall(ctx, market.Pubkey{}, g.slot, g.slot, func(tx market.Transaction) bool {
			if tx.Slot == g.slot {
				d.recalled(h.run.shared, &tx)
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
func (d *deliveries) recalled(c *shared, tx *market.Transaction) {
	e := delivery{entry: entry{slot: tx.Slot, index: tx.Index, time: tx.BlockTime, provisional: tx.Provisional}, runs: c.naming(tx)}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.known[tx.Signature]; !known {
		d.put(tx.Signature, e)
	}
}
