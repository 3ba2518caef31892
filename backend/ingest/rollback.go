package ingest

import (
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// rollBack takes back a transaction that is no longer part of the chain.
func (in *Ingest) rollBack(signature market.Signature) error {
	if known, ok := in.window.known[signature]; ok {
		return in.remove(signature, known.slot)
	}
	if err := in.await(); err != nil {
		return err
	}

	slot := market.Slot(0)
	err := in.store.FindSignature(signature, func(e *market.Event) error {
		slot = e.Slot
		return nil
	})
	if err != nil {
		return fmt.Errorf("find rolled back transaction %s: %w", signature, err)
	}
	if slot == 0 { // it had no events
		in.untruncated(signature)
		return nil
	}

	return in.remove(signature, slot)
}

// remove takes a transaction out of the market, with the hole that it may have left.
func (in *Ingest) remove(signature market.Signature, slot market.Slot) error {
	in.untruncated(signature)
	_, err := in.takeOut(signature, slot)
	return err
}

// takeOut takes a transaction's events out of the next commit or, when they are stored, out of the market, and returns them.
func (in *Ingest) takeOut(signature market.Signature, slot market.Slot) (gone []market.Event, err error) {
	d := &in.nextCommit
	in.window.forget(signature)
	d.events = slices.DeleteFunc(d.events, func(e market.Event) bool {
		if e.Signature == signature {
			gone = append(gone, e)
			return true
		}
		return false
	})
	if len(gone) == 0 {
		if err := in.awaitSlot(slot); err != nil {
			return nil, err
		}
		err := in.store.SlotEvents(slot, slot, func(e *market.Event) error {
			if e.Signature == signature && !d.isRemoved(e.Position) {
				gone = append(gone, *e)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read slot %d: %w", slot, err)
		}
		d.remove(gone...)
	}

	for i := range gone {
		event := &gone[i]
		state, err := in.mint(event.Mint())
		if err != nil {
			return nil, err
		}

		d.touch(state)
		state.count(event, true)
		if _, ok := event.Trade(); ok {
			state.shrunk = true
			state.dirty(event.BlockTime, event.Position)
		}

		if order, ok := event.Order(); ok {
			d.replays[order] = event.Mint()
		}
	}

	return gone, nil
}
