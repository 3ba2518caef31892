package ingest

import (
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
		in.due.push(dueEntry{due, state.book.Mint})
	}
}

// seal closes every candle that chain time has passed and adds it to the draft.
func (in *Ingest) seal() error {
	for len(in.due) > 0 && in.due[0].at <= in.at.ChainTime {
		entry := in.due.pop()
		state, err := in.mint(entry.mint)
		if err != nil {
			return err
		}
		if state.due == entry.at {
			state.due = candle.Never
		}
		in.sealMint(state)
	}
	return nil
}

func (in *Ingest) sealMint(state *mintState) {
	mint := state.book.Mint
	candle.Seal(&state.book, in.intervals, in.at.ChainTime, func(interval market.Interval, c market.Candle) {
		state.unsaved = true
		in.draft.candles = append(in.draft.candles, market.CandleChange{
			Mint: mint, Interval: interval, Candle: c, Type: market.Final, Stamp: state.stampAt(in.at),
		})
	})
	in.schedule(state)
}

// stampAt is the stamp of a closing: caused by chain time, not by an event.
func (s *mintState) stampAt(at Resume) market.Stamp {
	return market.Stamp{Slot: at.Slot, BlockTime: at.ChainTime, ReceivedAt: s.stamp.ReceivedAt}
}
