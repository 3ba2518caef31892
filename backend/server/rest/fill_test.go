package rest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// fill against the plain reading of its rule, bucket by bucket. Only stored candles can be corrected; of the others the
// answer holds no such key.
func TestFillEqualsItsRule(t *testing.T) {
	f := newFake()
	server := serve(t, deps(f))
	random := rand.New(rand.NewPCG(4, 2))
	stored := map[int64]market.Candle{}
	mark := map[bool]any{true: true} // a key that is not there reads as nil
	for i, c := range f.candles[market.M1] {
		c.Corrected = c.Final && i%5 == 0
		f.candles[market.M1][i], stored[c.Time] = c, c
	}

	for range 150 {
		from := int64(firstTime + random.IntN(60*220) - 60*20)
		to := from + int64(random.IntN(60*60))
		f.state.ChainTime = int64(firstTime + random.IntN(60*220))
		var want []string
		last, known := market.Candle{}, false
		for start := int64(firstTime - 60*30); start <= to; start += 60 {
			c, ok := stored[start]
			switch {
			case ok:
				last, known = c, true
			case !known || start > f.state.ChainTime:
				continue
			default:
				c = market.Candle{Time: start, Close: last.Close, Final: start+60 <= f.state.ChainTime}
			}

			if start >= from {
				want = append(want, fmt.Sprint(c.Time, c.Close.Float(), c.Trades, c.Final, mark[c.Corrected]))
			}
		}

		order := []string{"time_asc", "time_desc"}[random.IntN(2)]
		if order == "time_desc" {
			slices.Reverse(want)
		}
		limit := 1 + random.IntN(40)
		var got []string
		for page := 1; ; page++ {
			address := fmt.Sprintf("%s/api/kline?mint=%s&interval=m1&fill=true&from=%d&to=%d&order_by=%s&limit=%d&page=%d", server.URL, mint, from, to, order, limit, page)
			data := call(t, http.MethodGet, address, "").data
			if data["total"] != float64(len(want)) {
				t.Fatalf("%s: total %v, want %d", address, data["total"], len(want))
			}

			for _, entry := range data["klines"].([]any) {
				c := entry.(map[string]any)
				got = append(got, fmt.Sprint(int64(c["time"].(float64)), c["close"], int64(c["trades"].(float64)), c["is_final"], c["corrected"]))
				if c["trades"] == 0.0 && (c["open"] != c["close"] || c["high"] != c["close"] || c["low"] != c["close"] || c["volume"] != 0.0) {
					t.Fatalf("not flat: %v", c)
				}
			}

			if data["has_next"] == false {
				break
			}
		}

		if !slices.Equal(got, want) {
			t.Fatalf("from %d to %d, chain time %d, %s:\ngot  %v\nwant %v", from, to, f.state.ChainTime, order, got, want)
		}
	}
}
