package ingest

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/program"
)

const latestTime = 1 << 40 // no block time, Unix seconds, is so far ahead

// slots cuts transactions, which are ordered, into those of each slot.
func slots(txs []market.Transaction) iter.Seq[[]market.Transaction] {
	return func(yield func([]market.Transaction) bool) {
		for len(txs) > 0 {
			n := 1
			for n < len(txs) && txs[n].Slot == txs[0].Slot {
				n++
			}
			if !yield(txs[:n]) {
				return
			}
			txs = txs[n:]
		}
	}
}

// takeSlot adds the transactions of one slot to the next commit. Those that moved leave their old positions first, as they
// often change places with each other.
func (in *Ingest) takeSlot(txs []market.Transaction) error {
	in.fresh = in.fresh[:0]
	var horizon int64
	if in.horizon != nil {
		horizon = in.horizon()
	}

	for i := range txs {
		tx := &txs[i]
		if !in.usable(tx, horizon) {
			continue
		}

		if twin := slices.IndexFunc(in.fresh, func(other *market.Transaction) bool { return other.Signature == tx.Signature }); twin >= 0 {
			if !tx.Provisional || in.fresh[twin].Provisional {
				in.fresh[twin] = tx // the later word counts, but for an estimate against a known time
			}
			continue
		}

		k, found, err := in.window.find(tx)
		if err != nil {
			return fmt.Errorf("look up transaction %s: %w", tx.Signature, err)
		}
		if found {
			if tx, err = in.compare(tx, k); err != nil {
				return err
			}
		}
		if tx != nil {
			in.fresh = append(in.fresh, tx)
		}
	}

	for _, tx := range in.fresh {
		if err := in.take(tx); err != nil {
			return err
		}
	}

	return in.addMissing()
}

// usable reports whether a transaction has a block time that is kept.
func (in *Ingest) usable(tx *market.Transaction, horizon int64) bool {
	if tx.BlockTime > 0 && tx.BlockTime < horizon {
		in.counters.expired.Add(1)
		return false
	}
	if tx.BlockTime <= 0 || tx.BlockTime >= latestTime {
		in.counters.badTime.Add(1)
		in.log.Warn("transaction without a usable block time left out", "sig", tx.Signature, "slot", tx.Slot)
		return false
	}
	return true
}

// compare tells what is new of a transaction that was seen before: missing events of it are noted, and nil returned; or it
// is to be taken anew, and what is there of it is removed.
func (in *Ingest) compare(tx *market.Transaction, k known) (anew *market.Transaction, err error) {
	if tx.Events == nil && k.same(tx) {
		if tx, err = in.readAgain(tx, k); err != nil {
			return nil, err
		}
	}

	if tx.Events != nil {
		missing, whole, err := in.missingOf(tx, k)
		if err != nil {
			return nil, err
		}
		if whole == nil && len(missing) == 0 {
			in.counters.repeats.Add(1)
		}
		if whole == nil {
			in.missing = append(in.missing, missing...)
			return nil, nil
		}
		tx = whole
	}

	in.counters.moved.Add(1)
	return tx, in.remove(tx.Signature, k.slot)
}

// readAgain is a transaction that the cluster shows again, which stands at the index, with the events of its log that are kept:
// of the one stored an import may have brought a part only.
func (in *Ingest) readAgain(tx *market.Transaction, k known) (*market.Transaction, error) {
	whole := *tx
	whole.Index = k.index
	events, report := in.reader.Read([]market.Event{}, &whole)
	switch {
	case !report.Truncated:
		in.cutLogs.fill(tx.Signature) // this time it came whole
		in.window.markWhole(tx.Signature)
	case in.cutLogs.has(tx.Signature): // as it was when it was shown before
	case tx.Addresses == nil || k.whole && !in.losesEvents(tx): // another node had its self-calls, and this one has not
	default:
		wasWhole, err := in.wasWhole(tx, events)
		if err != nil {
			return nil, err
		}
		if !wasWhole { // it names a program that loses events by the cut, which was not known before
			in.cutLogs.open(tx, events)
		}
	}

	// What nobody follows was left out before, and is again.
	whole.Events = slices.DeleteFunc(events, func(event market.Event) bool { return !in.keeps(&event) })
	return &whole, nil
}

