package store

import (
	"fmt"

	"spinscope/backend/market"
)

// order stores an order as the commit leaves it, or deletes a closed one, with its rows in the lists.
func (w *writer) order(change *market.OrderChange) error {
	o := &change.Order
	key := w.key(appendOrderKey(w.tail(), &o.Address))
	value, err := w.get(key)
	if err != nil {
		return err
	}

	if value != nil {
		if err := w.dropOrder(key, value); err != nil {
			return err
		}
	}

	if change.Closed {
		return nil
	}
	m, err := w.mint(o.MintAccount)
	if err != nil {
		return err
	}

	start := len(w.arena)
	w.arena = appendOrder(w.arena, o, m.id)
	w.state.orderSum ^= sumRow(key, w.arena[start:])
	if err := w.put(key, w.arena[start:]); err != nil {
		return err
	}
	if err := w.put(w.key(appendOrderListKey(w.tail(), m.id, o)), nil); err != nil {
		return err
	}

	start = len(w.arena)
	w.arena = appendID(w.arena, 0, m.id)
	mint := w.arena[start+1:]
	if err := w.put(w.key(appendUserOrderKey(w.tail(), o)), mint); err != nil {
		return err
	}

	m.orders[side(o.Terms.OrderType)]++
	w.state.orders++
	return nil
}

func (w *writer) dropOrder(key, value []byte) error {
	old, id, err := decodeOrder(value)
	if err != nil {
		return err
	}

	m, err := w.mint(old.MintAccount)
	if err != nil {
		return err
	}
	if m.id != id {
		return fmt.Errorf("%w: order %s has mint number %d where %d is due", ErrCorrupt, old.Address, id, m.id)
	}

	for _, row := range [...][]byte{
		key, w.key(appendOrderListKey(w.tail(), id, &old)), w.key(appendUserOrderKey(w.tail(), &old)),
	} {
		if err := w.del(row); err != nil {
			return err
		}
	}

	w.state.orderSum ^= sumRow(key, value)
	m.orders[side(old.Terms.OrderType)]--
	w.state.orders--
	return nil
}

// token stores a mint's record. The TokenCreated in it is written only when it is another than before.
func (w *writer) token(t *market.Token) error {
	m, err := w.mint(t.Mint)
	if err != nil {
		return err
	}

	m.known = true
	m.token = *t
	m.token.Created = nil
	w.sameCreated = append(w.sameCreated, false)
	if t.Created == nil {
		if m.created == 0 {
			return nil
		}
		m.created = 0
		return w.del(w.key(appendID(w.tail(), tableCreated, m.id)))
	}

	start := len(w.arena)
	w.arena = appendCreated(w.arena, t.Created)
	value := w.arena[start:]
	sum := max(fnv64(value), 1) // 0 means none
	if sum == m.created {
		w.arena = w.arena[:start]
		w.sameCreated[len(w.sameCreated)-1] = true
		return nil
	}
	m.created = sum

	return w.put(w.key(appendID(w.tail(), tableCreated, m.id)), value)
}

// gap stores a gap as it is now, or forgets one that others stand for.
func (w *writer) gap(g market.Gap) error {
	if len(g.Cause) > maxCause {
		g.Cause = g.Cause[:maxCause]
	}
	g.Seq = w.c.Seq
	key := w.key(appendGapKey(w.tail(), &g))
	old, err := w.get(key)
	if err != nil {
		return err
	}

	if old != nil {
		was, err := decodeGap(key, old)
		if err != nil {
			return err
		}
		if was.State == market.GapOpen {
			w.state.gapsOpen--
		}
		w.state.gapSum ^= sumRow(key, old)
	}

	if g.State == market.GapReplaced {
		if old == nil {
			return nil
		}
		return w.del(key)
	}

	if g.State == market.GapOpen {
		w.state.gapsOpen++
	}
	start := len(w.arena)
	w.arena = appendGap(w.arena, &g)
	w.state.gapSum ^= sumRow(key, w.arena[start:])
	return w.put(key, w.arena[start:])
}

// maxCause bounds the text of a gap, in bytes.
const maxCause = 1000
