package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

const listedPerSecond = 4

// rates say what is pushed.
type rates struct {
	Shown  float64 `json:"shown"`  // updates of the shown topic a second
	Listed int     `json:"listed"` // tokens of the list that change listedPerSecond times a second
	Trades int64   `json:"trades"` // left to push before the feed rests; negative is no end
	Span   float64 `json:"span"`   // seconds of the market's clock that Trades take; 0 is as long as they take
}

// feed owns the market's clock and pushes to whoever is subscribed. The loop of run is its only pusher.
type feed struct {
	tokens []token
	space  *socketio.Namespace
	pushed atomic.Int64
	seq    atomic.Uint64
	ahead  atomic.Int64 // microseconds of the market's clock beyond the wall's

	mu    sync.Mutex
	rates rates
}

func (f *feed) now() float64 {
	return float64(time.Now().UnixMicro()+f.ahead.Load()) / 1e6
}

func (f *feed) set(r rates) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rates = r
}

func (f *feed) left() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rates.Trades
}

func (f *feed) mount(s *socketio.Server) {
	f.space = s.Namespace("/ws/kline", socketio.Handler{
		Connect: func(c *socketio.Conn, _ map[string]any) error {
			return c.Emit("connection_success", map[string]any{"clientId": c.ID(), "supportedSymbols": []string{f.tokens[0].mint}})
		},
		Event: func(c *socketio.Conn, name string, args []any, _ func(any)) { f.request(c, name, args) },
	})
}

func (f *feed) request(c *socketio.Conn, name string, args []any) {
	var wanted map[string]any
	if len(args) > 0 {
		wanted, _ = args[0].(map[string]any)
	}
	symbol, _ := wanted["symbol"].(string)
	interval, _ := wanted["interval"].(string)
	switch name {
	case "subscribe_kline":
		c.Join("kline:" + symbol + ":" + interval)
		_ = c.Emit("history_data", wire.HistoryData{Symbol: symbol, Interval: interval, Data: []wire.Candle{}, Seq: f.seq.Load()})
	case "unsubscribe_kline":
		c.Leave("kline:" + symbol + ":" + interval)
	case "subscribe_events":
		c.Join("events:" + symbol)
	case "unsubscribe_events":
		c.Leave("events:" + symbol)
	case "subscribe_price":
		c.Join("price:" + symbol)
	case "unsubscribe_price":
		c.Leave("price:" + symbol)
	}
}

// run pushes for ever, in steps of a few milliseconds.
func (f *feed) run() {
	const step = 4 * time.Millisecond
	var shown, listed float64
	last := time.Now()
	for at := range time.Tick(step) {
		passed := at.Sub(last).Seconds()
		last = at
		f.mu.Lock()
		r := f.rates
		f.mu.Unlock()
		shown += r.Shown * passed
		for ; shown >= 1; shown-- {
			f.trade()
		}

		listed += float64(r.Listed*listedPerSecond) * passed
		for ; listed >= 1; listed-- {
			f.price(f.tokens[1+rand.IntN(max(1, min(r.Listed, len(f.tokens)-1)))])
		}
	}
}

// trade is one trade of the shown token: an event, a price and a candle in each interval that is watched.
func (f *feed) trade() {
	f.mu.Lock()
	if f.rates.Trades == 0 {
		f.mu.Unlock()
		return
	}

	f.rates.Trades--
	r := f.rates
	f.mu.Unlock()
	if r.Span > 0 {
		f.ahead.Add(int64(r.Span * 1e6))
	}

	t, now := f.tokens[0], f.now()
	seq := f.seq.Add(1)
	second := int64(now)
	stamps := wire.Stamps{BlockTime: second, ReceivedAt: second * 1000, PublishedAt: second * 1000}
	for room := range f.space.Rooms() {
		var interval string
		if len(room) > 6+len(t.mint) && room[:6] == "kline:" && room[6:6+len(t.mint)] == t.mint {
			interval = room[7+len(t.mint):]
		} else {
			continue
		}
		length := lengthOf(interval)
		c := t.candle(second/length*length, length, second)
		c.Close = t.price(now) * (1 + 0.001*rand.Float64())
		c.High, c.Low = max(c.High, c.Close), min(c.Low, c.Close)
		f.push(room, "kline_data", wire.KlineData{Symbol: t.mint, Interval: interval, Data: c, Timestamp: second * 1000, Seq: seq, Slot: seq, Stamps: stamps})
	}

	f.push("events:"+t.mint, "event_data", map[string]any{
		"symbol": t.mint, "event_type": "BuySell", "timestamp": second * 1000, "signature": signature(seq), "ordinal": 0,
		"slot": seq, "seq": seq, "event_data": t.event(seq, now),
	})
	f.price(t)
	f.pushed.Add(1)
}

func (f *feed) price(t token) {
	now := f.now()
	p := t.price(now) * (1 + 0.002*rand.Float64())
	seq := f.seq.Load()
	f.push("price:"+t.mint, "price_update", wire.PriceUpdate{
		Symbol: t.mint, Price: p, PriceExact: strconv.FormatFloat(p, 'f', 20, 64), Timestamp: int64(now), Side: "buy", Slot: seq,
		Signature: signature(seq), Seq: seq, Stamps: wire.Stamps{BlockTime: int64(now)},
	})
}

func (f *feed) push(room, event string, payload any) {
	if f.space.Members(room) == 0 {
		return
	}
	if text, err := json.Marshal(payload); err == nil {
		f.space.Broadcast(room, event, text, 0)
	}
}

func signature(seq uint64) string { return fmt.Sprintf("%088d", seq) }

// event is a trade as the wire carries it.
func (t token) event(seq uint64, at float64) map[string]any {
	p := t.price(at)
	return map[string]any{
		"event_type": "BuySell", "signature": signature(seq), "slot": seq, "ordinal": 0, "timestamp": wire.Time(int64(at)),
		"payer": t.mint, "mint_account": t.mint, "is_buy": seq%3 != 0, "token_amount": 1_000_000 * (1 + seq%977),
		"sol_amount": 1_000 * (1 + seq%9973), "latest_price": "1", "price_exact": strconv.FormatFloat(p, 'f', 20, 64),
	}
}
