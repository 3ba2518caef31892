package ingest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// stretch is one interval's share of a rebuild.
type stretch struct {
	interval market.Interval
	from, to int64 // open times of the first and the last bucket to build, inclusive
	old      []market.Candle
	built    []market.Candle
	previous market.Price
}

// rebuild makes the candles around late, moved and rolled back trades anew. Per interval these are the buckets from the
// first to the last changed trade, and the next candle after them, as its open is their close; nothing further can
// change, since a candle's close is its own last trade. The finest interval's are made of trades, each other's of the
// candles of the interval before it, whose buckets lie whole within its own: a day is made of six candles, not of all its
// trades.
func (in *Ingest) rebuild(state *mintState) error {
	if err := in.await(); err != nil {
		return err
	}
	dirty := *state.late
	if state.touched != math.MaxInt64 { // trades folded in order before the late one came are built again as well
		dirty.from, dirty.to = min(dirty.from, state.touched), max(dirty.to, state.book.BlockTime)
	}

	mint := state.book.Mint
	for i := range in.nextCommit.events {
		if e := &in.nextCommit.events[i]; e.Mint() == mint && e.Position.Compare(dirty.first) < 0 {
			dirty.first = e.Position
		}
	}

	if err := in.newest(state); err != nil {
		return err
	}
	state.touched, state.late, state.durable = dirty.from, nil, true
	var finer *stretch
	for _, interval := range in.intervals {
		s, err := in.stretch(mint, interval, dirty)
		if err != nil {
			return err
		}

		if finer == nil {
			err = in.buildFromTrades(mint, &s, dirty.first)
		} else {
			err = in.buildFromCandles(mint, &s, finer)
		}

		if err != nil {
			return err
		}
		in.replace(state, &s)
		finer = &s
	}

	return nil
}

func (in *Ingest) buildFromTrades(mint market.Pubkey, s *stretch, first market.Position) error {
	ticks, err := in.ticks(mint, first, s.from, s.to+s.interval.Seconds())
	if err != nil {
		return err
	}
	s.built = candle.Build(s.interval, s.previous, ticks)
	return nil
}

// buildFromCandles builds a stretch from the finer interval's candles: those just built, and around them the stored ones.
func (in *Ingest) buildFromCandles(mint market.Pubkey, s, finer *stretch) error {
	end := s.to + s.interval.Seconds() - 1
	before, err := in.store.CandlesBetween(mint, finer.interval, s.from, finer.from-1)
	if err != nil {
		return fmt.Errorf("read %s candles: %w", finer.interval, err)
	}
	after, err := in.store.CandlesBetween(mint, finer.interval, finer.to+finer.interval.Seconds(), end)
	if err != nil {
		return fmt.Errorf("read %s candles: %w", finer.interval, err)
	}
	parts := slices.Concat(before, finer.built, after)
	parts = slices.DeleteFunc(parts, func(c market.Candle) bool { return c.Time < s.from || c.Time > end })
	s.built = candle.Merge(s.interval, parts)
	return nil
}

// stretch finds an interval's buckets to build, the candles stored there and the close before them.
func (in *Ingest) stretch(mint market.Pubkey, interval market.Interval, dirty span) (stretch, error) {
	s := stretch{interval: interval, from: interval.Floor(dirty.from), to: interval.Floor(dirty.to)}
	after, ok, err := in.store.CandleAfter(mint, interval, s.to)
	if err != nil {
		return s, fmt.Errorf("read %s candle after %d: %w", interval, s.to, err)
	}

	if ok {
		s.to = after.Time
	}
	if s.old, err = in.store.CandlesBetween(mint, interval, s.from, s.to); err != nil {
		return s, fmt.Errorf("read %s candles: %w", interval, err)
	}

	before, ok, err := in.store.CandleBefore(mint, interval, s.from)
	if err != nil {
		return s, fmt.Errorf("read %s candle before %d: %w", interval, s.from, err)
	}

	if ok {
		s.previous = before.Close
	}
	return s, nil
}

