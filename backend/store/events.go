package store

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Page is which part of an ordered list is wanted. Offset counts from the end that the order starts at.
type Page struct {
	Offset, Limit int // a Limit of 0 gives the total alone
	OldestFirst   bool
}

// EventPage is a page of events as of the commit Seq. Total counts the whole list.
type EventPage struct {
	Events []market.Event
	Total  int
	Seq    market.Seq
}

// EventsAfter calls fn with every event after a position, in chain order; the zero position stands before all.
func (s *Store) EventsAfter(after market.Position, fn func(*market.Event) error) error {
	return s.read(nil, func(v *view) error {
		sp := span{prefix: []byte{tableEvent}, from: appendEventKey(nil, after), open: after != (market.Position{})}
		rows, ended := uint64(0), false
		err := v.scanEvents(sp, func(e *market.Event) error {
			rows++
			err := call(v, fn, e)
			ended = err != nil
			return err
		})
		if err != nil || ended || after != (market.Position{}) {
			return err
		}
		if want := v.state.kinds.Total(); rows != want {
			return v.s.short("events", rows, want)
		}
		return nil
	})
}

// TimesAround gives the block times of the newest event below slot from and of the oldest above slot to, in Unix seconds;
// 0 for none.
func (s *Store) TimesAround(ctx context.Context, from, to market.Slot) (before, after int64, err error) {
	first := func(v *view, sp span, at *int64) error {
		return v.scanEvents(sp, func(e *market.Event) error {
			*at = e.BlockTime
			return Stop
		})
	}
	prefix := []byte{tableEvent}
	below := span{prefix: prefix, from: appendEventKey(nil, market.Position{Slot: from}), open: true, reverse: true}
	above := span{prefix: prefix, from: appendEventKey(nil, market.Position{Slot: to + 1})}
	err = s.read(nil, func(v *view) error {
		if err := v.alive(ctx); err != nil {
			return err
		}
		if err := first(v, below, &before); err != nil || to == math.MaxUint64 {
			return err
		}
		return first(v, above, &after)
	})

	return before, after, err
}

// EventsBefore calls fn with the events below a slot, the newest first, until it returns an error.
func (s *Store) EventsBefore(slot market.Slot, fn func(*market.Event) error) error {
	below := span{prefix: []byte{tableEvent}, from: appendEventKey(nil, market.Position{Slot: slot}), open: true, reverse: true}
	return s.read(nil, func(v *view) error {
		return v.scanEvents(below, func(e *market.Event) error { return call(v, fn, e) })
	})
}

// EventsBack calls fn with the events of all mints before a position, the newest first, liquidations with their orders; the zero
// position stands behind all. It returns the commit it stands at and fn's error.
func (s *Store) EventsBack(ctx context.Context, before market.Position, fn func(*market.Event) error) (seq market.Seq, err error) {
	sp := span{prefix: []byte{tableEvent}, reverse: true}
	if before != (market.Position{}) {
		sp.from, sp.open = appendEventKey(nil, before), true
	}

	err = s.read(nil, func(v *view) error {
		seq = v.seq
		return v.scanEventsUntil(ctx, sp, func(e *market.Event) error {
			if err := v.complete(e); err != nil {
				return err
			}
			return call(v, fn, e)
		})
	})
	return seq, err
}

// SlotEvents calls fn with the events of the slots from..to, both included, in chain order.
func (s *Store) SlotEvents(from, to market.Slot, fn func(*market.Event) error) error {
	return s.read(nil, func(v *view) error {
		return v.events(from, to, func(e *market.Event) error { return call(v, fn, e) })
	})
}

// events gives the events of the slots from..to.
func (v *view) events(from, to market.Slot, fn func(*market.Event) error) error {
	prefix := []byte{tableEvent}
	if from == to { // one slot is looked up for every transaction: read no further than needed
		prefix = binary.BigEndian.AppendUint64(prefix, uint64(from))
	}
	sp := span{prefix: prefix, from: appendEventKey(nil, market.Position{Slot: from})}
	return v.scanEvents(sp, func(e *market.Event) error {
		if e.Slot > to {
			return Stop
		}
		return fn(e)
	})
}

func (v *view) scanEvents(sp span, fn func(*market.Event) error) error {
	return v.scanEventsUntil(context.Background(), sp, fn)
}

// scanEventsUntil is scanEvents, and ends with the context.
func (v *view) scanEventsUntil(ctx context.Context, sp span, fn func(*market.Event) error) error {
	return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
		value, err := v.value(item)
		if err != nil {
			return err
		}
		e, err := decodeEvent(position(key[1:]), value, v.s.mintOf)
		if err != nil {
			return err
		}
		return fn(&e)
	})
}