// wasWhole reports whether what is stored of a transaction, of which only the events of its cut log are given, must be from another
// node, which had its self-calls: there are events of a coin that is followed which no log tells. The window knows it of what was
// read since the start; this is for what was stored before, or is long past. (An import of one coin alone looks the same. It hides
// a loss only where the transaction is of a second coin too, which is followed, and all nodes lack the self-calls.)
func (in *Ingest) wasWhole(tx *market.Transaction, events []market.Event) (bool, error) {
	if in.losesEvents(tx) {
		return false, nil
	}
	stored, err := in.eventsOf(tx.Signature, tx.Slot)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(stored, func(event market.Event) bool {
		return in.keeps(&event) && !has(events, event.Ordinal)
	}), nil
}

// losesEvents reports whether a cut log may hold events that are told nowhere else, whatever inner instructions a node has.
func (in *Ingest) losesEvents(tx *market.Transaction) bool {
	twin := *tx
	twin.Inner = []market.SelfCall{}
	_, report := in.reader.Read(nil, &twin)
	return report.Truncated
}

// missingOf compares a transaction that came with its events, as from an export, with what is stored of it: an export may
// hold the events of one mint only, and another those of the next. It returns the missing events, at the position where
// the transaction stands, or the whole transaction, to be taken anew as its time was an estimate and is known now.
func (in *Ingest) missingOf(tx *market.Transaction, k known) (missing []market.Event, whole *market.Transaction, err error) {
	if len(tx.Events) == 0 {
		return nil, nil, nil
	}
	stored, err := in.eventsOf(tx.Signature, k.slot)
	if err != nil {
		return nil, nil, err
	}

	if k.provisional && !tx.Provisional {
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
			event.Slot, event.Index, event.BlockTime, event.Provisional = k.slot, k.index, k.time, k.provisional
			missing = append(missing, event)
		}
	}
	return missing, nil, nil
}

// eventsOf are a transaction's events in the next commit and in the store.
func (in *Ingest) eventsOf(signature market.Signature, slot market.Slot) ([]market.Event, error) {
	events := in.commits.next.of(signature)
	err := in.commits.slotEvents(slot, func(e *market.Event) {
		if e.Signature == signature {
			events = append(events, *e)
		}
	})
	return events, err
}

// addMissing adds what missingOf found. It comes after the slot's new transactions, and so may be late.
func (in *Ingest) addMissing() error {
	for _, event := range in.missing {
		in.prices.set(&event)
		if err := in.add(event); err != nil {
			return err
		}
	}
	in.missing = in.missing[:0]
	return nil
}

// has reports whether one of a transaction's events has the ordinal.
func has(events []market.Event, ordinal uint16) bool {
	return slices.ContainsFunc(events, func(e market.Event) bool { return e.Ordinal == ordinal })
}

// take adds one transaction's events to the next commit.
func (in *Ingest) take(tx *market.Transaction) error {
	index, err := in.window.freeIndex(tx)
	if err != nil {
		return err
	}

	events, report := append(in.events[:0], tx.Events...), program.Report{}
	if tx.Events == nil {
		events, report = in.reader.Read(events, tx)
	}
	in.events = events
	in.counters.report(report)
	if tx.Events == nil {
		in.layouts.note(tx, events, &report)
	}
	switch {
	case !report.Truncated:
		in.cutLogs.fill(tx.Signature) // nothing of it was stored when it came cut
	case !in.cutLogs.has(tx.Signature):
		in.cutLogs.open(tx, events)
	}

	in.window.add(tx, index, tx.Events == nil && !report.Truncated)
	in.commits.next.slot = max(in.commits.next.slot, tx.Slot)

	for i := range events {
		event := events[i]
		event.Index = index
		if tx.Events == nil && !in.keeps(&event) {
			continue
		}
		in.prices.set(&event)
		if err := in.add(event); err != nil {
			return err
		}
	}

	return nil
}

// keeps reports whether an event of the chain is to be stored now. One that waits is stored later.
func (in *Ingest) keeps(event *market.Event) bool {
	switch in.places.fateOf(event) {
	case kept:
		return true
	case waits:
		in.places.wait(event)
	case left:
		in.counters.unfollowed.Add(1)
	}
	return false
}

