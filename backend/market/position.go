package market

import "cmp"

// Position is an event's place on the chain, and the order of events within a bucket.
type Position struct {
	Slot    Slot
	Index   uint32 // of the transaction in its block
	Ordinal uint16 // of the event in its transaction, counted over the program's own well-formed events
}

// Compare is -1, 0 or 1 as p stands before, at or after q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Slot, q.Slot), cmp.Compare(p.Index, q.Index), cmp.Compare(p.Ordinal, q.Ordinal))
}
