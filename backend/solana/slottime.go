package solana

import (
	"maps"
	"slices"
	"time"

	"spinscope/backend/market"
)

const (
	// stretchSlots is how far apart two block times must be to measure by. They are whole seconds: over so many slots of
	// 0.2 s that is an error of 2 %.
	stretchSlots = 256

	remeasure = 64 // block times learned between two measurements

	shortestSlot = 50 * time.Millisecond
	longestSlot  = 2 * time.Second
)

// slotPace is how long a slot takes on this chain, as far as its block times tell.
type slotPace struct {
	length  time.Duration // 0 until it was measured
	learned int           // block times since
}

// now is the length of a slot: that of Solana's main chain until it was measured.
func (p *slotPace) now() time.Duration {
	if p.length == 0 {
		return slotTime
	}
	return p.length
}

// learn measures now and then by the block times that are known. The median of several stretches counts, so that a chain
// that stood still for a while is not taken for a slow one.
func (p *slotPace) learn(times map[market.Slot]int64) {
	if p.learned++; p.learned < remeasure && p.length != 0 || len(times) < 2 {
		return
	}
	p.learned = 0
	slots := slices.Sorted(maps.Keys(times))
	var lengths []time.Duration
	for newer := len(slots) - 1; newer > 0; {
		older, _ := slices.BinarySearch(slots, minus(slots[newer], stretchSlots)+1)
		if older--; older < 0 {
			break
		}
		took := time.Duration(times[slots[newer]]-times[slots[older]]) * time.Second
		lengths = append(lengths, took/time.Duration(slots[newer]-slots[older])) //nolint:gosec // the map is bounded, and so are its stretches
		newer = older
	}

	if len(lengths) > 0 {
		slices.Sort(lengths)
		p.length = min(max(lengths[len(lengths)/2], shortestSlot), longestSlot)
	}
}
