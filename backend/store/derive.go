package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// candleList is the candles of one mint and interval in a view, stored or merged from stored ones.
type candleList interface {
	// rows counts the candles with from <= time <= to.
	rows(ctx context.Context, from, to int64) (int, error)
	// walk calls fn with the candles from a bound on (included), going down when reverse.
	walk(ctx context.Context, from int64, reverse bool, fn func(openCandle) error) error
	// page walks from the query's offset on.
	page(ctx context.Context, q *CandleQuery, fn func(openCandle) error) error
	// changed gives the newest limit candles that commits from since on changed, oldest first, and the times of those that
	// are gone; when there are more than limit, not all of these.
	changed(ctx context.Context, since market.Seq, limit int) (candles []market.Candle, removed []int64, err error)
}

// readCandles is readSeries for any interval.
func (s *Store) readCandles(mint market.Pubkey, interval market.Interval, fn func(*view, candleList) error) error {
	part, merged := market.PartOf(interval, s.options.Intervals)
	if !merged {
		part = interval
	}
	return s.readSeries(mint, part, func(v *view, sr *series) error {
		switch {
		case sr == nil:
			return fn(v, nil)
		case merged:
			now, _, err := v.completeTo(mint)
			if err != nil {
				return err
			}
			return fn(v, &derivedList{sr, interval, now})
		}
		return fn(v, sr)
	})
}

// derivedList is the candles of an interval that is not stored: each is merged, when it is read, from the candles of a
// stored interval that lie in its bucket.
type derivedList struct {
	parts    *series
	interval market.Interval
	now      int64 // chain time of the coin
}

// farTime is beyond all candles, and far enough from the ends of int64 to add an interval to it.
const farTime = math.MaxInt64 / 2

// first is the open time of the first bucket that begins at t or later, and last that of the last that begins at t or
// earlier.
func (d *derivedList) first(t int64) int64 {
	if t < -farTime {
		return math.MinInt64
	}
	return d.interval.Floor(min(t, farTime) + d.interval.Seconds() - 1)
}

func (d *derivedList) last(t int64) int64 { return d.interval.Floor(max(min(t, farTime), -farTime)) }

// end is the last second of the last bucket that begins at t or earlier.
func (d *derivedList) end(t int64) int64 {
	if t > farTime {
		return math.MaxInt64
	}
	return d.last(t) + d.interval.Seconds() - 1
}

func (d *derivedList) rows(ctx context.Context, from, to int64) (int, error) {
	low, high := d.first(from), d.end(to)
	n, newest := 0, int64(math.MinInt64)
	count := func(t int64) {
		if bucket := d.interval.Floor(t); n == 0 || bucket != newest {
			n, newest = n+1, bucket
		}
	}

	open := slices.Clone(d.parts.open)
	sp := timeSpan(d.parts, low)
	err := d.parts.v.scan(ctx, sp, func(key []byte, _ *badger.Item) error {
		t := timeOf(binary.BigEndian.Uint64(key[len(key)-8:]))
		if t > high {
			return Stop
		}

		for len(open) > 0 && open[0].Time <= t {
			if open[0].Time >= low {
				count(open[0].Time)
			}
			open = open[1:]
		}

		count(t)
		return nil
	})
	if err != nil {
		return 0, err
	}

	for _, c := range open {
		if c.Time >= low && c.Time <= high {
			count(c.Time)
		}
	}

	return n, nil
}

func (d *derivedList) walk(ctx context.Context, from int64, reverse bool, fn func(openCandle) error) error {
	bound := d.first(from)
	if reverse {
		bound = d.end(from)
	}
	var parts []openCandle // of one bucket, in the order they are read
	stopped := false
	emit := func() error {
		if len(parts) == 0 {
			return nil
		}
		c := d.merge(parts, reverse)
		parts = parts[:0]
		err := fn(c)
		stopped = err != nil
		return err
	}

	err := d.parts.walk(ctx, bound, reverse, func(part openCandle) error {
		if len(parts) > 0 && d.interval.Floor(part.Time) != d.interval.Floor(parts[0].Time) {
			if err := emit(); err != nil {
				return err
			}
		}
		parts = append(parts, part)
		return nil
	})
	if err != nil || stopped {
		return err
	}

	if err := emit(); !errors.Is(err, Stop) {
		return err
	}
	return nil
}