// ticks are the mint's trades with low <= time < high in order: the stored ones less the removed, and the next commit's.
func (in *Ingest) ticks(mint market.Pubkey, first market.Position, low, high int64) ([]candle.Tick, error) {
	d := &in.nextCommit
	var ticks []candle.Tick
	collect := func(e *market.Event) {
		if trade, ok := e.Trade(); ok && e.BlockTime >= low && e.BlockTime < high {
			ticks = append(ticks, candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional})
		}
	}
	var start market.Position
	err := in.store.MintEventsBack(mint, first, func(e *market.Event) error {
		if e.BlockTime < low-market.ClockSlack {
			start = e.Position
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("read trades: %w", err)
	}

	err = in.store.MintEvents(mint, start, func(e *market.Event) error {
		if e.BlockTime >= high+market.ClockSlack && e.Position.Compare(first) > 0 {
			return errStop
		}
		if !d.isRemoved(e.Position) {
			collect(e)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("read trades: %w", err)
	}

	for i := range d.events {
		if d.events[i].Mint() == mint {
			collect(&d.events[i])
		}
	}

	slices.SortFunc(ticks, candle.Compare)
	return ticks, nil
}

// newest sets the book's last trade from the taken events and, unless the book knows it, from the stored ones.
func (in *Ingest) newest(state *mintState) error {
	d := &in.nextCommit
	best := candle.Tick{Trade: market.Trade{Price: state.book.Price}, Time: state.book.BlockTime, At: state.book.Last}
	known := !state.shrunk && !best.Price.IsZero()
	found := known
	state.shrunk = false
	consider := func(e *market.Event) {
		if trade, ok := e.Trade(); ok {
			tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position}
			if !found || candle.Compare(best, tick) < 0 {
				best, found = tick, true
			}
		}
	}
	for i := range d.events {
		if d.events[i].Mint() == state.book.Mint {
			consider(&d.events[i])
		}
	}

	if known {
		state.book.Last, state.book.BlockTime, state.book.Price = best.At, best.Time, best.Price
		return nil
	}

	last := market.Position{Slot: math.MaxUint64, Index: math.MaxUint32, Ordinal: math.MaxUint16}
	err := in.store.MintEventsBack(state.book.Mint, last, func(e *market.Event) error {
		if found && e.BlockTime < best.Time-market.ClockSlack {
			return errStop
		}
		if !d.isRemoved(e.Position) {
			consider(e)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("read newest trade: %w", err)
	}
	state.book.Last, state.book.BlockTime, state.book.Price = best.At, best.Time, best.Price

	return nil
}

// replace puts one interval's newly built candles in the place of the old ones: final ones that changed go out as
// corrections and stay marked as corrected, those where there was none as finals; the others become open candles of the
// book.
func (in *Ingest) replace(state *mintState, s *stretch) {
	open := slices.DeleteFunc(state.book.Open[s.interval], func(c market.Candle) bool { return c.Time >= s.from && c.Time <= s.to })

	emit := func(c market.Candle, kind market.UpdateType, removed bool) {
		in.nextCommit.candles = append(in.nextCommit.candles, market.CandleChange{
			Mint: state.book.Mint, Interval: s.interval, Candle: c, Type: kind, Removed: removed, Stamp: state.stamp,
		})
	}
	old := s.old
	previous := s.previous
	for _, c := range s.built {
		for len(old) > 0 && old[0].Time < c.Time {
			emit(removed(old[0], previous), market.Correction, true)
			old = old[1:]
		}

		var before market.Candle
		existed := len(old) > 0 && old[0].Time == c.Time
		if existed {
			before, old = old[0], old[1:]
		}

		previous = c.Close
		over := c.Time+s.interval.Seconds() <= in.now(state)
		switch {
		case existed && before.Final:
			c.Final, c.Corrected = true, before.Corrected
			if c != before {
				c.Corrected = true
				emit(c, market.Correction, false)
			}
		case over && !c.Provisional:
			c.Final = true
			emit(c, market.Final, false)
		default:
			open = append(open, c)
		}
	}

	for _, gone := range old {
		emit(removed(gone, previous), market.Correction, true)
	}
	slices.SortFunc(open, func(a, b market.Candle) int { return int(a.Time - b.Time) })
	state.book.Open[s.interval] = open
}

// removed is what is pushed of a bucket that a rollback emptied.
func removed(old market.Candle, previous market.Price) market.Candle {
	if previous.IsZero() {
		previous = old.Open
	}
	c := candle.Flat(old.Time, previous)
	c.Final, c.Corrected = true, old.Final
	return c
}
