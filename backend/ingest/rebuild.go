package ingest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// rebuild makes one mint's candles around late, moved and rolled back trades anew.
type rebuild struct {
	commits   *commits
	intervals []market.Interval // the finest first
	state     *mintState
}

// stretch is one interval's share of a rebuild.
type stretch struct {
	interval market.Interval
	from, to int64 // open times of the first and the last bucket to build, inclusive
	old      []market.Candle
	built    []market.Candle
	previous market.Price
}

// run puts what changes into the next commit. Per interval these are the buckets from the first to the last changed
// trade, and the next candle after them, as its open is their close; nothing beyond can change, since a candle's close
// is its own last trade. The finest interval's are made of trades, each other's of the candles of the interval before
// it, whose buckets lie whole within its own: a day is made of six candles, not of all its trades.
func (r *rebuild) run() error {
	if err := r.commits.wait(); err != nil {
		return err
	}

	state := r.state
	dirty := *state.late
	if state.touched != math.MaxInt64 { // trades folded in order before the late one came are built again as well
		dirty.from, dirty.to = min(dirty.from, state.touched), max(dirty.to, state.candles.BlockTime)
	}
	r.eachNew(func(e *market.Event) {
		if e.Position.Compare(dirty.first) < 0 {
			dirty.first = e.Position
		}
	})

	if err := r.findLast(); err != nil {
		return err
	}
	state.touched, state.late, state.durable = dirty.from, nil, true

	var finer *stretch
	for _, interval := range r.intervals {
		s, err := r.stretch(interval, dirty)
		if err != nil {
			return err
		}

		if finer == nil {
			err = r.buildFromTrades(&s, dirty.first)
		} else {
			err = r.buildFromCandles(&s, finer)
		}
		if err != nil {
			return err
		}

		r.replace(&s)
		finer = &s
	}

	return nil
}

// eachNew gives the mint's events of the next commit.
func (r *rebuild) eachNew(fn func(*market.Event)) {
	events := r.commits.next.events
	for i := range events {
		if e := &events[i]; e.Mint() == r.state.candles.Mint {
			fn(e)
		}
	}
}

func (r *rebuild) buildFromTrades(s *stretch, first market.Position) error {
	ticks, err := r.ticks(first, s.from, s.to+s.interval.Seconds())
	if err != nil {
		return err
	}
	s.built = candle.Build(s.interval, s.previous, ticks)
	return nil
}

// buildFromCandles builds a stretch from the finer interval's candles: those just built, and around them the stored ones.
func (r *rebuild) buildFromCandles(s, finer *stretch) error {
	mint, end := r.state.candles.Mint, s.to+s.interval.Seconds()-1
	before, err := r.commits.store.CandlesBetween(mint, finer.interval, s.from, finer.from-1)
	if err != nil {
		return fmt.Errorf("read %s candles: %w", finer.interval, err)
	}
	after, err := r.commits.store.CandlesBetween(mint, finer.interval, finer.to+finer.interval.Seconds(), end)
	if err != nil {
		return fmt.Errorf("read %s candles: %w", finer.interval, err)
	}

	parts := slices.Concat(before, finer.built, after)
	parts = slices.DeleteFunc(parts, func(c market.Candle) bool { return c.Time < s.from || c.Time > end })
	s.built = candle.Merge(s.interval, parts)
	return nil
}

// stretch finds an interval's buckets to build, the candles stored there and the close before them.
func (r *rebuild) stretch(interval market.Interval, dirty span) (stretch, error) {
	store, mint := r.commits.store, r.state.candles.Mint
	s := stretch{interval: interval, from: interval.Floor(dirty.from), to: interval.Floor(dirty.to)}
	after, ok, err := store.CandleAfter(mint, interval, s.to)
	if err != nil {
		return s, fmt.Errorf("read %s candle after %d: %w", interval, s.to, err)
	}

	if ok {
		s.to = after.Time
	}
	if s.old, err = store.CandlesBetween(mint, interval, s.from, s.to); err != nil {
		return s, fmt.Errorf("read %s candles: %w", interval, err)
	}

	before, ok, err := store.CandleBefore(mint, interval, s.from)
	if err != nil {
		return s, fmt.Errorf("read %s candle before %d: %w", interval, s.from, err)
	}
	if ok {
		s.previous = before.Close
	}
	return s, nil
}