// event reads the event at a place. version is that of a row which was written with it; 0 for none.
func (v *view) event(at market.Position, version uint64) (e market.Event, found bool, err error) {
	var buf [1 + positionSize]byte
	key := appendEventKey(buf[:0], at)
	value, written, err := v.versioned(key)
	if err == nil && value != nil && written != version {
		value, err = v.newest(key)
	}
	if err != nil || value == nil {
		return e, false, err
	}
	e, err = decodeEvent(at, value, v.s.mintOf)
	return e, err == nil, err
}

// MintEvents calls fn with a mint's events after a position, in chain order; the zero position stands before all.
func (s *Store) MintEvents(mint market.Pubkey, after market.Position, fn func(*market.Event) error) error {
	return s.mintEvents(mint, after, false, fn)
}

// MintEventsBack calls fn with a mint's events before a position, newest first.
func (s *Store) MintEventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) error) error {
	return s.mintEvents(mint, before, true, fn)
}

func (s *Store) mintEvents(mint market.Pubkey, bound market.Position, back bool, fn func(*market.Event) error) error {
	var id mintID
	return s.read(func() { id = s.id(mint) }, func(v *view) error {
		if id == 0 {
			return nil
		}
		rows, ended := uint64(0), false
		sp := span{prefix: appendID(nil, tableMintEvent, id), from: appendMintEventKey(nil, id, bound), open: back || bound != (market.Position{}), reverse: back}
		err := v.scan(context.Background(), sp, func(key []byte, item *badger.Item) error {
			rows++
			e, err := v.indexed(position(key[len(sp.prefix):]), item.Version())
			if err != nil {
				return err
			}
			err = call(v, fn, &e)
			ended = err != nil
			return err
		})
		if err != nil || ended || back || bound != (market.Position{}) {
			return err
		}

		m, err := v.mint(id)
		if err == nil && rows != m.events.count {
			err = v.s.short("events of a mint", rows, m.events.count)
		}
		return err
	})
}

// OrderEvents calls fn with the events that opened, changed or ended an order, in chain order.
func (s *Store) OrderEvents(order market.Pubkey, fn func(*market.Event) error) error {
	return s.read(nil, func(v *view) error {
		sp := span{prefix: appendOrderMovePrefix(nil, &order)}
		return v.scan(context.Background(), sp, func(key []byte, item *badger.Item) error {
			e, err := v.indexed(position(key[len(sp.prefix):]), item.Version())
			if err != nil {
				return err
			}
			return call(v, fn, &e)
		})
	})
}

// whole reads an event that an index row names, as indexed does, and for a liquidation the order that it ended.
func (v *view) whole(at market.Position, version uint64) (market.Event, error) {
	e, err := v.indexed(at, version)
	if err != nil {
		return e, err
	}
	return e, v.complete(&e)
}

// complete adds to a liquidation the order that it ended.
func (v *view) complete(e *market.Event) error {
	if !e.Liquidates() {
		return nil
	}
	order, _ := e.Order()
	o, err := v.orderBefore(&order, e.Position)
	if err == nil && o.Known() {
		e.Liquidated = &o
	}
	return err
}

// indexed reads an event that another row names; version is that of a row which was written with it, 0 for none.
func (v *view) indexed(at market.Position, version uint64) (market.Event, error) {
	e, found, err := v.event(at, version)
	if err == nil && !found {
		err = errMissingEvent(at)
	}
	return e, err
}

// LastTrade is a mint's newest event with a price; nil when it has none.
func (s *Store) LastTrade(ctx context.Context, mint market.Pubkey) (last *market.Event, err error) {
	err = s.MintEventsBack(mint, lastPosition, func(e *market.Event) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, ok := e.Trade(); !ok {
			return nil
		}
		last = e
		return Stop
	})
	return last, err
}

// Events is a page of one mint's events. Liquidations come with their orders.
func (s *Store) Events(ctx context.Context, mint market.Pubkey, q Page) (page EventPage, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		page = EventPage{Seq: v.seq}
		if id == 0 {
			return nil
		}

		m, err := v.mint(id)
		if err != nil {
			return err
		}

		page.Total = int(m.events.count) //nolint:gosec // rows on a disk
		if q.Limit <= 0 || q.Offset >= page.Total {
			return nil
		}

		sp, skip, err := v.seek(seriesID{id, eventSeries}, &m.events, q.Offset, !q.OldestFirst)
		if err != nil {
			return err
		}

		want := min(q.Limit, page.Total-max(q.Offset, 0))
		err = v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			if skip > 0 {
				skip--
				return nil
			}
			e, err := v.whole(position(key[len(sp.prefix):]), item.Version())
			if err != nil {
				return err
			}
			page.Events = append(page.Events, e)
			return stopAt(len(page.Events), want)
		})
		if got := len(page.Events); err == nil && got < want {
			err = v.s.short("events of a page", uint64(got), uint64(want))
		}

		return err
	})

	return page, err
}

