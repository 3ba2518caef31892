package solana

import (
	"sync"
	"sync/atomic"

	"spinscope/backend/market"
)

// arrived is added to the place of a transaction that came live, when the order in which all subscriptions told of those of its slot
// is known. It is above every place that is given for good, and not unplaced.
const arrived = 1 << 28

const (
	arrivalSlots = 128 // the newest slots of which the order is remembered
	slotArrivals = 1 << 14
)

// arrivals remembers in which order the transactions of the newest slots were told, whosoever's subscription did first. It is on
// while an address is followed live only: nobody lists those, so that the order in which two such addresses happen to be delivered
// must not put their transactions in another one than they were told in. Safe for concurrent use.
type arrivals struct {
	on atomic.Bool

	mu    sync.Mutex
	slots map[market.Slot]map[market.Signature]uint32
}

// place is where a transaction that is told stands among those of its slot, beyond arrived; unplaced when nobody needs it.
func (a *arrivals) place(signature market.Signature, slot market.Slot) uint32 {
	if a == nil || !a.on.Load() {
		return unplaced
	}
	a.mu.Lock()
	defer a.mu.Unlock()

	ranks := a.slots[slot]
	if ranks == nil {
		ranks = map[market.Signature]uint32{}
		if a.slots == nil {
			a.slots = map[market.Slot]map[market.Signature]uint32{}
		}
		a.slots[slot] = ranks
		a.forget(slot)
	}
	rank, known := ranks[signature]
	if !known {
		if len(ranks) >= slotArrivals {
			return unplaced
		}
		rank = uint32(len(ranks)) //nolint:gosec // below slotArrivals
		ranks[signature] = rank
	}
	return arrived + rank
}

// forget drops the oldest slots, once there are twice as many as are kept; mu is held.
func (a *arrivals) forget(newest market.Slot) {
	if len(a.slots) <= 2*arrivalSlots {
		return
	}
	for slot := range a.slots {
		if slot+arrivalSlots < newest {
			delete(a.slots, slot)
		}
	}
}

// isArrival reports whether a place says only in which order a transaction was told.
func isArrival(index uint32) bool { return index >= arrived && index != unplaced }
