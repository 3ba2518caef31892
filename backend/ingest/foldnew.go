package ingest

import (
	"math"

	"spinscope/backend/market"
)

// foldNew brings a touched mint's book up to the next commit's events.
func (in *Ingest) foldNew(state *mintState) error {
	if state.late != nil {
		if err := in.rebuild(state); err != nil {
			return err
		}
	}
	if state.touched != math.MaxInt64 {
		state.unsaved = true
		in.schedule(state)
	}
	if state.recount {
		state.token.LatestPrice, state.token.LatestTradeTime = state.book.Price, state.book.BlockTime
	}
	return nil
}

// emit adds the candles that the next commit's trades left open.
func (in *Ingest) emit(state *mintState) {
	if state.touched == math.MaxInt64 {
		return
	}
	for _, interval := range in.intervals {
		from := interval.Floor(state.touched)
		for _, c := range state.book.Open[interval] {
			if c.Time >= from {
				in.nextCommit.candles = append(in.nextCommit.candles, market.CandleChange{
					Mint: state.book.Mint, Interval: interval, Candle: c, Type: market.Realtime,
					Stamp: state.stampBefore(c.Time + interval.Seconds()),
				})
			}
		}
	}
	state.touched = math.MaxInt64
}

// checkpoint adds every changed book to the next commit when enough has happened, or at once when forced, and lets idle
// mints go. A book with late events is added in any case: recovery would not find them again.
func (in *Ingest) checkpoint(force bool) {
	d := &in.nextCommit
	for _, state := range d.touched {
		if state.durable {
			in.keep(state)
		}
	}

	due := in.sinceCheckpoint+len(d.events) >= checkpointEvents || in.at.ChainTime-in.checkpointAt >= checkpointTime
	if !force && !due {
		return
	}

	idle := in.at.ChainTime - idleTime
	if len(in.mints) > mostMints {
		idle = in.at.ChainTime // too many at once: keep only what trades now; the rest comes back on demand
	}
	for mint, state := range in.mints {
		if state.unsaved {
			in.keep(state)
		}
		if state.token.LastEventTime < idle && !state.inCommit {
			d.evicted = append(d.evicted, mint)
			delete(in.mints, mint)
		}
	}

	d.force = d.force || len(d.evicted) > 0
	if len(d.books) > 0 {
		d.replay = d.newest
	}
	in.sinceCheckpoint, in.checkpointAt = 0, in.at.ChainTime
}

// keep adds a copy of the mint's book to the next commit, as the writer goes on changing its own.
func (in *Ingest) keep(state *mintState) {
	book := state.book
	for i := range book.Open {
		book.Open[i] = append([]market.Candle(nil), book.Open[i]...)
	}
	state.unsaved, state.durable = false, false
	in.nextCommit.books = append(in.nextCommit.books, book)
}
