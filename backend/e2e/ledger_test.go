package e2e

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// record is one event of the simulated cluster's ledger, with its transaction.
type record struct {
	Kind        string `json:"kind"`
	Mint        string `json:"mint"`
	PriceRaw    string `json:"price_raw"`
	Decimals    int64  `json:"decimals"`
	TokenAmount uint64 `json:"token_amount"`
	SolAmount   uint64 `json:"sol_amount"`
	Buy         bool   `json:"buy"`
	User        string `json:"user"`
	Order       string `json:"order"`
	Symbol      string `json:"symbol"` // of a creation

	signature string
	slot      uint64
	index     uint32
	ordinal   int
	time      int64
}

func (r *record) id() string { return fmt.Sprintf("%s/%d", r.signature, r.ordinal) }

// price is SOL per whole token, exact; nil when the event has none.
func (r *record) price() *big.Rat {
	if r.PriceRaw == "" {
		return nil
	}
	raw, ok := new(big.Int).SetString(r.PriceRaw, 10)
	if !ok {
		panic("ledger price " + r.PriceRaw)
	}
	return new(big.Rat).SetFrac(raw, new(big.Int).Exp(big.NewInt(10), big.NewInt(r.Decimals), nil))
}

// ledger is what happened on the simulated cluster.
type ledger struct {
	records []record            // in chain order
	trades  map[string][]record // those with a price, by mint
}

// readLedger reads the whole ledger up to the newest slot.
func (c *cluster) readLedger() *ledger {
	c.t.Helper()
	l := &ledger{trades: map[string][]record{}}
	for after := ""; ; {
		var page struct {
			Transactions []struct {
				Signature string   `json:"signature"`
				Slot      uint64   `json:"slot"`
				Index     uint32   `json:"index"`
				BlockTime int64    `json:"block_time"`
				Failed    bool     `json:"failed"`
				Events    []record `json:"events"`
			} `json:"transactions"`
			Next string `json:"next"`
		}
		c.call("simnet_ledger", map[string]any{"after": after, "limit": 5000, "commitment": "processed"}, &page)
		for _, tx := range page.Transactions {
			if tx.Failed {
				continue
			}
			for i, r := range tx.Events {
				r.signature, r.slot, r.index, r.ordinal, r.time = tx.Signature, tx.Slot, tx.Index, i, tx.BlockTime
				l.records = append(l.records, r)
			}
		}

		if after = page.Next; after == "" {
			break
		}
	}

	l.arrange()
	return l
}

// arrange brings the records into the order of the chain, and lists their trades.
func (l *ledger) arrange() {
	slices.SortStableFunc(l.records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.index, b.index), cmp.Compare(a.ordinal, b.ordinal))
	})
	for _, r := range l.records {
		if r.PriceRaw != "" {
			l.trades[r.Mint] = append(l.trades[r.Mint], r)
		}
	}

	for _, trades := range l.trades { // candles go by block time first
		slices.SortStableFunc(trades, func(a, b record) int { return cmp.Compare(a.time, b.time) })
	}
}

// busiest returns the mints with most trades.
func (l *ledger) busiest(n int) []string {
	mints := make([]string, 0, len(l.trades))
	for mint := range l.trades {
		mints = append(mints, mint)
	}
	slices.SortFunc(mints, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(l.trades[b]), len(l.trades[a])), cmp.Compare(a, b))
	})
	return mints[:min(n, len(mints))]
}

// restless returns the mint whose price has crossed its present one most often: neither of one that rises nor of one that
// falls is that to be expected again.
func (l *ledger) restless() (mint string) {
	highest := -1
	for _, one := range l.busiest(len(l.trades)) {
		records := l.trades[one]
		level, crossed := records[len(records)-1].price(), 0
		for i := range records[1:] {
			if records[i].price().Cmp(level)*records[i+1].price().Cmp(level) < 0 {
				crossed++
			}
		}
		if crossed > highest {
			mint, highest = one, crossed
		}
	}
	return mint
}

// of returns the mint's records in chain order.
func (l *ledger) of(mint string) []record {
	var found []record
	for _, r := range l.records {
		if r.Mint == mint {
			found = append(found, r)
		}
	}
	return found
}

var intervalSeconds = map[string]int64{
	"s1": 1, "s5": 5, "s15": 15, "s30": 30, "m1": 60, "m3": 180, "m5": 300, "m15": 900, "m30": 1800, "h1": 3600, "h2": 7200, "h4": 14400,
	"d1": 86400, "w1": 604800,
}

// openTime is where the candle begins that a time is in. Weeks begin on Monday; Unix time began on a Thursday.
func openTime(interval string, time int64) int64 {
	const monday = 4 * 86400
	origin := int64(0)
	if interval == "w1" {
		origin = monday
	}
	return time - (time-origin)%intervalSeconds[interval]
}

// bucket holds the trades of one candle.
type bucket struct {
	time     int64
	previous *big.Rat // close before it, nil for a mint's first candle
	trades   []record
}

// buckets cuts a mint's trades, which the times are of, into candles, oldest first.
func (l *ledger) buckets(mint, interval string) []bucket {
	var list []bucket
	var previous *big.Rat
	for _, trade := range l.trades[mint] {
		start := openTime(interval, trade.time)
		if len(list) == 0 || list[len(list)-1].time != start {
			list = append(list, bucket{time: start, previous: previous})
		}
		last := &list[len(list)-1]
		last.trades = append(last.trades, trade)
		previous = trade.price()
	}
	return list
}

