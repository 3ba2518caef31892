package store

import (
	"bytes"
	"testing"

	"spinscope/backend/market"
)

// namedProgram is a program of these tests alone. Its counts have no place.
const namedProgram market.Program = 250

func init() { market.DeclareProgram(namedProgram, "named", "First", "Second", "Third") }

// What has no place in a record is named in it, comes back, and adds nothing while it is empty. Damaged lists, and numbers
// that this program does not know, are refused.
func TestNamedPartsOfRecords(t *testing.T) {
	r := newSamples(5)
	const intervals = 17
	for range 300 {
		tallies, counts := make([]tally, intervals), market.KindCounts(nil)
		open, seqs := make([][]market.Candle, intervals), make([][]market.Seq, intervals)
		for i := placedIntervals; i < intervals; i++ {
			if r.IntN(3) == 0 {
				tallies[i] = tally{count: 3 + r.number()>>1, tail: 2, newest: timePlace(500), first: timePlace(r.Int64N(1000) - 500)}
			}
			for range r.IntN(3) {
				c := r.candle(int64(len(open[i])), false)
				open[i], seqs[i] = append(open[i], c), append(seqs[i], market.Seq(int64(i)*10+c.Time))
			}
		}

		for _, kind := range market.KindsOf(namedProgram) {
			if r.IntN(3) == 0 {
				counts.Add(kind, 1+r.number()>>1)
			}
		}

		gotTallies, gotCounts := make([]tally, intervals), market.KindCounts(nil)
		gotOpen, gotSeqs := make([][]market.Candle, intervals), make([][]market.Seq, intervals)
		seqOf := func(i market.Interval, c *market.Candle) market.Seq { return market.Seq(int64(i)*10 + c.Time) }
		for what, c := range map[string]struct {
			text []byte
			read func(*fields)
			same func()
		}{
			"tallies": {appendNamedTallies(nil, tallies), func(f *fields) { f.namedTallies(gotTallies) }, func() { same(t, "tallies", gotTallies, tallies, nil) }},
			"counts":  {appendNamedCounts(nil, counts), func(f *fields) { f.namedCounts(&gotCounts) }, func() { same(t, "counts", gotCounts, counts, nil) }},
			"open": {appendNamedOpen(nil, open, seqOf), func(f *fields) { f.namedOpen(gotOpen, gotSeqs) }, func() {
				same(t, "open", gotOpen, open, nil)
				same(t, "seqs", gotSeqs, seqs, nil)
			}},
		} {
			f := &fields{rest: c.text}
			c.read(f)
			if err := f.err(what); err != nil {
				t.Fatal(what, err)
			}

			c.same()
			if len(c.text) == 0 {
				continue
			}

			for n := 1; n < len(c.text); n++ {
				f := &fields{rest: c.text[:n]}
				if c.read(f); f.err(what) == nil {
					t.Fatalf("%s: %d of %d bytes are taken for the whole", what, n, len(c.text))
				}
			}

			for _, number := range []byte{0, placedKinds - 1, 200} {
				damaged := bytes.Clone(c.text)
				damaged[1] = number
				f := &fields{rest: damaged}
				if c.read(f); f.err(what) == nil {
					t.Fatalf("%s: number %d is taken", what, number)
				}
			}
		}
	}

	if n := len(appendNamedTallies(nil, make([]tally, intervals))) + len(appendNamedCounts(nil, market.KindCounts{{Kind: 1, N: 5}, {Kind: placedKinds - 1, N: 6}})); n != 0 {
		t.Errorf("%d bytes for nothing", n)
	}
}

// No interval has the number of the events' series.
func TestSeriesNumbers(t *testing.T) {
	for _, interval := range market.StoredIntervals() {
		if interval == eventSeries {
			t.Errorf("%s has the number of the events' series", interval)
		}
	}
}
