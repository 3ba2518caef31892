package wire

import (
	"strconv"

	"spinscope/backend/market"
)

// Candle is a candle on the wire. Prices are SOL, or what else the coin is paid in, per whole token, volumes whole units of
// both, each the float64 nearest to the exact value.
type Candle struct {
	Time        int64   `json:"time"         doc:"Bucket start, Unix seconds"`
	Open        float64 `json:"open"         doc:"SOL per whole token; the previous candle's close"`
	High        float64 `json:"high"         doc:"SOL per whole token"`
	Low         float64 `json:"low"          doc:"SOL per whole token"`
	Close       float64 `json:"close"        doc:"SOL per whole token"`
	Volume      float64 `json:"volume"       doc:"Whole tokens traded"`
	QuoteVolume float64 `json:"quote_volume" doc:"SOL traded"`
	Trades      uint64  `json:"trades"       doc:"Price events in the bucket"`
	BuyVolume   float64 `json:"buy_volume"   doc:"Whole tokens bought by takers"`
	IsFinal     bool    `json:"is_final"     doc:"Chain time has passed the bucket's end"`
	UpdateType  string  `json:"update_type"  doc:"Why it was sent; history has realtime and final only, see corrected" enum:"realtime,final,correction"`
	UpdateCount uint64  `json:"update_count" doc:"The same as trades"`
	Provisional bool    `json:"provisional,omitempty" doc:"Holds an event whose block time is an estimate"`
	Corrected   bool    `json:"corrected,omitempty"   doc:"Was final once and has changed since"`
}

// NewCandle is a candle of a coin's pair as sent for the given reason. A final or corrected candle always says is_final.
func NewCandle(c market.Candle, pair market.Pair, reason market.UpdateType) Candle {
	base, quote := pair.BaseDecimals(), pair.QuoteDecimals()
	return Candle{
		Time:        c.Time,
		Open:        c.Open.Float(),
		High:        c.High.Float(),
		Low:         c.Low.Float(),
		Close:       c.Close.Float(),
		Volume:      c.Volume.Float(base),
		QuoteVolume: c.QuoteVolume.Float(quote),
		Trades:      c.Trades,
		BuyVolume:   c.BuyVolume.Float(base),
		IsFinal:     c.Final || reason != market.Realtime,
		UpdateType:  reason.String(),
		UpdateCount: c.Trades,
		Provisional: c.Provisional,
		Corrected:   c.Corrected,
	}
}

// HistoryCandle is c as history answers give it: final or realtime by its own state.
func HistoryCandle(c market.Candle, pair market.Pair) Candle {
	if c.Final {
		return NewCandle(c, pair, market.Final)
	}
	return NewCandle(c, pair, market.Realtime)
}

// AppendJSON appends the bytes that encoding/json would write, without reflection.
func (c *Candle) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"time":`...)
	dst = strconv.AppendInt(dst, c.Time, 10)
	for _, part := range [...]struct {
		key   string
		value float64
	}{
		{`,"open":`, c.Open},
		{`,"high":`, c.High},
		{`,"low":`, c.Low},
		{`,"close":`, c.Close},
		{`,"volume":`, c.Volume},
		{`,"quote_volume":`, c.QuoteVolume},
	} {
		dst = append(dst, part.key...)
		dst = AppendFloat(dst, part.value)
	}

	dst = append(dst, `,"trades":`...)
	dst = strconv.AppendUint(dst, c.Trades, 10)
	dst = append(dst, `,"buy_volume":`...)
	dst = AppendFloat(dst, c.BuyVolume)
	dst = append(dst, `,"is_final":`...)
	dst = strconv.AppendBool(dst, c.IsFinal)
	dst = append(dst, `,"update_type":"`...)
	dst = append(dst, c.UpdateType...)
	dst = append(dst, `","update_count":`...)
	dst = strconv.AppendUint(dst, c.UpdateCount, 10)
	if c.Provisional {
		dst = append(dst, `,"provisional":true`...)
	}

	if c.Corrected {
		dst = append(dst, `,"corrected":true`...)
	}
	return append(dst, '}')
}

// AppendCandles appends the candles as a JSON array; an empty one is [].
func AppendCandles(dst []byte, candles []Candle) []byte {
	dst = append(dst, '[')
	for i := range candles {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = candles[i].AppendJSON(dst)
	}
	return append(dst, ']')
}
