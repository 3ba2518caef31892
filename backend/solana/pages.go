package solana

import (
	"context"
	"fmt"

	"spinscope/backend/market"
)

const (
	pageSize  = 1000
	heldPages = 64      // pages of signatures kept in memory between the walk back and the replay
	mostPages = 200_000 // a cluster that never ends its history is not believed
)

// page is a stretch of signatures, newest first. Far from the oldest end infos is dropped and read again when needed.
type page struct {
	before string // cursor that yields it
	infos  []signatureInfo
}

// walk is the way back through history: pages newest first.
type walk struct {
	pages   []page
	total   int
	oldest  market.Slot // of the last signature taken
	limited bool        // more history exists behind the limit

	exhausted bool        // nothing is older; set by stretch only
	floor     market.Slot // everything below is out of reach; set by stretch only
}

// back pages through the program's signatures down to slot floor or limit signatures (negative: no limit). least is a
// slot the node must have reached.
func (h *history) back(ctx context.Context, floor market.Slot, limit int, least market.Slot) (*walk, error) {
	w := &walk{}
	before, last := "", ^market.Slot(0)
	for len(w.pages) < mostPages {
		ask := pageSize
		if limit >= 0 && limit-w.total < pageSize {
			ask = max(1, limit-w.total) // behind the limit one is asked for, to see whether there is more
		}
		infos, err := h.rpc.signatures(ctx, h.program, before, ask, least, h.commitment)
		if err != nil {
			return nil, fmt.Errorf("page %d of signatures: %w", len(w.pages)+1, err)
		}
		if len(infos) == 0 {
			return w, nil
		}
		if limit >= 0 && w.total >= limit {
			w.limited = true
			return w, nil
		}
		for i := range infos {
			if infos[i].slot > last {
				return nil, fmt.Errorf("page %d of signatures: %w: slots ascend", len(w.pages)+1, errResponse)
			}
			last = infos[i].slot
			if last < floor {
				infos = infos[:i]
				break
			}
		}
		if len(infos) > 0 {
			w.add(page{before: before, infos: infos})
		}
		if last < floor {
			return w, nil
		}
		next := infos[len(infos)-1].signature.String()
		if next == before {
			return nil, fmt.Errorf("page %d of signatures: %w: paging stands still", len(w.pages), errResponse)
		}
		before, least = next, 0
	}
	return nil, fmt.Errorf("paging signatures: %w: no end after %d pages", errResponse, mostPages)
}

func (w *walk) add(p page) {
	w.pages = append(w.pages, p)
	w.total += len(p.infos)
	w.oldest = p.infos[len(p.infos)-1].slot
	// The newest page stays: its cursor is "the newest", which is another page by now.
	if drop := len(w.pages) - heldPages; drop >= 1 {
		w.pages[drop].infos = nil
	}
}

// group is the program's transactions of one slot, in the cluster's order.
type group struct {
	slot  market.Slot
	infos []signatureInfo
}

// forward calls visit with the groups of the walk in ascending order.
func (h *history) forward(ctx context.Context, w *walk, visit func(group) error) error {
	var current group
	for n := len(w.pages) - 1; n >= 0; n-- {
		infos := w.pages[n].infos
		if infos == nil {
			var err error
			if infos, err = h.rpc.signatures(ctx, h.program, w.pages[n].before, pageSize, 0, h.commitment); err != nil {
				return fmt.Errorf("page %d of signatures again: %w", n+1, err)
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
