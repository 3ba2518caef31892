package store

import (
	"fmt"

	"spinscope/backend/market"
)

// candle stores a final candle and deletes a removed one. An open one only goes to the overlay, in publish.
func (w *writer) candle(change *market.CandleChange) error {
	m, err := w.mint(change.Mint)
	if err != nil {
		return err
	}

	w.candleIDs = append(w.candleIDs, m.id)
	if err := w.load(m); err != nil {
		return err
	}

	c := &change.Candle
	if !c.Final && !change.Removed {
		return nil
	}

	t := &m.candles[change.Interval]
	at := timePlace(c.Time)
	series := seriesID{m.id, byte(change.Interval)}
	key := w.key(appendCandleKey(w.tail(), m.id, change.Interval, c.Time))
	stored := false
	if !at.after(&t.newest) {
		old, err := w.get(key)
		if err != nil {
			return err
		}
		stored = old != nil
	}

	if change.Removed {
		// ChangedCandles tells by this row that something went, open candles too.
		if err := w.addLate(lateRow{m.id, change.Interval, c.Time}); err != nil {
			return err
		}
		if !stored {
			return nil
		}

		w.state.candles--
		if err := w.shrink(series, t, at); err != nil {
			return err
		}
		return w.del(key)
	}

	if !at.after(&t.newest) {
		// Not at the end of the series: ChangedCandles finds it by this row.
		if err := w.addLate(lateRow{m.id, change.Interval, c.Time}); err != nil {
			return err
		}
	}

	if !stored {
		w.state.candles++
		if err := w.grow(series, t, at); err != nil {
			return err
		}
	}

	start := len(w.arena)
	w.arena = appendCandle(w.arena, c, w.c.Seq)
	return w.put(key, w.arena[start:])
}

func (w *writer) addLate(row lateRow) error {
	if _, known := w.isLate[row]; known {
		return nil
	}
	if w.isLate == nil {
		w.isLate = map[lateRow]struct{}{}
	}
	w.isLate[row] = struct{}{}
	w.late = append(w.late, row)
	return w.put(w.key(appendLateKey(w.tail(), row.id, row.interval, w.c.Seq, row.time)), nil)
}

// load prepares a mint's place in the overlay. When the mint was not in memory but has durable open candles, those
// come in first, as this commit may not repeat them all.
func (w *writer) load(m *mintState) error {
	if w.s.overlay[m.id] != nil || w.loaded[m.id] != nil {
		return nil
	}
	open := &openCandles{}
	if m.hasOpen {
		value, err := w.get(appendID(make([]byte, 0, 5), tableOpen, m.id))
		if err != nil {
			return err
		}

		b, err := decodeOpenCandles(value)
		if err != nil {
			return fmt.Errorf("open candles of %s: %w", m.mint, err)
		}

		for i := range b.Open {
			interval := market.Interval(i) //nolint:gosec // below NumStored
			for j, c := range b.Open[i] {
				stored, err := w.get(appendCandleKey(make([]byte, 0, 14), m.id, interval, c.Time))
				if err != nil {
					return err
				}
				if stored == nil { // else it was closed since these were made durable
					open.set(interval, openCandle{c, b.seqs[i][j]})
				}
			}
		}
	}

	w.loaded[m.id] = open
	return nil
}

// makeDurable keeps a mint's open candles.
func (w *writer) makeDurable(b *market.OpenCandles) error {
	m, err := w.mint(b.Mint)
	if err != nil {
		return err
	}

	open := w.s.overlay[m.id]
	if open == nil {
		open = w.loaded[m.id]
	}
	if open == nil && m.hasOpen { // the mint was not in memory: what the durable ones held unchanged has not changed
		value, err := w.get(appendID(make([]byte, 0, 5), tableOpen, m.id))
		if err != nil {
			return err
		}
		old, err := decodeOpenCandles(value)
		if err != nil {
			return fmt.Errorf("open candles of %s: %w", m.mint, err)
		}
		open = fromDurable(&old)
	}

	m.hasOpen = true
	start := len(w.arena)
	w.arena = appendOpenCandles(w.arena, b, func(interval market.Interval, c *market.Candle) market.Seq {
		if _, ok := w.changed[openID{m.id, interval, c.Time}]; ok {
			return w.c.Seq
		}
		if held, ok := open.find(interval, c.Time); ok && held.Candle == *c {
			return held.seq
		}
		return w.c.Seq
	})
	value := w.arena[start:]

	return w.put(w.key(appendID(w.tail(), tableOpen, m.id)), value)
}

// markChanged notes the candles of this commit, for the durable ones in it.
func (w *writer) markChanged() {
	w.changed = make(map[openID]struct{}, len(w.candleIDs))
	for i := range w.c.Candles {
		change := &w.c.Candles[i]
		w.changed[openID{w.candleIDs[i], change.Interval, change.Candle.Time}] = struct{}{}
	}
}

// mayLeave reports whether a mint's open candles can be read without the overlay.
func (w *writer) mayLeave(id mintID) bool {
	open := w.s.overlay[id]
	if open == nil {
		return true
	}
	if m, ok := w.s.cache[id]; ok && m.hasOpen {
		return true
	}
	for i := range open {
		if len(open[i]) > 0 {
			w.s.log.Warn("evicted mint has no durable open candles and stays in memory", "mint", w.s.directory.entry(id).mint)
			return false
		}
	}
	return true
}
