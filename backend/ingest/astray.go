package ingest

import (
	"cmp"
	"maps"
	"slices"

	"spinscope/backend/market"
)

// placeAstray brings transactions that found their places taken to those places, once what stood there has moved or was
// rolled back. The source believes them to be there and says no more about them.
func (in *Ingest) placeAstray() error {
	w := &in.window
	astray := map[market.Slot][]market.Signature{}
	for signature := range w.astray {
		slot := w.known[signature].slot
		astray[slot] = append(astray[slot], signature)
	}
	for _, slot := range slices.Sorted(maps.Keys(astray)) {
		if err := in.placeAstrayIn(slot, astray[slot]); err != nil {
			return err
		}
	}
	return nil
}

// placeAstrayIn gives the transactions, all of one slot, the first free places at or above those they want.
func (in *Ingest) placeAstrayIn(slot market.Slot, signatures []market.Signature) error {
	w := &in.window
	slices.SortFunc(signatures, func(a, b market.Signature) int {
		x, y := w.known[a], w.known[b]
		return cmp.Or(cmp.Compare(x.wanted, y.wanted), cmp.Compare(x.index, y.index))
	})
	given := map[uint32]bool{}
	type move struct {
		signature market.Signature
		to        place
		events    []market.Event
	}
	var moves []move
	for _, signature := range signatures {
		to := w.known[signature]
		was := to.index
		for to.index = to.wanted; ; to.index++ {
			holder, taken := w.taken[spot{slot, to.index}]
			_, leaves := w.astray[holder]
			if !given[to.index] && (!taken || leaves) {
				break
			}
		}

		given[to.index] = true
		if to.index != was {
			moves = append(moves, move{signature: signature, to: to})
		}
	}

	for i := range moves { // all leave before the first sits down: they may change places with each other
		var err error
		if moves[i].events, err = in.takeOut(moves[i].signature, slot); err != nil {
			return err
		}
	}

	for _, m := range moves {
		w.seat(m.signature, m.to)
		for _, event := range m.events {
			event.Index = m.to.index
			if err := in.add(event); err != nil {
				return err
			}
		}
	}

	return nil
}
