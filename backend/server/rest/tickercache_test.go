package rest_test

import (
	"context"
	"encoding/binary"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

const tickersEnd = 1_760_000_000 // chain time, Unix seconds

// busyDay fills a store with mints that traded through a day: 40 candles of five minutes each and, for one in ten, an
// hour of minutes and five minutes of five seconds.
func busyDay(tb testing.TB, mints int) *store.Store {
	tb.Helper()
	s, err := store.Open(store.Options{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() { _ = s.Close() })
	c := &market.Commit{}
	flush := func() {
		c.Seq, c.ChainTime = s.Seq()+1, tickersEnd
		if err := s.Commit(c); err != nil {
			tb.Fatal(err)
		}
		c = &market.Commit{}
	}
	for i := range mints {
		mint := dayMint(i)
		series := func(interval market.Interval, count, apart int) {
			last := interval.Floor(tickersEnd - 1)
			for j := count - 1; j >= 0; j-- {
				price := market.Price(market.U128{Hi: 15, Lo: uint64(i*count+j) << 40}) //nolint:gosec // small
				c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Interval: interval, Type: market.Final, Candle: market.Candle{
					Time: last - int64(j*apart)*interval.Seconds(), Open: price, High: price, Low: price, Close: price,
					Volume: market.U64(1 << 40), QuoteVolume: market.U64(uint64(i)), Trades: 3, Final: true, //nolint:gosec // small
				}})
			}
		}
		series(market.M5, 40, 7)
		if i%10 == 0 {
			series(market.M1, 60, 1)
			series(market.S5, 60, 1)
		}

		c.Tokens = append(c.Tokens, market.Token{
			Mint: mint, LatestPrice: market.Price{Hi: 15}, LatestTradeTime: tickersEnd - int64(i%10)*400, Trades: 120,
		})
		if len(c.Candles) > 1000 {
			flush()
		}
	}

	flush()
	return s
}

func dayMint(i int) (mint market.Pubkey) {
	binary.BigEndian.PutUint64(mint[:], uint64(i)+1) //nolint:gosec // small
	return mint
}

// TestTickersOfTheStore ranks mints whose TokenCreated is not stored, and reads a mint anew once a commit is about it.
func TestTickersOfTheStore(t *testing.T) {
	s := busyDay(t, 30)
	tickers := rest.NewTickers(ticker.New(s, market.AllIntervals()), nil)
	ask := rest.TickerQuery{Window: "h24", SortBy: wire.QuoteVolumeDesc, Spark: true, Page: store.Page{Limit: 5}}
	page, err := tickers(context.Background(), ask)
	if err != nil {
		t.Fatal(err)
	}

	first := page.Tickers[0]
	if page.Total != 30 || len(page.Tickers) != 5 || first.Mint != dayMint(29).String() || page.ChainTime != tickersEnd {
		t.Fatalf("%d of %d tickers, %s first, as of %d", len(page.Tickers), page.Total, first.Mint, page.ChainTime)
	}
	if first.Symbol != nil || first.H24.Trades != 120 || first.H24.QuoteVolume != 29*40e-9 || len(first.Spark) != 32 || *first.LastTradeTime != tickersEnd-3600 {
		t.Errorf("%+v, %+v", first, first.H24)
	}

	commit := &market.Commit{Seq: s.Seq() + 1, ChainTime: tickersEnd + 60, Tokens: []market.Token{
		{Mint: dayMint(3), LatestPrice: market.Price{Hi: 30}, LatestTradeTime: tickersEnd + 60},
	}, Candles: []market.CandleChange{{Mint: dayMint(3), Interval: market.S5, Candle: market.Candle{
		Time: tickersEnd + 60, Open: market.Price{Hi: 15}, Close: market.Price{Hi: 30}, Trades: 1, QuoteVolume: market.U64(5e9),
	}}}}
	if err := s.Commit(commit); err != nil {
		t.Fatal(err)
	}

	ask.Window, ask.SortBy = "m5", wire.ChangeDesc
	if page, err = tickers(context.Background(), ask); err != nil || page.Tickers[0].Mint != dayMint(3).String() {
		t.Fatalf("%+v %v", page.Tickers, err)
	}
	if m5 := page.Tickers[0].M5; m5.Change != 1 || m5.Since != tickersEnd+60 || m5.Trades != 1 || m5.QuoteVolume != 5 {
		t.Errorf("%+v", m5)
	}
}

