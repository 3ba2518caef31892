package backend_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/polltest"
	"spinscope/backend/program/programtest"
	"spinscope/backend/store"
)

// toyCandle is one minute of a toy coin, added up from its swaps with exact arithmetic: a coin has thousandths, what it is
// paid in hundredths.
type toyCandle struct {
	close         *big.Rat
	volume, quote *big.Rat
	buys          *big.Rat
	trades        int
}

func rat(n uint64, unit int64) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(n), big.NewInt(unit))
}

// toyCandles are those of each minute in which the coin was traded, by open time.
func toyCandles(t *testing.T, o backend.Options, mint market.Pubkey) map[int64]*toyCandle {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "mainnet"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read
	candles := map[int64]*toyCandle{}
	err = s.MintEvents(mint, market.Position{}, func(e *market.Event) error {
		swap := e.Body.(*programtest.Swap) //nolint:forcetypeassert // a toy coin has no other
		at := e.BlockTime / 60 * 60
		c := candles[at]
		if c == nil {
			c = &toyCandle{volume: new(big.Rat), quote: new(big.Rat), buys: new(big.Rat)}
			candles[at] = c
		}
		c.close = new(big.Rat).Quo(rat(swap.QuoteReserve, 100), rat(swap.Reserve, 1000))
		c.volume.Add(c.volume, rat(swap.Base, 1000))
		c.quote.Add(c.quote, rat(swap.Base*swap.QuoteReserve/swap.Reserve, 100))
		if swap.Buys {
			c.buys.Add(c.buys, rat(swap.Base, 1000))
		}
		c.trades++
		return nil
	})
	if err != nil || len(candles) < 3 {
		t.Fatalf("%d candles (%v)", len(candles), err)
	}
	return candles
}

// near reports whether a float is an exact number, as near as floats come.
func near(got float64, want *big.Rat) bool {
	exact, _ := want.Float64()
	return math.Abs(got-exact) <= 1e-12*math.Abs(exact)
}

// served runs a server over the market while the test lasts, and gives what it answers with.
func served(t *testing.T, o backend.Options) (get func(method, path, body string, into any)) {
	t.Helper()
	o.Config.Solana.EnableEventListener = false
	o.Assets = fstest.MapFS{}
	b := backend.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	var address string
	polltest.Until(t, "the server listens", func() (open bool) {
		address, open = b.Address()
		return open
	})
	return func(method, path, body string, into any) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s %v", path, answer.StatusCode, text, err)
		}
		if err := json.Unmarshal(text, &struct{ Data any }{into}); err != nil {
			t.Fatalf("%s: %v in %s", path, err, text)
		}
	}
}

