package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

const (
	sweepRead = 2048                 // rows looked at in one read
	sweepRows = 256                  // rows deleted in one step at most,
	sweepTime = 2 * time.Millisecond // or as many as this time allows: commits wait that long
)

// sweep deletes what lies below a horizon.
type sweep struct {
	s       *Store
	ctx     context.Context //nolint:containedctx // lives as long as the call
	horizon int64

	newest      map[mintID]trade // newest trade below the horizon met so far
	eventCount  int
	candleCount int
}

// trade is the place of a trade in the order that candles are made in.
type trade struct {
	time int64
	at   market.Position
}

func (t trade) before(o trade) bool {
	return t.time < o.time || t.time == o.time && t.at.Compare(o.at) < 0
}

// step deletes the first of some rows with fn, as many as the bounds of a step allow, at least one, and rests. It is
// called again for the others.
func (w *sweep) step(rows int, fn func(tx *writer, i int) error) (done int, err error) {
	start := time.Now()
	err = w.s.maintain(func(tx *writer) error {
		tx.pruned = map[mintID]*market.Token{}
		for done < min(rows, sweepRows) && (done == 0 || time.Since(start) < sweepTime) {
			if err := fn(tx, done); err != nil {
				return err
			}
			done++
		}
		return tx.writePruned()
	})
	if err != nil {
		return done, err
	}

	if fn := w.s.onSweep; fn != nil {
		if err := fn(); err != nil {
			return done, err
		}
	}

	return done, w.rest(time.Since(start))
}

// sweepAll deletes rows: look finds the next ones to go, and tells when there are no more behind them; drop deletes one.
func sweepAll[T any](w *sweep, look func(*view) (old []T, done bool, err error), drop func(*writer, T) error) error {
	for done := false; !done; {
		var old []T
		start := time.Now()
		err := w.s.read(nil, func(v *view) (err error) {
			old, done, err = look(v)
			return err
		})
		if err != nil {
			return err
		}

		if err := w.rest(time.Since(start)); err != nil {
			return err
		}
		for len(old) > 0 {
			n, err := w.step(len(old), func(tx *writer, i int) error { return drop(tx, old[i]) })
			if err != nil {
				return err
			}
			old = old[n:]
		}
	}

	return nil
}

// events deletes events in chain order.
func (w *sweep) events() error {
	w.newest = map[mintID]trade{}
	var from market.Position
	return sweepAll(w, func(v *view) (old []market.Position, done bool, err error) {
		old, from, done, err = w.oldEvents(v, from)
		return old, done, err
	}, w.event)
}

// oldEvents looks at the next events and gives those to delete. next is the last place looked at.
func (w *sweep) oldEvents(v *view, from market.Position) (old []market.Position, next market.Position, done bool, err error) {
	next, done = from, true
	rows := 0
	sp := span{prefix: []byte{tableEvent}, from: appendEventKey(nil, from), open: from != (market.Position{})}
	err = v.scan(w.ctx, sp, func(key []byte, item *badger.Item) error {
		if rows++; rows > sweepRead {
			done = false
			return Stop
		}

		value, err := v.value(item)
		if err != nil {
			return err
		}

		next = position(key[1:])
		e, err := decodeEvent(next, value, v.s.mintOf)
		if err != nil {
			return err
		}
		if e.BlockTime >= w.horizon {
			if e.BlockTime >= w.horizon+market.ClockSlack {
				return Stop
			}
			return nil
		}

		if _, ok := e.Trade(); ok {
			_, id, _, _ := eventID(value)
			// The newer of the two stays; the other goes now, or earlier ones come to it.
			at := trade{e.BlockTime, e.Position}
			before, met := w.newest[id]
			if met && at.before(before) {
				at, before = before, at
			}

			w.newest[id] = at
			if !met {
				return nil
			}

			if before.at != e.Position {
				if e, err = v.indexed(before.at, 0); err != nil {
					if errors.Is(err, ErrCorrupt) { // rolled back meanwhile
						return nil
					}
					return err
				}
			}
		}

		keep, err := v.keeps(&e, w.horizon)
		if err != nil || keep {
			return err
		}
		old = append(old, e.Position)
		return nil
	})

	return old, next, done, err
}

