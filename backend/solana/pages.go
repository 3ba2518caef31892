package solana

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

const (
	pageSize  = 1000
	heldPages = 64      // pages of signatures kept in memory between the walk back and the replay
	maxPages  = 200_000 // a cluster that never ends its history is not believed
)

// page is what a walk took of a list, newest first: nothing, maybe, where the list has nothing. Far from the oldest end
// infos is dropped and read again when needed.
type page struct {
	before market.Signature // cursor that yields it
	infos  []signatureInfo
	size   int           // of infos at first
	last   signatureInfo // of the whole list
	top    market.Slot   // of what was listed before it, noSlot for the newest page
	floor  market.Slot   // what another list has from here on belongs to the page, as far as last
	open   bool          // nothing was listed behind last: then beyond it, too
}

func newPage(before market.Signature, infos []signatureInfo, last signatureInfo, top, floor market.Slot) page {
	return page{before: before, infos: infos, size: len(infos), last: last, top: top, floor: floor}
}

// walk is the way back through history: pages newest first.
type walk struct {
	pages   []page
	total   int
	oldest  market.Slot // of the last signature taken
	limited bool        // more history exists behind the limit
	bottom  market.Slot // the lists speak for every slot from here on
	ended   bool        // the lists ended, and first says where the node's ledger begins
	first   market.Slot
}

// back pages through the program's signatures down to slot floor or limit signatures (negative: no limit). least is a
// slot the node must have reached. see is shown every page.
func (h *history) back(ctx context.Context, floor market.Slot, limit int, least market.Slot, see func([]signatureInfo)) (*walk, error) {
	w := &walk{}
	for p := h.pager(market.Signature{}, least); p.pages < maxPages; {
		ask := pageSize
		if limit >= 0 && limit-w.total < pageSize {
			ask = max(1, limit-w.total) // behind the limit one is asked for, to see whether there is more
		}
		before, top := p.before, p.oldest
		infos, err := p.next(ctx, ask)
		if err != nil {
			return nil, err
		}

		if len(infos) == 0 {
			w.ended, w.first, w.bottom = true, p.first, max(p.bottom(), floor)
			w.openEnd(floor)
			return w, nil
		}
		if limit >= 0 && w.total >= limit {
			w.limited, w.bottom = true, w.oldest
			return w, nil
		}

		see(infos)
		last := infos[len(infos)-1]
		below := slices.IndexFunc(infos, func(info signatureInfo) bool { return info.slot < floor })
		if below >= 0 {
			infos = infos[:below]
		}

		w.add(newPage(before, infos, last, top, max(floor, last.slot)))
		if below >= 0 {
			w.bottom = floor
			return w, nil
		}
	}

	return nil, fmt.Errorf("paging signatures: %w: no end after %d pages", errResponse, maxPages)
}

func (w *walk) add(p page) {
	w.pages = append(w.pages, p)
	if w.total += p.size; p.size > 0 {
		w.oldest = p.infos[p.size-1].slot
	}
	// The newest page stays: its cursor is "the newest", which is another page by now.
	if drop := len(w.pages) - heldPages; drop >= 1 {
		w.pages[drop].infos = nil
	}
}

// openEnd has the oldest page take in what another list has behind it, down to a slot.
func (w *walk) openEnd(floor market.Slot) {
	if n := len(w.pages); n > 0 {
		w.pages[n-1].floor, w.pages[n-1].open = floor, true
	}
}

// group is the program's transactions of one slot, in the cluster's order.
type group struct {
	slot   market.Slot
	infos  []signatureInfo
	agreed bool   // all was delivered in this order
	unsure *lapse // of a group without infos
}

// lapse is a range of slots that nobody could list twice.
type lapse struct {
	slotRange
	cause string // CauseDoubt, or CauseForgotten: the node dropped them after the first list
}

// forward calls visit with the groups of the walk in ascending order. Every page is asked for a second time, as a list can
// have a gap for a moment: what either has counts.
func (h *history) forward(ctx context.Context, w *walk, visit func(group) error) error {
	var current group
	for n := len(w.pages) - 1; n >= 0; n-- {
		p := &w.pages[n]
		infos, unsure, err := h.secondLook(ctx, p)
		if err != nil {
			return fmt.Errorf("page %d of signatures again: %w", n+1, err)
		}

		if unsure != nil {
			if err := visit(group{slot: p.floor, unsure: unsure}); err != nil {
				return err
			}
		}

		for i := len(infos) - 1; i >= 0; i-- {
			if infos[i].slot != current.slot && len(current.infos) > 0 {
				if err := visit(current); err != nil {
					return err
				}
				current.infos = nil
			}
			current.slot = infos[i].slot
			current.infos = append(current.infos, infos[i])
		}

		w.pages[n].infos = nil
	}

	if len(current.infos) > 0 {
		return visit(current)
	}
	return nil
}

