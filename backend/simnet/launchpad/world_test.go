package launchpad

import (
	"errors"
	"reflect"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/solana"
)

func config(seed int64) Config {
	return Config{Seed: seed, Coins: 8, MaxCoins: 12, NewEvery: 300, USDC: true, Truncated: 0.5, Derive: solana.ProgramAddress}
}

func newWorld(t *testing.T, cfg Config) *World {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// events are those of all calls, in the order in which they are logged.
func events(calls []Call) (list []program.Growing) {
	for _, call := range calls {
		list = append(append(list, events(call.Inner)...), call.Events...)
	}
	return list
}

// TestEventsTellWhatHappened reads every event back from its bytes and compares what the plugs make of it with the
// market's own account.
func TestEventsTellWhatHappened(t *testing.T) {
	kinds, parts := map[market.Kind]int{}, map[string]int{}
	for seed := range int64(4) {
		w := newWorld(t, config(seed))
		byMint := map[market.Pubkey]Coin{}
		pools := map[market.Pubkey]pumpswap.Pool{}
		for i := range 12_000 {
			tx := w.Next(float64(1_700_000_000 + i))
			if tx.Created != nil {
				byMint[tx.Created.Mint] = *tx.Created
				c := tx.Created
				pools[c.OtherPool] = pumpswap.Pool{BaseMint: c.Quote, QuoteMint: c.Mint, BaseDecimals: c.QuoteDecimals, QuoteDecimals: tokenDecimals}
			}

			facts := tx.Truth
			for _, written := range events(tx.Calls) {
				body := readBack(t, written)
				kinds[body.Kind()]++
				if tx.Failed {
					continue
				}

				if created, ok := body.(*pumpswap.CreatePool); ok {
					pools[created.Pool] = created.Sides()
				}
				switch body.(type) {
				case *pumpswap.CreatePool, *pumpswap.InitBoost:
					continue // part of what the migration tells
				}

				if len(facts) == 0 {
					t.Fatalf("%s has no fact", body.Kind())
				}
				check(t, body, &facts[0], byMint[facts[0].Mint], pools)
				parts[string(facts[0].Kind)]++
				facts = facts[1:]
			}

			if len(facts) > 0 {
				t.Fatalf("facts without an event: %+v", facts)
			}
		}
	}

	// What a reader must cope with does happen.
	for _, kind := range []market.Kind{
		pump.KindCreate, pump.KindTrade, pump.KindComplete, pump.KindPostCompleteBuy, pump.KindMigration, pumpswap.KindBuy, pumpswap.KindSell,
		pumpswap.KindCreatePool, pumpswap.KindInitBoost,
	} {
		if kinds[kind] == 0 {
			t.Errorf("no %s of %s in any market", kind, kind.Program())
		}
	}

	if parts[string(FactOther)] < 100 {
		t.Errorf("%d trades in other pools", parts[string(FactOther)])
	}
}

func readBack(t *testing.T, written program.Growing) market.Body {
	t.Helper()
	data := program.Append(nil, written)
	body, err := pump.Decode(data)
	if errors.Is(err, program.ErrUnknown) {
		body, err = pumpswap.Decode(data)
	}
	if err != nil {
		t.Fatalf("%s: %v", written.Kind(), err)
	}
	if again := program.Append(nil, body.(program.Growing)); !reflect.DeepEqual(again, data) {
		t.Fatalf("%s is read back as another", written.Kind())
	}
	return body
}

func check(t *testing.T, body market.Body, f *Fact, c Coin, pools map[market.Pubkey]pumpswap.Pool) {
	t.Helper()
	trade := func(kind FactKind, price market.Price, err error, base, quote uint64, buy bool) {
		if want := f.Price(c.QuoteDecimals); err != nil || f.Kind != kind || price != want {
			t.Fatalf("%s: %s, price %s, %v; expected %s and %s", body.Kind(), kind, market.U128(price), err, f.Kind, market.U128(want))
		}
		if base != f.TokenAmount || quote != f.QuoteAmount || buy != f.Buy {
			t.Fatalf("%s: %d for %d, buy %t; expected %+v", body.Kind(), base, quote, buy, f)
		}
	}
	swap := func(pool market.Pubkey, of func(pumpswap.Pool) (pumpswap.Trade, error)) {
		kind := FactTrade
		if pool == c.OtherPool {
			kind = FactOther
		}
		result, err := of(pools[pool])
		if pools[pool].Coin() != f.Mint || pools[pool].Quote() != c.Quote || f.Venue != pool {
			t.Fatalf("the pool %s is one of %s for %s", pool, pools[pool].Coin(), pools[pool].Quote())
		}
		trade(kind, result.Price, err, result.Base, result.Quote, result.Buy)
	}
	switch e := body.(type) {
	case *pump.Trade:
		price, err := e.Price(c.QuoteDecimals)
		base, quote, buy := e.Amounts()
		trade(FactTrade, price, err, base, quote, buy)
	case *pump.PostCompleteBuy:
		price, err := e.Price(c.QuoteDecimals)
		base, quote, buy := e.Amounts()
		trade(FactTrade, price, err, base, quote, buy)
	case *pumpswap.Buy:
		swap(e.Pool, e.Trade)
	case *pumpswap.Sell:
		swap(e.Pool, e.Trade)
	case *pump.Create:
		if f.Kind != FactCreated || e.Mint != f.Mint || e.Symbol != f.Symbol || e.BondingCurve != c.Curve {
			t.Fatalf("%+v tells %+v", e, f)
		}
	case *pump.Complete:
		if f.Kind != FactCompleted || e.Mint != f.Mint {
			t.Fatalf("%+v tells %+v", e, f)
		}
	case *pump.Migration:
		if f.Kind != FactMigrated || e.Pool != c.Pool || e.Mint != f.Mint {
			t.Fatalf("%+v tells %+v", e, f)
		}
	default:
		t.Fatalf("%s is not compared", body.Kind())
	}
}

// TestGraduationIsNoStep follows each coin's price from the last trade on the curve to the pool's opening.
func TestGraduationIsNoStep(t *testing.T) {
	w := newWorld(t, config(3))
	last, graduated := map[market.Pubkey]float64{}, 0
	for i := range 20_000 {
		for _, f := range w.Next(float64(1_700_000_000 + i)).Truth {
			price := float64(f.PriceQuote) / float64(f.PriceBase)
			if f.Kind == FactMigrated {
				graduated++
				if step := price/last[f.Mint] - 1; max(step, -step) > 0.0005 {
					t.Errorf("coin %s steps by %.4f %% as it migrates", f.Mint, 100*step)
				}
			}
			if f.Kind != FactOther {
				last[f.Mint] = price
			}
		}
	}

	if graduated < 3 {
		t.Errorf("only %d coins graduated", graduated)
	}
}

// TestReservesBalance: what traders hold and what curve and pool have left are the supply, at any time.
func TestReservesBalance(t *testing.T) {
	w := newWorld(t, config(5))
	for i := range 20_000 {
		w.Next(float64(1_700_000_000 + i))
		for _, c := range w.coins {
			sum := c.base
			if c.at == onCurve {
				sum = c.realToken + poolTokens
			}
			for _, held := range c.held {
				sum += held
			}
			if sum != supply {
				t.Fatalf("after %d transactions %s has %d base units of %d", i+1, c.Name, sum, uint64(supply))
			}
		}
	}
}

// TestSameSeedSameMarket: and another seed another one.
func TestSameSeedSameMarket(t *testing.T) {
	facts := func(seed int64) (list []Fact) {
		w := newWorld(t, config(seed))
		for i := range 2000 {
			list = append(list, w.Next(float64(i)).Truth...)
		}
		return list
	}
	if !reflect.DeepEqual(facts(1), facts(1)) {
		t.Error("the same seed gave two markets")
	}
	if reflect.DeepEqual(facts(1), facts(2)) {
		t.Error("two seeds gave the same market")
	}
}

func TestNewNeedsAddresses(t *testing.T) {
	cfg := config(1)
	cfg.Derive = func(market.Pubkey, ...[]byte) (market.Pubkey, error) {
		return market.Pubkey{}, errors.New("no address")
	}
	if _, err := New(cfg); err == nil {
		t.Error("a market without addresses began")
	}
}
