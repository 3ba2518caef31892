package store

import (
	"encoding/binary"

	"spinscope/backend/market"
)

// The first stores counted events by kind and candles by interval at places of an array: kinds 0 to 7 of the first program
// and intervals 0 to 9. They still stand there, and their records are the same to the byte. What was added since is named: a
// record may end with a list of (number, value), without the empty ones, and without a list when all are. So one more kind or interval changes
// no record that does not hold it, and a program that does not know a number refuses the record instead of misreading it.
const (
	placedKinds     = 8
	placedIntervals = 10
)

// appendNamedCounts appends the counts of the kinds that have no place, as (program, number, count).
func appendNamedCounts(dst []byte, counts market.KindCounts) []byte {
	named := counts[placed(counts):]
	if len(named) == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(named)))
	for _, c := range named {
		dst = binary.AppendUvarint(append(dst, byte(c.Kind.Program()), c.Kind.Number()), c.N)
	}
	return dst
}

// placed is how many of the counts, the first ones, have a place.
func placed(counts market.KindCounts) int {
	n := 0
	for n < len(counts) && counts[n].Kind < placedKinds {
		n++
	}
	return n
}

// namedCounts reads such a list, if there is one. Kinds rise, and each is one that a program declared.
func (f *fields) namedCounts(counts *market.KindCounts) {
	if f.bad || len(f.rest) == 0 {
		return
	}
	const least = 3 // bytes of a kind and its count
	n := f.count(least)
	if n == 0 {
		f.bad = true // an empty list is left out
	}

	next := market.Kind(placedKinds)
	for range n {
		kind := market.KindOf(market.Program(f.u8()), f.u8())
		count := f.uvarint()
		if f.bad || kind < next || !kind.Known() || count == 0 {
			f.bad = true
			return
		}
		*counts = append(*counts, market.KindCount{Kind: kind, N: count})
		next = kind + 1
	}
}

// appendNamedTallies appends the tallies of the intervals that have no place.
func appendNamedTallies(dst []byte, tallies []tally) []byte {
	return appendNamed(dst, len(tallies), placedIntervals,
		func(i int) bool { return tallies[i].newest == (place{}) },
		func(dst []byte, i int) []byte { return appendTally(dst, &tallies[i]) })
}

func (f *fields) namedTallies(tallies []tally) {
	f.named(len(tallies), placedIntervals, func(i int) { tallies[i] = f.tally() })
}

// appendNamedOpen appends the open candles of the intervals that have no place.
func appendNamedOpen(dst []byte, open [][]market.Candle, seqOf func(market.Interval, *market.Candle) market.Seq) []byte {
	return appendNamed(dst, len(open), placedIntervals,
		func(i int) bool { return len(open[i]) == 0 },
		func(dst []byte, i int) []byte { return appendOpen(dst, market.Interval(i), open[i], seqOf) }) //nolint:gosec // a byte
}

func (f *fields) namedOpen(open [][]market.Candle, seqs [][]market.Seq) {
	f.named(len(open), placedIntervals, func(i int) { open[i], seqs[i] = f.open() })
}

// appendNamed appends the list of those from first to below n that are not empty.
func appendNamed(dst []byte, n, first int, empty func(int) bool, add func(dst []byte, i int) []byte) []byte {
	count := uint64(0)
	for i := first; i < n; i++ {
		if !empty(i) {
			count++
		}
	}
	if count == 0 {
		return dst
	}

	dst = binary.AppendUvarint(dst, count)
	for i := first; i < n; i++ {
		if !empty(i) {
			dst = add(append(dst, byte(i)), i) //nolint:gosec // numbers are bytes
		}
	}
	return dst
}

// named reads such a list, if there is one. Numbers rise, and each is one of first to below n.
func (f *fields) named(n, first int, read func(i int)) {
	if f.bad || len(f.rest) == 0 {
		return
	}
	const least = 2 // bytes of a number and its value
	count := f.count(least)
	if count == 0 {
		f.bad = true // an empty list is left out
	}

	next := first
	for range count {
		i := int(f.u8())
		if f.bad || i < next || i >= n {
			f.bad = true
			return
		}
		read(i)
		next = i + 1
	}
}