// lookTries is how often a page is asked for until a list goes through it.
const lookTries = 8

// secondLook asks for a page again, of the other endpoint if there is one, and joins the answers. It is unsure of a page when
// no list goes through to its end any more, and of the part of it that the node has forgotten since.
func (h *history) secondLook(ctx context.Context, p *page) ([]signatureInfo, *lapse, error) {
	if again := h.other.list(ctx, h, p.before); len(p.infos) == p.size && len(again) > 0 {
		joined := p.join(again)
		if p.within(again) && len(joined) == len(p.clip(again)) { // the other has whatever this one has
			return joined, nil, nil
		}
		p.infos = joined
	}

	pause := backoff{first: h.rpc.first / 4, longest: 2 * h.rpc.first}
	for try := 1; ; try++ {
		var first market.Slot // where the ledger begins of the node that gave the last list
		again, err := p.through(func(before market.Signature) (list []signatureInfo, err error) {
			list, first, err = h.rpc.signaturesAndFirst(ctx, h.address, before, h.commitment)
			return list, err
		})
		if err != nil {
			return nil, nil, err
		}

		joined := p.join(again)
		if p.within(again) && len(joined) >= p.size {
			return joined, nil, nil
		}
		known := len(p.infos) >= p.size || try > 1
		if p.infos = joined; known && p.withinKept(again, first) {
			return joined, &lapse{slotRange{p.floor, min(first-1, p.top)}, CauseForgotten}, nil
		}

		if try == lookTries {
			if len(joined) < p.size {
				return nil, nil, fmt.Errorf("%w: %d signatures, %d before", errResponse, len(joined), p.size)
			}
			return joined, &lapse{slotRange{p.floor, p.top}, CauseDoubt}, nil
		}
		if err := sleep(ctx, pause.next()); err != nil {
			return nil, nil, err
		}
	}
}

// through is a list from the page's cursor on as far as the page goes: what came in since the first look has pushed the rest
// of the newest page into the pages behind it.
func (p *page) through(ask func(before market.Signature) ([]signatureInfo, error)) (whole []signatureInfo, err error) {
	before := p.before
	for range heldPages {
		list, err := ask(before)
		if err != nil {
			return nil, err
		}
		whole = append(whole, list...)
		if len(list) < pageSize || p.within(list) {
			break
		}
		before = list[len(list)-1].signature
	}
	return whole, nil
}

// within reports whether a list from the page's cursor on goes through to its end, or below it: the last signature of the
// newest page does not stay in a list of so many.
func (p *page) within(list []signatureInfo) bool {
	return slices.ContainsFunc(list, func(info signatureInfo) bool {
		return info.signature == p.last.signature || info.slot < p.floor
	})
}

// withinKept reports whether a list goes through to the end of what the node still has of a page: its ledger, which begins
// with slot first now, began below the page's end when that was listed.
func (p *page) withinKept(list []signatureInfo, first market.Slot) bool {
	if first == noSlot || first <= p.last.slot {
		return false
	}
	kept := len(p.infos)
	for kept > 0 && p.infos[kept-1].slot < first {
		kept--
	}
	return kept == 0 || slices.ContainsFunc(list, func(info signatureInfo) bool { return info.signature == p.infos[kept-1].signature })
}

// clip is the part of a list from the page's cursor on that belongs to the page.
func (p *page) clip(list []signatureInfo) []signatureInfo {
	for i := range list {
		switch {
		case list[i].slot < p.floor:
			return list[:i]
		case list[i].signature == p.last.signature && !p.open:
			return list[:i+1]
		}
	}
	return list
}

// join is the page with what only the other list has of it, newest first.
func (p *page) join(list []signatureInfo) []signatureInfo {
	list = p.clip(list)
	here := make(map[market.Signature]struct{}, len(list))
	for i := range list {
		here[list[i].signature] = struct{}{}
	}
	joined := list
	for _, info := range p.infos {
		if _, ok := here[info.signature]; !ok {
			joined = append(joined, info)
		}
	}
	if len(joined) > len(list) {
		slices.SortStableFunc(joined, func(a, b signatureInfo) int { return cmp.Compare(b.slot, a.slot) })
	}
	return joined
}
