package backend_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

// BenchmarkStoreHTTP reads candles of a full store through the whole server, one request after the other on one
// connection, as a chart does.
func BenchmarkStoreHTTP(b *testing.B) {
	const candles = 1_000_000
	o := marketIn(b.TempDir())
	o.Assets, o.Config.Solana.EnableEventListener = fstest.MapFS{}, false
	mint := market.Pubkey{1, 2, 3}
	filled, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "mainnet")})
	if err != nil {
		b.Fatal(err)
	}

	for at := 0; at < candles; at += 500 {
		c := &market.Commit{Seq: market.Seq(at/500 + 1), ChainTime: 2_000_000_000}
		for i := at; i < at+500; i++ {
			price := market.Price(market.U128{Hi: 15, Lo: uint64(i) << 40})
			c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Interval: market.S1, Type: market.Final, Candle: market.Candle{
				Time: int64(1_700_000_000 + i), Open: price, High: price, Low: price, Close: price, Volume: market.U64(uint64(i) << 20),
				QuoteVolume: market.U64(uint64(i) << 10), BuyVolume: market.U64(uint64(i)), Trades: 3, Final: true,
			}})
		}
		if err := filled.Commit(c); err != nil {
			b.Fatal(err)
		}
	}

	if err := filled.Close(); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	server := backend.New(o)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}()

	var address string
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		var ready bool
		if address, ready = server.Address(); ready {
			tick.Stop()
			break
		}
	}

	for _, page := range []struct {
		name  string
		query string
	}{{"latest-100", "limit=100"}, {"latest-1000", "limit=1000"}, {"page-1000-of-50", "limit=50&page=1000"}} {
		b.Run(page.name, func(b *testing.B) {
			url := fmt.Sprintf("http://%s/api/kline?mint=%s&interval=s1&%s", address, mint, page.query)
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				if err != nil {
					b.Fatal(err)
				}

				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
					b.Fatal(answer.Status, err)
				}

				_ = answer.Body.Close()
				times = append(times, time.Since(start))
			}

			slices.Sort(times)
			at := func(q float64) float64 {
				return float64(times[min(len(times)-1, int(q*float64(len(times))))]) / float64(time.Millisecond)
			}
			b.ReportMetric(at(0.5), "p50-ms")
			b.ReportMetric(at(0.99), "p99-ms")
		})
	}
}
