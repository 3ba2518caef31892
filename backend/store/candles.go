package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// CandleQuery is a page of the candles of one mint and interval. From and To are Unix seconds, both included; when both
// are 0 all candles are meant. Offset counts from the end that the order starts at, within From..To.
type CandleQuery struct {
	From, To      int64
	Offset, Limit int // a Limit of 0 gives the total alone
	// Torn gives a page in which a candle is missing as well, for who counts all candles or compares each; else it is
	// ErrCorrupt.
	Torn        bool
	OldestFirst bool
}

// CandlePage is a page of candles as of the commit Seq, open ones included. Total counts all in From..To.
type CandlePage struct {
	Candles []market.Candle
	Total   int
	Seq     market.Seq
}

// series is one mint and interval as a view sees it: what is stored, and over it what is open.
type series struct {
	v        *view
	id       mintID
	interval market.Interval
	stored   tally
	open     []openCandle // ascending; each hides a stored candle of the same time
	hidden   []bool       // by open: there is such a stored candle
}

// readSeries takes a view together with the open candles of a series. fn gets nil for a mint that was never seen.
func (s *Store) readSeries(mint market.Pubkey, interval market.Interval, fn func(*view, *series) error) error {
	if interval >= market.NumStored {
		return s.read(nil, func(v *view) error { return fn(v, nil) })
	}
	var id mintID
	var live bool
	var open []openCandle
	grab := func() {
		id = s.id(mint)
		if o := s.overlay[id]; o != nil {
			live, open = true, slices.Clone(o[interval])
		}
	}

	return s.read(grab, func(v *view) error {
		if id == 0 {
			return fn(v, nil)
		}
		m, err := v.mint(id)
		if err != nil {
			return err
		}

		sr := &series{v: v, id: id, interval: interval, stored: m.candles[interval], open: open}
		if !live && m.hasOpen {
			if err := sr.readDurable(); err != nil {
				return err
			}
		}

		if err := sr.hide(); err != nil {
			return err
		}
		return fn(v, sr)
	})
}

// readDurable takes the open candles from the durable ones, except those that were closed since.
func (sr *series) readDurable() error {
	var buf [5]byte
	value, err := sr.v.newest(appendID(buf[:0], tableOpen, sr.id))
	if err != nil {
		return err
	}

	b, err := decodeOpenCandles(value)
	if err != nil {
		return err
	}

	for i, c := range b.Open[sr.interval] {
		stored, err := sr.has(c.Time)
		if err != nil {
			return err
		}
		if !stored {
			sr.open = append(sr.open, openCandle{c, b.seqs[sr.interval][i]})
		}
	}

	slices.SortFunc(sr.open, func(a, b openCandle) int { return byTime(a, b.Time) })
	return nil
}

func (sr *series) hide() error {
	sr.hidden = make([]bool, len(sr.open))
	for i := range sr.open {
		var err error
		if sr.hidden[i], err = sr.has(sr.open[i].Time); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a candle of this time is stored.
func (sr *series) has(t int64) (bool, error) {
	if at := timePlace(t); at.after(&sr.stored.newest) {
		return false, nil
	}
	var buf [16]byte
	value, err := sr.v.get(appendCandleKey(buf[:0], sr.id, sr.interval, t))
	return value != nil, err
}

func (sr *series) seriesID() seriesID { return seriesID{sr.id, byte(sr.interval)} }

// ahead reports whether every open candle is newer than every stored one, as is the rule.
func (sr *series) ahead() bool {
	if len(sr.open) == 0 {
		return true
	}
	at := timePlace(sr.open[0].Time)
	return at.after(&sr.stored.newest)
}

// walk calls fn with the candles from a bound on (included), going down when reverse, stored and open in one order.
func (sr *series) walk(ctx context.Context, from int64, reverse bool, fn func(openCandle) error) error {
	sp := timeSpan(sr, from)
	sp.reverse = reverse
	return sr.walkSpan(ctx, sp, 0, from, reverse, fn)
}

// walkSpan is walk over given stored rows, the first skip of them left out.
func (sr *series) walkSpan(ctx context.Context, sp span, skip int, from int64, reverse bool, fn func(openCandle) error) error {
	open := make([]openCandle, 0, len(sr.open))
	for _, c := range sr.open {
		if c.Time == from || c.Time > from != reverse {
			open = append(open, c)
		}
	}

	if reverse {
		slices.Reverse(open)
	}
	stopped := false
	emit := func(c openCandle) error {
		err := fn(c)
		stopped = stopped || err != nil
		return err
	}
	err := sr.v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
		if skip > 0 {
			skip--
			return nil
		}

		t := timeOf(binary.BigEndian.Uint64(key[len(key)-8:]))
		for len(open) > 0 && open[0].Time != t && open[0].Time > t == reverse {
			if err := emit(open[0]); err != nil {
				return err
			}
			open = open[1:]
		}

		if len(open) > 0 && open[0].Time == t { // the open one replaces the stored one
			c := open[0]
			open = open[1:]
			return emit(c)
		}

		value, err := sr.v.value(item)
		if err != nil {
			return err
		}

		c, seq, err := decodeCandle(t, value)
		if err != nil {
			return err
		}
		return emit(openCandle{c, seq})
	})
	if err != nil || stopped {
		return err
	}

	for _, c := range open {
		if err := emit(c); err != nil {
			if errors.Is(err, Stop) {
				return nil
			}
			return err
		}
	}

	return nil
}

