package main

import (
	"fmt"
	"math"
	"strconv"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

const startPrice = 2.8e-8

// token is one made-up token: a wave, so that its price at any second can be told without remembering it.
type token struct {
	mint   string
	symbol string
	phase  float64
}

func tokens(count int) []token {
	list := make([]token, count)
	for i := range list {
		var key market.Pubkey
		for j := range key {
			key[j] = byte(i*7 + j*3 + 1)
		}
		list[i] = token{mint: key.String(), symbol: fmt.Sprintf("T%03d", i), phase: float64(i)}
	}
	return list
}

func (t token) price(at float64) float64 {
	return startPrice * (1 + t.phase/50) *
		(1 + 0.2*math.Sin(at/9000+t.phase) + 0.05*math.Sin(at/700+2*t.phase) + 0.01*math.Sin(at/37) + 0.003*math.Sin(at*1.7))
}

// candle is the candle that begins at start, as far as it has come by now.
func (t token) candle(start, length, now int64) wire.Candle {
	end := min(start+length, now)
	open, last := t.price(float64(start)), t.price(float64(max(end, start+1)))
	mid := t.price(float64(start+end) / 2)
	c := wire.Candle{
		Time: start, Open: open, Close: last, High: max(open, last, mid), Low: min(open, last, mid),
		Volume: 1e5 + 9e4*math.Sin(float64(start)), QuoteVolume: 0.003, Trades: 7, BuyVolume: 5e4,
		IsFinal: start+length <= now, UpdateType: "realtime", UpdateCount: 7,
	}
	if c.IsFinal {
		c.UpdateType = "final"
	}
	return c
}

// page is the newest candles not after to, newest first, of a token that has so many.
func (t token) page(length, now, to int64, limit, total int) (list []wire.Candle, more bool) {
	newest := now / length * length
	oldest := newest - int64(total-1)*length
	if to <= 0 || to > newest {
		to = newest
	}
	for start := to / length * length; start >= oldest; start -= length {
		if len(list) == limit {
			return list, true
		}
		list = append(list, t.candle(start, length, now))
	}
	return list, false
}

func lengthOf(interval string) int64 {
	i, err := market.ParseInterval(interval)
	if err != nil {
		return 60
	}
	return i.Seconds()
}

// ticker is what the token did lately.
func (t token) ticker(at float64, spark bool) wire.Ticker {
	span := func(length float64) *wire.Span {
		open := t.price(at - length)
		return &wire.Span{Since: int64(at - length), Open: open, Change: t.price(at)/open - 1, QuoteVolume: 100, Trades: 1000}
	}
	price, last := t.price(at), int64(at)
	w := wire.Ticker{
		Mint: t.mint, Symbol: &t.symbol, Name: &t.symbol, Price: &price, PriceExact: new(strconv.FormatFloat(price, 'f', 20, 64)),
		LastTradeTime: &last, H24: span(86400), H1: span(3600), M5: span(300),
	}
	for i := 0; spark && i < 32; i++ {
		w.Spark = append(w.Spark, t.price(at-float64(31-i)*2700))
	}
	return w
}
