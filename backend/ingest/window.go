package ingest

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"spinscope/backend/market"
)

const (
	windowSlots   = 512     // how far back transactions are remembered in memory
	windowEntries = 200_000 // and how many at most
)

// known is what is known of a transaction: where it was put when it was last read.
type known struct {
	slot        market.Slot
	index       uint32 // where it stands
	wanted      uint32 // where it was said to stand; index is above it when that was taken
	time        int64
	provisional bool
	whole       bool // nothing of its log was cut that is not told elsewhere, as far as it was read since the start
}

// same reports whether the transaction brings nothing new. An estimated time never replaces a known one.
func (k known) same(tx *market.Transaction) bool {
	if k.slot != tx.Slot || k.wanted != tx.Index {
		return false
	}
	return k.time == tx.BlockTime && k.provisional == tx.Provisional || tx.Provisional && !k.provisional
}

func knownOf(e *market.Event) known {
	return known{slot: e.Slot, index: e.Index, wanted: e.Index, time: e.BlockTime, provisional: e.Provisional}
}

// position is a transaction's position on the chain.
type position struct {
	slot  market.Slot
	index uint32
}

// window remembers the transactions of the newest slots, those without events too. Older ones are looked up in the
// store by their slot, which is a short scan. Memory is bounded by windowEntries.
type window struct {
	commits     *commits
	bySignature map[market.Signature]known
	byPosition  map[position]market.Signature
	displaced   map[market.Signature]struct{} // those that found their position taken
	newest      market.Slot
	floor       market.Slot // slots below are not in memory
}

// markWhole notes that a transaction's events were all read.
func (w *window) markWhole(signature market.Signature) {
	if k, ok := w.bySignature[signature]; ok {
		k.whole = true
		w.bySignature[signature] = k
	}
}

// load fills the window from the store, which knows the transactions with events; the others are only read again. Each
// event loaded is shown to seen.
func (w *window) load(newest market.Slot, seen func(*market.Event)) error {
	w.bySignature, w.byPosition = map[market.Signature]known{}, map[position]market.Signature{}
	w.displaced = map[market.Signature]struct{}{}
	w.newest = newest
	w.floor = newest - min(newest, windowSlots)

	return w.commits.store.SlotEvents(w.floor, newest+windowSlots, func(e *market.Event) error {
		w.bySignature[e.Signature] = knownOf(e)
		w.byPosition[position{e.Slot, e.Index}] = e.Signature
		w.newest = max(w.newest, e.Slot)
		seen(e)
		return nil
	})
}

// find returns where the transaction was seen before.
func (w *window) find(tx *market.Transaction) (known, bool, error) {
	if k, ok := w.bySignature[tx.Signature]; ok {
		return k, true, nil
	}
	if tx.Slot >= w.floor {
		return known{}, false, nil
	}
	if err := w.commits.waitForSlot(tx.Slot); err != nil {
		return known{}, false, err
	}

	var k known
	found := false
	err := w.commits.store.SlotEvents(tx.Slot, tx.Slot, func(e *market.Event) error {
		if e.Signature == tx.Signature {
			k, found = knownOf(e), true
		}
		return nil
	})
	if err != nil {
		return known{}, false, fmt.Errorf("read slot %d: %w", tx.Slot, err)
	}
	return k, found, nil
}

// add remembers a transaction at its index, and whether its events were all read, and forgets those that fall out of the window.
func (w *window) add(tx *market.Transaction, index uint32, whole bool) {
	if tx.Slot < w.floor {
		return
	}
	w.put(tx.Signature, known{slot: tx.Slot, index: index, wanted: tx.Index, time: tx.BlockTime, provisional: tx.Provisional, whole: whole})
	w.newest = max(w.newest, tx.Slot)

	span := market.Slot(windowSlots)
	for w.newest-w.floor > span+span/4 || len(w.bySignature) > windowEntries && w.floor < w.newest {
		w.floor = w.newest - min(w.newest, span)
		for signature, k := range w.bySignature {
			if k.slot < w.floor {
				w.forget(signature)
			}
		}
		span /= 2
	}
}

// put notes where a transaction stands.
func (w *window) put(signature market.Signature, k known) {
	w.bySignature[signature] = k
	w.byPosition[position{k.slot, k.index}] = signature
	if k.index != k.wanted {
		w.displaced[signature] = struct{}{}
	}
}

// forget drops a transaction.
func (w *window) forget(signature market.Signature) {
	if k, ok := w.bySignature[signature]; ok {
		delete(w.bySignature, signature)
		delete(w.byPosition, position{k.slot, k.index})
		delete(w.displaced, signature)
	}
}

// freeIndex is the transaction's index, or the next free one when another transaction stands there. That happens while
// the true order within a slot is not known, or when a rolled back transaction stands there; see moves.
func (w *window) freeIndex(tx *market.Transaction) (uint32, error) {
	if tx.Slot >= w.floor {
		index := tx.Index
		for {
			if _, taken := w.byPosition[position{tx.Slot, index}]; !taken {
				return index, nil
			}
			index++
		}
	}

	taken := map[uint32]bool{}
	for i := range w.commits.next.events {
		if e := &w.commits.next.events[i]; e.Slot == tx.Slot {
			taken[e.Index] = true
		}
	}
	err := w.commits.slotEvents(tx.Slot, func(e *market.Event) { taken[e.Index] = true })
	if err != nil {
		return 0, err
	}

	index := tx.Index
	for taken[index] {
		index++
	}
	return index, nil
}

// move is a displaced transaction that can come nearer to its position.
type move struct {
	signature market.Signature
	to        known
	events    []market.Event
}

// moves gives slot by slot the displaced transactions that can go to their positions, once what stood there has moved or
// was rolled back. The source believes them to be there and says no more about them.
func (w *window) moves() iter.Seq[[]move] {
	return func(yield func([]move) bool) {
		if len(w.displaced) == 0 {
			return
		}

		displaced := map[market.Slot][]market.Signature{}
		for signature := range w.displaced {
			slot := w.bySignature[signature].slot
			displaced[slot] = append(displaced[slot], signature)
		}
		for _, slot := range slices.Sorted(maps.Keys(displaced)) {
			if moves := w.movesWithin(slot, displaced[slot]); len(moves) > 0 && !yield(moves) {
				return
			}
		}
	}
}

// movesWithin gives the transactions, all of one slot, the first free indexes at or above those they want.
func (w *window) movesWithin(slot market.Slot, signatures []market.Signature) []move {
	slices.SortFunc(signatures, func(a, b market.Signature) int {
		x, y := w.bySignature[a], w.bySignature[b]
		return cmp.Or(cmp.Compare(x.wanted, y.wanted), cmp.Compare(x.index, y.index))
	})

	var moves []move
	assigned := map[uint32]bool{}
	for _, signature := range signatures {
		to := w.bySignature[signature]
		was := to.index
		for to.index = to.wanted; ; to.index++ {
			holder, taken := w.byPosition[position{slot, to.index}]
			_, leaves := w.displaced[holder]
			if !assigned[to.index] && (!taken || leaves) {
				break
			}
		}

		assigned[to.index] = true
		if to.index != was {
			moves = append(moves, move{signature: signature, to: to})
		}
	}
	return moves
}