// rows counts the candles with from <= time <= to, stored and open.
func (sr *series) rows(ctx context.Context, from, to int64) (int, error) {
	stored := sr.stored.count
	span := uint64(to) - uint64(from) //nolint:gosec // right for from <= to, also where to - from overflows
	near := 4 * sr.v.s.chunkRows()
	switch {
	case span/uint64(sr.interval.Seconds()) < near: //nolint:gosec // positive; there can be no more rows than that
		stored = 0
		sp := timeSpan(sr, from)
		err := sr.v.scan(ctx, sp, func(key []byte, _ *badger.Item) error {
			if timeOf(binary.BigEndian.Uint64(key[len(key)-8:])) > to {
				return Stop
			}
			stored++
			return nil
		})
		if err != nil {
			return 0, err
		}
	default:
		var err error
		if from != math.MinInt64 {
			if stored, err = sr.v.rowsFrom(ctx, sr.seriesID(), &sr.stored, timePlace(from)); err != nil {
				return 0, err
			}
		}
		if to != math.MaxInt64 {
			above, err := sr.v.rowsFrom(ctx, sr.seriesID(), &sr.stored, timePlace(to+1))
			if err != nil {
				return 0, err
			}
			stored -= above
		}
	}

	n := int(stored) //nolint:gosec // rows on a disk
	for i, c := range sr.open {
		if !sr.hidden[i] && c.Time >= from && c.Time <= to {
			n++
		}
	}

	return n, nil
}

// timeSpan is the stored candles from a time on, ascending.
func timeSpan(sr *series, from int64) span {
	return span{prefix: appendCandlePrefix(nil, sr.id, sr.interval), from: appendCandleKey(nil, sr.id, sr.interval, from)}
}

// Candles is a page of candles of one mint and interval.
func (s *Store) Candles(ctx context.Context, mint market.Pubkey, interval market.Interval, q CandleQuery) (page CandlePage, err error) {
	if q.From == 0 && q.To == 0 {
		q.From, q.To = math.MinInt64, math.MaxInt64
	}
	q.Offset = max(q.Offset, 0)
	err = s.readCandles(mint, interval, func(v *view, list candleList) error {
		page = CandlePage{Seq: v.seq}
		if list == nil || q.From > q.To {
			return nil
		}
		if page.Total, err = list.rows(ctx, q.From, q.To); err != nil {
			return err
		}
		if q.Limit <= 0 || q.Offset >= page.Total {
			return nil
		}

		page.Candles = make([]market.Candle, 0, min(q.Limit, page.Total-q.Offset))
		want := cap(page.Candles)
		err := list.page(ctx, &q, func(c openCandle) error {
			page.Candles = append(page.Candles, c.Candle)
			return stopAt(len(page.Candles), want)
		})
		if got := len(page.Candles); err == nil && got < want {
			err = v.s.short("candles of a page", uint64(got), uint64(want))
		}

		if err != nil || q.Torn {
			return err
		}
		return v.joined(page.Candles, q.OldestFirst)
	})

	return page, err
}

