package ingest

import (
	"fmt"

	"spinscope/backend/market"
)

const (
	windowSlots   = 512     // how far back transactions are remembered in memory
	windowEntries = 200_000 // and how many at most
)

// place is where a transaction stood when it was last read.
type place struct {
	slot        market.Slot
	index       uint32
	time        int64
	provisional bool
}

// same tells whether the transaction brings nothing new. An estimated time never replaces a known one.
func (p place) same(tx *market.Transaction) bool {
	if p.slot != tx.Slot || p.index != tx.Index {
		return false
	}
	return p.time == tx.BlockTime && p.provisional == tx.Provisional || tx.Provisional && !p.provisional
}

// window remembers the transactions of the newest slots, those without events too. Older ones are looked up in the
// store by their slot, which is a short scan. Memory is bounded by windowEntries.
type window struct {
	known  map[market.Signature]place
	newest market.Slot
	floor  market.Slot // slots below are not in memory
}

// load fills the window from the store, which knows the transactions with events; the others are only read again. Each
// event loaded is shown to seen.
func (w *window) load(store Store, newest market.Slot, seen func(*market.Event)) error {
	w.known = map[market.Signature]place{}
	w.newest = newest
	w.floor = newest - min(newest, windowSlots)
	return store.SlotEvents(w.floor, newest+windowSlots, func(e *market.Event) error {
		w.known[e.Signature] = place{e.Slot, e.Index, e.BlockTime, e.Provisional}
		w.newest = max(w.newest, e.Slot)
		seen(e)
		return nil
	})
}

// find returns where the transaction was seen before.
func (w *window) find(store Store, tx *market.Transaction) (place, bool, error) {
	if at, ok := w.known[tx.Signature]; ok {
		return at, true, nil
	}
	if tx.Slot >= w.floor {
		return place{}, false, nil
	}
	var at place
	found := false
	err := store.SlotEvents(tx.Slot, tx.Slot, func(e *market.Event) error {
		if e.Signature == tx.Signature {
			at, found = place{e.Slot, e.Index, e.BlockTime, e.Provisional}, true
		}
		return nil
	})
	if err != nil {
		return place{}, false, fmt.Errorf("read slot %d: %w", tx.Slot, err)
	}
	return at, found, nil
}

// add remembers a transaction and forgets those that fell out of the window.
func (w *window) add(tx *market.Transaction) {
	if tx.Slot < w.floor {
		return
	}
	w.known[tx.Signature] = place{tx.Slot, tx.Index, tx.BlockTime, tx.Provisional}
	w.newest = max(w.newest, tx.Slot)
	span := market.Slot(windowSlots)
	for w.newest-w.floor > 2*span || len(w.known) > windowEntries && w.floor < w.newest {
		w.floor = w.newest - min(w.newest, span)
		for signature, at := range w.known {
			if at.slot < w.floor {
				delete(w.known, signature)
			}
		}
		span /= 2
	}
}

// forget drops a withdrawn transaction.
func (w *window) forget(signature market.Signature) { delete(w.known, signature) }
