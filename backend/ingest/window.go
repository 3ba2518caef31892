package ingest

import (
	"context"
	"fmt"
	"maps"

	"spinscope/backend/market"
)

const (
	windowSlots   = 512     // how far back transactions are remembered in memory
	windowEntries = 200_000 // and how many at most
)

// place is where a transaction was put when it was last read.
type place struct {
	slot        market.Slot
	index       uint32 // where it stands
	wanted      uint32 // where it was said to stand; index is above it when that was taken
	time        int64
	provisional bool
}

// same reports whether the transaction brings nothing new. An estimated time never replaces a known one.
func (p place) same(tx *market.Transaction) bool {
	if p.slot != tx.Slot || p.wanted != tx.Index {
		return false
	}
	return p.time == tx.BlockTime && p.provisional == tx.Provisional || tx.Provisional && !p.provisional
}

// spot is a transaction's place on the chain.
type spot struct {
	slot  market.Slot
	index uint32
}

// window remembers the transactions of the newest slots, those without events too. Older ones are looked up in the
// store by their slot, which is a short scan. Memory is bounded by windowEntries.
type window struct {
	known  map[market.Signature]place
	taken  map[spot]market.Signature       // the same, by place
	cut    map[market.Signature]market.Gap // the holes of those whose log was truncated
	astray map[market.Signature]struct{}   // those that found their place taken
	newest market.Slot
	floor  market.Slot // slots below are not in memory
}

// load fills the window from the store, which knows the transactions with events; the others are only read again. Each
// event loaded is shown to seen.
func (w *window) load(store Store, newest market.Slot, seen func(*market.Event)) error {
	w.known, w.taken = map[market.Signature]place{}, map[spot]market.Signature{}
	w.cut, w.astray = map[market.Signature]market.Gap{}, map[market.Signature]struct{}{}
	w.newest = newest
	w.floor = newest - min(newest, windowSlots)
	gaps, err := store.Gaps(context.Background(), nil, new(market.GapUnfillable))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}

	for i := range gaps {
		if signature, ok := TruncatedIn(&gaps[i]); ok && gaps[i].From >= w.floor {
			w.cut[signature] = gaps[i]
		}
	}

	return store.SlotEvents(w.floor, newest+windowSlots, func(e *market.Event) error {
		w.known[e.Signature] = placeOf(e)
		w.taken[spot{e.Slot, e.Index}] = e.Signature
		w.newest = max(w.newest, e.Slot)
		seen(e)
		return nil
	})
}

// find returns where the transaction was seen before.
func (in *Ingest) find(tx *market.Transaction) (place, bool, error) {
	w := &in.window
	if at, ok := w.known[tx.Signature]; ok {
		return at, true, nil
	}
	if tx.Slot >= w.floor {
		return place{}, false, nil
	}
	if err := in.awaitSlot(tx.Slot); err != nil {
		return place{}, false, err
	}

	var at place
	found := false
	err := in.store.SlotEvents(tx.Slot, tx.Slot, func(e *market.Event) error {
		if e.Signature == tx.Signature {
			at, found = placeOf(e), true
		}
		return nil
	})
	if err != nil {
		return place{}, false, fmt.Errorf("read slot %d: %w", tx.Slot, err)
	}

	return at, found, nil
}

// add remembers a transaction at its index and forgets those that fell out of the window.
func (w *window) add(tx *market.Transaction, index uint32) {
	if tx.Slot < w.floor {
		return
	}
	w.seat(tx.Signature, place{tx.Slot, index, tx.Index, tx.BlockTime, tx.Provisional})
	w.newest = max(w.newest, tx.Slot)
	span := market.Slot(windowSlots)
	for w.newest-w.floor > 2*span || len(w.known) > windowEntries && w.floor < w.newest {
		w.floor = w.newest - min(w.newest, span)
		for signature, at := range w.known {
			if at.slot < w.floor {
				w.forget(signature)
			}
		}
		maps.DeleteFunc(w.cut, func(_ market.Signature, gap market.Gap) bool { return gap.From < w.floor })
		span /= 2
	}
}

// forget drops a transaction.
func (w *window) forget(signature market.Signature) {
	if at, ok := w.known[signature]; ok {
		delete(w.known, signature)
		delete(w.taken, spot{at.slot, at.index})
		delete(w.astray, signature)
	}
}

// seat notes where a transaction stands.
func (w *window) seat(signature market.Signature, at place) {
	w.known[signature] = at
	w.taken[spot{at.slot, at.index}] = signature
	if at.index != at.wanted {
		w.astray[signature] = struct{}{}
	}
}

func placeOf(e *market.Event) place {
	return place{e.Slot, e.Index, e.Index, e.BlockTime, e.Provisional}
}

// freeIndex is the transaction's index, or the next free one when another transaction stands there. That happens while
// the true order within a slot is not known, or when a rolled back transaction stands there; see placeAstray.
func (in *Ingest) freeIndex(tx *market.Transaction) (uint32, error) {
	w := &in.window
	if tx.Slot >= w.floor {
		index := tx.Index
		for {
			if _, taken := w.taken[spot{tx.Slot, index}]; !taken {
				return index, nil
			}
			index++
		}
	}

	taken := map[uint32]bool{}
	for i := range in.nextCommit.events {
		if e := &in.nextCommit.events[i]; e.Slot == tx.Slot {
			taken[e.Index] = true
		}
	}

	if err := in.awaitSlot(tx.Slot); err != nil {
		return 0, err
	}
	err := in.store.SlotEvents(tx.Slot, tx.Slot, func(e *market.Event) error {
		if !in.nextCommit.isRemoved(e.Position) {
			taken[e.Index] = true
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read slot %d: %w", tx.Slot, err)
	}

	index := tx.Index
	for taken[index] {
		index++
	}

	return index, nil
}