// NewestCandles gives the newest limit candles with from <= time <= to, newest first, how many there are in all, and the
// commit that this is the state of.
func (s *Store) NewestCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, int, market.Seq, error) {
	page, err := s.Candles(ctx, mint, interval, CandleQuery{From: from, To: to, Limit: limit})
	return page.Candles, page.Total, page.Seq, err
}

// page walks from the query's offset on.
func (sr *series) page(ctx context.Context, q *CandleQuery, fn func(openCandle) error) error {
	from, reverse := q.To, !q.OldestFirst
	if q.OldestFirst {
		from = q.From
	}
	offset, far, err := sr.storedOffset(ctx, q)
	if err != nil {
		return err
	}
	if !far {
		skip := q.Offset
		return sr.walk(ctx, from, reverse, func(c openCandle) error {
			if skip > 0 {
				skip--
				return nil
			}
			return fn(c)
		})
	}

	sp, rest, err := sr.v.seek(sr.seriesID(), &sr.stored, offset, reverse)
	if err != nil {
		return err
	}

	if reverse {
		sr.open = nil // they are the newest, and passed
	}
	return sr.walkSpan(ctx, sp, rest, from, reverse, fn)
}

// storedOffset is the query's offset counted over all stored candles, from the end the order starts at. far is false
// when it is better to walk there: it is near, or open candles stand between the stored ones.
func (sr *series) storedOffset(ctx context.Context, q *CandleQuery) (offset int, far bool, err error) {
	if q.Offset <= sr.v.s.options.chunkRows || !sr.ahead() {
		return 0, false, nil
	}
	before := 0 // candles that stand before the query's own
	switch {
	case q.OldestFirst && q.From != math.MinInt64:
		before, err = sr.rows(ctx, math.MinInt64, q.From-1)
	case !q.OldestFirst && q.To != math.MaxInt64:
		before, err = sr.rows(ctx, q.To+1, math.MaxInt64)
	}
	offset = before + q.Offset
	if !q.OldestFirst {
		offset -= len(sr.open)
	}
	return offset, offset >= 0 && uint64(offset) < sr.stored.count, err
}

// CandleBefore is the newest candle with a time below t, stored or open.
func (s *Store) CandleBefore(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error) {
	if t == math.MinInt64 {
		return market.Candle{}, false, nil
	}
	return s.nextCandle(mint, interval, t-1, true)
}

// CandleAfter is the oldest candle with a time above t, stored or open.
func (s *Store) CandleAfter(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error) {
	if t == math.MaxInt64 {
		return market.Candle{}, false, nil
	}
	return s.nextCandle(mint, interval, t+1, false)
}

func (s *Store) nextCandle(mint market.Pubkey, interval market.Interval, from int64, back bool) (c market.Candle, found bool, err error) {
	err = s.readCandles(mint, interval, func(_ *view, list candleList) error {
		if list == nil {
			return nil
		}
		return list.walk(context.Background(), from, back, func(next openCandle) error {
			c, found = next.Candle, true
			return Stop
		})
	})
	return c, found, err
}

// CandlesFrom gives the candles with a time of from or later, oldest first, stored and open.
func (s *Store) CandlesFrom(mint market.Pubkey, interval market.Interval, from int64) ([]market.Candle, error) {
	return s.CandlesBetween(mint, interval, from, math.MaxInt64)
}

// CandlesBetween gives the candles with from <= time <= to, oldest first, stored and open.
func (s *Store) CandlesBetween(mint market.Pubkey, interval market.Interval, from, to int64) (candles []market.Candle, err error) {
	err = s.readCandles(mint, interval, func(_ *view, list candleList) error {
		if list == nil {
			return nil
		}
		return list.walk(context.Background(), from, false, func(c openCandle) error {
			if c.Time > to {
				return Stop
			}
			candles = append(candles, c.Candle)
			return nil
		})
	})
	return candles, err
}

// joined refuses neighbours in a series between which one is missing: each candle opens at the close of the one before.
// Price 0 is no close.
func (v *view) joined(candles []market.Candle, ascending bool) error {
	for i := 1; i < len(candles); i++ {
		before, after := &candles[i-1], &candles[i]
		if !ascending {
			before, after = after, before
		}
		if before.Close != after.Open && !before.Close.IsZero() {
			return v.s.unreadable(fmt.Errorf("a candle is missing between %s and %s: spinscope verify says more",
				time.Unix(before.Time, 0).UTC().Format(time.DateTime), time.Unix(after.Time, 0).UTC().Format(time.DateTime)))
		}
	}
	return nil
}

