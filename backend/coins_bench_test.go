package backend_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/solana"
	"spinscope/backend/watch"
	"spinscope/backend/wire"
)

// ledgerCoin is what the cluster's ledger has of a coin.
type ledgerCoin struct {
	mint   market.Pubkey
	trades int // that make its candles
}

// ledgerCoins are the coins of a simulated cluster, in the order of their creation.
func ledgerCoins(tb testing.TB, endpoint solana.Endpoint) (coins []*ledgerCoin) {
	tb.Helper()
	byMint := map[market.Pubkey]*ledgerCoin{}
	for after := ""; ; {
		var page struct {
			Result struct {
				Transactions []struct {
					Coins []struct {
						Kind string        `json:"kind"`
						Mint market.Pubkey `json:"mint"`
					} `json:"coins"`
				} `json:"transactions"`
				Next string `json:"next"`
			} `json:"result"`
		}
		call := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"simnet_ledger","params":[{"after":%q,"limit":5000,"commitment":"processed"}]}`, after)
		fetch(tb, http.MethodPost, endpoint.RPC, call, &page)
		for i := range page.Result.Transactions {
			for _, fact := range page.Result.Transactions[i].Coins {
				switch fact.Kind {
				case "created":
					byMint[fact.Mint] = &ledgerCoin{mint: fact.Mint}
					coins = append(coins, byMint[fact.Mint])
				case "trade":
					byMint[fact.Mint].trades++
				}
			}
		}

		if after = page.Result.Next; after == "" {
			return coins
		}
	}
}

// fetch asks for JSON.
func fetch(tb testing.TB, method, address, body string, into any) {
	tb.Helper()
	text := ask(tb, method, address, body)
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatalf("%s: %v, %.200s", address, err, text)
	}
}

// watchFor writes the list of watched coins of a data directory at once.
func watchFor(tb testing.TB, dir string, coins []*ledgerCoin) {
	tb.Helper()
	list := make([]watch.Listed, len(coins))
	for i, coin := range coins {
		list[i].Mint = coin.mint
	}
	text, err := json.Marshal(map[string]any{"version": 1, "coins": list})
	if err == nil {
		err = os.WriteFile(watch.At(dir).Path(), text, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// awaitLive waits until so many coins are watched and all of them live.
func awaitLive(tb testing.TB, server *backend.Backend, count int) (list wire.Watch) {
	tb.Helper()
	address, _ := server.Address()
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) { // between looks
		var answer struct {
			Data wire.Watch `json:"data"`
		}
		fetch(tb, http.MethodGet, "http://"+address+"/api/watch", "", &answer)
		live := 0
		for i := range answer.Data.Coins {
			if answer.Data.Coins[i].State == string(watch.Live) {
				live++
			}
		}

		if live == count {
			return answer.Data
		}
		if count > 50 {
			time.Sleep(100 * time.Millisecond) // the answer is long, and costs what is measured
		}
	}

	tb.Fatalf("%d coins are not live", count)
	return list
}

// BenchmarkCoinHistory watches a coin with more than 20,000 transactions behind it on a running server, beside a first start of
// that server on as many of SpinPet's, on the same cluster in another process. The coin's time is from the change of the list
// to the whole series; up to a second of it passes until the list is looked at.
func BenchmarkCoinHistory(b *testing.B) {
	const transactions = 48_000 // of both; one in eight of the coin's fails
	endpoint := apart(b, clusterSpec{Rate: 1, History: 24 * time.Hour, Transactions: transactions, Coins: 1, CoinShare: 0.5})
	coin := ledgerCoins(b, endpoint)[0]
	if coin.trades < 20_000 {
		b.Fatalf("%d trades", coin.trades)
	}

	var ratios, seconds []float64
	for b.Loop() {
		dir, start := b.TempDir(), time.Now()
		server, stop := serveIn(b, dir, endpoint, 10*transactions)
		if err := server.LoadHistory(b.Context(), cluster.Reach{}); err != nil {
			b.Fatal(err)
		}

		spinPet := time.Since(start)

		start = time.Now()
		if err := watch.At(dir).Add(coin.mint, start); err != nil {
			b.Fatal(err)
		}
		list := awaitLive(b, server, 1)
		took := time.Since(start)
		if len(list.Coins[0].Holes) > 0 {
			b.Fatalf("missing %v", list.Coins[0].Holes)
		}

		trades := tradesOf(b, server, coin.mint)
		if trades < coin.trades {
			b.Fatalf("%d trades of %d", trades, coin.trades)
		}
		stop()
		seconds, ratios = append(seconds, took.Seconds()), append(ratios, took.Seconds()/spinPet.Seconds())
		b.Logf("%d trades of the coin in %v, SpinPet's market in %v", trades, took.Round(time.Millisecond), spinPet.Round(time.Millisecond))
	}

	b.ReportMetric(middle(seconds), "s/coin")
	b.ReportMetric(middle(ratios), "of-SpinPet's")
	b.ReportMetric(0, "ns/op")
}

// middle is the median.
func middle(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }

// tradesOf counts the trades in a coin's daily candles.
func tradesOf(tb testing.TB, server *backend.Backend, mint market.Pubkey) (trades int) {
	tb.Helper()
	address, _ := server.Address()
	var answer struct {
		Data struct {
			Klines []struct {
				Trades int `json:"trades"`
			} `json:"klines"`
		} `json:"data"`
	}
	fetch(tb, http.MethodGet, "http://"+address+"/api/kline?mint="+mint.String()+"&interval=d1&limit=100", "", &answer)
	for _, candle := range answer.Data.Klines {
		trades += candle.Trades
	}
	return trades
}

// processorTime is what this process has used so far, of all processors.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// spend is what the process does in a stretch of time: the share of one processor, and the most that is resident.
func spend(tb testing.TB, length time.Duration) (core float64, peak int64) {
	tb.Helper()
	before, began := processorTime(tb), time.Now()
	for time.Since(began) < length {
		peak = max(peak, resident())
		time.Sleep(50 * time.Millisecond) // between looks
	}
	return float64(processorTime(tb)-before) / float64(time.Since(began)), peak
}

// BenchmarkWatched has 1,000 coins watched while they trade 350 times a second, beside a server that follows as many trades of
// SpinPet, and one that follows nothing. The clusters are processes of their own; the processor time is the server's.
func BenchmarkWatched(b *testing.B) {
	const coins, rate, stretch = 1000, 400, 30 * time.Second // one transaction in eight fails
	busy := apart(b, clusterSpec{Rate: rate, History: 10 * time.Minute, Transactions: 20_000, Coins: coins, CoinShare: 0.9999})
	spinPet := apart(b, clusterSpec{Rate: rate, History: 10 * time.Minute, Transactions: 20_000})
	idle := apart(b, clusterSpec{History: time.Minute, Transactions: 1})
	list := ledgerCoins(b, busy)
	if len(list) != coins {
		b.Fatalf("%d coins", len(list))
	}

	measure := func(endpoint solana.Endpoint, watched []*ledgerCoin) (core float64, peak int64, whole time.Duration, rate float64) {
		dir, start := b.TempDir(), time.Now()
		watchFor(b, dir, watched)
		server, stop := serveIn(b, dir, endpoint, 1_000_000)
		defer stop()

		if err := server.LoadHistory(b.Context(), cluster.Reach{}); err != nil {
			b.Fatal(err)
		}
		awaitLive(b, server, len(watched))
		whole = time.Since(start)
		core, peak = spend(b, stretch)

		trades := events(b, server)
		began := time.Now()
		time.Sleep(3 * time.Second) // of a rate
		rate = (events(b, server) - trades) / time.Since(began).Seconds()
		return core, peak, whole, rate
	}
	for b.Loop() {
		_, empty, _, _ := measure(idle, nil)
		core, peak, _, pace := measure(spinPet, nil)
		b.ReportMetric(core, "SpinPet-cores")
		b.ReportMetric(float64(peak-empty)/(1<<20), "SpinPet-MB-beyond")
		b.ReportMetric(pace, "SpinPet-events/s")
		watchedCore, watchedPeak, whole, pace := measure(busy, list)
		b.ReportMetric(watchedCore, "watched-cores")
		b.ReportMetric(watchedCore/core, "of-SpinPet's")
		b.ReportMetric(float64(empty)/(1<<20), "empty-MB")
		b.ReportMetric(float64(watchedPeak-empty)/(1<<20), "watched-MB-beyond")
		b.ReportMetric(float64(watchedPeak-empty)/coins/1024, "KB/coin")
		b.ReportMetric(pace, "watched-events/s")
		b.ReportMetric(whole.Seconds(), "s-until-live")
	}

	b.ReportMetric(0, "ns/op")
}

// events is how many the writer has stored.
func events(tb testing.TB, server *backend.Backend) float64 {
	tb.Helper()
	address, _ := server.Address()
	return metric(tb, metricsOf(tb, address), "spinscope_ingest_events_total")
}

// counting is an access point that counts what is asked of another.
type counting struct {
	mu    sync.Mutex
	calls map[string]int // by method
	posts int
	bytes int
}

var methodName = regexp.MustCompile(`"method":"(\w+)"`)

// before starts an access point before another one; its socket stays the other's.
func (c *counting) before(tb testing.TB, endpoint solana.Endpoint) solana.Endpoint {
	tb.Helper()
	target, err := url.Parse(endpoint.RPC)
	if err != nil {
		tb.Fatal(err)
	}

	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(answer *http.Response) error {
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		answer.Body = io.NopCloser(bytes.NewReader(text))
		c.mu.Lock()
		c.bytes += len(text)
		c.mu.Unlock()
		return err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}

		c.mu.Lock()
		c.posts++
		for _, found := range methodName.FindAllSubmatch(text, -1) {
			c.calls[string(found[1])]++
		}

		c.mu.Unlock()
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		proxy.ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)

	return solana.Endpoint{RPC: server.URL + "/", WS: endpoint.WS}
}

// take is what was counted since the last call.
func (c *counting) take() (posts int, calls map[string]int, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	posts, calls, bytes = c.posts, c.calls, c.bytes
	c.posts, c.calls, c.bytes = 0, map[string]int{}, 0
	return posts, calls, bytes
}

// BenchmarkRequestsOfACoin counts what an endpoint is asked: at the start with 100 coins, by the minute while they are live, and
// for one that is added, beside a server that watches none.
func BenchmarkRequestsOfACoin(b *testing.B) {
	const coins, minute = 100, time.Minute
	endpoint := apart(b, clusterSpec{Rate: 20, History: 10 * time.Minute, Transactions: 20_000, Coins: coins + 1, CoinShare: 0.9})
	list := ledgerCoins(b, endpoint)[:coins+1]
	for b.Loop() {
		var alive [2]int
		for i, watched := range []int{0, coins} {
			counted := &counting{calls: map[string]int{}}
			dir := b.TempDir()
			watchFor(b, dir, list[1:1+watched])
			server, stop := serveIn(b, dir, counted.before(b, endpoint), 1000)
			if err := server.LoadHistory(b.Context(), cluster.Reach{Since: time.Now()}); err != nil {
				b.Fatal(err)
			}

			awaitLive(b, server, watched)
			posts, calls, bytes := counted.take()
			b.Logf("%d coins, until live: %d requests, %v, %d KB", watched, posts, calls, bytes>>10)
			time.Sleep(minute) // of a rate
			posts, calls, bytes = counted.take()
			b.Logf("%d coins, a minute: %d requests, %v, %d KB", watched, posts, calls, bytes>>10)
			for _, n := range calls {
				alive[i] += n
			}

			if watched > 0 {
				if err := watch.At(dir).Add(list[0].mint, time.Now()); err != nil {
					b.Fatal(err)
				}
				done := awaitLive(b, server, watched+1).Coins[watched].Done
				posts, calls, bytes = counted.take()
				b.Logf("one more, with %d transactions: %d requests, %v, %d KB", done, posts, calls, bytes>>10)
			}

			stop()
		}

		b.ReportMetric(float64(alive[1]-alive[0])/coins, "calls/coin/min")
		b.ReportMetric(float64(alive[1])/float64(alive[0]), "of-none's")
	}

	b.ReportMetric(0, "ns/op")
}

// BenchmarkAddingACoin measures from the notification at a bystander to the push at a subscriber, for coins that are watched,
// in pairs of slices of two seconds: one at rest, one in which a coin with a long history is added.
func BenchmarkAddingACoin(b *testing.B) {
	const added, watched, slice = 12, 100, 2 * time.Second
	endpoint := apart(b, clusterSpec{Rate: 350, History: time.Hour, Transactions: 60_000, Coins: added + watched, CoinShare: 0.9999})
	list := ledgerCoins(b, endpoint)[:added+watched]
	for b.Loop() {
		dir := b.TempDir()
		watchFor(b, dir, list[added:])
		server, stop := serveIn(b, dir, endpoint, 1000)
		awaitLive(b, server, watched)
		address, _ := server.Address()
		l := &live{address: address}
		pushes, notified := l.pushes(b), coinNotifications(b, endpoint)
		<-pushes // subscribed

		sent, arrived := map[string]time.Time{}, map[string]time.Time{}
		measure := func() float64 {
			var took []time.Duration
			end := time.After(slice)
			note := func(signature string) {
				at, is := sent[signature]
				push, was := arrived[signature]
				if is && was {
					took = append(took, max(0, push.Sub(at)))
					delete(sent, signature)
					delete(arrived, signature)
				}
			}
			for {
				select {
				case one := <-notified:
					sent[one.signature] = one.at
					note(one.signature)
				case one := <-pushes:
					if one.signature == "" {
						b.Fatal("the subscriber was cut")
					}
					arrived[one.signature] = one.at
					note(one.signature)
				case <-end:
					clear(sent) // those of coins that nobody watches, and of history
					clear(arrived)
					slices.Sort(took)
					if len(took) < 100 {
						b.Fatalf("%d pushes in a slice", len(took))
					}
					return float64(took[len(took)*99/100].Microseconds()) / 1000
				}
			}
		}

		var rest, reading, ratios []float64
		measure()
		for i := range added {
			rest = append(rest, measure())
			if err := watch.At(dir).Add(list[i].mint, time.Now()); err != nil {
				b.Fatal(err)
			}
			reading = append(reading, measure())
			ratios = append(ratios, reading[i]/rest[i])
			awaitLive(b, server, watched+i+1)
			measure()
		}

		stop()
		slices.Sort(ratios)
		b.ReportMetric(middle(rest), "rest-p99-ms")
		b.ReportMetric(middle(reading), "adding-p99-ms")
		b.ReportMetric(ratios[len(ratios)/4], "ratio-quartile1")
		b.ReportMetric(middle(ratios), "ratio")
		b.ReportMetric(ratios[len(ratios)*3/4], "ratio-quartile3")
	}

	b.ReportMetric(0, "ns/op")
}

// coinNotifications are the cluster's, of trades on pump and PumpSwap, as another subscriber sees them.
func coinNotifications(tb testing.TB, endpoint solana.Endpoint) <-chan seen {
	tb.Helper()
	return watchSocket(tb, endpoint.WS, func(send func(string), message string) {
		if message == "" {
			for i, id := range []market.Pubkey{pump.ProgramID, pumpswap.ProgramID} {
				send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"logsSubscribe","params":[{"mentions":["%s"]},{"commitment":"confirmed"}]}`, i+1, id))
			}
		}
	}, regexp.MustCompile(`"signature":"(\w+)".*Program data`))
}
