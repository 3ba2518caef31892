package programtest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Layout is an event and the sizes that it has had, discriminator included, for empty texts and lists.
type Layout struct {
	New   func() program.Growing
	Sizes []int
}

// Layouts writes events with random fields in each of their generations, with and without a tail, reads them back, and
// cuts them at every byte: only where a generation ended may the data end.
func Layouts(t *testing.T, layouts []Layout, decode func([]byte) (market.Body, error)) {
	t.Helper()
	r := rand.New(rand.NewPCG(8, 8))
	for _, layout := range layouts {
		bare := layout.New()
		for generation, size := range layout.Sizes {
			*bare.Behind() = program.Tail{Parts: uint8(generation)} //nolint:gosec // a few
			if got := len(program.Append(nil, bare)); got != size {
				t.Errorf("kind %d, generation %d: %d bytes without texts, want %d", bare.Kind(), generation, got, size)
			}
		}

		last := uint8(len(layout.Sizes) - 1) //nolint:gosec // a few
		for range 50 {
			body := layout.New()
			Fill(r, body)
			*body.Behind() = program.Tail{Parts: last, Rest: []byte{1, 2, 3, 4, 5}}
			whole := program.Append(nil, body)
			back, err := decode(whole)
			if err != nil {
				t.Fatalf("kind %d: %v", body.Kind(), err)
			}

			if again := program.Append(nil, back.(program.Growing)); !bytes.Equal(again, whole) {
				t.Fatalf("wrote %+v, read %+v", body, back)
			}
			var ends []int
			for end := range whole {
				cut, err := decode(whole[:end])
				if err != nil {
					if !errors.Is(err, program.ErrLayout) && !errors.Is(err, program.ErrUnknown) {
						t.Fatalf("kind %d cut at %d: %v", body.Kind(), end, err)
					}
					continue
				}
				ends = append(ends, end)
				if again := program.Append(nil, cut.(program.Growing)); !bytes.Equal(again, whole[:end]) {
					t.Fatalf("kind %d of %d bytes was written back as %d", body.Kind(), end, len(again))
				}
			}

			var want []int
			for generation := range layout.Sizes {
				*body.Behind() = program.Tail{Parts: uint8(generation)} //nolint:gosec // a few
				want = append(want, len(program.Append(nil, body)))
			}

			for tail := 1; tail < 5; tail++ {
				want = append(want, len(whole)-5+tail)
			}
			if !slices.Equal(ends, want) {
				t.Fatalf("kind %d may end at %v, want %v", body.Kind(), ends, want)
			}
		}
	}
}
