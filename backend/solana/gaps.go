package solana

import (
	"slices"

	"spinscope/backend/market"
)

// The causes of gaps that an endpoint leaves. What lies between slots that were read is read as soon as an endpoint has it;
// before the first start's history only on demand, by Extend.
const (
	CauseLimit     = "history before backfill_limit" // a first start reads no further
	CauseForgotten = "no longer on the endpoint; another endpoint may have it"
	CauseDoubt     = "lists of the endpoint leave out known transactions; another endpoint may have what is missing"
)

const maxOpenGaps = 1000 // that are mended without being asked to; the others are after a restart

// Extendable reports whether Extend may fill a gap.
func Extendable(gap *market.Gap) bool { return gap.Cause == CauseLimit || mendable(gap) }

// mendable reports whether an endpoint may have what a gap misses.
func mendable(gap *market.Gap) bool { return gap.Cause == CauseForgotten || gap.Cause == CauseDoubt }

// noteGaps keeps count of the open gaps that may be mended.
func (r *run) noteGaps(gaps []market.Gap) {
	for _, gap := range gaps {
		if !mendable(&gap) {
			continue
		}
		r.openGaps = slices.DeleteFunc(r.openGaps, func(open market.Gap) bool { return sameGap(&open, &gap) })
		if gap.State == market.GapOpen && len(r.openGaps) < maxOpenGaps {
			r.openGaps = append(r.openGaps, gap)
		}
	}
}

func sameGap(a, b *market.Gap) bool {
	return a.From == b.From && a.To == b.To && a.Cause == b.Cause && a.Mint == b.Mint
}

// openGap opens a gap of slots from..to, joined with those of the same cause that it touches, and returns the changes.
func (r *run) openGap(from, to market.Slot, cause string) []market.Gap {
	if from > to {
		return nil
	}
	whole := market.Gap{From: from, To: to, Cause: cause, State: market.GapOpen}
	var changes []market.Gap
	for _, old := range r.openGaps {
		switch {
		case old.Cause != cause || old.From > to+1 || from > old.To+1:
		case r.extending != nil && sameGap(&old, &r.extending.gap): // it is being filled, but for this
		case old.From <= from && to <= old.To:
			return nil
		default:
			whole.From, whole.To = min(whole.From, old.From), max(whole.To, old.To)
			old.State = market.GapReplaced
			changes = append(changes, old)
		}
	}

	changes = append(changes, whole)
	if r.extending != nil {
		r.extending.lost = append(r.extending.lost, whole)
	}
	r.noteGaps(changes)
	r.logger.Warn("slots could not be read whole", "slot", from, "to", to, "cause", cause)
	return changes
}

// unread turns what a survey could not see into gaps: slots from..to that lie below its bottom, and its doubts.
func (r *run) unread(found *survey, from, to market.Slot) (gaps []market.Gap) {
	if found.bottom > from {
		gaps = r.openGap(from, min(found.bottom-1, to), CauseForgotten)
	}
	for _, doubt := range found.doubts {
		gaps = append(gaps, r.openGap(doubt.from, doubt.to, CauseDoubt)...)
	}
	for _, lost := range found.lost {
		gaps = append(gaps, r.openGap(lost.from, lost.to, CauseForgotten)...)
	}
	return gaps
}

// doubted are the slots of which an open gap says already that they may not be as the chain has them.
func (r *run) doubted() (ranges []slotRange) {
	for _, gap := range r.openGaps {
		if gap.From > 0 {
			ranges = append(ranges, slotRange{gap.From, gap.To})
		}
	}
	return ranges
}