// TestTickersByMarketCapAndProgress: what a mint's account and a coin's newest event say ranks and chooses as /api/venue tells it.
func TestTickersByMarketCapAndProgress(t *testing.T) {
	s := busyDay(t, 12)
	pair := market.MustPair(pump.Program, market.WrappedSOL, pump.TokenDecimals, 9)
	commit := &market.Commit{Seq: s.Seq() + 1, ChainTime: tickersEnd}
	for _, i := range []int{4, 7} {
		commit.Tokens = append(commit.Tokens, market.Token{
			Mint: dayMint(i), LatestPrice: market.Price{Hi: 15}, LatestTradeTime: tickersEnd - int64(i), Trades: 120, Pair: pair,
		})
	}
	for _, i := range []int{4, 7} {
		commit.Events = append(commit.Events, market.Event{
			Signature: market.Signature{byte(i)}, Position: market.Position{Slot: market.Slot(70 + i)}, BlockTime: tickersEnd, Price: market.Price{Hi: 15}, Owner: user,
			Body: &pump.Trade{
				Mint: dayMint(i), VirtualSolReserves: 40e9, VirtualTokenReserves: 804_750e9, RealSolReserves: 10e9, RealTokenReserves: 396_550e9,
				Tail: program.Tail{Parts: 4},
			},
		})
	}
	if err := s.Commit(commit); err != nil {
		t.Fatal(err)
	}

	cache := ticker.New(s, market.AllIntervals())
	cache.Facts = rest.TickerFacts(s, func(of market.Pubkey) market.MintInfo {
		return market.MintInfo{Supply: uint64(of[7]) * 1e9, Decimals: 6, Counted: of[7] > 3}
	})
	tickers := rest.NewTickers(cache, nil)
	ask := func(sort rest.TickerSort, filter ticker.Filter) (mints []string, page rest.TickerPage) {
		t.Helper()
		page, err := tickers(t.Context(), rest.TickerQuery{
			Window: "h24", SortBy: sort, Filter: filter, Progress: true, Page: store.Page{Limit: 50},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Tickers {
			mints = append(mints, one.Mint)
		}
		return mints, page
	}

	// Of 12 coins nine have a supply, the last the largest.
	if got, _ := ask(wire.MarketCapDesc, ticker.Filter{}); len(got) != 12 || got[0] != dayMint(11).String() || got[8] != dayMint(3).String() {
		t.Errorf("by market cap: %v", got)
	}
	if got, _ := ask(wire.MarketCapAsc, ticker.Filter{}); got[0] != dayMint(3).String() || got[8] != dayMint(11).String() {
		t.Errorf("by market cap, the least first: %v", got)
	}
	if got, _ := ask(wire.MarketCapAsc, ticker.Filter{MinCap: 1}); len(got) != 9 {
		t.Errorf("%d have a market cap", len(got))
	}

	got, page := ask(wire.ProgressDesc, ticker.Filter{MinProgress: 0.5})
	// Of two as near as each other the one that traded last comes first.
	if want := []string{dayMint(4).String(), dayMint(7).String()}; !slices.Equal(got, want) || *page.Tickers[0].Progress != 0.5 {
		t.Errorf("half way to graduation: %v", got)
	}
	if got, _ = ask(wire.ProgressDesc, ticker.Filter{MinProgress: 0.51}); len(got) != 0 {
		t.Errorf("further: %v", got)
	}
	if got, page = ask(wire.ProgressAsc, ticker.Filter{}); len(got) != 12 || page.Tickers[1].Progress == nil || page.Tickers[2].Progress != nil {
		t.Errorf("those that do not graduate are not last: %v", got)
	}
}

// TestTickersWhileTrading asks from many sides while commits come in, and in the end expects what a fresh cache says.
func TestTickersWhileTrading(t *testing.T) {
	s := busyDay(t, 40)
	tickers := rest.NewTickers(ticker.New(s, market.AllIntervals()), nil)
	var asking sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}

				q := rest.TickerQuery{Window: "m5", SortBy: wire.TradesDesc, Page: store.Page{Limit: 50}}
				if i == 0 {
					q.Mints = []market.Pubkey{dayMint(1), dayMint(2)}
				}
				if _, err := tickers(context.Background(), q); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}

	for i := range 200 {
		mint := dayMint(i % 40)
		now := int64(tickersEnd + i)
		c := market.Candle{Time: market.S5.Floor(now), Open: market.Price{Hi: 15}, Close: market.Price{Hi: 16}, Trades: uint64(i)} //nolint:gosec // small
		commit := &market.Commit{
			Seq: s.Seq() + 1, ChainTime: now,
			Tokens:  []market.Token{{Mint: mint, LatestPrice: market.Price{Hi: 16}, LatestTradeTime: now}},
			Candles: []market.CandleChange{{Mint: mint, Interval: market.S5, Candle: c}},
		}
		if err := s.Commit(commit); err != nil {
			t.Fatal(err)
		}
	}

	close(done)
	asking.Wait()
	q := rest.TickerQuery{Window: "m5", SortBy: wire.TradesDesc, Page: store.Page{Limit: 50}}
	got, err := tickers(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}

	want, err := rest.NewTickers(ticker.New(s, market.AllIntervals()), nil)(context.Background(), q)
	if err != nil || !reflect.DeepEqual(got, want) || want.Total != 40 {
		t.Errorf("kept and read anew differ (%v):\n%+v\n%+v", err, got, want)
	}
}

