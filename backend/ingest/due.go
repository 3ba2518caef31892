package ingest

import (
	"cmp"
	"fmt"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// dueEntry says that a mint may have candles to close at a chain time. Entries may be out of date: closing finds nothing
// then. They hold the address only, so that a mint can leave memory and still be closed in time.
type dueEntry struct {
	at   int64
	mint market.Pubkey
}

// dueHeap is a binary heap with the earliest entry first.
type dueHeap []dueEntry

func (h *dueHeap) push(entry dueEntry) {
	*h = append(*h, entry)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent].at <= s[i].at {
			break
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

func (h *dueHeap) pop() dueEntry {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}

		if child+1 < last && s[child+1].at < s[child].at {
			child++
		}
		if s[i].at <= s[child].at {
			break
		}
		s[i], s[child] = s[child], s[i]
		i = child
	}

	*h = s
	return top
}

// schedule makes sure that the mint is visited when its next candle ends.
func (in *Ingest) schedule(state *mintState) {
	if due := candle.Due(&state.book, in.intervals); due < state.due {
		state.due = due
		heap := &in.due
		if state.clock != nil {
			heap = &state.clock.due
		}
		heap.push(dueEntry{due, state.book.Mint})
	}
}

// maxClosedAtOnce is about how many candles one commit closes, unless Config says otherwise: at midnight every mint has
// some.
const maxClosedAtOnce = 5000

// closeCandles adds to the next commit the candles that chain time has passed, by the time they end. There are more to
// close when it returns true: the next commit is full, and is to be written first.
func (in *Ingest) closeCandles(closing closing) (more bool, err error) {
	if more, err = in.closeDue(&in.due, nil, in.at.ChainTime, closing); more || err != nil {
		return more, err
	}
	return in.closeCoins(closing)
}

// closeDue closes what is due by a chain time, of the coins of a clock; nil is that of the program.
func (in *Ingest) closeDue(due *dueHeap, clock *coinClock, now int64, closing closing) (more bool, err error) {
	for len(*due) > 0 && (*due)[0].at <= now {
		if len(in.nextCommit.candles) >= in.maxClosedAtOnce {
			return true, nil
		}
		entry := due.pop()
		if clock == nil && in.clocks[entry.mint] != nil {
			continue // it has got a clock of its own
		}

		state, held := in.mints[entry.mint]
		if !held {
			if state, err = in.load(entry.mint); err != nil {
				return false, err
			}
			in.nextCommit.visitors = append(in.nextCommit.visitors, entry.mint)
		}

		if state.due == entry.at {
			state.due = candle.Never
		}
		if err := closing(state, entry.at); err != nil {
			return false, err
		}
		in.schedule(state)
	}

	return false, nil
}

// closing puts a mint's candles that end by a time into the next commit.
type closing func(state *mintState, end int64) error

// closeMint is the closing of every day.
func (in *Ingest) closeMint(state *mintState, end int64) error {
	candle.Close(&state.book, in.intervals, end, func(interval market.Interval, c market.Candle) {
		in.final(state, interval, c)
	})
	return nil
}

// closeUnwritten is the closing after a start: candles that were closed before the stop are stored and only leave the
// book; those that a stop between two commits of one closing left out are closed now.
func (in *Ingest) closeUnwritten(state *mintState, _ int64) error {
	type closed struct {
		interval market.Interval
		candle   market.Candle
	}
	var list []closed
	candle.Close(&state.book, in.intervals, in.now(state), func(interval market.Interval, c market.Candle) {
		state.unsaved = true
		list = append(list, closed{interval, c})
	})

	ended := func(c closed) int64 { return c.candle.Time + c.interval.Seconds() }
	slices.SortStableFunc(list, func(a, b closed) int { return cmp.Compare(ended(a), ended(b)) })
	for i, c := range slices.Backward(list) {
		stored, err := in.store.CandlesBetween(state.book.Mint, c.interval, c.candle.Time, c.candle.Time)
		if err != nil {
			return fmt.Errorf("read %s candle %d of %s: %w", c.interval, c.candle.Time, state.book.Mint, err)
		}
		if len(stored) > 0 && stored[0].Final {
			list = list[i+1:] // a mint's candles are closed by the time they end: all before are stored too
			break
		}
	}

	for _, c := range list {
		in.final(state, c.interval, c.candle)
	}
	return nil
}

// final adds a closed candle to the next commit.
func (in *Ingest) final(state *mintState, interval market.Interval, c market.Candle) {
	state.unsaved = true
	in.nextCommit.candles = append(in.nextCommit.candles, market.CandleChange{
		Mint: state.book.Mint, Interval: interval, Candle: c, Type: market.Final, Stamp: state.stampAt(in.at.Slot, in.now(state)),
	})
}

// dismiss lets the mints go that came back to memory only to have candles closed.
func (in *Ingest) dismiss() {
	for _, mint := range in.nextCommit.visitors {
		if state, ok := in.mints[mint]; ok {
			if state.unsaved {
				in.keep(state)
			}
			in.nextCommit.evicted = append(in.nextCommit.evicted, mint)
			delete(in.mints, mint)
		}
	}
	in.nextCommit.visitors = in.nextCommit.visitors[:0]
}

// stampAt is the stamp of a closing: caused by chain time, not by an event.
func (s *mintState) stampAt(slot market.Slot, now int64) market.Stamp {
	return market.Stamp{Slot: slot, BlockTime: now, ReceivedAt: s.stamp.ReceivedAt}
}
