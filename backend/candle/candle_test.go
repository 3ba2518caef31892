package candle

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// naive computes one bucket straight from the rules, with big integers and no shared code.
func naive(interval market.Interval, start int64, ticks []Tick) (market.Candle, bool) {
	var inside []Tick
	var previous *Tick
	for i, tick := range ticks {
		switch {
		case tick.Time < start:
			previous = &ticks[i]
		case tick.Time < start+interval.Seconds():
			inside = append(inside, tick)
		}
	}

	if len(inside) == 0 {
		return market.Candle{}, false
	}
	prices := []market.Price{inside[0].Price}
	if previous != nil {
		prices[0] = previous.Price
	}

	volume, quote, bought := new(big.Int), new(big.Int), new(big.Int)
	provisional := false
	for _, tick := range inside {
		prices = append(prices, tick.Price)
		volume.Add(volume, new(big.Int).SetUint64(tick.Base))
		quote.Add(quote, new(big.Int).SetUint64(tick.Quote))
		if tick.Buy {
			bought.Add(bought, new(big.Int).SetUint64(tick.Base))
		}
		provisional = provisional || tick.Provisional
	}

	byPrice := func(a, b market.Price) int { return market.U128(a).Cmp(market.U128(b)) }
	return market.Candle{
		Time: start, Open: prices[0], Close: prices[len(prices)-1],
		High: slices.MaxFunc(prices, byPrice), Low: slices.MinFunc(prices, byPrice),
		Volume: u128(volume), QuoteVolume: u128(quote), BuyVolume: u128(bought),
		Trades: uint64(len(inside)), Provisional: provisional,
	}, true
}

func u128(b *big.Int) market.U128 {
	x, err := market.ParseU128(b.String())
	if err != nil {
		panic(err)
	}
	return x
}

func randomTicks(r *rand.Rand, n int) []Tick {
	now := int64(1_752_000_000 + r.IntN(86400))
	ticks := make([]Tick, n)
	for i := range ticks {
		if r.IntN(3) > 0 {
			now += int64(r.IntN(1 << r.IntN(14)))
		}
		amount := r.Uint64N(1 << 40)
		if r.IntN(50) == 0 {
			amount = ^uint64(0) // sums must not wrap
		}

		ticks[i] = Tick{
			Trade: market.Trade{
				Price: market.Price{Hi: r.Uint64N(4), Lo: r.Uint64() | 1},
				Base:  amount, Quote: amount / 3, Buy: r.IntN(2) == 0,
			},
			Time: now, At: market.Position{Slot: market.Slot(i/3 + 1), Index: uint32(i % 3)},
		}
	}

	return ticks
}

func TestFoldAndCloseEqualTheNaiveModel(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		ticks := randomTicks(r, 300)
		intervals := market.StoredIntervals()
		var candles market.OpenCandles
		got := map[market.Interval][]market.Candle{}
		for i := range ticks {
			if !InOrder(&candles, &ticks[i]) {
				t.Fatalf("seed %d: tick %d is not in order", seed, i)
			}
			Fold(&candles, intervals, &ticks[i])
			if r.IntN(4) == 0 { // chain time may stay behind, never ahead of the next trade
				chain := ticks[i].Time - int64(r.IntN(5))
				if end := NextEnd(&candles, intervals); end <= chain == emptyClose(&candles, intervals, chain, got) {
					t.Fatalf("seed %d: end %d at chain time %d is wrong", seed, end, chain)
				}
			}
		}

		emptyClose(&candles, intervals, Never, got)
		for _, interval := range intervals {
			want := map[int64]market.Candle{}
			for _, tick := range ticks {
				start := interval.Floor(tick.Time)
				c, _ := naive(interval, start, ticks)
				want[start] = c
			}

			if len(want) != len(got[interval]) {
				t.Fatalf("seed %d %s: %d candles, want %d", seed, interval, len(got[interval]), len(want))
			}
			for i, c := range got[interval] {
				if !c.Final {
					t.Fatalf("seed %d %s: closed candle is not final", seed, interval)
				}
				c.Final = false
				if c != want[c.Time] {
					t.Fatalf("seed %d %s candle %d:\n got %+v\nwant %+v", seed, interval, i, c, want[c.Time])
				}
			}

			built := Build(interval, market.Price{}, ticks)
			for i := range got[interval] {
				got[interval][i].Final = false
			}

			if !slices.Equal(built, got[interval]) {
				t.Fatalf("seed %d %s: Build differs from Fold", seed, interval)
			}
		}
	}
}

