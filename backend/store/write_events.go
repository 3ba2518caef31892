package store

import (
	"fmt"

	"spinscope/backend/market"
)

// addEvent stores an event. One that is already there is replaced.
func (w *writer) addEvent(e *market.Event) error {
	key := w.key(appendEventKey(w.tail(), e.Position))
	if e.Position.Compare(w.state.newest) > 0 {
		w.state.newest = e.Position // above all others: it cannot be there
	} else {
		value, err := w.get(key)
		if err != nil {
			return err
		}
		if value != nil {
			if err := w.dropEvent(key, e.Position, value); err != nil {
				return err
			}
		}
	}

	m, err := w.mint(e.Mint())
	if err != nil {
		return err
	}

	start := len(w.arena)
	w.arena = appendEvent(w.arena, e, m.id)
	if err := w.put(key, w.arena[start:]); err != nil {
		return err
	}
	if err := w.put(w.key(appendMintEventKey(w.tail(), m.id, e.Position)), nil); err != nil {
		return err
	}

	if !e.Owner.IsZero() {
		start = len(w.arena)
		w.arena = appendID(w.arena, 0, m.id)
		value := w.arena[start+1:]
		if err := w.put(w.key(appendUserEventKey(w.tail(), &e.Owner, e.Position)), value); err != nil {
			return err
		}
	}

	if order, ok := e.Order(); ok {
		if err := w.put(w.key(appendOrderMoveKey(w.tail(), &order, e.Position)), nil); err != nil {
			return err
		}
	}

	if err := w.grow(seriesID{m.id, eventSeries}, &m.events, positionPlace(e.Position)); err != nil {
		return err
	}
	w.state.kinds.Add(e.Kind(), 1)
	w.state.lastEvent = max(w.state.lastEvent, e.BlockTime)
	return nil
}

// removeEvent takes back an event, if it is what its place holds.
func (w *writer) removeEvent(e *market.Event) error {
	key := w.key(appendEventKey(w.tail(), e.Position))
	value, err := w.get(key)
	if err != nil || value == nil {
		return err
	}
	_, _, sig, err := eventID(value)
	if err != nil {
		return err
	}
	if sig != e.Signature {
		return nil // something else stands there by now
	}
	return w.dropEvent(key, e.Position, value)
}

// dropEvent deletes a stored event with its index rows and counts.
func (w *writer) dropEvent(key []byte, at market.Position, value []byte) error {
	old, err := decodeEvent(at, value, w.mintOf)
	if err != nil {
		return fmt.Errorf("event to remove: %w", err)
	}

	m, err := w.mint(old.Mint())
	if err != nil {
		return err
	}
	if err := w.del(key); err != nil {
		return err
	}
	if err := w.del(w.key(appendMintEventKey(w.tail(), m.id, at))); err != nil {
		return err
	}

	if !old.Owner.IsZero() {
		if err := w.del(w.key(appendUserEventKey(w.tail(), &old.Owner, at))); err != nil {
			return err
		}
	}

	if order, ok := old.Order(); ok {
		if err := w.del(w.key(appendOrderMoveKey(w.tail(), &order, at))); err != nil {
			return err
		}
	}

	if err := w.shrink(seriesID{m.id, eventSeries}, &m.events, positionPlace(at)); err != nil {
		return err
	}
	w.state.kinds.Add(old.Kind(), ^uint64(0))
	return nil
}

// mintOf is a mint's address, those of the commit under way included.
func (w *writer) mintOf(id mintID) (market.Pubkey, bool) {
	entries := w.s.directory.entries // only the writer changes them
	switch n := int(id) - len(entries); {
	case id == 0:
		return market.Pubkey{}, false
	case n <= 0:
		return entries[id-1].mint, true
	case n <= len(w.fresh):
		return w.fresh[n-1], true
	}
	return market.Pubkey{}, false
}
