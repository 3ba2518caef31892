package solana

import (
	"context"
	"errors"
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

func (o *orders) put(slot market.Slot, places map[market.Signature]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.places[slot]; !ok {
		o.ring = append(o.ring, slot)
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
	for _, g := range groups {
		if len(g.infos) > 1 && !h.agreed(g) {
			asked = append(asked, g)
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

// agreed reports whether everything in g was delivered in the order of g.
func (h *history) agreed(g group) bool {
	for rank, info := range g.infos {
		e, known := h.ledger.get(info.signature)
		if !known || e.slot != g.slot || int(e.index) != rank {
			return false
		}
	}
	return true
}

func (h *history) askOrder(ctx context.Context, groups []group) error {
	var calls []*call
	var asked []group
	var placed []map[market.Signature]int
	for _, g := range groups {
		if cached := h.orders.get(g.slot); cached != nil && !slices.ContainsFunc(g.infos, func(info signatureInfo) bool {
			_, ok := cached[info.signature]
			return !ok
		}) {
			continue
		}
		texts := make(map[string]market.Signature, len(g.infos))
		for _, info := range g.infos {
			texts[info.signature.String()] = info.signature
		}
		places := make(map[market.Signature]int, len(g.infos))
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
	if err := h.rpc.do(ctx, attempts, calls...); err != nil {
		return err
	}
	for i, one := range calls {
		if one.err != nil {
			h.unordered(asked[i].slot, one.err)
			continue
		}
		h.orders.put(asked[i].slot, placed[i])
	}
	return nil
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
