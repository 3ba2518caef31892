package store

import (
	"context"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// StretchQuery is a stretch of one mint's events by block time, Unix seconds, both included.
type StretchQuery struct {
	Mint     market.Pubkey
	From, To int64
	Before   market.Position // only those before this place; the zero Position bounds nothing
}

// Stretch calls fn with the events of a stretch, the last on the chain first, liquidations with their orders, and returns
// the commit it reads at. Where a long list begins to matter is found by a search, not by reading up to it.
func (s *Store) Stretch(ctx context.Context, q StretchQuery, fn func(*market.Event) error) (seq market.Seq, err error) {
	var id mintID
	err = s.read(func() { id = s.id(q.Mint) }, func(v *view) error {
		seq = v.seq
		if id == 0 {
			return nil
		}

		before, err := v.behind(ctx, id, q.To)
		if err != nil {
			return err
		}

		if q.Before != (market.Position{}) && q.Before.Compare(before) < 0 {
			before = q.Before
		}

		sp := span{prefix: appendID(nil, tableMintEvent, id), from: appendMintEventKey(nil, id, before), open: true, reverse: true}
		return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			e, err := v.indexed(position(key[len(sp.prefix):]), item.Version())
			switch {
			case err != nil:
				return err
			case e.BlockTime < q.From-market.ClockSlack:
				return Stop
			case e.BlockTime < q.From || e.BlockTime > q.To:
				return nil
			}

			if err := v.complete(&e); err != nil {
				return err
			}
			return call(v, fn, &e)
		})
	})

	return seq, err
}

// behind is a place that every event of the mint with a block time up to a given one lies before.
func (v *view) behind(ctx context.Context, id mintID, at int64) (market.Position, error) {
	newest, found, err := v.nextTo(ctx, id, lastPosition, true)
	if err != nil || !found || newest.BlockTime <= at+market.ClockSlack {
		return lastPosition, err
	}

	// From slot high on, no event is that early: its first one lies behind the time by more than clocks run back.
	low, high := market.Slot(0), newest.Slot
	for low < high {
		middle := low + (high-low)/2
		e, found, err := v.nextTo(ctx, id, market.Position{Slot: middle}, false)
		if err != nil {
			return market.Position{}, err
		}
		if !found || e.BlockTime > at+market.ClockSlack {
			high = middle
		} else {
			low = e.Slot + 1
		}
	}

	return market.Position{Slot: high + 1}, nil // of the newest slot the first events may be early
}

// nextTo is the mint's event at a place or next to it, going back or on.
func (v *view) nextTo(ctx context.Context, id mintID, at market.Position, back bool) (e market.Event, found bool, err error) {
	sp := span{prefix: appendID(nil, tableMintEvent, id), from: appendMintEventKey(nil, id, at), reverse: back}
	err = v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
		e, err = v.indexed(position(key[len(sp.prefix):]), item.Version())
		if found = err == nil; found {
			return Stop
		}
		return err
	})
	return e, found, err
}