// BenchmarkTickers ranks 10,000 mints that traded in the last day: at first, again after 50 of them traded, and again.
func BenchmarkTickers(b *testing.B) {
	s := busyDay(b, 10_000)
	ctx, ask := context.Background(), rest.TickerQuery{Window: "h1", SortBy: wire.ChangeDesc, Page: store.Page{Limit: 1000}}
	rank := func(tickers rest.Tickers) {
		if page, err := tickers(ctx, ask); err != nil || page.Total != 10_000 {
			b.Fatal(page.Total, err)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			rank(rest.NewTickers(ticker.New(s, market.AllIntervals()), nil))
		}
	})

	tickers := rest.NewTickers(ticker.New(s, market.AllIntervals()), nil)
	rank(tickers)
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			rank(tickers)
		}
	})
	b.Run("after-50-trades", func(b *testing.B) {
		var spent time.Duration
		for b.Loop() {
			b.StopTimer()
			c := &market.Commit{Seq: s.Seq() + 1, ChainTime: tickersEnd}
			for i := range 50 {
				c.Tokens = append(c.Tokens, market.Token{Mint: dayMint(i * 10), LatestPrice: market.Price{Hi: 15}, LatestTradeTime: tickersEnd})
			}

			if err := s.Commit(c); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			start := time.Now()
			rank(tickers)
			spent += time.Since(start)
		}

		b.ReportMetric(float64(spent.Milliseconds())/float64(b.N), "ms/rank")
	})
}

// TestChosenTickers: the parameters of a choice arrive as they are meant.
func TestChosenTickers(t *testing.T) {
	var asked rest.TickerQuery
	all := deps(newFake())
	all.Tickers = func(_ context.Context, q rest.TickerQuery) (rest.TickerPage, error) {
		asked = q
		return rest.TickerPage{}, nil
	}
	server := serve(t, all)

	call(t, http.MethodGet, server.URL+"/api/tickers", "")
	if asked.Filter != (ticker.Filter{}) {
		t.Errorf("without a choice: %+v", asked.Filter)
	}

	call(t, http.MethodGet, server.URL+"/api/tickers?window=h1&program=spinpet&min_trades=7&min_quote_volume=2.5&max_age=3600&quote="+market.USDC.String(), "")
	f := asked.Filter
	if f.Quote == nil || *f.Quote != market.USDC || f.Program == nil || *f.Program != spinpet.Program {
		t.Errorf("%+v", f)
	}
	f.Quote, f.Program = nil, nil
	if f != (ticker.Filter{Trades: 7, Volume: 2_500_000_000, Age: 3600}) {
		t.Errorf("%+v", f)
	}
}
