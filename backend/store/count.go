package store

import (
	"bytes"
	"context"
	"errors"
	"math"
	"time"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Rows that are gone without being counted out, as when Badger merged tables of which one could not be read, leave no
// trace in a page that goes on behind them. So who gives a list in many pages asks in the end whether as many rows are
// there as were counted when they were written. Only keys are read, a quarter of a microsecond each.

// CountEvents compares the events of a mint, or all when it is nil, with their count. The error is ErrCorrupt when there
// are fewer or more.
func (s *Store) CountEvents(ctx context.Context, mint *market.Pubkey) error {
	var id mintID
	grab := func() {
		if mint != nil {
			id = s.id(*mint)
		}
	}
	return s.read(grab, func(v *view) error {
		switch {
		case mint == nil:
			return v.countEvents(ctx, nil)
		case id == 0:
			return nil
		}
		m, err := v.mint(id)
		if err != nil {
			return err
		}
		return v.countSeries(ctx, seriesID{id, eventSeries}, &m.events, place{}, lastPlace)
	})
}

// CountCandles compares the stored candles of a mint and interval in and around from <= time <= to with their count. The
// error is ErrCorrupt when there are fewer or more. Of an interval that is not stored it counts the parts.
func (s *Store) CountCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64) error {
	part, merged := market.PartOf(interval, s.options.Intervals)
	if !merged {
		part = interval
	}
	return s.readSeries(mint, part, func(v *view, sr *series) error {
		if sr == nil {
			return nil
		}
		if merged {
			d := &derivedList{parts: sr, interval: interval}
			from, to = d.first(from), d.end(to)
		}
		return v.countSeries(ctx, sr.seriesID(), &sr.stored, timePlace(from), timePlace(to))
	})
}

// CandleSeries gives at most limit candles of one mint and interval with from <= time <= to, oldest first, stored and open. counted
// reports that they are the whole series, and as many as were counted when they were written, so that CountCandles has nothing to
// add; when the whole series is another number, the error is ErrCorrupt.
func (s *Store) CandleSeries(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) (candles []market.Candle, counted bool, err error) {
	err = s.readCandles(mint, interval, func(v *view, list candleList) error {
		if list == nil || from > to || limit <= 0 {
			return nil
		}
		sr, stored := list.(*series)
		if stored {
			candles = make([]market.Candle, 0, min(sr.stored.count+uint64(len(sr.open)), uint64(limit)))
		}

		whole := true
		err := list.walk(ctx, from, false, func(c openCandle) error {
			if whole = c.Time <= to && len(candles) < limit; !whole {
				return Stop
			}
			candles = append(candles, c.Candle)
			return nil
		})
		if err != nil || !stored || !whole || from != math.MinInt64 {
			return err
		}

		rows := uint64(len(candles))
		for _, hidden := range sr.hidden {
			if !hidden { // it is open alone
				rows--
			}
		}
		if counted = rows == sr.stored.count; !counted {
			return v.s.short("rows of a list", rows, sr.stored.count)
		}
		return nil
	})
	return candles, counted, err
}

// lastPlace is behind every row of a list.
var lastPlace = place(bytes.Repeat([]byte{0xff}, positionSize))

// countEvents compares all events with their count. pause, if given, is called after every row.
func (v *view) countEvents(ctx context.Context, pause func() error) error {
	rows := uint64(0)
	err := v.scan(ctx, span{prefix: []byte{tableEvent}}, func([]byte, *badger.Item) error {
		rows++
		if pause != nil {
			return pause()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if want := v.state.kinds.Total(); rows != want {
		return v.s.short("events", rows, want)
	}
	return nil
}

// countSeries compares the rows of those chunks of a series that reach into from..to with their counts.
func (v *view) countSeries(ctx context.Context, series seriesID, t *tally, from, to place) error {
	chunks, err := v.chunks(series)
	if err != nil {
		return err
	}

	if t.tail > 0 {
		chunks = append(chunks, chunk{t.first, t.tail})
	}
	counted := uint64(0)
	for i := range chunks {
		counted += chunks[i].count
	}

	if counted != t.count {
		return v.s.short("rows of a list by its parts", counted, t.count)
	}

	low, high := 0, len(chunks) // the chunks to look at; the lowest reaches down without bound
	for low+1 < high && !chunks[low+1].first.after(&from) {
		low++
	}

	for high > low+1 && chunks[high-1].first.after(&to) {
		high--
	}
	rowOf := func(i int) []byte { return append(series.prefix(nil), chunks[i].first[:series.size()]...) }
	sp := span{prefix: series.prefix(nil)}
	if low > 0 {
		sp.from = rowOf(low)
	}

	var end []byte
	if high < len(chunks) {
		end = rowOf(high)
	}

	rows, want := uint64(0), uint64(0)
	for _, c := range chunks[low:high] {
		want += c.count
	}

	err = v.scan(ctx, sp, func(key []byte, _ *badger.Item) error {
		if end != nil && string(key) >= string(end) {
			return Stop
		}
		rows++
		return nil
	})
	if err == nil && rows != want {
		err = v.s.short("rows of a list", rows, want)
	}

	return err
}

// countAll compares every list with its count; what does not agree is logged and counted as a refused read. It rests as
// the reading of tables does.
func (s *Store) countAll(ctx context.Context) {
	start, rows := time.Now(), 0
	pause := func() error {
		const stretch = 4096 // rows between two rests
		if rows++; rows%stretch != 0 {
			return nil
		}
		err := restAfter(ctx, start, checkShare-1)
		start = time.Now()
		return err
	}
	_ = s.read(nil, func(v *view) error { return v.countEvents(ctx, pause) })
	_ = s.Orders(ctx, func(*market.Order) error { return pause() })

	last := s.Stats().Mints
	for id := 1; id <= last && ctx.Err() == nil; id++ {
		start = time.Now()
		_ = s.read(nil, func(v *view) error {
			m, err := v.mint(mintID(id)) //nolint:gosec // a mint's number
			if err != nil {
				return err
			}
			err = v.countSeries(ctx, seriesID{m.id, eventSeries}, &m.events, place{}, lastPlace)
			for i := range m.candles {
				err = errors.Join(err, v.countSeries(ctx, seriesID{m.id, byte(i)}, &m.candles[i], place{}, lastPlace)) //nolint:gosec // an interval
			}
			return err
		})
		_ = restAfter(ctx, start, checkShare-1)
	}
}
