package solana

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"spinscope/backend/market"
)

const (
	blockBatch  = 8    // a full block's signatures are some 300 kB
	keptOrders  = 4096 // slots
	lastInBlock = int(^uint(0) >> 1)
)

// orders caches the places of the program's transactions in their blocks, for slots where they matter. Safe for
// concurrent use.
type orders struct {
	mu     sync.Mutex
	places map[market.Slot]map[market.Signature]int
	ring   []market.Slot // oldest first, to bound places
	warned bool
}

func newOrders() *orders { return &orders{places: map[market.Slot]map[market.Signature]int{}} }

func (o *orders) get(slot market.Slot) map[market.Signature]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.places[slot]
}

// put notes the places of a slot's transactions; with more, those that are known already stay.
func (o *orders) put(slot market.Slot, places map[market.Signature]int, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.places[slot]; !ok {
		o.ring = append(o.ring, slot)
	}
	if known := o.places[slot]; more && known != nil {
		both := maps.Clone(known)
		maps.Copy(both, places)
		places = both
	}
	o.places[slot] = places
	if len(o.ring) > keptOrders {
		delete(o.places, o.ring[0])
		o.ring = slices.Delete(o.ring, 0, 1)
	}
}

// order sorts the groups' infos by place in the block. A slot with one transaction needs no question, nor one where the
// order of arrival and the order of the signature list agree: two sources are enough.
func (h *history) order(ctx context.Context, groups []group) error {
	var asked []group
	for i := range groups {
		g := &groups[i]
		if len(g.infos) < 2 {
			continue
		}
		if g.agreed = h.agreed(*g); !g.agreed {
			asked = append(asked, *g)
		}
	}

	for chunk := range slices.Chunk(asked, blockBatch) {
		if err := h.askOrder(ctx, chunk); err != nil {
			return err
		}
	}

	for _, g := range asked {
		places := h.orders.get(g.slot)
		slices.SortStableFunc(g.infos, func(a, b signatureInfo) int { return placeIn(places, a) - placeIn(places, b) })
	}

	return nil
}

func placeIn(places map[market.Signature]int, info signatureInfo) int {
	if place, ok := places[info.signature]; ok {
		return place
	}
	return lastInBlock
}

// agreed reports whether everything in g was delivered in the order of g: at its rank or, where several addresses are
// followed, behind the one before.
func (h *history) agreed(g group) bool {
	others, last := h.others(), -1
	for rank, info := range g.infos {
		e, known, _ := h.delivered(info.signature)
		if !known || e.slot != g.slot {
			return false
		}
		if others == nil {
			if int(e.index) != rank {
				return false
			}
			continue
		}

		place := int(others.place(info.signature, g.slot))
		if place <= last {
			return false
		}
		last = place
	}

	return true
}

func (h *history) askOrder(ctx context.Context, groups []group) error {
	var calls []*call
	var asked []group
	var placed []map[market.Signature]int
	for _, g := range groups {
		wanted := h.inSlot(&g)
		if cached := h.orders.get(g.slot); cached != nil && !slices.ContainsFunc(wanted, func(signature market.Signature) bool {
			_, ok := cached[signature]
			return !ok
		}) {
			continue
		}

		texts := make(map[string]market.Signature, len(wanted))
		for _, signature := range wanted {
			texts[signature.String()] = signature
		}

		places := make(map[market.Signature]int, len(wanted))
		place := 0
		calls = append(calls, blockCall(g.slot, h.commitment, func(text []byte) {
			if signature, ok := texts[string(text)]; ok {
				places[signature] = place
			}
			place++
		}))
		asked = append(asked, g)
		placed = append(placed, places)
	}

	if len(calls) == 0 {
		return nil
	}
	if err := h.askBlocks(ctx, calls); err != nil {
		return err
	}

	for i, one := range calls {
		if one.err != nil {
			h.unordered(asked[i].slot, one.err)
			continue
		}
		h.orders.put(asked[i].slot, placed[i], h.others() != nil)
	}

	return nil
}

// inSlot are the transactions of a group, and those of other addresses that are known to stand in its slot.
func (h *history) inSlot(g *group) []market.Signature {
	list := make([]market.Signature, len(g.infos))
	for i, info := range g.infos {
		list[i] = info.signature
	}
	if others := h.others(); others != nil {
		for signature := range others.inSlot(g.slot) {
			if !slices.Contains(list[:len(g.infos)], signature) {
				list = append(list, signature)
			}
		}
	}
	return list
}

// askBlocks asks for blocks. Where several addresses are followed it asks again for those that are not shown: a list has the
// order of its own transactions, but nothing else that of several lists.
func (h *history) askBlocks(ctx context.Context, calls []*call) error {
	pause := backoff{first: h.rpc.first / 4, longest: h.rpc.first}
	for try := 1; ; try++ {
		if err := h.rpc.do(ctx, attempts, calls...); err != nil {
			return err
		}
		calls = slices.DeleteFunc(slices.Clone(calls), func(one *call) bool {
			_, said := errors.AsType[*rpcError](one.err)
			return !said && !errors.Is(one.err, errNoBlock)
		})
		if len(calls) == 0 || try == attempts || h.others() == nil {
			return nil
		}
		if err := sleep(ctx, pause.next()); err != nil {
			return err
		}
	}
}

// unordered falls back to the order of the signature list, which is the block's on current nodes.
func (h *history) unordered(slot market.Slot, err error) {
	h.orders.mu.Lock()
	first := !h.orders.warned
	h.orders.warned = true
	h.orders.mu.Unlock()
	if first {
		h.logger.Warn("order within slots is taken from the signature list", "slot", slot, "err", errors.Join(errUnordered, err))
	}
}
