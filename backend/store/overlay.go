package store

import (
	"cmp"
	"slices"

	"spinscope/backend/market"
)

// openCandle is a candle that is not yet stored, with the commit that last changed it.
type openCandle struct {
	market.Candle
	seq market.Seq
}

// openCandles are a mint's open candles by interval, oldest first.
type openCandles [market.NumStored][]openCandle

// set puts a candle in its place.
func (o *openCandles) set(interval market.Interval, c openCandle) {
	list := o[interval]
	if n := len(list); n > 0 && list[n-1].Time == c.Time { // mostly the newest one changes
		list[n-1] = c
		return
	}
	i, found := slices.BinarySearchFunc(list, c.Time, byTime)
	if found {
		list[i] = c
		return
	}
	o[interval] = slices.Insert(list, i, c)
}

func (o *openCandles) remove(interval market.Interval, t int64) {
	if i, found := slices.BinarySearchFunc(o[interval], t, byTime); found {
		o[interval] = shrink(slices.Delete(o[interval], i, i+1))
	}
}

// shrink gives back the memory that a stretch of history took, in which many candles were open at once.
func shrink(list []openCandle) []openCandle {
	const few = 8
	switch {
	case cap(list) <= few || len(list) > cap(list)/4:
		return list
	case len(list) == 0:
		return nil
	}
	return slices.Clone(list)
}

func byTime(c openCandle, t int64) int { return cmp.Compare(c.Time, t) }

func (o *openCandles) find(interval market.Interval, t int64) (openCandle, bool) {
	if o == nil {
		return openCandle{}, false
	}
	i, found := slices.BinarySearchFunc(o[interval], t, byTime)
	if !found {
		return openCandle{}, false
	}
	return o[interval][i], true
}

func fromDurable(b *durableCandles) *openCandles {
	var o openCandles
	for i := range b.Open {
		for j := range b.Open[i] {
			o.set(market.Interval(i), openCandle{b.Open[i][j], b.seqs[i][j]}) //nolint:gosec // below NumStored
		}
	}
	return &o
}