// ticks are the mint's trades with low <= time < high in order: the stored ones less the removed, and the next commit's.
func (r *rebuild) ticks(first market.Position, low, high int64) ([]candle.Tick, error) {
	mint := r.state.candles.Mint
	var ticks []candle.Tick
	collect := func(e *market.Event) {
		if trade, ok := e.Trade(); ok && e.BlockTime >= low && e.BlockTime < high {
			ticks = append(ticks, candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional})
		}
	}

	var start market.Position
	err := r.commits.store.MintEventsBack(mint, first, func(e *market.Event) error {
		if e.BlockTime < low-market.ClockSlack {
			start = e.Position
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("read trades: %w", err)
	}

	err = r.commits.store.MintEvents(mint, start, func(e *market.Event) error {
		if e.BlockTime >= high+market.ClockSlack && e.Position.Compare(first) > 0 {
			return errStop
		}
		if !r.commits.next.isRemoved(e.Position) {
			collect(e)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("read trades: %w", err)
	}

	r.eachNew(collect)
	slices.SortFunc(ticks, candle.Compare)
	return ticks, nil
}

// findLast sets the mint's last trade from the new events and, unless it is known already, from the stored ones.
func (r *rebuild) findLast() error {
	state := r.state
	last := candle.Tick{Trade: market.Trade{Price: state.candles.Price}, Time: state.candles.BlockTime, At: state.candles.Last}
	known := !state.shrunk && !last.Price.IsZero()
	found := known
	state.shrunk = false
	consider := func(e *market.Event) {
		if trade, ok := e.Trade(); ok {
			tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position}
			if !found || candle.Compare(last, tick) < 0 {
				last, found = tick, true
			}
		}
	}

	r.eachNew(consider)
	if !known {
		err := r.commits.store.MintEventsBack(state.candles.Mint, newestPosition, func(e *market.Event) error {
			if found && e.BlockTime < last.Time-market.ClockSlack {
				return errStop
			}
			if !r.commits.next.isRemoved(e.Position) {
				consider(e)
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			return fmt.Errorf("read newest trade: %w", err)
		}
	}

	state.candles.Last, state.candles.BlockTime, state.candles.Price = last.At, last.Time, last.Price
	return nil
}

// replace puts one interval's newly built candles in the place of the old ones: final ones that changed go out as
// corrections and stay marked as corrected, those where there was none as finals; the others are open.
func (r *rebuild) replace(s *stretch) {
	state := r.state
	open := slices.DeleteFunc(state.candles.Open[s.interval], func(c market.Candle) bool { return c.Time >= s.from && c.Time <= s.to })

	emit := func(c market.Candle, kind market.UpdateType, removed bool) {
		r.commits.next.candles = append(r.commits.next.candles, market.CandleChange{
			Mint: state.candles.Mint, Interval: s.interval, Candle: c, Type: kind, Removed: removed, Stamp: state.stamp,
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
		over := c.Time+s.interval.Seconds() <= state.clock.time
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
	state.candles.Open[s.interval] = open
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

// Recover brings the open candles up to the stored events and schedules their closing. It must run once, before the
// first Apply. What it commits is published as everything else, so that who follows from an older commit on misses none.
func (in *Ingest) Recover() error {
	in.commits.begin()
	in.commits.next.newest = in.replay

	if err := in.window.load(in.progress.slot, in.prices.learn); err != nil {
		return fmt.Errorf("load recent transactions: %w", err)
	}
	if err := in.cutLogs.load(); err != nil {
		return fmt.Errorf("load recent transactions: %w", err)
	}
	if err := in.progress.load(in.commits.store); err != nil {
		return err
	}
	if err := in.births.load(); err != nil {
		return err
	}
	err := in.commits.store.AllOpenCandles(func(candles *market.OpenCandles) error {
		return in.mints.scheduleStored(candles)
	})
	if err != nil {
		return fmt.Errorf("read open candles: %w", err)
	}

	if err := in.refold(); err != nil {
		return fmt.Errorf("fold events since the last checkpoint: %w", err)
	}

	in.progress.advanceAll()
	for more := true; more; {
		if more, err = in.mints.close(in.mints.closeUnwritten); err != nil {
			return fmt.Errorf("close candles: %w", err)
		}
		if more {
			in.mints.dismiss()
			if err := in.write(false); err != nil {
				return err
			}
		}
	}

	in.mints.checkpoint(true)
	in.mints.dismiss()
	return in.write(false)
}

// refold adds the events after the last checkpoint to the open candles.
func (in *Ingest) refold() error {
	count := 0
	mints := map[market.Pubkey]struct{}{}
	err := in.commits.store.EventsAfter(in.replay, func(e *market.Event) error {
		in.commits.next.newest = e.Position
		trade, ok := e.Trade()
		if !ok {
			return nil
		}

		state, err := in.mints.get(e.Mint(), e.Program())
		if err != nil {
			return err
		}

		tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional}
		if !candle.InOrder(&state.candles, &tick) {
			return nil // a rebuild made these candles durable after the checkpoint
		}

		candle.Fold(&state.candles, in.mints.intervals, &tick)
		state.stamp = market.Stamp{Slot: e.Slot, BlockTime: e.BlockTime}
		state.unsaved = true
		mints[e.Mint()] = struct{}{}
		count++
		return nil
	})
	if err != nil {
		return err
	}

	for mint := range mints {
		in.mints.schedule(in.mints.states[mint])
	}
	if count > 0 {
		in.log.Info("open candles rebuilt after an unclean stop", "events", count, "mints", len(mints))
	}

	return nil
}
