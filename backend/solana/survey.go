package solana

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"spinscope/backend/market"
)

const surveys = 4 // times that a list which contradicts what is known is asked for

// survey is what a walk back through the program's signatures found.
type survey struct {
	*walk
	gone   []market.Signature // delivered, and by a positive sign no longer part of the chain
	doubts []slotRange        // where the lists leave out what the chain holds, ascending
	lost   []slotRange        // what was delivered there may have been rolled back, and the node cannot tell any more
}

// quest says what a survey is to look through.
type quest struct {
	floor     market.Slot // down to here
	limit     int         // signatures; negative: no limit
	finalized market.Slot
	newest    market.Slot // the node must have reached it
	doubted   []slotRange // where open gaps tell of doubts already
}

// survey lists the program's signatures and compares them with what was delivered. A list that leaves out what the chain
// holds is asked for again; one that stays so is told of in doubts.
func (h *history) survey(ctx context.Context, q quest) (*survey, error) {
	pause := backoff{first: h.rpc.first / 2, longest: 4 * h.rpc.first}
	for try := 1; ; try++ {
		check := newAudit(h.ledger, q.floor, q.finalized, h.failed)
		way, err := h.back(ctx, q.floor, q.limit, q.newest, check.see)
		if err != nil {
			return nil, err
		}

		suspects := check.suspects(way.bottom)
		if old := h.ledger.newestForgotten(); old.slot != 0 && way.misses(old.slot) {
			suspects = append(suspects, old)
		}
		last := try == surveys || !slices.ContainsFunc(suspects, func(one suspect) bool { return !isWithin(q.doubted, one.slot) })
		said, err := h.rpc.judge(ctx, suspects, !last)
		if err != nil {
			return nil, err
		}

		if last || said.clear() {
			found := &survey{walk: way, gone: slices.AppendSeq(said.gone, maps.Keys(check.failed))}
			for _, one := range said.held {
				found.doubts = append(found.doubts, check.around(one.slot, way.bottom))
			}
			for _, one := range said.forgotten {
				found.lost = append(found.lost, slotRange{one.slot, one.slot})
			}
			found.doubts, found.lost = joinRanges(found.doubts), joinRanges(found.lost)
			return found, nil
		}

		one := append(said.held, said.forgotten...)[0]
		h.logger.Info("the list of signatures leaves out what was delivered; asking again", "sig", one.signature, "slot", one.slot)
		if err := sleep(ctx, pause.next()); err != nil {
			return nil, err
		}
	}
}

// misses reports whether the walk came to an end above a slot that the node has.
func (w *walk) misses(slot market.Slot) bool {
	return w.ended && w.first <= slot && (w.total == 0 || w.oldest > slot)
}

// isWithin reports whether a slot lies in one of the ranges.
func isWithin(ranges []slotRange, slot market.Slot) bool {
	return slices.ContainsFunc(ranges, func(r slotRange) bool { return r.from <= slot && slot <= r.to })
}

// joinRanges sorts ranges and joins those that touch.
func joinRanges(ranges []slotRange) []slotRange {
	slices.SortFunc(ranges, func(a, b slotRange) int { return cmp.Compare(a.from, b.from) })
	var joined []slotRange
	for _, r := range ranges {
		if n := len(joined); n > 0 && r.from <= joined[n-1].to+1 {
			joined[n-1].to = max(joined[n-1].to, r.to)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}