// UserEvents is a page of one user's events, of all mints or of one, liquidations with their orders. Its total is counted row by row.
func (s *Store) UserEvents(ctx context.Context, user market.Pubkey, mint *market.Pubkey, q Page) (page EventPage, err error) {
	var id mintID
	grab := func() {
		if mint != nil {
			id = s.id(*mint)
		}
	}
	err = s.read(grab, func(v *view) error {
		page = EventPage{Seq: v.seq}
		if mint != nil && id == 0 {
			return nil
		}

		sp := span{prefix: appendUserPrefix(nil, &user), reverse: !q.OldestFirst}
		return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			if ok, err := v.isOf(id, item); err != nil || !ok {
				return err
			}
			page.Total++
			if page.Total <= q.Offset || len(page.Events) >= q.Limit {
				return nil
			}

			e, err := v.whole(position(key[len(sp.prefix):]), item.Version())
			if err != nil {
				return err
			}
			page.Events = append(page.Events, e)
			return nil
		})
	})

	return page, err
}

// isOf reports whether a user's row, whose value is a mint's number, is of the mint asked for; 0 asks for all.
func (v *view) isOf(id mintID, item *badger.Item) (bool, error) {
	if id == 0 {
		return true, nil
	}
	value, err := v.value(item)
	if err != nil {
		return false, err
	}
	if len(value) != 4 {
		return false, errRow("user index")
	}
	return mintID(binary.BigEndian.Uint32(value)) == id, nil
}

// stopAt ends a scan when a page is full.
func stopAt(have, limit int) error {
	if have >= limit {
		return Stop
	}
	return nil
}

// EventsSince calls fn with the events that the commits from since on brought, in the order of the commits, with each
// one's number, liquidations with their orders. upTo is the newest commit covered. complete is false when some of these
// commits are no longer in the log, lie beyond the store's own last one, or brought events that retention deleted; nothing
// is given then. An event that was rolled back since is left out.
func (s *Store) EventsSince(ctx context.Context, since market.Seq, fn func(market.Seq, *market.Event) error) (upTo market.Seq, complete bool, err error) {
	err = s.read(nil, func(v *view) error {
		upTo = v.seq
		complete = v.logged(since)
		if !complete {
			return nil
		}

		sp := span{prefix: []byte{tableLog}, from: appendLogKey(nil, since)}
		if v.state.prunedSlot > 0 {
			if complete, err = v.unpruned(ctx, sp); err != nil || !complete {
				return err
			}
		}

		return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}

			row, err := decodeLog(value)
			if err != nil {
				return err
			}

			seq := market.Seq(binary.BigEndian.Uint64(key[1:]))
			for _, at := range row.events {
				e, found, err := v.event(at, item.Version())
				if err != nil {
					return err
				}
				if !found {
					continue
				}
				if err := v.complete(&e); err != nil {
					return err
				}

				if err := call(v, func(e *market.Event) error { return fn(seq, e) }, &e); err != nil {
					return err
				}
			}

			return nil
		})
	})

	return upTo, complete, err
}

// unpruned reports whether no event of the logged commits can be one that retention deleted. It tells by the slot, which
// says no sometimes when another event of that slot was deleted.
func (v *view) unpruned(ctx context.Context, sp span) (whole bool, err error) {
	whole = true
	err = v.scan(ctx, sp, func(_ []byte, item *badger.Item) error {
		value, err := v.value(item)
		if err != nil {
			return err
		}

		row, err := decodeLog(value)
		if err != nil {
			return err
		}

		for _, at := range row.events {
			if at.Slot <= v.state.prunedSlot {
				whole = false
				return Stop
			}
		}

		return nil
	})

	return whole, err
}

// logged reports whether all commits from since on are in the log. The one after the last is fine: nothing is missing.
func (v *view) logged(since market.Seq) bool {
	return since >= v.state.logFrom && since <= v.seq+1
}

// lastPosition is behind every event.
var lastPosition = market.Position{Slot: math.MaxUint64, Index: math.MaxUint32, Ordinal: math.MaxUint16}
