package ingest

import (
	"cmp"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// complete compares a transaction that came with its events, as from an export, with what is stored of it: an export may
// hold the events of one mint only, and another those of the next. It returns the missing events, at the place where the
// transaction stands, or the whole transaction, to be taken anew as its time was an estimate and is known now.
func (in *Ingest) complete(tx *market.Transaction, known place) (missing []market.Event, whole *market.Transaction, err error) {
	if len(tx.Events) == 0 {
		return nil, nil, nil
	}
	var stored []market.Event
	for i := range in.nextCommit.events {
		if in.nextCommit.events[i].Signature == tx.Signature {
			stored = append(stored, in.nextCommit.events[i])
		}
	}

	if err := in.await(); err != nil {
		return nil, nil, err
	}
	err = in.store.SlotEvents(known.slot, known.slot, func(e *market.Event) error {
		if e.Signature == tx.Signature && !in.nextCommit.isRemoved(e.Position) {
			stored = append(stored, *e)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read slot %d: %w", known.slot, err)
	}

	if known.provisional && !tx.Provisional {
		anew := *tx
		anew.Events = slices.Clone(tx.Events)
		for _, e := range stored {
			if !has(tx.Events, e.Ordinal) {
				e.Slot, e.BlockTime, e.Provisional = tx.Slot, tx.BlockTime, false
				anew.Events = append(anew.Events, e)
			}
		}
		slices.SortFunc(anew.Events, func(a, b market.Event) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
		return nil, &anew, nil
	}

	for _, event := range tx.Events {
		if !has(stored, event.Ordinal) {
			event.Slot, event.Index, event.BlockTime, event.Provisional = known.slot, known.index, known.time, known.provisional
			missing = append(missing, event)
		}
	}

	return missing, nil, nil
}

// told is a transaction that the cluster shows again, with the events of its log: of the one stored an import may have
// brought a part only.
func (in *Ingest) told(tx *market.Transaction) *market.Transaction {
	whole := *tx
	events, report := in.reader.Read([]market.Event{}, tx)
	_, cut := in.window.cut[tx.Signature]
	switch whole.Events = events; {
	case !report.Truncated:
		in.untruncated(tx.Signature) // this time it came whole
	case tx.Addresses != nil && !cut: // it names a program that loses events by that, which was not known before
		in.truncated(tx, events)
	}
	return &whole
}

// join adds what complete found missing. It comes after the slot's new transactions, and so may be late.
func (in *Ingest) join() error {
	for _, event := range in.joins {
		in.price(&event)
		if err := in.add(event); err != nil {
			return err
		}
	}
	in.joins = in.joins[:0]
	return nil
}

// has reports whether one of a transaction's events has the ordinal.
func has(events []market.Event, ordinal uint16) bool {
	return slices.ContainsFunc(events, func(e market.Event) bool { return e.Ordinal == ordinal })
}
