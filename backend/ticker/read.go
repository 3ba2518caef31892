package ticker

import (
	"fmt"
	"math/big"

	"spinscope/backend/market"
)

// Source is the store, which answers from any goroutine.
type Source interface {
	// ChainTime is the time that candles are final up to, Unix seconds.
	ChainTime() int64
	// Traded lists the mints that traded at since or later, the latest first, at most limit of them.
	Traded(since int64, limit int) []market.MintMark
	// Marks finds the known ones among the mints, in the order asked.
	Marks(mints []market.Pubkey) []market.MintMark
	// Token is what is known of a mint.
	Token(mint market.Pubkey) (market.Token, bool, error)
	// CandlesFrom gives the candles with a time of from or later, oldest first, open ones included.
	CandlesFrom(mint market.Pubkey, interval market.Interval, from int64) ([]market.Candle, error)
}

// kept is a ticker as it was read.
type kept struct {
	Ticker
	change [NumWindows]float64 // to rank by; 0 where not known
	seq    market.Seq          // of the mint's mark
	at     int64               // chain time it was read at
	until  int64               // chain time at which a candle has left a window

	cap      *big.Int // market.Cap as weigh found it last; nil where the supply is not known
	progress *float64 // Facts.Progress; nil where there is none
	followed bool     // progress was looked for
}

// read makes a mint's ticker as of chain time now. A window that the last trade lies before is not read.
func (b *Cache) read(mark market.MintMark, now int64) (*kept, error) {
	token, found, err := b.source.Token(mark.Mint)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", mark.Mint, err)
	}

	if !found {
		token.Mint = mark.Mint
	}
	k := &kept{Ticker: Ticker{Token: token}, seq: mark.Seq, at: now, until: now + H24.Seconds()}
	if token.LatestPrice.IsZero() {
		return k, nil
	}

	for window := range Window(NumWindows) {
		interval := b.intervals[window]
		if interval == nil {
			continue
		}

		from := now - window.Seconds()
		var candles []market.Candle
		if token.LatestTradeTime >= from {
			if candles, err = b.source.CandlesFrom(mark.Mint, *interval, from); err != nil {
				return nil, fmt.Errorf("read candles of %s: %w", mark.Mint, err)
			}
		}

		k.Spans[window] = sum(candles, &token)
		if len(candles) > 0 {
			k.until = min(k.until, candles[0].Time+window.Seconds()+1)
		}
		if window == H24 {
			k.Spark = line(candles, from, now, k.Spans[H24].Trades < token.Trades, token.LatestPrice)
			k.until = min(k.until, now+H24.Seconds()/SparkPoints)
		}

		k.change[window], _ = k.Change(window)
	}

	return k, nil
}

// sum is what happened in a window. Without candles in it the price has stood still since the last trade.
func sum(candles []market.Candle, token *market.Token) Span {
	if len(candles) == 0 {
		return Span{Since: token.LatestTradeTime, Open: token.LatestPrice}
	}
	s := Span{Since: candles[0].Time, Open: candles[0].Open}
	for i := range candles {
		c := &candles[i]
		s.Volume = s.Volume.Add(c.Volume)
		s.QuoteVolume = s.QuoteVolume.Add(c.QuoteVolume)
		s.BuyVolume = s.BuyVolume.Add(c.BuyVolume)
		s.Trades += c.Trades
	}
	return s
}

// line takes the last close of each equal part of the time between from and to, and the price before it where there is
// none. The last part holds what came after to. Unless older trades are stored, it begins with the first candle.
func line(candles []market.Candle, from, to int64, older bool, last market.Price) (points [SparkPoints]market.Price) {
	price := last
	if len(candles) > 0 {
		price = candles[0].Open
		if !older {
			from = candles[0].Time
		}
	}
	for i := range points {
		end := from + (to-from)*int64(i+1)/SparkPoints
		for len(candles) > 0 && (candles[0].Time < end || i == SparkPoints-1) {
			price, candles = candles[0].Close, candles[1:]
		}
		points[i] = price
	}
	return points
}
