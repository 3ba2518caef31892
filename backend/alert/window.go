package alert

import (
	"slices"

	"spinscope/backend/market"
)

// Windows are kept in steps, so that their size does not depend on how much is traded: a move's in sixtieths, a
// volume's in tenths, of a second at least. Steps without a trade take no memory.
const (
	moveSteps   = 60
	volumeSteps = 10
	baseline    = 10 // windows before the last one that its volume is compared with
)

// steps is how long a step of a window is, in seconds, and how many of them cover the window.
func steps(window int64, limit int64) (step, count int64) {
	step = max(1, (window+limit-1)/limit)
	return step, (window + step - 1) / step
}

// moves are the prices of one mint in a window.
type moves struct {
	step, count int64
	cells       []moveCell // ascending
	before      market.Price
	hasBefore   bool // before is the price that stood when the window began
}

type moveCell struct {
	at              int64 // block time / step
	low, high, last market.Price
}

func newMoves(window int64) *moves {
	step, count := steps(window, moveSteps)
	return &moves{step: step, count: count}
}

// span is how many seconds before a trade its window may reach.
func (m *moves) span() int64 { return (m.count + 1) * m.step }

// range of the prices that a trade at a block time is compared with: those of the window, and the one that stood when it
// began. ok is false when there are none.
func (m *moves) bounds(t int64) (low, high market.Price, ok bool) {
	from := max(t, 0)/m.step - m.count
	n := 0
	for n < len(m.cells) && m.cells[n].at < from {
		m.before, m.hasBefore = m.cells[n].last, true
		n++
	}

	m.cells = slices.Delete(m.cells, 0, n)
	low, high, ok = m.before, m.before, m.hasBefore
	for i := range m.cells {
		c := &m.cells[i]
		if !ok || c.low.Less(low) {
			low = c.low
		}
		if !ok || high.Less(c.high) {
			high = c.high
		}
		ok = true
	}

	return low, high, ok
}

// add takes a trade in, the newest so far. A block time that goes back counts in the newest step.
func (m *moves) add(t int64, p market.Price) {
	at := max(t, 0) / m.step
	if n := len(m.cells); n > 0 && at <= m.cells[n-1].at {
		c := &m.cells[n-1]
		if p.Less(c.low) {
			c.low = p
		}
		if c.high.Less(p) {
			c.high = p
		}
		c.last = p
		return
	}
	m.cells = append(m.cells, moveCell{at, p, p, p})
}

// volumes are the amounts traded of one mint in a window and in the windows before it.
type volumes struct {
	step, count int64
	cells       []volumeCell // ascending
	first       int64        // step of the first trade known
	traded      bool
}

type volumeCell struct {
	at    int64
	quote market.U128 // base units
}

func newVolumes(window int64) *volumes {
	step, count := steps(window, volumeSteps)
	return &volumes{step: step, count: count}
}

func (v *volumes) span() int64 { return ((baseline+1)*v.count + 1) * v.step }

// add takes a trade in, the newest so far.
func (v *volumes) add(t int64, quote uint64) {
	at := max(t, 0) / v.step
	if !v.traded {
		v.first, v.traded = at, true
	}
	n := len(v.cells)
	if n > 0 && at <= v.cells[n-1].at {
		v.cells[n-1].quote = v.cells[n-1].quote.Add(market.U64(quote))
		return
	}
	v.cells = append(v.cells, volumeCell{at, market.U64(quote)})
	old := 0
	for v.cells[old].at <= at-(baseline+1)*v.count {
		old++
	}
	v.cells = slices.Delete(v.cells, 0, old)
}

// sums are the base units of the quote traded in the window that ends now and in all the windows before it together. ok is
// false when the mint did not trade yet when the first of them began, or not at all in them: then there is no average.
func (v *volumes) sums() (last, earlier market.U128, ok bool) {
	if len(v.cells) == 0 {
		return last, earlier, false
	}
	now := v.cells[len(v.cells)-1].at
	for i := range v.cells {
		if c := &v.cells[i]; c.at > now-v.count {
			last = last.Add(c.quote)
		} else {
			earlier = earlier.Add(c.quote)
		}
	}
	return last, earlier, !earlier.IsZero() && v.first <= now-(baseline+1)*v.count
}
