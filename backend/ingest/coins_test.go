package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/verify"
)

// followed are the coins of a launchpad that a test follows, by mint and by pool.
type followed map[market.Pubkey]launchpad.Coin

func (f followed) Follows(coin market.Pubkey) bool { _, ok := f[coin]; return ok }

func (f followed) At(place market.Pubkey) (market.Place, bool) {
	for _, c := range f {
		if c.Pool == place {
			at, err := pumpswap.Pool{BaseMint: c.Mint, QuoteMint: c.Quote, BaseDecimals: 6, QuoteDecimals: c.QuoteDecimals}.Place()
			return at, err == nil
		}
	}
	return market.Place{}, false
}

// coinCandle is a minute of a coin by the launchpad's own account.
type coinCandle struct {
	open, high, low, close market.Price
	volume, quote, buys    uint64
	trades                 uint64
}

// TestCoinsFromCurveToPool follows most coins of a launchpad through a store, in batches of any size and with transactions
// that come late or twice, and compares every minute with the launchpad's own account: one series from the first trade on the curve
// to the newest in the pool, and nothing of other pools or of coins that nobody follows.
func TestCoinsFromCurveToPool(t *testing.T) {
	for seed := range int64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { coinsFromCurveToPool(t, seed, false, false) })
	}
}

// TestPoolsBeforeTheirMigrations is the same with every migration told last: a coin's pool trades before anything has said that
// there is one.
func TestPoolsBeforeTheirMigrations(t *testing.T) { coinsFromCurveToPool(t, 0, true, false) }

// TestAllCoinsOfAProgram is the same with nobody following a coin and all of them kept, while it takes its time to find out what
// trades in a pool.
func TestAllCoinsOfAProgram(t *testing.T) {
	coinsFromCurveToPool(t, 1, true, true)
}

// slowPools know the pools of coins when they were asked about them thirty times.
type slowPools struct {
	coins followed
	asked map[market.Pubkey]int
	waits int
}

func (p *slowPools) At(address market.Pubkey) (market.Place, market.PlaceState) {
	if p.asked[address]++; p.asked[address] < 30 {
		p.waits++
		return market.Place{}, market.PlaceAsked
	}
	if place, counts := p.coins.At(address); counts {
		return place, market.PlaceCounts
	}
	return market.Place{}, market.PlaceOther
}

func (*slowPools) Learn(market.Body) {}