// candle is a candle on the wire.
type candle struct {
	Time        int64   `json:"time"`
	Open        float64 `json:"open"`
	High        float64 `json:"high"`
	Low         float64 `json:"low"`
	Close       float64 `json:"close"`
	Volume      float64 `json:"volume"`
	QuoteVolume float64 `json:"quote_volume"`
	Trades      int     `json:"trades"`
	BuyVolume   float64 `json:"buy_volume"`
	IsFinal     bool    `json:"is_final"`
	UpdateType  string  `json:"update_type"`
	UpdateCount int     `json:"update_count"`
	Provisional bool    `json:"provisional"`
	Corrected   bool    `json:"corrected"`
}

// after is the candle once its first n trades happened; how it was sent is left out.
func (b *bucket) after(n int) candle {
	open := b.previous
	if open == nil {
		open = b.trades[0].price()
	}
	high, low, last := open, open, open
	volume, quote, bought := new(big.Int), new(big.Int), new(big.Int)
	for _, trade := range b.trades[:n] {
		last = trade.price()
		if last.Cmp(high) > 0 {
			high = last
		}
		if last.Cmp(low) < 0 {
			low = last
		}

		tokens := new(big.Int).SetUint64(trade.TokenAmount)
		volume.Add(volume, tokens)
		quote.Add(quote, new(big.Int).SetUint64(trade.SolAmount))
		if trade.Buy {
			bought.Add(bought, tokens)
		}
	}

	const token, sol = 1_000_000, 1_000_000_000
	return candle{
		Time: b.time, Open: nearest(open), High: nearest(high), Low: nearest(low), Close: nearest(last),
		Volume: units(volume, token), QuoteVolume: units(quote, sol), BuyVolume: units(bought, token),
		Trades: n, UpdateCount: n,
	}
}

// nearest is the float64 nearest to the exact number.
func nearest(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}

func units(amount *big.Int, one int64) float64 {
	return nearest(new(big.Rat).SetFrac(amount, big.NewInt(one)))
}

// check compares a received candle with the ledger: a final one with all of its trades, an open one with the first so
// many as it says it has.
func (b *bucket) check(got candle) error {
	switch {
	case got.Trades < 1 || got.Trades > len(b.trades):
		return fmt.Errorf("%d trades, the ledger has %d: %+v", got.Trades, len(b.trades), got)
	case got.IsFinal && got.Trades != len(b.trades):
		return fmt.Errorf("final with %d trades, the ledger has %d: %+v", got.Trades, len(b.trades), got)
	case got.IsFinal != (got.UpdateType == "final") && got.UpdateType != "correction":
		return fmt.Errorf("is_final does not fit update_type: %+v", got)
	case got.Corrected && !got.IsFinal:
		return fmt.Errorf("corrected before it was final: %+v", got)
	}
	want := b.after(got.Trades)
	want.IsFinal, want.UpdateType, want.Provisional, want.Corrected = got.IsFinal, got.UpdateType, got.Provisional, got.Corrected
	if got != want {
		return fmt.Errorf("\n got %+v\nwant %+v", got, want)
	}
	return nil
}

// byTime finds a bucket.
func byTime(list []bucket, time int64) (*bucket, error) {
	i, ok := slices.BinarySearchFunc(list, time, func(b bucket, t int64) int { return cmp.Compare(b.time, t) })
	if !ok {
		return nil, fmt.Errorf("a candle at %d, where the ledger has no trade", time)
	}
	return &list[i], nil
}

// TestTheLedgersOwnArithmetic keeps the yardstick honest with a candle worked out by hand.
func TestTheLedgersOwnArithmetic(t *testing.T) {
	t.Parallel()
	raw := func(digits string) string { return digits + strings.Repeat("0", 18) } // of 10^-10 SOL
	trades := []record{
		{PriceRaw: raw("300"), Decimals: 28, time: 119, TokenAmount: 1, SolAmount: 1},
		{PriceRaw: raw("100"), Decimals: 28, time: 120, TokenAmount: 1_500_000, SolAmount: 7, Buy: true},
		{PriceRaw: "2" + strings.Repeat("0", 18), Decimals: 26, time: 121, TokenAmount: 500_000, SolAmount: 1_000_000_000},
		{PriceRaw: raw("150"), Decimals: 28, time: 179, TokenAmount: 10, SolAmount: 3, Buy: true},
	}
	list := (&ledger{trades: map[string][]record{"x": trades}}).buckets("x", "m1")
	if len(list) != 2 || list[1].time != 120 {
		t.Fatalf("buckets: %+v", list)
	}

	want := candle{
		Time: 120, Open: 3e-8, High: 3e-8, Low: 1e-8, Close: 1.5e-8, Volume: 2.00001, QuoteVolume: 1.00000001, BuyVolume: 1.50001,
		Trades: 3, UpdateCount: 3,
	}
	if got := list[1].after(3); got != want {
		t.Fatalf("\n got %+v\nwant %+v", got, want)
	}

	if got := list[1].after(2).Close; got != 2e-8 {
		t.Fatalf("close after two trades: %v", got)
	}
	want.IsFinal, want.UpdateType, want.BuyVolume = true, "final", 1.500011
	if list[1].check(want) == nil {
		t.Fatal("a wrong volume passes")
	}
}
