package rest_test

import (
	"context"
	"net/http"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/server/rest"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

// fakeMints is what accounts say of mints.
type fakeMints map[market.Pubkey]market.MintInfo

func (f fakeMints) Info(mint market.Pubkey) (market.MintInfo, bool) {
	info, ok := f[mint]
	return info, ok
}

// TestNamesFromAccounts: a coin whose creation is not stored is called what its account says, and marked so; one whose creation
// is stored keeps the name that it began with. Supply and market cap are there where they are known, and nowhere else.
func TestNamesFromAccounts(t *testing.T) {
	f := newFake()
	created, quiet := f.tokens[0].Mint, key(150)
	old := market.Token{Mint: uncreated, LatestPrice: f.tokens[0].LatestPrice, LatestTradeTime: firstTime, Trades: 1}
	bonk := market.Token{Mint: key(151), Pair: market.MustPair(pump.Program, market.Pubkey{}, 6, 9), Created: &pump.Create{Mint: key(151), Name: "Bonk", Symbol: "B", TokenTotalSupply: 1e15}}
	f.tokens = append(f.tokens, old, market.Token{Mint: quiet}, bonk)
	d := deps(f)
	said := market.MintInfo{Name: "From the account", Symbol: "ACC", URI: "ipfs://acc"}
	whole := said
	whole.Supply, whole.Decimals, whole.Counted = 1<<60, 6, true
	d.Mints = fakeMints{uncreated: whole, created: whole, quiet: said}
	d.Watch = fakeWatch{{Mint: uncreated.String(), Program: "pump", State: "live"}, {Mint: created.String(), Program: "pump", State: "live"}, {Mint: key(152).String(), State: "unknown"}}
	server := serve(t, d)

	details := map[string]map[string]any{}
	for _, one := range call(t, http.MethodPost, server.URL+"/api/details", `{"mints":["`+uncreated.String()+`","`+created.String()+`","`+quiet.String()+`","`+key(151).String()+`","`+f.tokens[1].Mint.String()+`"]}`).data["details"].([]any) {
		one := one.(map[string]any)
		details[one["mint_account"].(string)] = one
	}

	name, _, uri := f.tokens[0].Created.Names()
	price := f.tokens[0].LatestPrice.Float()
	for mint, want := range map[market.Pubkey]map[string]any{
		uncreated: {"name": "From the account", "symbol": "ACC", "uri": "ipfs://acc", "name_source": "chain", "supply": "1152921504606846976", "decimals": 6.0, "market_cap": price * (1 << 60) / 1e6},
		created:   {"name": name, "symbol": "T", "uri": uri, "name_source": nil, "supply": "1152921504606846976", "decimals": 6.0, "market_cap": price * (1 << 60) / 1e6},
		quiet:     {"name": "From the account", "name_source": "chain", "supply": nil, "decimals": nil, "market_cap": nil},
		key(151):  {"name": "Bonk", "name_source": nil, "supply": 1e15, "decimals": 6.0, "market_cap": nil},

		f.tokens[1].Mint: {"symbol": "T", "name_source": nil, "supply": nil, "decimals": nil, "market_cap": nil},
	} {
		for field, value := range want {
			if got := details[mint.String()][field]; got != value {
				t.Errorf("%s of %s is %v, want %v", field, mint, got, value)
			}
		}
	}

	coins := call(t, http.MethodGet, server.URL+"/api/watch", "").data["coins"].([]any)
	for i, want := range []map[string]any{
		{"name": "From the account", "symbol": "ACC", "name_source": "chain"},
		{"name": name, "symbol": "T", "name_source": nil},
		{"name": "", "symbol": "", "name_source": nil},
	} {
		for field, value := range want {
			if got := coins[i].(map[string]any)[field]; got != value {
				t.Errorf("%s of watched coin %d is %v, want %v", field, i, got, value)
			}
		}
	}
}

// TestTickersFromAccounts is the same of tickers, whose coins are paid in SOL and in a mint of their own.
func TestTickersFromAccounts(t *testing.T) {
	s := busyDay(t, 3)
	info := market.MintInfo{Name: "From the account", Symbol: "ACC", Supply: 5_000_000, Decimals: 6, Counted: true}
	tickers := rest.NewTickers(ticker.New(s, market.AllIntervals()), fakeMints{dayMint(1): info})
	page, err := tickers(context.Background(), rest.TickerQuery{Mints: []market.Pubkey{dayMint(1), dayMint(2)}, Window: "h24", SortBy: wire.QuoteVolumeDesc})
	if err != nil || len(page.Tickers) != 2 {
		t.Fatal(page, err)
	}
	first, second := page.Tickers[0], page.Tickers[1]
	if *first.Name != "From the account" || *first.Symbol != "ACC" || first.NameSource != wire.NameFromChain || *first.Supply != 5_000_000 || *first.Decimals != 6 || *first.MarketCap != *first.Price*5 {
		t.Errorf("%+v", first)
	}
	if second.Name != nil || second.MintFacts != (wire.MintFacts{}) {
		t.Errorf("%+v", second)
	}
}
