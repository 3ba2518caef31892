package store

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// recent finds the slot of a signature among the newest events. Only transactions above the checkpoint can be
// rolled back, a few thousand at most, so that an index on disk over all signatures would cost a tenth more space and
// writing for nothing.
type recent struct {
	slots map[market.Signature]market.Slot
	ring  []market.Signature // in order of arrival, from next on
	next  int
	floor market.Slot // events at or below it may be missing here
}

const (
	recentEvents  = 1 << 15
	rollbackDepth = 64 // slots below the checkpoint that a rollback may still reach, as the rescans do
)

func (r *recent) add(sig *market.Signature, slot market.Slot) {
	if r.slots == nil {
		r.slots = map[market.Signature]market.Slot{}
	}
	_, known := r.slots[*sig]
	r.slots[*sig] = slot
	if known { // several events of one transaction, or one that moved
		return
	}
	if len(r.ring) < recentEvents {
		r.ring = append(r.ring, *sig)
		return
	}
	out := r.ring[r.next]
	r.floor = max(r.floor, r.slots[out])
	delete(r.slots, out)
	r.ring[r.next] = *sig
	r.next = (r.next + 1) % recentEvents
}

// loadRecent fills the window with the newest events of the store.
func (s *Store) loadRecent() error {
	type found struct {
		sig  market.Signature
		slot market.Slot
	}
	var newest []found
	err := s.read(nil, func(v *view) error {
		return v.scan(context.Background(), span{prefix: []byte{tableEvent}, reverse: true}, func(key []byte, item *badger.Item) error {
			at := position(key[1:])
			if len(newest) == recentEvents {
				s.recent.floor = at.Slot
				return Stop
			}

			value, err := v.value(item)
			if err != nil {
				return err
			}

			_, _, sig, err := eventID(value)
			if err != nil {
				return err
			}
			newest = append(newest, found{sig, at.Slot})
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read the newest events: %w", err)
	}

	for _, v := range slices.Backward(newest) {
		s.recent.add(&v.sig, v.slot)
	}
	return nil
}

// FindSignature calls fn with the stored events of one transaction, in order. It finds every transaction that can
// still be rolled back, that is from 64 slots below the checkpoint on; an older one only if it is among the newest
// 32,768.
func (s *Store) FindSignature(sig market.Signature, fn func(*market.Event) error) error {
	var slot, floor, checkpoint market.Slot
	var known bool
	grab := func() {
		slot, known = s.recent.slots[sig]
		floor, checkpoint = s.recent.floor, s.state.Checkpoint
	}
	return s.read(grab, func(v *view) error {
		seen := false
		match := func(e *market.Event) error {
			if e.Signature != sig {
				return nil
			}
			seen = true
			return call(v, fn, e)
		}
		if known {
			if err := v.events(slot, slot, match); err != nil || seen {
				return err
			}
		}

		from := checkpoint - min(checkpoint, rollbackDepth)
		if from > floor {
			return nil
		}
		return v.events(from, min(floor, math.MaxUint64-1), match)
	})
}