// merge makes the candle of a bucket from all its parts. Its seq is that of the part that changed last.
func (d *derivedList) merge(parts []openCandle, reversed bool) openCandle {
	candles := make([]market.Candle, len(parts))
	seq := market.Seq(0)
	for i := range parts {
		candles[i] = parts[i].Candle
		seq = max(seq, parts[i].seq)
	}
	if reversed {
		slices.Reverse(candles)
	}
	return openCandle{candle.Derive(d.interval, candles, d.now), seq}
}

func (d *derivedList) page(ctx context.Context, q *CandleQuery, fn func(openCandle) error) error {
	from := q.To
	if q.OldestFirst {
		from = q.From
	}
	skip := q.Offset
	return d.walk(ctx, from, !q.OldestFirst, func(c openCandle) error {
		if skip > 0 {
			skip--
			return nil
		}
		return fn(c)
	})
}

// changed finds the buckets by their parts. A bucket whose last part is empty becomes final by chain time alone, which
// changes none of them: it can only be one of the newest of those without a change, as a candle that is followed by two
// others was final before they changed last. Those are given as well if they are final, at worst once more than needed.
func (d *derivedList) changed(ctx context.Context, since market.Seq, limit int) (candles []market.Candle, removed []int64, err error) {
	perBucket := int(d.interval.Seconds() / d.parts.interval.Seconds())
	parts, gone, err := d.parts.changed(ctx, since, limit*perBucket)
	if err != nil {
		return nil, nil, err
	}

	buckets := map[int64]bool{}
	for i := range parts {
		buckets[d.interval.Floor(parts[i].Time)] = true
	}

	for _, t := range gone {
		buckets[d.interval.Floor(t)] = true
	}
	closed, err := d.closedLately(ctx, buckets)
	if err != nil {
		return nil, nil, err
	}

	for _, t := range closed {
		buckets[t] = true
	}

	times := slices.Sorted(maps.Keys(buckets))
	times = times[max(0, len(times)-limit):]
	candles = make([]market.Candle, 0, len(times))
	for len(times) > 0 {
		run := d.run(times)
		found, err := d.at(ctx, times[:run])
		if err != nil {
			return nil, nil, err
		}

		for _, t := range times[:run] {
			i, ok := slices.BinarySearchFunc(found, t, func(c market.Candle, t int64) int { return cmp.Compare(c.Time, t) })
			if ok {
				candles = append(candles, found[i])
			} else {
				removed = append(removed, t)
			}
		}

		times = times[run:]
	}

	return candles, removed, nil
}

// closedLately gives the open times of the two newest candles not among buckets, as far as they are final.
func (d *derivedList) closedLately(ctx context.Context, buckets map[int64]bool) (times []int64, err error) {
	seen := 0
	err = d.walk(ctx, math.MaxInt64, true, func(c openCandle) error {
		if buckets[c.Time] {
			return nil
		}
		if c.Final {
			times = append(times, c.Time)
		}
		seen++
		return stopAt(seen, 2)
	})
	return times, err
}

// run is how many of the times, from the first on, lie close enough together to be read in one walk.
func (d *derivedList) run(times []int64) int {
	const apart = 16 // buckets
	n := 1
	for n < len(times) && times[n]-times[n-1] <= apart*d.interval.Seconds() {
		n++
	}
	return n
}

// at reads the candles from the first of times to the last, oldest first.
func (d *derivedList) at(ctx context.Context, times []int64) (candles []market.Candle, err error) {
	last := times[len(times)-1]
	err = d.walk(ctx, times[0], false, func(c openCandle) error {
		if c.Time > last {
			return Stop
		}
		candles = append(candles, c.Candle)
		if c.Time == last {
			return Stop
		}
		return nil
	})
	return candles, err
}
