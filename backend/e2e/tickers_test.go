package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spanOnWire is one window of a ticker.
type spanOnWire struct {
	Since       int64   `json:"since"`
	Open        float64 `json:"open"`
	Change      float64 `json:"change"`
	QuoteVolume float64 `json:"quote_volume"`
	Trades      int     `json:"trades"`
}

type tickerOnWire struct {
	Mint       string      `json:"mint"`
	Symbol     *string     `json:"symbol"`
	NameSource string      `json:"name_source"`
	Supply     uint64      `json:"supply"`
	Decimals   int         `json:"decimals"`
	MarketCap  float64     `json:"market_cap"`
	PriceExact string      `json:"price_exact"`
	H24        *spanOnWire `json:"h24"`
	H1         *spanOnWire `json:"h1"`
	M5         *spanOnWire `json:"m5"`
}

// TestTokensOlderThanTheHistory starts with so short a history that no TokenCreated is in it: the tokens are listed and
// ranked all the same, by figures that are those of the cluster's own ledger.
func TestTokensOlderThanTheHistory(t *testing.T) {
	market := startCluster(t, "--rate", "40", "--slot", "200ms", "--mints", "4", "--history", "12m", "--seed", "21")
	file := configured(t, "[solana]\nbackfill_limit = 400\n")
	s := startServer(t, t.TempDir(), append(market.flags(), "--config", file)...)
	caughtUp(t, s)
	var gaps struct {
		Gaps []struct {
			ToSlot uint64 `json:"to_slot"`
		} `json:"gaps"`
	}
	s.get("/api/gaps?state=open", &gaps)
	if len(gaps.Gaps) != 1 {
		t.Fatalf("gaps: %+v", gaps.Gaps)
	}

	market.rest()
	l := market.readLedger()
	stored := map[string]bool{}
	readStored := func() {
		for mint := range l.trades {
			for _, e := range s.events(mint) {
				stored[fmt.Sprintf("%s/%d", e.Signature, e.Ordinal)] = true
			}
		}
	}
	await(t, "the server to have what came after the gap", func() error {
		readStored()
		for i := range l.records {
			if r := &l.records[i]; r.slot > gaps.Gaps[0].ToSlot && !stored[r.id()] {
				return fmt.Errorf("%s is not stored", r.id())
			}
		}
		return nil
	})

	var created, all struct {
		Mints []string `json:"mints"`
	}
	s.get("/api/mints", &created)
	s.get("/api/mints?which=all&sort_by=last_trade_desc", &all)
	if len(created.Mints) != 0 || len(all.Mints) < 3 {
		t.Fatalf("%d mints with a TokenCreated, %d in all", len(created.Mints), len(all.Mints))
	}

	for _, sort := range []string{"quote_volume_desc", "trades_desc", "change_desc", "change_asc", "last_trade_desc"} {
		var answer struct {
			Tickers   []tickerOnWire `json:"tickers"`
			Total     int            `json:"total"`
			ChainTime int64          `json:"chain_time"`
		}
		await(t, "the figures of what is stored", func() error { // a look back at recent slots may still add to the oldest ones
			readStored()
			answer.Tickers = nil
			s.get("/api/tickers?window=m5&sort_by="+sort, &answer)
			for i := range answer.Tickers {
				got := &answer.Tickers[i]
				if err := got.named(l); err != nil {
					return fmt.Errorf("%s: %w", got.Mint, err)
				}
				trades := slices.DeleteFunc(slices.Clone(l.trades[got.Mint]), func(r record) bool { return !stored[r.id()] })
				for length, span := range map[int64]*spanOnWire{86400: got.H24, 3600: got.H1, 300: got.M5} {
					if err := span.check(trades, answer.ChainTime-length); err != nil {
						return fmt.Errorf("%s, %d s: %w", got.Mint, length, err)
					}
				}
			}

			return nil
		})
		if answer.Total != len(all.Mints) || len(answer.Tickers) != answer.Total {
			t.Fatalf("%s: %d of %d tickers, %d mints", sort, len(answer.Tickers), answer.Total, len(all.Mints))
		}

		for i := range answer.Tickers {
			if err := answer.Tickers[i].named(l); err != nil {
				t.Errorf("%s: %v", answer.Tickers[i].Mint, err)
			}
		}

		if !slices.IsSortedFunc(answer.Tickers, func(a, b tickerOnWire) int {
			switch sort {
			case "quote_volume_desc":
				return compareFloats(b.M5.QuoteVolume, a.M5.QuoteVolume)
			case "trades_desc":
				return b.M5.Trades - a.M5.Trades
			case "change_desc":
				return compareFloats(b.M5.Change, a.M5.Change)
			case "change_asc":
				return compareFloats(a.M5.Change, b.M5.Change)
			}
			return slices.Index(all.Mints, a.Mint) - slices.Index(all.Mints, b.Mint)
		}) {
			t.Errorf("%s is not in order: %+v", sort, answer.Tickers)
		}
	}

	status, body, err := try(http.MethodGet, s.url("/api/tickers?mint="+all.Mints[1]+"&mint="+all.Mints[0]+"&spark=true"), nil, nil)
	var answer struct {
		Data struct {
			Tickers []struct {
				Mint  string    `json:"mint"`
				Spark []float64 `json:"spark"`
			} `json:"tickers"`
		} `json:"data"`
	}
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		t.Fatal(status, err)
	}

	if list := answer.Data.Tickers; len(list) != 2 || list[0].Mint != all.Mints[1] || len(list[1].Spark) != 32 {
		t.Errorf("two by name: %+v", list)
	}

	// What the accounts said is kept: the next server has the names before it can ask anybody.
	s.end()
	away := startServer(t, s.dir, "--cluster", "custom", "--rpc-url", "http://127.0.0.1:1/", "--ws-url", "ws://127.0.0.1:1/")
	var details struct {
		Details []struct {
			Mint       string  `json:"mint_account"`
			Symbol     string  `json:"symbol"`
			URI        string  `json:"uri"`
			NameSource string  `json:"name_source"`
			Supply     uint64  `json:"supply"`
			MarketCap  float64 `json:"market_cap"`
		} `json:"details"`
	}
	ask, err := json.Marshal(map[string]any{"mints": all.Mints})
	if err != nil {
		t.Fatal(err)
	}

	status, body, err = try(http.MethodPost, away.url("/api/details"), map[string]string{"Content-Type": "application/json"}, ask)
	if err != nil || envelope(status, body, &details) != nil || len(details.Details) != len(all.Mints) {
		t.Fatalf("%d, %v: %.200s", status, err, body)
	}
	for _, d := range details.Details {
		if d.NameSource != "chain" || d.Symbol != l.symbol(d.Mint) || d.URI == "" || d.Supply == 0 || d.MarketCap <= 0 {
			t.Errorf("after a restart: %+v, its symbol is %q", d, l.symbol(d.Mint))
		}
	}
}

