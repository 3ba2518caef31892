package store

import (
	"bytes"
	"container/heap"
	"context"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// trailRows is how many rows of a mint's index are read ahead, 24 bytes each.
const trailRows = 256

// EventsOf calls fn with all events of some mints in chain order, and the place of each event's mint in the list. Mints that
// trade at the same time have their events in the same blocks, which are read once for all of them.
func (s *Store) EventsOf(ctx context.Context, mints []market.Pubkey, fn func(mint int, e *market.Event) error) error {
	ids := make([]mintID, len(mints))
	grab := func() {
		for i, mint := range mints {
			ids[i] = s.id(mint)
		}
	}
	return s.read(grab, func(v *view) error {
		var trails trails
		for i, id := range ids {
			if id == 0 {
				continue // a mint that was never seen
			}
			t := &trail{mint: i, id: id}
			more, err := t.next(ctx, v)
			if err != nil {
				return err
			}
			if more {
				trails = append(trails, t)
			}
		}

		heap.Init(&trails)
		events := &eventRows{v: v, it: v.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tableEvent}})}
		defer events.it.Close()

		emit := func(e *market.Event) error { return fn(trails[0].mint, e) }

		for len(trails) > 0 {
			t := trails[0]
			e, err := events.read(&t.at)
			if err != nil {
				return err
			}
			if err := call(v, emit, &e); err != nil {
				return err
			}

			more, err := t.next(ctx, v)
			switch {
			case err != nil:
				return err
			case more:
				heap.Fix(&trails, 0)
			default:
				heap.Pop(&trails)
			}
		}

		return v.s.whole(events.it)
	})
}

// stepRows is how many rows an iterator steps over before it looks for a row anew.
const stepRows = 32

// eventRows reads events that follow each other on the chain, most of them close together.
type eventRows struct {
	v     *view
	it    *badger.Iterator
	begun bool
	key   []byte
}

// read gives the event that an index row names. Each is further on than the one before.
func (r *eventRows) read(row *indexRow) (market.Event, error) {
	r.key = appendEventKey(r.key[:0], row.position)
	before := func() bool { return r.it.Valid() && bytes.Compare(r.it.Item().Key(), r.key) < 0 }
	for n := 0; r.begun && n < stepRows && before(); n++ {
		r.it.Next()
	}

	if !r.begun || before() {
		r.it.Seek(r.key)
		r.begun = true
	}

	if !r.it.Valid() || !bytes.Equal(r.it.Item().Key(), r.key) || r.it.Item().Version() != row.version {
		return r.v.indexed(row.position, row.version) // which knows why
	}
	value, err := r.v.value(r.it.Item())
	if err != nil {
		return market.Event{}, err
	}

	return decodeEvent(row.position, value, r.v.s.mintOf)
}

// trail goes through a mint's index.
type trail struct {
	mint  int // its place in the caller's list
	id    mintID
	at    indexRow
	ahead []indexRow // read and not gone to yet
	rows  uint64     // read
	ended bool
}

// indexRow names an event, and the version that it was written with.
type indexRow struct {
	position market.Position
	version  uint64
}

// next goes to the next row; false after the last, when the rows were as many as the mint has.
func (t *trail) next(ctx context.Context, v *view) (bool, error) {
	if len(t.ahead) == 0 && !t.ended {
		if err := t.read(ctx, v); err != nil {
			return false, err
		}
	}
	if len(t.ahead) == 0 {
		return false, nil
	}
	t.at, t.ahead = t.ahead[0], t.ahead[1:]
	return true, nil
}

// read reads the next rows ahead.
func (t *trail) read(ctx context.Context, v *view) error {
	t.ahead = t.ahead[:0]
	sp := span{prefix: appendID(nil, tableMintEvent, t.id), from: appendMintEventKey(nil, t.id, t.at.position), open: t.rows > 0}
	err := v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
		t.ahead = append(t.ahead, indexRow{position(key[len(sp.prefix):]), item.Version()})
		return stopAt(len(t.ahead), trailRows)
	})
	if err != nil {
		return err
	}

	t.rows += uint64(len(t.ahead))
	if t.ended = len(t.ahead) < trailRows; !t.ended {
		return nil
	}

	m, err := v.mint(t.id)
	if err == nil && t.rows != m.events.count {
		err = v.s.short("events of a mint", t.rows, m.events.count)
	}
	return err
}

// trails is a heap by the place on the chain.
type trails []*trail

func (h trails) Len() int           { return len(h) }
func (h trails) Less(i, j int) bool { return h[i].at.position.Compare(h[j].at.position) < 0 }
func (h trails) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *trails) Push(t any) { *h = append(*h, t.(*trail)) }

// Pop implements heap.Interface.
func (h *trails) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	*h = (*h)[:last]
	return t
}
