package program

import (
	"iter"
	"math/bits"

	"spinscope/backend/market"
)

// Programs is a set of programs. The zero value is the empty one; equal sets are ==.
type Programs [4]uint64

const (
	word = 64 // bits
	_    = uint(len(Programs{})*word - 1<<8)
)

// Add puts a program in.
func (s *Programs) Add(p market.Program) { s[p/word] |= 1 << (p % word) }

// Remove takes a program out.
func (s *Programs) Remove(p market.Program) { s[p/word] &^= 1 << (p % word) }

// Has reports whether a program is in it.
func (s *Programs) Has(p market.Program) bool { return s[p/word]&(1<<(p%word)) != 0 }

// All are the programs in it, by number.
func (s *Programs) All() iter.Seq[market.Program] {
	return func(yield func(market.Program) bool) {
		for i, rest := range s {
			for ; rest != 0; rest &= rest - 1 {
				if !yield(market.Program(i*word + bits.TrailingZeros64(rest))) { //nolint:gosec // below 1<<8
					return
				}
			}
		}
	}
}