// resolve adds the events that waited and of which it is known by now which coin they are of.
func (in *Ingest) resolve() error {
	for _, event := range in.places.resolved() {
		in.prices.set(&event)
		if err := in.add(event); err != nil {
			return err
		}
	}
	return nil
}

// add puts one new event into the next commit and, when it comes in order, straight into its mint's candles.
func (in *Ingest) add(event market.Event) error {
	state, err := in.mints.get(event.Mint(), event.Program())
	if err != nil {
		return err
	}

	in.commits.next.touch(state)
	late, err := in.mints.isLate(state, &event)
	if err != nil {
		return err
	}
	if err := in.orders.fold(&event, late); err != nil {
		return err
	}

	state.count(&event, false)
	in.births.note(&event, false)
	in.commits.next.add(&event)

	if trade, ok := event.Trade(); ok {
		tick := candle.Tick{Trade: trade, Time: event.BlockTime, At: event.Position, Provisional: event.Provisional}
		if state.late == nil && event.BlockTime >= state.clock.time && candle.InOrder(&state.candles, &tick) {
			in.prices.check(state, &event)
			in.mints.fold(state, &tick)
			if event.Position.Compare(in.replay) <= 0 { // in order for its mint, not for all of them
				state.durable = true
			}
		} else {
			state.dirty(tick.Time, tick.At)
			in.counters.late.Add(1)
		}
	}

	if event.Liquidates() {
		state.jumped = true
	}
	state.stamp = market.Stamp{Slot: event.Slot, BlockTime: event.BlockTime, ReceivedAt: event.ReceivedAt}
	state.stamps = append(state.stamps, state.stamp)
	return nil
}

// rollBack takes back a transaction that is no longer part of the chain.
func (in *Ingest) rollBack(signature market.Signature) error {
	if k, ok := in.window.bySignature[signature]; ok {
		return in.remove(signature, k.slot)
	}
	if err := in.commits.wait(); err != nil {
		return err
	}

	slot := market.Slot(0)
	err := in.commits.store.FindSignature(signature, func(e *market.Event) error {
		slot = e.Slot
		return nil
	})
	if err != nil {
		return fmt.Errorf("find rolled back transaction %s: %w", signature, err)
	}
	if slot == 0 { // it had no events
		in.cutLogs.fill(signature)
		return nil
	}

	return in.remove(signature, slot)
}

// remove takes a transaction out of the market, with the gap that it may have left.
func (in *Ingest) remove(signature market.Signature, slot market.Slot) error {
	in.cutLogs.fill(signature)
	in.places.drop(signature)
	_, err := in.takeOut(signature, slot)
	return err
}

// takeOut takes a transaction's events out of the next commit or, when they are stored, out of the market, and returns them.
func (in *Ingest) takeOut(signature market.Signature, slot market.Slot) (gone []market.Event, err error) {
	next := &in.commits.next
	in.window.forget(signature)
	if gone = next.drop(signature); len(gone) == 0 {
		if gone, err = in.eventsOf(signature, slot); err != nil {
			return nil, err
		}
		next.remove(gone...)
	}

	for i := range gone {
		event := &gone[i]
		state, err := in.mints.get(event.Mint(), event.Program())
		if err != nil {
			return nil, err
		}

		next.touch(state)
		state.count(event, true)
		in.births.note(event, true)
		if _, ok := event.Trade(); ok {
			state.shrunk = true
			state.dirty(event.BlockTime, event.Position)
		}
		in.orders.removed(event)
	}

	return gone, nil
}

// moveDisplaced brings transactions that found their positions taken to those that are free now.
func (in *Ingest) moveDisplaced() error {
	for moves := range in.window.moves() {
		for i := range moves { // all leave before the first one stands again: they may change places with each other
			var err error
			if moves[i].events, err = in.takeOut(moves[i].signature, moves[i].to.slot); err != nil {
				return err
			}
		}

		for _, m := range moves {
			in.window.put(m.signature, m.to)
			in.places.move(m.signature, m.to.index)
			for _, event := range m.events {
				event.Index = m.to.index
				if err := in.add(event); err != nil {
					return err
				}
			}
		}
	}

	return nil
}