// named checks what a ticker says of its coin's account: its creation is not stored.
func (w *tickerOnWire) named(l *ledger) error {
	price, err := strconv.ParseFloat(w.PriceExact, 64)
	if err != nil {
		return err
	}
	const supply, whole = 1_073_000_000_000_000, 1e6
	switch want := l.symbol(w.Mint); {
	case w.Symbol == nil || *w.Symbol != want || w.NameSource != "chain":
		return fmt.Errorf("its symbol is %v (%q), not %q", w.Symbol, w.NameSource, want)
	case w.Supply != supply || w.Decimals != 6 || math.Abs(w.MarketCap-price*supply/whole) > 1e-9*w.MarketCap:
		return fmt.Errorf("supply %d of %d decimals, market cap %g at %s", w.Supply, w.Decimals, w.MarketCap, w.PriceExact)
	}
	return nil
}

// symbol is how a mint was called at its creation.
func (l *ledger) symbol(mint string) string {
	for i := range l.records {
		if r := &l.records[i]; r.Mint == mint && r.Symbol != "" {
			return r.Symbol
		}
	}
	return ""
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// check compares a window with the stored trades, oldest first; those in it are those from since on, which lies at most
// the 300 seconds of a candle behind its begin.
func (s *spanOnWire) check(trades []record, begin int64) error {
	from := slices.IndexFunc(trades, func(r record) bool { return r.time >= s.Since })
	if s.Trades == 0 {
		if last := trades[len(trades)-1]; s.Since != last.time || last.time >= begin+300 {
			return fmt.Errorf("nothing since %d, the last trade was at %d", s.Since, last.time)
		}
		return nil
	}
	if s.Since < begin || from < 0 {
		return fmt.Errorf("since %d, of a window from %d", s.Since, begin)
	}

	if from > 0 && trades[from-1].time >= begin+300 {
		return fmt.Errorf("the trade at %d is left out", trades[from-1].time)
	}
	volume := 0.0
	for _, r := range trades[from:] {
		volume += float64(r.SolAmount)
	}

	first, _ := trades[max(from-1, 0)].price().Float64()
	last, _ := trades[len(trades)-1].price().Float64()
	if s.Trades != len(trades)-from || math.Abs(s.QuoteVolume*1e9-volume) > 1 || math.Abs(s.Change-(last/first-1)) > 1e-9 || !strings.HasPrefix(fmt.Sprintf("%.9e", s.Open), fmt.Sprintf("%.9e", first)) {
		return fmt.Errorf("%+v, the ledger has %d trades, %.0f lamports, from %g to %g", *s, len(trades)-from, volume, first, last)
	}
	return nil
}