// keeps reports whether an event below the horizon stays, but for being a mint's newest trade.
func (v *view) keeps(e *market.Event, horizon int64) (bool, error) {
	if e.Creates() {
		return true, nil
	}
	order, ok := e.Order()
	if !ok {
		return false, nil
	}
	if open, err := v.get(appendOrderKey(nil, &order)); err != nil || open != nil {
		return open != nil, err
	}

	const limit = 64 // the newest events of the order; the last of them mostly is the newest by time too
	recent, rows := false, 0
	err := v.scan(context.Background(), span{prefix: appendOrderMovePrefix(nil, &order), reverse: true}, func(key []byte, item *badger.Item) error {
		last, err := v.indexed(position(key[len(key)-positionSize:]), item.Version())
		if err != nil {
			return err
		}
		recent = last.BlockTime >= horizon
		if rows++; recent || rows == limit {
			return Stop
		}
		return nil
	})

	return recent, err
}

// event deletes one event, if it is still there and still to go.
func (w *sweep) event(tx *writer, at market.Position) error {
	key := tx.key(appendEventKey(tx.tail(), at))
	value, err := tx.get(key)
	if err != nil || value == nil {
		return err
	}

	value = bytes.Clone(value)
	e, err := decodeEvent(at, value, tx.mintOf)
	if err != nil {
		return err
	}

	keep := e.BlockTime >= w.horizon
	if !keep {
		err = w.s.read(nil, func(v *view) (err error) {
			keep, err = v.keeps(&e, w.horizon)
			return err
		})
	}

	if err != nil || keep {
		return err
	}
	if err := tx.dropEvent(key, at, value); err != nil {
		return err
	}

	_, id, _, _ := eventID(value)
	sum, err := tx.prunedOf(id)
	if err != nil {
		return err
	}

	sum.Count(&e)
	tx.state.prunedSlot = max(tx.state.prunedSlot, at.Slot)
	w.eventCount++
	return nil
}

// oldCandle names a stored candle to delete.
type oldCandle struct {
	series seriesID
	time   int64
}

// candles deletes candles, mint by mint.
func (w *sweep) candles() error {
	next := seriesID{id: 1}
	return sweepAll(w, func(v *view) (old []oldCandle, done bool, err error) {
		old, next, done, err = w.oldCandles(v, next)
		return old, done, err
	}, w.candle)
}

// oldCandles looks at the next series and gives the candles to delete: all below the horizon but the newest of each. next
// is where to go on.
func (w *sweep) oldCandles(v *view, from seriesID) (old []oldCandle, next seriesID, done bool, err error) {
	it := v.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tableCandle}})
	defer it.Close()

	rows := 0
	for id := from.id; id <= v.state.lastMint; id++ {
		m, err := v.mint(id)
		if err != nil {
			return nil, next, false, err
		}

		for i := range market.Interval(market.NumStored) {
			series := seriesID{id, byte(i)}
			if id == from.id && series.series < from.series || m.candles[i].count < 2 {
				continue
			}
			if err := v.alive(w.ctx); err != nil {
				return nil, next, false, err
			}

			prefix, found := series.prefix(nil), 0
			for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
				t := timeOf(binary.BigEndian.Uint64(it.Item().Key()[len(prefix):]))
				if t >= w.horizon {
					break
				}
				if rows++; rows > sweepRead {
					break
				}
				old = append(old, oldCandle{series, t})
				found++
			}

			if err := v.s.whole(it); err != nil {
				return nil, next, false, err
			}
			if found > 0 { // the newest stays, or another look starts with it
				old = old[:len(old)-1]
			}

			if rows > sweepRead {
				return old, series, false, nil
			}
		}

		if rows++; rows > sweepRead {
			return old, seriesID{id: id + 1}, false, nil
		}
	}

	return old, next, true, nil
}

func (w *sweep) candle(tx *writer, c oldCandle) error {
	interval := market.Interval(c.series.series)
	key := tx.key(appendCandleKey(tx.tail(), c.series.id, interval, c.time))
	value, err := tx.get(key)
	if err != nil || value == nil {
		return err
	}
	m, err := tx.mintByID(c.series.id)
	if err != nil {
		return err
	}
	tx.touch(m)
	tx.state.candles--
	w.candleCount++
	if err := tx.shrink(c.series, &m.candles[interval], timePlace(c.time)); err != nil {
		return err
	}
	return tx.del(key)
}
