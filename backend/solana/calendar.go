package solana

import (
	"slices"

	"spinscope/backend/market"
)

// calendar keeps block times of slots all over the chain, so that a slot without one can be dated by its neighbours. It
// is bounded: when it is full it forgets every second one. The zero calendar is empty.
type calendar struct {
	marks []mark // ascending
	apart market.Slot
}

type mark struct {
	slot market.Slot
	time int64
}

const maxMarks = 4096

func (c *calendar) note(slot market.Slot, at int64) {
	i, known := c.search(slot)
	if known || i > 0 && slot-c.marks[i-1].slot < c.apart && i < len(c.marks) && c.marks[i].slot-slot < c.apart {
		return
	}

	c.marks = slices.Insert(c.marks, i, mark{slot, at})
	if len(c.marks) < maxMarks {
		return
	}

	kept := 0
	for i, m := range c.marks {
		if i%2 == 0 || i == len(c.marks)-1 { // the ends stay
			c.marks[kept] = m
			kept++
		}
	}

	c.marks = c.marks[:kept]
	c.apart = max(1, (c.marks[kept-1].slot-c.marks[0].slot)/maxMarks)
}

// around are the nearest marks at or before a slot, and after it.
func (c *calendar) around(slot market.Slot) (before, after mark, hasBefore, hasAfter bool) {
	i, known := c.search(slot)
	if known {
		i++
	}
	if hasBefore = i > 0; hasBefore {
		before = c.marks[i-1]
	}
	if hasAfter = i < len(c.marks); hasAfter {
		after = c.marks[i]
	}
	return before, after, hasBefore, hasAfter
}

func (c *calendar) search(slot market.Slot) (int, bool) {
	return slices.BinarySearchFunc(c.marks, slot, func(m mark, slot market.Slot) int {
		switch {
		case m.slot < slot:
			return -1
		case m.slot > slot:
			return 1
		}
		return 0
	})
}
