package market

import (
	"cmp"
	"slices"
)

// KindCount is how many events there are of a kind.
type KindCount struct {
	Kind Kind
	N    uint64
}

// KindCounts counts events by kind, in ascending order of the kinds; those of which there are none are left out. The zero
// value is empty. Copies share memory: Clone one before it is changed.
type KindCounts []KindCount

// Of is how many there are of the kind.
func (c KindCounts) Of(kind Kind) uint64 {
	for i := range c { // a few
		if c[i].Kind == kind {
			return c[i].N
		}
	}
	return 0
}

// Total is how many there are of all kinds.
func (c KindCounts) Total() (total uint64) {
	for i := range c {
		total += c[i].N
	}
	return total
}

// Add counts n events more of the kind; with ^uint64(0) one less.
func (c *KindCounts) Add(kind Kind, n uint64) {
	list := *c
	for i := range list {
		if list[i].Kind == kind {
			if list[i].N += n; list[i].N == 0 {
				*c = slices.Delete(list, i, i+1)
			}
			return
		}
	}
	at, _ := slices.BinarySearchFunc(list, kind, func(one KindCount, kind Kind) int { return cmp.Compare(one.Kind, kind) })
	*c = slices.Insert(list, at, KindCount{kind, n})
}

// Clone is a copy that shares nothing.
func (c KindCounts) Clone() KindCounts { return slices.Clone(c) }