// ChangedCandles gives the candles of one mint and interval that commits from since on changed, oldest first, as they
// are now. complete is false when those commits are no longer all in the log or lie beyond the store's last one (candles
// is empty then), when more than limit changed (candles holds the newest), and when one was removed and has not come
// back, as it cannot be among them.
func (s *Store) ChangedCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, since market.Seq, limit int) (candles []market.Candle, complete bool, seq market.Seq, err error) {
	err = s.readCandles(mint, interval, func(v *view, list candleList) error {
		seq = v.seq
		complete = v.logged(since)
		if !complete || list == nil {
			return nil
		}

		limit := max(limit, 0)
		changed, removed, err := list.changed(ctx, since, limit+1)
		if err != nil {
			return err
		}

		complete = len(removed) == 0
		if len(changed) > limit {
			changed, complete = changed[len(changed)-limit:], false
		}
		candles = changed
		return nil
	})

	return candles, complete, seq, err
}

// changed collects the candles that changed. A candle written at the end of the series has a later change than all
// before it had by then, so that a walk down can end at the first that is older; the others are in the late table.
// It gives the newest limit of them; when those are all, removed are the times of those that are gone.
func (sr *series) changed(ctx context.Context, since market.Seq, limit int) (candles []market.Candle, removed []int64, err error) {
	found := map[int64]market.Candle{}
	hidden := map[int64]bool{}
	for i, c := range sr.open {
		hidden[c.Time] = sr.hidden[i]
		if c.seq >= since {
			found[c.Time] = c.Candle
		}
	}

	open := slices.Sorted(maps.Keys(found))
	walked, full := 0, false
	down := span{prefix: appendCandlePrefix(nil, sr.id, sr.interval), reverse: true}
	err = sr.v.scan(ctx, down, func(key []byte, item *badger.Item) error {
		value, err := sr.v.value(item)
		if err != nil {
			return err
		}

		c, seq, err := decodeCandle(timeOf(binary.BigEndian.Uint64(key[len(key)-8:])), value)
		if err != nil {
			return err
		}

		below, _ := slices.BinarySearch(open, c.Time)
		if full = walked+len(open)-below >= limit; full || seq < since {
			return Stop
		}

		if !hidden[c.Time] {
			walked++
			found[c.Time] = c
		}
		return nil
	})
	if err == nil && !full {
		removed, err = sr.changedLate(ctx, since, limit, found, hidden)
	}

	if err != nil {
		return nil, nil, err
	}
	candles = make([]market.Candle, 0, len(found))
	for _, t := range slices.Sorted(maps.Keys(found)) {
		candles = append(candles, found[t])
	}

	return candles[max(0, len(candles)-limit):], removed, nil
}

// changedLate adds the newest limit candles of the late table to what a walk down found. removed are those it
// looked at that are gone.
func (sr *series) changedLate(
	ctx context.Context, since market.Seq, limit int, found map[int64]market.Candle, hidden map[int64]bool,
) (removed []int64, err error) {
	var times []int64
	sp := span{prefix: appendLatePrefix(nil, sr.id, sr.interval)}
	sp.from = binary.BigEndian.AppendUint64(slices.Clone(sp.prefix), uint64(since))
	err = sr.v.scan(ctx, sp, func(key []byte, _ *badger.Item) error {
		t := timeOf(binary.BigEndian.Uint64(key[len(key)-8:]))
		if _, known := found[t]; !known && !hidden[t] {
			times = append(times, t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	slices.Sort(times)
	added := 0
	for _, t := range slices.Backward(slices.Compact(times)) {
		if added == limit {
			return removed, nil
		}
		value, err := sr.v.newest(appendCandleKey(nil, sr.id, sr.interval, t))
		if err != nil {
			return nil, err
		}
		if value == nil {
			removed = append(removed, t)
			continue
		}

		if found[t], _, err = decodeCandle(t, value); err != nil {
			return nil, err
		}
		added++
	}

	return removed, nil
}