// TestCoinsOfAnotherPairAreAnswered takes coins with three decimals, paid in a mint with two, from log lines to the answers
// of the server, and expects whole units of both everywhere. A coin of SpinPet beside them is answered as ever.
func TestCoinsOfAnotherPairAreAnswered(t *testing.T) {
	o, _, mints := toyMarket(t)
	want := toyCandles(t, o, mints[0])
	get := served(t, o)

	var klines struct {
		Klines []struct {
			Time, Trades  int64
			Close, Volume float64
			QuoteVolume   float64 `json:"quote_volume"`
			BuyVolume     float64 `json:"buy_volume"`
		}
	}
	get(http.MethodGet, "/api/kline?interval=m1&limit=1000&mint="+mints[0].String(), "", &klines)
	if len(klines.Klines) != len(want) {
		t.Errorf("%d candles, want %d", len(klines.Klines), len(want))
	}
	total := new(big.Rat)
	for _, c := range klines.Klines {
		w := want[c.Time]
		if w == nil || !near(c.Close, w.close) || !near(c.Volume, w.volume) || !near(c.QuoteVolume, w.quote) || !near(c.BuyVolume, w.buys) {
			t.Errorf("%+v, want %+v", c, w)
			continue
		}
		total.Add(total, w.quote)
	}

	var tickers struct {
		Tickers []map[string]any
	}
	get(http.MethodGet, "/api/tickers?window=h24&limit=100", "", &tickers)
	if len(tickers.Tickers) != 3 || tickers.Tickers[0]["mint"] != mints[2].String() { // it is paid in SOL: no other amount is compared with that
		t.Errorf("ranked %v", tickers.Tickers)
	}
	var toys struct {
		Tickers []map[string]any
		Total   int `json:"total"`
	}
	get(http.MethodGet, "/api/tickers?quote="+programtest.ToyPair.Quote().String(), "", &toys)
	if len(toys.Tickers) != 2 || toys.Total != 2 || toys.Tickers[0]["quote_symbol"] != programtest.ToyPair.QuoteSymbol() {
		t.Errorf("paid in one thing: %d, %v", toys.Total, toys.Tickers)
	}
	found := 0
	for _, one := range tickers.Tickers {
		switch one["mint"] {
		case mints[0].String():
			h24 := one["h24"].(map[string]any)                                                                           //nolint:forcetypeassert // or the test fails
			if !near(h24["quote_volume"].(float64), total) || one["program"] != "toy" || one["quote_decimals"] != 2.0 || //nolint:forcetypeassert // likewise
				one["quote_mint"] != programtest.ToyPair.Quote().String() || one["quote_symbol"] != programtest.ToyPair.QuoteSymbol() {
				t.Errorf("ticker %v", one)
			}
			found++
		case mints[2].String():
			if _, named := one["program"]; named || one["quote_symbol"] != nil || one["quote_mint"] != nil || one["quote_decimals"] != nil {
				t.Errorf("SpinPet's ticker %v", one)
			}
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d tickers of %v", found, tickers)
	}

	var details struct{ Details []map[string]any }
	get(http.MethodPost, "/api/details", fmt.Sprintf(`{"mints":[%q,%q]}`, mints[0], mints[2]), &details)
	if len(details.Details) != 2 || details.Details[0]["quote_symbol"] != programtest.ToyPair.QuoteSymbol() || details.Details[1]["quote_symbol"] != nil ||
		!near(details.Details[0]["total_sol_amount"].(float64)/100, total) { //nolint:forcetypeassert // or the test fails
		t.Errorf("details %v", details)
	}

	// A large trade is one of so many whole units of the quote.
	var marks struct {
		Marks []struct {
			Kind        string
			Count       int
			Volume      float64
			QuoteVolume float64 `json:"quote_volume"`
		}
	}
	large, volume := new(big.Rat), new(big.Rat)
	for _, c := range want {
		large.Add(large, c.quote)
		volume.Add(volume, c.volume)
	}
	get(http.MethodGet, "/api/marks?interval=m1&min_size=0.000000001&mint="+mints[0].String(), "", &marks)
	sum, tokens := 0.0, 0.0
	for _, m := range marks.Marks {
		sum += m.QuoteVolume
		tokens += m.Volume
	}
	if len(marks.Marks) == 0 || !near(math.Round(sum*100)/100, large) || !near(math.Round(tokens*1000)/1000, volume) {
		t.Errorf("marks come to %v and %v, want %s and %s", sum, tokens, large.FloatString(2), volume.FloatString(3))
	}
}

// TestCoinsOfAnotherPairAreExported: files hold whole units of each coin, and say which; a file of SpinPet's coins alone
// looks as ever.
func TestCoinsOfAnotherPairAreExported(t *testing.T) {
	o, _, mints := toyMarket(t)
	want := toyCandles(t, o, mints[0])
	rows := func(kind export.Kind, mints ...market.Pubkey) (header string, rows []map[string]string) {
		t.Helper()
		from, to := export.Always()
		var out bytes.Buffer
		request := export.Request{Kind: kind, Format: export.CSV, Mints: mints, Interval: market.M1, From: from, To: to}
		if _, err := offline.Export(t.Context(), o.Offline(), request, "", false, &out, nil); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, cell := range line {
				row[lines[0][i]] = cell
			}
			rows = append(rows, row)
		}
		return strings.Join(lines[0], ","), rows
	}
	exact := func(text string) *big.Rat {
		value, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is no number", text)
		}
		return value
	}

	_, candles := rows(export.Candles)
	seen, spins := 0, 0
	for _, row := range candles {
		if row["mint"] == mints[2].String() {
			spins++
			if row["program"] != "spinpet" || row["quote_symbol"] != "SOL" || row["quote_decimals"] != "9" {
				t.Errorf("SpinPet's %v", row)
			}
			if n := exact(row["trades"]); exact(row["volume"]).Cmp(n.Mul(n, rat(1000, 1))) != 0 { // a thousand whole tokens each
				t.Errorf("SpinPet's %v", row)
			}
		}
		if row["mint"] != mints[0].String() {
			continue
		}
		seen++
		var at int64
		_, _ = fmt.Sscan(row["time"], &at)
		w := want[at]
		if w == nil || exact(row["volume"]).Cmp(w.volume) != 0 || exact(row["quote_volume"]).Cmp(w.quote) != 0 || exact(row["buy_volume"]).Cmp(w.buys) != 0 {
			t.Errorf("%v, want %+v", row, w)
		}
		if row["program"] != "toy" || row["quote_mint"] != programtest.ToyPair.Quote().String() || row["quote_decimals"] != "2" {
			t.Errorf("%v", row)
		}
	}
	if seen != len(want) || spins == 0 {
		t.Errorf("%d candles, want %d; %d of SpinPet", seen, len(want), spins)
	}

	_, trades := rows(export.Trades)
	tokens, quote := new(big.Rat), new(big.Rat)
	for _, row := range trades {
		switch row["mint"] {
		case mints[0].String():
			tokens.Add(tokens, exact(row["token_amount"]))
			quote.Add(quote, exact(row["quote_amount"]))
			if row["sol_amount"] != "" {
				t.Errorf("%v was paid in SOL", row)
			}
		case mints[2].String():
			if row["sol_amount"] == "" || row["sol_amount"] != row["quote_amount"] {
				t.Errorf("SpinPet's %v", row)
			}
		}
	}
	wantTokens, wantQuote := new(big.Rat), new(big.Rat)
	for _, c := range want {
		wantTokens.Add(wantTokens, c.volume)
		wantQuote.Add(wantQuote, c.quote)
	}
	if tokens.Cmp(wantTokens) != 0 || quote.Cmp(wantQuote) != 0 {
		t.Errorf("trades come to %s and %s, want %s and %s", tokens, quote, wantTokens, wantQuote)
	}

	for kind, columns := range map[export.Kind]string{
		export.Candles: "mint,interval,time,timestamp,open,high,low,close,volume,quote_volume,buy_volume,trades,is_final",
		export.Trades:  "mint,time,timestamp,slot,index,ordinal,signature,event_type,side,price,token_amount,sol_amount,user",
	} {
		if header, rows := rows(kind, mints[2]); header != columns || len(rows) == 0 {
			t.Errorf("%s of SpinPet alone have %s", kind, header)
		}
	}
}
