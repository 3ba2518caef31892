package store

import (
	"encoding/binary"

	"spinscope/backend/market"
)

// Flags of a candle record. Most candles hold one or two trades, so high and low are one of open and close, and all
// volume is on one side: a flag says so in place of the number.
const (
	candleFinal byte = 1 << iota
	candleProvisional
	candleTop    // high is the greater of open and close
	candleBottom // low is the lesser of open and close
	candleFell   // close is below open
	candleNoBuys
	candleAllBuys
	candleCorrected // in rows of older versions never set; they ignored it, and lost it when they wrote the row anew
)

// appendCandle appends a candle without its time, and the commit that last changed it.
func appendCandle(dst []byte, c *market.Candle, seq market.Seq) []byte {
	upper, lower := market.U128(c.Close), market.U128(c.Open)
	var flags byte
	if upper.Less(lower) {
		flags |= candleFell
		upper, lower = lower, upper
	}

	if c.Final {
		flags |= candleFinal
	}
	if c.Provisional {
		flags |= candleProvisional
	}

	if c.Corrected {
		flags |= candleCorrected
	}
	if market.U128(c.High) == upper {
		flags |= candleTop
	}

	if market.U128(c.Low) == lower {
		flags |= candleBottom
	}
	switch c.BuyVolume {
	case market.U128{}:
		flags |= candleNoBuys
	case c.Volume:
		flags |= candleAllBuys
	}

	dst = append(dst, recordVersion, flags)
	dst = binary.AppendUvarint(dst, uint64(seq))
	dst = binary.AppendUvarint(dst, c.Trades)
	dst = appendU128(dst, market.U128(c.Open))
	dst = appendU128(dst, upper.Sub(lower))
	if flags&candleTop == 0 {
		dst = appendU128(dst, market.U128(c.High).Sub(upper))
	}

	if flags&candleBottom == 0 {
		dst = appendU128(dst, lower.Sub(market.U128(c.Low)))
	}
	dst = appendU128(dst, c.Volume)
	dst = appendU128(dst, c.QuoteVolume)
	if flags&(candleNoBuys|candleAllBuys) == 0 {
		dst = appendU128(dst, c.BuyVolume)
	}

	return dst
}

// candle reads what appendCandle wrote, as part of a longer record.
func (f *fields) candle(t int64) (c market.Candle, seq market.Seq) {
	if f.u8() != recordVersion {
		f.bad = true
	}
	flags := f.u8()
	seq = market.Seq(f.uvarint())
	c = market.Candle{
		Time: t, Final: flags&candleFinal != 0, Provisional: flags&candleProvisional != 0, Corrected: flags&candleCorrected != 0,
	}
	c.Trades = f.uvarint()

	open, body := f.u128(), f.u128()
	upper, lower := open.Add(body), open
	if flags&candleFell != 0 {
		upper, lower = open, open.Sub(body)
		c.Close = market.Price(lower)
	} else {
		c.Close = market.Price(upper)
	}

	high, low := upper, lower
	if flags&candleTop == 0 {
		high = upper.Add(f.u128())
	}
	if flags&candleBottom == 0 {
		low = lower.Sub(f.u128())
	}

	c.Open, c.High, c.Low = market.Price(open), market.Price(high), market.Price(low)
	c.Volume, c.QuoteVolume = f.u128(), f.u128()
	switch {
	case flags&candleAllBuys != 0:
		c.BuyVolume = c.Volume
	case flags&candleNoBuys == 0:
		c.BuyVolume = f.u128()
	}

	return c, seq
}

func decodeCandle(t int64, value []byte) (market.Candle, market.Seq, error) {
	f := fields{rest: value}
	c, seq := f.candle(t)
	return c, seq, f.err("candle")
}

// durableCandles are a mint's open candles with the commit that last changed each open candle.
type durableCandles struct {
	market.OpenCandles
	seqs [market.NumStored][]market.Seq
}

func appendOpenCandles(dst []byte, b *market.OpenCandles, seqOf func(market.Interval, *market.Candle) market.Seq) []byte {
	dst = append(dst, recordVersion)
	dst = append(dst, b.Mint[:]...)
	dst = appendPosition(dst, b.Last)
	dst = binary.AppendVarint(dst, b.BlockTime)
	dst = appendU128(dst, market.U128(b.Price))
	for i := range b.Open[:placedIntervals] {
		dst = appendOpen(dst, market.Interval(i), b.Open[i], seqOf) //nolint:gosec // below NumStored
	}
	return appendNamedOpen(dst, b.Open[:], seqOf)
}

// appendOpen appends the open candles of one interval.
func appendOpen(dst []byte, interval market.Interval, open []market.Candle, seqOf func(market.Interval, *market.Candle) market.Seq) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(open)))
	for i := range open {
		dst = binary.AppendVarint(dst, open[i].Time)
		dst = appendCandle(dst, &open[i], seqOf(interval, &open[i]))
	}
	return dst
}

func (f *fields) open() (open []market.Candle, seqs []market.Seq) {
	const least = 9 // bytes of a candle with its time
	for range f.count(least) {
		c, seq := f.candle(f.varint())
		if f.bad {
			break
		}
		open, seqs = append(open, c), append(seqs, seq)
	}
	return open, seqs
}

func decodeOpenCandles(value []byte) (durableCandles, error) {
	f := record(value)
	var b durableCandles
	b.Mint, b.Last = f.key(), f.position()
	b.BlockTime, b.Price = f.varint(), market.Price(f.u128())
	for i := range b.Open[:placedIntervals] {
		b.Open[i], b.seqs[i] = f.open()
	}
	f.namedOpen(b.Open[:], b.seqs[:])
	return b, f.err("open candles")
}
