package e2e

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// coinFact is what the cluster's ledger says of a coin.
type coinFact struct {
	Kind        string `json:"kind"`
	Mint        string `json:"mint"`
	Venue       string `json:"venue"`
	QuoteMint   string `json:"quote_mint"`
	Symbol      string `json:"symbol"`
	Buy         bool   `json:"buy"`
	TokenAmount uint64 `json:"token_amount"`
	QuoteAmount uint64 `json:"quote_amount"`
	PriceQuote  uint64 `json:"price_quote"`
	PriceBase   uint64 `json:"price_base"`
	signature   string
	slot        uint64
	time        int64
}

// coins are the facts of each coin, in the order of the chain, and the coins in the order of their creation.
func (c *cluster) coins() (byMint map[string][]coinFact, mints []string, newest uint64) {
	c.t.Helper()
	byMint = map[string][]coinFact{}
	for after := ""; ; {
		var page struct {
			Transactions []struct {
				Signature string     `json:"signature"`
				Slot      uint64     `json:"slot"`
				BlockTime int64      `json:"block_time"`
				Coins     []coinFact `json:"coins"`
			} `json:"transactions"`
			Next string `json:"next"`
		}
		c.call("simnet_ledger", map[string]any{"after": after, "limit": 5000, "commitment": "processed"}, &page)
		for _, tx := range page.Transactions {
			newest = max(newest, tx.Slot)
			for _, f := range tx.Coins {
				if f.Kind == "created" {
					mints = append(mints, f.Mint)
				}
				f.signature, f.slot, f.time = tx.Signature, tx.Slot, tx.BlockTime
				byMint[f.Mint] = append(byMint[f.Mint], f)
			}
		}
		if after = page.Next; after == "" {
			return byMint, mints, newest
		}
	}
}

// watchedOnWire is GET /api/watch.
type watchedOnWire struct {
	Coins []struct {
		Mint      string `json:"mint"`
		Symbol    string `json:"symbol"`
		Program   string `json:"program"`
		State     string `json:"state"`
		OnDemand  bool   `json:"on_demand"`
		Message   string `json:"message"`
		Addresses struct {
			Curve string `json:"curve"`
			Pool  string `json:"pool"`
		} `json:"addresses"`
		Holes []json.RawMessage `json:"holes"`
	} `json:"coins"`
}

// TestWatchedCoins follows coins of a launchpad through curve, completion and pool, on a cluster that loses, repeats, reorders
// and cuts what it tells and forks, while the server is killed and started again. In the end each coin's candles are those of
// the cluster's ledger, from its creation on, and nothing is missing.
func TestWatchedCoins(t *testing.T) {
	market := startCluster(t, "--coins", "6", "--coin-share", "0.8", "--rate", "30", "--slot", "200ms", "--mints", "2", "--history", "6m", "--seed", "8",
		"--fault-drop", "0.05", "--fault-duplicate", "0.05", "--fault-reorder", "0.05", "--fault-truncate", "0.03", "--fault-fork", "0.05",
		"--fault-disconnect", "0.001", "--fault-fail", "0.002")
	_, mints, _ := market.coins()
	if len(mints) < 6 {
		t.Fatalf("%d coins", len(mints))
	}
	const noCoin = "So11111111111111111111111111111111111111112"
	named := append(mints[:4:4], noCoin) // the fourth is paid in USDC
	watched := append(slices.Clone(named), mints[4])
	file := configured(t, fmt.Sprintf("[watch]\nmints = [\"%s\"]\n", strings.Join(named, `", "`)))

	dir := t.TempDir()
	live := func(s *server) {
		t.Helper()
		await(t, "the coins to be live", func() error {
			var list watchedOnWire
			s.get("/api/watch", &list)
			for _, c := range list.Coins {
				if c.State != "live" && (c.Mint != noCoin || c.State != "refused") {
					return fmt.Errorf("%s is %s: %s", c.Mint, c.State, c.Message)
				}
			}
			return nil
		})
	}
	for range 3 {
		s := startServer(t, dir, append(market.flags(), "--config", file)...)
		live(s)
		s.kill()
	}

	// The fifth is added while the server runs, and is read from its creation on.
	s := startServer(t, dir, append(market.flags(), "--config", file)...)
	if out, problem, code := command(t, "watch", "add", "--data-dir", dir, "https://pump.fun/coin/"+mints[4]); code != 0 || out != mints[4]+"\n" {
		t.Fatalf("watch add: exit code %d, %q, %q", code, out, problem)
	}
	await(t, "the server to see the list", func() error {
		var list watchedOnWire
		if s.get("/api/watch", &list); len(list.Coins) != len(watched) {
			return errNotYet
		}
		return nil
	})
	market.rest()
	live(s)
	await(t, "the coins to be those of the ledger", func() error {
		facts, _, _ := market.coins()
		for _, mint := range mints[:5] {
			if err := sameMinutes(s, mint, facts[mint]); err != nil {
				return err
			}
		}
		return nil
	})

	facts, _, _ := market.coins()
	var list watchedOnWire
	s.get("/api/watch", &list)
	if len(list.Coins) != len(watched) {
		t.Fatalf("%d coins", len(list.Coins))
	}
	graduated := 0
	for i, c := range list.Coins {
		if c.Mint != watched[i] {
			t.Errorf("%s stands in the place of %s", c.Mint, watched[i])
		}
		if c.Mint == noCoin {
			if c.State != "refused" || !strings.Contains(c.Message, "pump has no curve of it") {
				t.Errorf("a mint that is no coin: %+v", c)
			}
			continue
		}
		first := facts[c.Mint][0]
		venue, program := first.Venue, "pump"
		for _, f := range facts[c.Mint] {
			if f.Kind == "migrated" {
				graduated++
				venue, program = f.Venue, "pumpswap"
			}
		}
		if c.Symbol != first.Symbol || c.Addresses.Curve != first.Venue || len(c.Holes) > 0 {
			t.Errorf("%+v, created as %+v", c, first)
		}
		if program == "pumpswap" && (c.Program != program || c.Addresses.Pool != venue) {
			t.Errorf("%s trades on %s at %s, want %s at %s", c.Symbol, c.Program, c.Addresses.Pool, program, venue)
		}
	}
	if graduated < 2 {
		t.Errorf("%d coins graduated: too few to say anything", graduated)
	}

	// Nobody follows the sixth coin, though some of its transactions name one that is followed.
	var all struct {
		Mints []string `json:"mints"`
	}
	s.get("/api/mints?which=all&sort_by=last_trade_desc&limit=100", &all)
	for _, mint := range all.Mints {
		if mint == mints[5] {
			t.Error("a coin that nobody follows is stored")
		}
	}
	s.end()
}

