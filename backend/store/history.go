package store

import (
	"context"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// History says what a read of the newest events of a list has covered, as of the commit Seq.
type History struct {
	Seq  market.Seq
	Seen int  // events given
	More bool // there are older ones, which were left out
}

// UserHistory calls fn with the newest events that belong to a user, of all mints or of one, limit at most, in chain order.
// What is left out is the oldest; where something is, liquidations come with their orders, of which some opened before the first
// event. It returns fn's error.
func (s *Store) UserHistory(ctx context.Context, user market.Pubkey, mint *market.Pubkey, limit int, fn func(*market.Event) error) (h History, err error) {
	var id mintID
	grab := func() {
		if mint != nil {
			id = s.id(*mint)
		}
	}
	err = s.read(grab, func(v *view) error {
		h.Seq = v.seq
		if mint != nil && id == 0 {
			return nil
		}

		// Keys alone are read first, from the newest on, to find where to begin.
		prefix := appendUserPrefix(nil, &user)
		rows := 0
		var first []byte
		err := v.scan(ctx, span{prefix: prefix, reverse: true}, func(key []byte, item *badger.Item) error {
			ok, err := v.isOf(id, item)
			switch {
			case err != nil || !ok:
				return err
			case rows == limit:
				h.More = true
				return Stop
			}
			rows++
			first = append(first[:0], key...)
			return nil
		})
		if err != nil || rows == 0 {
			return err
		}

		return v.scan(ctx, span{prefix: prefix, from: first}, func(key []byte, item *badger.Item) error {
			if ok, err := v.isOf(id, item); err != nil || !ok {
				return err
			}
			return v.give(&h, position(key[len(prefix):]), item.Version(), fn)
		})
	})

	return h, err
}

// MintHistory calls fn with the newest events of a mint, limit at most, in chain order, as UserHistory does. It returns fn's
// error.
func (s *Store) MintHistory(ctx context.Context, mint market.Pubkey, limit int, fn func(*market.Event) error) (h History, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		h.Seq = v.seq
		if id == 0 || limit <= 0 {
			return nil
		}
		m, err := v.mint(id)
		if err != nil || m.events.count == 0 {
			return err
		}

		total := int(m.events.count) //nolint:gosec // rows on a disk
		want := min(total, limit)
		h.More = want < total
		sp, skip, err := v.seek(seriesID{id, eventSeries}, &m.events, total-want, false)
		if err != nil {
			return err
		}

		err = v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			if skip > 0 {
				skip--
				return nil
			}
			return v.give(&h, position(key[len(sp.prefix):]), item.Version(), fn)
		})
		if err == nil && h.Seen < want {
			err = v.s.short("events of a history", uint64(h.Seen), uint64(want))
		}
		return err
	})

	return h, err
}

// give calls fn with the event that an index row names.
func (v *view) give(h *History, at market.Position, version uint64, fn func(*market.Event) error) error {
	e, err := v.indexed(at, version)
	if err == nil && h.More {
		err = v.complete(&e)
	}
	if err != nil {
		return err
	}
	h.Seen++
	return call(v, fn, &e)
}
