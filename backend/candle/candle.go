package candle

import (
	"cmp"
	"math"
	"slices"

	"spinscope/backend/market"
)

// Never is the next end of open candles that wait for nothing.
const Never = math.MaxInt64

// Tick is a trade with its place in time and on the chain.
type Tick struct {
	market.Trade
	Time        int64 // block time, Unix seconds
	At          market.Position
	Provisional bool // Time is an estimate
}

// Compare orders ticks as candles take them: by block time, then by position.
func Compare(a, b Tick) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.At.Compare(b.At)) }

// InOrder reports whether the tick comes after everything that was folded into them, so that Fold may take it.
func InOrder(candles *market.OpenCandles, tick *Tick) bool {
	return candles.Price.IsZero() || tick.Time > candles.BlockTime || tick.Time == candles.BlockTime && tick.At.Compare(candles.Last) > 0
}

// Fold adds a tick, which must be InOrder, to the open candles of the given intervals.
func Fold(candles *market.OpenCandles, intervals []market.Interval, tick *Tick) {
	for _, interval := range intervals {
		start := interval.Floor(tick.Time)
		open := candles.Open[interval]
		if n := len(open); n == 0 || open[n-1].Time < start {
			open = append(open, begin(start, candles.Price, tick.Price))
			candles.Open[interval] = open
		}
		add(&open[len(open)-1], tick)
	}
	candles.Last, candles.BlockTime, candles.Price = tick.At, tick.Time, tick.Price
}

// Close takes the candles that end at or before chainTime out of the open ones, oldest first, and hands each to emit, marked
// final. A candle that holds a provisional event stays, as its trades may still move to another bucket.
func Close(candles *market.OpenCandles, intervals []market.Interval, chainTime int64, emit func(market.Interval, market.Candle)) {
	for _, interval := range intervals {
		open := candles.Open[interval]
		keep := 0
		for i := range open {
			if open[i].Time+interval.Seconds() <= chainTime && !open[i].Provisional {
				open[i].Final = true
				emit(interval, open[i])
				continue
			}
			open[keep] = open[i]
			keep++
		}
		candles.Open[interval] = shrink(open[:keep])
	}
}

// shrink gives back the memory that a stretch of history took, in which many candles were open at once: of a mint that trades
// live one or two are. Of thousands of mints it would be most of what they take.
func shrink(open []market.Candle) []market.Candle {
	const few = 8
	switch {
	case cap(open) <= few || len(open) > cap(open)/4:
		return open
	case len(open) == 0:
		return nil
	}
	return slices.Clone(open)
}

// NextEnd is the chain time at which Close will next find something, or Never.
func NextEnd(candles *market.OpenCandles, intervals []market.Interval) int64 {
	end := int64(Never)
	for _, interval := range intervals {
		for i := range candles.Open[interval] {
			if c := &candles.Open[interval][i]; !c.Provisional {
				end = min(end, c.Time+interval.Seconds())
				break
			}
		}
	}
	return end
}

// Build makes the candles of ticks, which are in order. previous is the close before the first of them, zero when the
// mint has no earlier trade. None of the candles is marked final.
func Build(interval market.Interval, previous market.Price, ticks []Tick) []market.Candle {
	var candles []market.Candle
	for i := range ticks {
		start := interval.Floor(ticks[i].Time)
		if n := len(candles); n == 0 || candles[n-1].Time != start {
			candles = append(candles, begin(start, previous, ticks[i].Price))
		}
		add(&candles[len(candles)-1], &ticks[i])
		previous = ticks[i].Price
	}
	return candles
}

// Merge makes the candles of an interval out of those of a finer one whose buckets lie whole within its own. parts are in
// order, each with the close before it as its open, and hold the buckets whole. None of the candles is marked final or
// corrected.
func Merge(interval market.Interval, parts []market.Candle) []market.Candle {
	var candles []market.Candle
	for i := range parts {
		part := parts[i]
		start := interval.Floor(part.Time)
		n := len(candles)
		if n == 0 || candles[n-1].Time != start {
			part.Time, part.Final, part.Corrected = start, false, false
			candles = append(candles, part)
			continue
		}
		merge(&candles[n-1], &part)
	}
	return candles
}

