package ingest

import (
	"cmp"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// complete compares a transaction that came with its events, as from an export, with what is stored of it: an export may
// hold the events of one mint only, and another those of the next. What is missing is added where the transaction
// stands. It returns nil when that is all, else the transaction to be taken anew: its time was an estimate and is known.
func (in *Ingest) complete(tx *market.Transaction, known place) (*market.Transaction, error) {
	var stored []market.Event
	for i := range in.draft.events {
		if in.draft.events[i].Signature == tx.Signature {
			stored = append(stored, in.draft.events[i])
		}
	}
	err := in.store.SlotEvents(known.slot, known.slot, func(e *market.Event) error {
		if e.Signature == tx.Signature && !in.draft.isRemoved(e.Position) {
			stored = append(stored, *e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read slot %d: %w", known.slot, err)
	}
	if known.provisional && !tx.Provisional {
		whole := *tx
		whole.Events = slices.Clone(tx.Events)
		for _, e := range stored {
			if !has(tx.Events, e.Ordinal) {
				e.Slot, e.BlockTime, e.Provisional = tx.Slot, tx.BlockTime, false
				whole.Events = append(whole.Events, e)
			}
		}
		slices.SortFunc(whole.Events, func(a, b market.Event) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
		return &whole, nil
	}
	added := false
	for _, event := range tx.Events {
		if has(stored, event.Ordinal) {
			continue
		}
		event.Slot, event.Index, event.BlockTime, event.Provisional = known.slot, known.index, known.time, known.provisional
		in.scales.Learn(event.Mint(), event.Scale)
		if err := in.add(event); err != nil {
			return nil, err
		}
		added = true
	}
	if !added {
		in.counters.repeats.Add(1)
	}
	return nil, nil //nolint:nilnil // nothing left to take
}

// has tells whether one of a transaction's events has the ordinal.
func has(events []market.Event, ordinal uint16) bool {
	return slices.ContainsFunc(events, func(e market.Event) bool { return e.Ordinal == ordinal })
}
