package rest_test

import (
	"net/http"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// spot is a trade of an account: tokens and lamports.
func spot(slot market.Slot, who, coin market.Pubkey, buy bool, tokens, lamports uint64) market.Event {
	return market.Event{
		Position: market.Position{Slot: slot}, BlockTime: firstTime + int64(slot), Owner: who, Price: market.Price{Lo: 1},
		Body: &spinpet.BuySell{Payer: who, Mint: coin, IsBuy: buy, TokenAmount: tokens, SolAmount: lamports},
	}
}

// walletMarket is one coin that its creator sells and another that is paid in USDC.
func walletMarket(t *testing.T) (f *fakeReader, dollars market.Pubkey) {
	t.Helper()
	f, dollars = newFake(), key(8)
	pair, err := market.NewPair(0, market.USDC, 6, 6)
	if err != nil {
		t.Fatal(err)
	}
	price := func(digits uint64) market.Price {
		scaled, err := market.ScalePrice(market.U64(digits), 3)
		if err != nil {
			t.Fatal(err)
		}
		return scaled
	}
	f.tokens = []market.Token{
		{Mint: mint, Created: &spinpet.TokenCreated{Payer: user, Mint: mint, Name: "N", Symbol: "S"}, CreatedPosition: market.Position{Slot: 100}, LatestPrice: price(3)},
		{Mint: dollars, Pair: pair, LatestPrice: price(2000)},
	}
	f.pairs = map[market.Pubkey]market.Pair{dollars: pair}
	other := key(50)
	f.events = []market.Event{
		spot(100, user, mint, true, 3_000_000, 6_000_000),   // 3 for 0.006 SOL
		spot(101, user, mint, false, 1_000_000, 5_000_000),  // gained 0.003
		spot(102, other, mint, true, 5_000_000, 10_000_000), // bought, never sold
		spot(103, user, dollars, true, 2_000_000, 3_000_000),
		spot(104, user, dollars, false, 5_000_000, 10_000_000), // 3 of these were never seen bought
	}
	f.gapList = nil
	return f, dollars
}

func TestWallet(t *testing.T) {
	f, dollars := walletMarket(t)
	server := serve(t, deps(f))
	at := server.URL + "/api/wallets/" + user.String()
	got := call(t, http.MethodGet, at, "").data
	names(t, got, append([]string{"address", "positions", "totals", "events", "older", "seq", "store"}, paging...)...)
	if got["events"] != 4.0 || got["older"] != false || got["seq"] != 42.0 || got["total"] != 2.0 {
		t.Errorf("%v", got)
	}

	list := got["positions"].([]any)
	latest, first := list[0].(map[string]any), list[1].(map[string]any)
	if latest["mint_account"] != dollars.String() || first["mint_account"] != mint.String() {
		t.Fatalf("%v", list)
	}
	for name, want := range map[string]any{
		"held_amount": 2_000_000.0, "cost_amount": 4_000_000.0, "realised_amount": 3_000_000.0, "value_amount": 6_000_000.0,
		"unrealised_amount": 2_000_000.0, "unrealised": 0.5, "entry_price_exact": "0.002", "entry_price": 0.002, "creator": true, "symbol": "S",
		"fees_unknown": 2.0, "buys": 1.0, "sells": 1.0, "unmatched_amount": 0.0, "margin": nil, "price_exact": "0.003", "decimals": 6.0,
	} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	for name, want := range map[string]any{
		"held_amount": 0.0, "cost_amount": 0.0, "realised_amount": 1_000_000.0, "unmatched_amount": 3_000_000.0,
		"unmatched_quote_amount": 6_000_000.0, "entry_price": nil, "unrealised": nil, "quote_symbol": "USDC", "creator": false,
	} {
		if latest[name] != want {
			t.Errorf("in dollars %s is %v, want %v", name, latest[name], want)
		}
	}
	if missing := latest["incomplete"].([]any); len(missing) != 1 || missing[0] != "history" || len(first["incomplete"].([]any)) != 0 {
		t.Errorf("%v, %v", latest["incomplete"], first["incomplete"])
	}

	totals := got["totals"].([]any)
	sol, usdc := totals[0].(map[string]any), totals[1].(map[string]any)
	if len(totals) != 2 || sol["quote_symbol"] != "SOL" || sol["realised_amount"] != 3_000_000.0 || sol["unrealised_amount"] != 2_000_000.0 ||
		usdc["quote_symbol"] != "USDC" || usdc["realised_amount"] != 1_000_000.0 || usdc["quote_decimals"] != 6.0 {
		t.Errorf("%v", totals)
	}

	page := call(t, http.MethodGet, at+"?limit=1&page=2&order_by=realised_desc", "").data
	if rows := page["positions"].([]any); len(rows) != 1 || rows[0].(map[string]any)["mint_account"] != dollars.String() || len(page["totals"].([]any)) != 2 {
		t.Errorf("the second page: %v", page) // coins paid in SOL come first
	}
	if one := call(t, http.MethodGet, at+"?mint="+mint.String(), "").data; one["total"] != 1.0 || one["events"] != 2.0 {
		t.Errorf("one coin: %v", one)
	}
	if none := call(t, http.MethodGet, server.URL+"/api/wallets/"+nobody.String(), "").data; none["total"] != 0.0 || len(none["positions"].([]any)) != 0 {
		t.Errorf("nobody: %v", none)
	}
	if bad := call(t, http.MethodGet, server.URL+"/api/wallets/0OIl", ""); bad.status != http.StatusBadRequest {
		t.Errorf("a bad address: %d", bad.status)
	}
}

func TestWalletSaysWhatMayLack(t *testing.T) {
	f, _ := walletMarket(t)
	server := serve(t, deps(f))
	missing := func() []any {
		t.Helper()
		got := call(t, http.MethodGet, server.URL+"/api/wallets/"+user.String()+"?mint="+mint.String(), "").data
		return got["positions"].([]any)[0].(map[string]any)["incomplete"].([]any)
	}
	f.gapList = []market.Gap{{From: 1, To: 99, State: market.GapUnfillable}} // before the coin was there
	if got := missing(); len(got) != 0 {
		t.Errorf("a gap before the creation: %v", got)
	}
	f.gapList = []market.Gap{{From: 101, To: 101, State: market.GapFilled, Mint: mint}, {From: 101, To: 101, State: market.GapOpen, Mint: key(33)}}
	if got := missing(); len(got) != 0 {
		t.Errorf("a filled gap, and one of another coin: %v", got)
	}
	f.gapList = []market.Gap{{From: 1, To: 100, State: market.GapOpen}}
	if got := missing(); len(got) != 1 || got[0] != "gaps" {
		t.Errorf("an open gap: %v", got)
	}
}

func TestTraders(t *testing.T) {
	f, _ := walletMarket(t)
	server := serve(t, deps(f))
	at := server.URL + "/api/mints/" + mint.String() + "/traders"
	got := call(t, http.MethodGet, at, "").data
	names(t, got, append([]string{
		"mint_account", "decimals", "price", "price_exact", "traders", "holders", "held_amount", "creator", "events", "incomplete", "seq", "store",
	}, paging...)...)
	first := got["traders"].([]any)[0].(map[string]any)
	if got["total"] != 2.0 || got["holders"] != 2.0 || got["held_amount"] != 7_000_000.0 || got["events"] != 3.0 || first["user"] != user.String() || first["creator"] != true {
		t.Errorf("%v", got)
	}
	creator := got["creator"].(map[string]any)
	if creator["user"] != user.String() || creator["sold"] != true || creator["sold_amount"] != 1_000_000.0 || creator["share"] != nil {
		t.Errorf("%v", creator)
	}
	held := call(t, http.MethodGet, at+"?order_by=held_desc&limit=1", "").data
	if rows := held["traders"].([]any); len(rows) != 1 || rows[0].(map[string]any)["user"] != key(50).String() {
		t.Errorf("%v", held)
	}
	if none := call(t, http.MethodGet, server.URL+"/api/mints/"+nobody.String()+"/traders", "").data; none["creator"] != nil || none["total"] != 0.0 {
		t.Errorf("%v", none)
	}
}