// minute is a candle as clients get it.
type minute struct {
	Time        int64   `json:"time"`
	Close       float64 `json:"close"`
	Volume      float64 `json:"volume"`
	BuyVolume   float64 `json:"buy_volume"`
	QuoteVolume float64 `json:"quote_volume"`
	Trades      int     `json:"trades"`
}

// sameMinutes compares a coin's stored candles with the ledger's facts of it.
func sameMinutes(s *server, mint string, facts []coinFact) error {
	s.t.Helper()
	var data struct {
		Klines []minute `json:"klines"`
	}
	s.get("/api/kline?interval=m1&limit=1000&mint="+mint, &data)
	if err := compareMinutes(data.Klines, facts); err != nil {
		return fmt.Errorf("%s %w", mint, err)
	}
	return nil
}

// compareMinutes compares a coin's candles with the ledger's facts of it.
func compareMinutes(got []minute, facts []coinFact) error { return compareCandles(got, facts, 60) }

// compareCandles is compareMinutes for candles of so many seconds.
func compareCandles(got []minute, facts []coinFact, seconds int64) error {
	type ledgerMinute struct {
		trades             int
		volume, buys, paid *big.Int
		close              *big.Rat
	}
	want := map[int64]*ledgerMinute{}
	decimals := int64(1_000_000_000)
	if facts[0].QuoteMint != "So11111111111111111111111111111111111111112" {
		decimals = 1_000_000
	}
	for _, f := range facts {
		if f.Kind != "trade" {
			continue
		}
		at := f.time / seconds * seconds
		m := want[at]
		if m == nil {
			m = &ledgerMinute{volume: new(big.Int), buys: new(big.Int), paid: new(big.Int)}
			want[at] = m
		}
		m.trades++
		m.volume.Add(m.volume, new(big.Int).SetUint64(f.TokenAmount))
		m.paid.Add(m.paid, new(big.Int).SetUint64(f.QuoteAmount))
		if f.Buy {
			m.buys.Add(m.buys, new(big.Int).SetUint64(f.TokenAmount))
		}
		m.close = new(big.Rat).SetFrac(new(big.Int).SetUint64(f.PriceQuote), new(big.Int).SetUint64(f.PriceBase))
		m.close.Mul(m.close, big.NewRat(1_000_000, decimals))
	}

	seen := 0
	for _, k := range got {
		if k.Trades == 0 {
			continue
		}
		seen++
		m := want[k.Time]
		if m == nil || m.trades != k.Trades {
			return fmt.Errorf("at %d has %d trades; in the ledger %+v", k.Time, k.Trades, m)
		}
		for name, pair := range map[string][2]float64{
			"volume": {k.Volume, float(m.volume, 1_000_000)}, "buy volume": {k.BuyVolume, float(m.buys, 1_000_000)},
			"quote volume": {k.QuoteVolume, float(m.paid, decimals)}, "close": {k.Close, ratFloat(m.close)},
		} {
			if difference := pair[0] - pair[1]; difference > 1e-9*pair[1] || -difference > 1e-9*pair[1] {
				return fmt.Errorf("at %d: %s is %v, in the ledger %v", k.Time, name, pair[0], pair[1])
			}
		}
	}
	if seen != len(want) {
		return fmt.Errorf("has %d candles, in the ledger %d", seen, len(want))
	}
	return nil
}

func float(amount *big.Int, unit int64) float64 {
	return ratFloat(new(big.Rat).SetFrac(amount, big.NewInt(unit)))
}

func ratFloat(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}