// emptyClose closes into got and reports whether nothing was closed.
func emptyClose(candles *market.OpenCandles, intervals []market.Interval, chain int64, got map[market.Interval][]market.Candle) bool {
	empty := true
	Close(candles, intervals, chain, func(i market.Interval, c market.Candle) {
		empty = false
		got[i] = append(got[i], c)
	})
	return empty
}

func TestBuildContinuesFromAnOldClose(t *testing.T) {
	price := func(n uint64) market.Price { return market.Price{Lo: n} }
	ticks := []Tick{{Trade: market.Trade{Price: price(50), Base: 7}, Time: 120}}
	c := Build(market.M1, price(90), ticks)[0]
	if c.Open != price(90) || c.High != price(90) || c.Low != price(50) || c.Close != price(50) {
		t.Fatalf("the gap to the previous close is not in the candle: %+v", c)
	}
	if flat := Flat(180, price(50)); flat.Open != price(50) || flat.Trades != 0 || flat.Low != flat.High {
		t.Fatalf("flat candle: %+v", flat)
	}
}

func TestProvisionalCandlesStayOpen(t *testing.T) {
	var candles market.OpenCandles
	tick := Tick{Trade: market.Trade{Price: market.Price{Lo: 5}}, Time: 60, Provisional: true}
	Fold(&candles, []market.Interval{market.S1, market.M1}, &tick)
	Close(&candles, []market.Interval{market.S1, market.M1}, 1000, func(i market.Interval, c market.Candle) {
		t.Fatalf("%s closed: %+v", i, c)
	})
	if NextEnd(&candles, []market.Interval{market.S1, market.M1}) != Never {
		t.Fatal("a provisional candle has no end to wait for")
	}
}

func TestFoldRefusesNothingButReportsOrder(t *testing.T) {
	candles := market.OpenCandles{Price: market.Price{Lo: 1}, BlockTime: 100, Last: market.Position{Slot: 9, Index: 2, Ordinal: 1}}
	for _, c := range []struct {
		time int64
		at   market.Position
		want bool
	}{
		{100, market.Position{Slot: 9, Index: 2, Ordinal: 2}, true},
		{100, market.Position{Slot: 9, Index: 2, Ordinal: 1}, false},
		{100, market.Position{Slot: 8, Index: 9, Ordinal: 9}, false},
		{101, market.Position{Slot: 1}, true},
		{99, market.Position{Slot: 99}, false},
	} {
		if got := InOrder(&candles, &Tick{Time: c.time, At: c.at}); got != c.want {
			t.Errorf("InOrder(%d, %v) = %v", c.time, c.at, got)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	ticks := randomTicks(rand.New(rand.NewPCG(1, 1)), 4096)
	intervals := market.StoredIntervals()
	var candles market.OpenCandles
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tick := &ticks[i%len(ticks)]
		if i%len(ticks) == 0 {
			candles = market.OpenCandles{}
		}
		Fold(&candles, intervals, tick)
		if i%64 == 0 {
			Close(&candles, intervals, tick.Time, func(market.Interval, market.Candle) {})
		}
	}
}

// TestMergeEqualsBuild makes each interval's candles of each finer one's and of the trades.
func TestMergeEqualsBuild(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		ticks := randomTicks(r, 300)
		previous := market.Price{}
		if seed%2 == 0 {
			previous = ticks[len(ticks)/2].Price
		}

		all := market.AllIntervals()
		for i, fine := range all {
			if !fine.Stored() {
				continue
			}
			parts := Build(fine, previous, ticks)
			for j := range parts {
				parts[j].Final, parts[j].Corrected = j%2 == 0, j%4 == 0
			}

			for _, coarse := range all[i:] {
				if !coarse.Stored() && !slices.Contains(market.PartsOf(coarse), fine) {
					continue
				}
				if got, want := Merge(coarse, parts), Build(coarse, previous, ticks); !slices.Equal(got, want) {
					t.Fatalf("seed %d: %s of %s: %d candles, want %d, or others", seed, coarse, fine, len(got), len(want))
				}
			}
		}
	}
}