// Derive is the candle of an interval that is not stored, out of those of a finer one that lie in its bucket, oldest first;
// there is one at least. It is final when chain time has passed its end and each part is final, and corrected when it is
// final and a part was corrected. An empty bucket has no part and does not keep it open.
func Derive(interval market.Interval, parts []market.Candle, chainTime int64) market.Candle {
	c := parts[0]
	c.Time = interval.Floor(c.Time)
	for i := range parts[1:] {
		part := &parts[i+1]
		merge(&c, part)
		c.Final, c.Corrected = c.Final && part.Final, c.Corrected || part.Corrected
	}

	c.Final = c.Final && c.Time+interval.Seconds() <= chainTime
	c.Corrected = c.Corrected && c.Final
	return c
}

// merge adds the candle that follows c to it. The flags final and corrected stay c's own.
func merge(c, part *market.Candle) {
	if c.High.Less(part.High) {
		c.High = part.High
	}
	if part.Low.Less(c.Low) {
		c.Low = part.Low
	}
	c.Close = part.Close
	c.Volume = c.Volume.Add(part.Volume)
	c.QuoteVolume = c.QuoteVolume.Add(part.QuoteVolume)
	c.BuyVolume = c.BuyVolume.Add(part.BuyVolume)
	c.Trades += part.Trades
	c.Provisional = c.Provisional || part.Provisional
}

// Flat is the candle of an empty bucket: all prices at the previous close, nothing traded.
func Flat(start int64, previous market.Price) market.Candle { return begin(start, previous, previous) }

// MaxFill is how many buckets a request for flat candles may span.
const MaxFill = 5000

// Buckets is the number of buckets that hold the times from..to, Unix seconds.
func Buckets(interval market.Interval, from, to int64) int64 {
	length, origin := interval.Seconds(), interval.Origin()
	return (interval.Floor(to)-origin)/length - (interval.Floor(from)-origin)/length + 1
}

// Fill puts flat candles into the empty buckets that begin in from..to, up to chain time, after the first candle there is.
// candles are those in from..to, oldest first, as is the result; before is the candle before them, if known. A candle later
// than chain time, which may have gone on between two reads, is kept.
func Fill(interval market.Interval, candles []market.Candle, before market.Candle, known bool, from, to, chainTime int64) []market.Candle {
	length := interval.Seconds()
	filled := make([]market.Candle, 0, max(len(candles), int(min(Buckets(interval, from, to), MaxFill))))
	last := before
	for start := interval.Floor(from + length - 1); start <= min(to, chainTime); start += length {
		switch {
		case len(candles) > 0 && candles[0].Time == start:
			last, known = candles[0], true
			candles = candles[1:]
		case known:
			last = Flat(start, last.Close)
			last.Final = start+length <= chainTime
		default:
			continue
		}
		filled = append(filled, last)
	}
	return append(filled, candles...)
}

func begin(start int64, previous, first market.Price) market.Candle {
	if previous.IsZero() {
		previous = first
	}
	return market.Candle{Time: start, Open: previous, High: previous, Low: previous, Close: previous}
}

func add(c *market.Candle, tick *Tick) {
	price := tick.Price
	if c.High.Less(price) {
		c.High = price
	}
	if price.Less(c.Low) {
		c.Low = price
	}
	c.Close = price
	c.Volume = c.Volume.Add(market.U64(tick.Base))
	c.QuoteVolume = c.QuoteVolume.Add(market.U64(tick.Quote))
	if tick.Buy {
		c.BuyVolume = c.BuyVolume.Add(market.U64(tick.Base))
	}
	c.Trades++
	c.Provisional = c.Provisional || tick.Provisional
}