func coinsFromCurveToPool(t *testing.T, seed int64, migrationsLast, all bool) {
	const first = int64(1_790_000_000)
	world, err := launchpad.New(launchpad.Config{Seed: seed, Coins: 8, USDC: true, Truncated: 0.5, Derive: solana.ProgramAddress})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(seed), 9)) //nolint:gosec // a test's
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	coins := followed{}
	pools := &slowPools{coins, map[market.Pubkey]int{}, 0}
	config := ingest.Config{
		Programs: registry.At(spinpet.ProgramID, true), Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler), Coins: coins,
	}
	var named []market.Pubkey // whose transactions batches are of; nil: all
	if all {
		config.Coins, config.Whole, config.Pools = nil, []market.Program{pump.Program, pumpswap.Program}, pools
		named = []market.Pubkey{pump.ProgramID, pumpswap.ProgramID}
	}
	in := ingest.New(config, s, ingest.Resume{})
	if err := in.Recover(); err != nil {
		t.Fatal(err)
	}

	want := map[market.Pubkey]map[int64]*coinCandle{}
	latest := map[market.Pubkey]market.Price{}
	migrated := map[market.Pubkey]bool{}
	var ignored market.Pubkey
	var batch market.Batch
	var late, last []market.Transaction
	for n := range 14_000 {
		now := first + int64(n)
		happened := world.Next(float64(now))
		if c := happened.Created; c != nil {
			if len(coins) == 2 && ignored.IsZero() && !all {
				ignored = c.Mint
			} else {
				coins[c.Mint] = *c
				want[c.Mint] = map[int64]*coinCandle{}
			}
		}
		for i := range happened.Truth {
			f := &happened.Truth[i]
			migrated[f.Mint] = migrated[f.Mint] || f.Kind == launchpad.FactMigrated
			if f.Kind != launchpad.FactTrade || want[f.Mint] == nil {
				continue
			}
			price, minute := f.Price(coins[f.Mint].QuoteDecimals), now/60*60
			c := want[f.Mint][minute]
			if c == nil {
				open := latest[f.Mint]
				if open.IsZero() {
					open = price
				}
				c = &coinCandle{open: open, high: open, low: open}
				want[f.Mint][minute] = c
			}
			c.close, latest[f.Mint] = price, price
			if c.high.Less(price) {
				c.high = price
			}
			if price.Less(c.low) {
				c.low = price
			}
			c.volume, c.quote, c.trades = c.volume+f.TokenAmount, c.quote+f.QuoteAmount, c.trades+1
			if f.Buy {
				c.buys += f.TokenAmount
			}
		}

		if happened.Failed {
			continue // a source delivers none of them
		}
		tx := happened.Delivered(n, market.Slot(1000+n), now)
		if migrationsLast && slices.ContainsFunc(happened.Truth, func(f launchpad.Fact) bool { return f.Kind == launchpad.FactMigrated }) {
			last = append(last, tx)
			continue
		}
		if r.IntN(40) == 0 && happened.Created == nil {
			late = append(late, tx)
			continue
		}
		batch.Transactions = append(batch.Transactions, tx)
		if r.IntN(30) == 0 {
			batch.Transactions = append(batch.Transactions, tx) // twice
		}
		if r.IntN(50) == 0 {
			batch.Addresses = named
			apply(t, in, &batch)
			batch = market.Batch{Transactions: late, Slot: market.Slot(1000 + n), Addresses: named}
			apply(t, in, &batch)
			batch, late = market.Batch{}, nil
		}
	}
	batch.Transactions = append(batch.Transactions, late...)
	batch.ChainTime, batch.Addresses = first+20_000, named
	apply(t, in, &batch)
	apply(t, in, &market.Batch{Transactions: last, Addresses: named})
	if all {
		for range 30 {
			apply(t, in, &market.Batch{ChainTime: first + 20_000, Addresses: named})
		}
		if pools.waits < 200 {
			t.Errorf("%d questions were not answered at once", pools.waits)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}

	graduated, trades := 0, uint64(0)
	for mint, coin := range coins {
		got, err := s.CandlesBetween(mint, market.M1, first-3600, first+20_000)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for i := range got {
			c := &got[i]
			if c.Trades == 0 {
				continue
			}
			seen++
			w := want[mint][c.Time]
			if w == nil {
				t.Fatalf("%s: a candle at %d that nobody traded in", coin.Name, c.Time)
			}
			have := coinCandle{c.Open, c.High, c.Low, c.Close, c.Volume.Lo, c.QuoteVolume.Lo, c.BuyVolume.Lo, c.Trades}
			if have != *w {
				t.Fatalf("%s at %d:\n%+v, expected\n%+v", coin.Name, c.Time, have, *w)
			}
			trades += c.Trades
		}
		if seen != len(want[mint]) {
			t.Errorf("%s: %d minutes, want %d", coin.Name, seen, len(want[mint]))
		}

		token, found, err := s.Token(mint)
		if err != nil || !found {
			t.Fatalf("%s is not stored (%v)", coin.Name, err)
		}
		venue := "pump"
		if migrated[mint] && latest[mint] != (market.Price{}) {
			graduated++
			venue = "pumpswap"
		}
		pair := token.Pair
		if pair.Quote() != coin.Quote || pair.QuoteDecimals() != int(coin.QuoteDecimals) || pair.BaseDecimals() != 6 {
			t.Errorf("%s is a coin of %s", coin.Name, pair)
		}
		if got := pair.Program().String(); got != venue {
			t.Errorf("%s trades on %s, want %s", coin.Name, got, venue)
		}
		if name, symbol, _ := token.Created.Names(); name != coin.Name || symbol != coin.Symbol {
			t.Errorf("%s is called %s, %s", coin.Name, name, symbol)
		}
	}
	at := s.State()
	if all {
		at.ChainTime = first + 20_000 // of what the programs told, which closes their coins' candles
	}
	report, err := verify.Run(t.Context(), offline.Stored{Store: s}, verify.Options{
		Intervals: market.StoredIntervals(), ChainTime: at.ChainTime, Seq: at.Seq, Horizon: s.Horizon(),
	})
	if err != nil || report.Differences > 0 || report.Mints != len(coins) {
		t.Errorf("verify: %+v (%v)", report, err)
	}
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("audit: %v (%v)", problems, err)
	}
	if _, found, err := s.Token(ignored); found || err != nil {
		t.Errorf("a coin that nobody follows is stored (%v)", err)
	}
	if all && len(coins) < 8 {
		t.Errorf("%d coins", len(coins))
	}
	if graduated < 2 || trades < 5000 || in.Counters().Unfollowed < 500 && !all {
		t.Errorf("%d coins graduated, %d trades, %d events left out: too few to say anything", graduated, trades, in.Counters().Unfollowed)
	}
}

func apply(t *testing.T, in *ingest.Ingest, batch *market.Batch) {
	t.Helper()
	if err := in.Apply(context.Background(), *batch); err != nil {
		t.Fatal(err)
	}
}
