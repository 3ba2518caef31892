package market

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPositionOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 20000 {
		p := Position{Slot(r.Uint64N(3)), r.Uint32N(3), uint16(r.UintN(3))}
		q := Position{Slot(r.Uint64N(3)), r.Uint32N(3), uint16(r.UintN(3))}
		key := func(p Position) []uint64 { return []uint64{uint64(p.Slot), uint64(p.Index), uint64(p.Ordinal)} }
		if got, want := p.Compare(q), slices.Compare(key(p), key(q)); got != want || q.Compare(p) != -want {
			t.Fatalf("%v and %v compare as %d, want %d", p, q, got, want)
		}
	}
	ordered := []Position{
		{}, {0, 0, 65535}, {0, 1, 0}, {0, 1<<32 - 1, 65535}, {1, 0, 0}, {1 << 63, 0, 0}, {1<<64 - 1, 0, 0},
	}
	if !slices.IsSortedFunc(ordered, Position.Compare) {
		t.Error("the extremes are out of order")
	}
}
