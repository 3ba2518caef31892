package rest_test

import (
	"net/http"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/wire"
)

// TestWatchedCoinsAndTheirGaps: a coin that is followed by its own addresses has its name from the store and its gaps beside
// it, and the gaps of an address are told as the coin's.
func TestWatchedCoinsAndTheirGaps(t *testing.T) {
	f := newFake()
	curve, pool, stranger, coin := key(41), key(42), key(43), f.tokens[0].Mint
	pumpID, _ := market.ParseProgram("pump")
	pump := registry.Address(pumpID)
	f.gapList = []market.Gap{
		{From: 1, To: 2, Cause: "the whole program"},
		{From: 3, To: 4, Cause: "the coin's pool", Address: pool},
		{From: 5, To: 6, Cause: "of an address that is followed no more", Address: stranger},
		{From: 7, To: 8, Cause: "another token's", Mint: key(44)},
		{From: 9, To: 9, Cause: "one transaction of the coin", Mint: coin, Address: curve},
		{From: 0, To: 9, Cause: "what pump did not tell", Address: pump},
		{From: 90, To: 95, Cause: "what it did not tell later", Address: pump},
	}
	unwatched, young := key(46), f.tokens[1]
	pair := market.MustPair(pumpID, market.WrappedSOL, 6, 9)
	f.pairs = map[market.Pubkey]market.Pair{unwatched: pair, young.Mint: pair}
	f.tokens[1].CreatedPosition.Slot = 50
	d := deps(f)
	d.Watch = fakeWatch{
		{Mint: coin.String(), Program: "pump", State: "live", Addresses: wire.WatchedAddresses{Curve: curve.String(), Pool: pool.String()}},
		{Mint: key(45).String(), State: "refused", Message: "no coin"},
	}
	server := serve(t, d)

	list := call(t, http.MethodGet, server.URL+"/api/watch", "").data["coins"].([]any)
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	names(t, first, "mint", "symbol", "name", "program", "state", "on_demand", "addresses", "done", "total", "holes", "message")
	name, symbol, _ := f.tokens[0].Created.Names()
	if first["name"] != name || first["symbol"] != symbol || name == "" || len(first["holes"].([]any)) != 2 {
		t.Errorf("%+v", first)
	}
	if second["message"] != "no coin" || second["program"] != "" || len(second["holes"].([]any)) != 0 {
		t.Errorf("%+v", second)
	}

	for _, c := range []struct {
		query  string
		causes []string
	}{
		{"", []string{"the whole program", "the coin's pool", "of an address that is followed no more", "another token's", "one transaction of the coin", "what pump did not tell", "what it did not tell later"}},
		{"?mint=" + coin.String(), []string{"the whole program", "the coin's pool", "one transaction of the coin"}},
		{"?mint=" + key(44).String(), []string{"the whole program", "another token's"}},
		{"?mint=" + unwatched.String(), []string{"the whole program", "what pump did not tell", "what it did not tell later"}},
		{"?mint=" + young.Mint.String(), []string{"the whole program", "what it did not tell later"}}, // it was created after the first
	} {
		got := call(t, http.MethodGet, server.URL+"/api/gaps"+c.query, "").data
		gaps := got["gaps"].([]any)
		if len(gaps) != len(c.causes) || got["total"] != float64(len(gaps)) {
			t.Fatalf("%s: %+v", c.query, gaps)
		}
		for i, cause := range c.causes {
			gap := gaps[i].(map[string]any)
			if gap["cause"] != cause {
				t.Errorf("%s: %+v, want %s", c.query, gap, cause)
			}
			if cause == "the coin's pool" && (gap["mint"] != coin.String() || gap["address"] != pool.String()) {
				t.Errorf("%+v is not the coin's", gap)
			}
		}
	}
}

// fakeWatch is a list of watched coins.
type fakeWatch []wire.WatchedCoin

func (w fakeWatch) Wire() []wire.WatchedCoin { return w }

func (w fakeWatch) Follows(coin market.Pubkey) bool {
	return slices.ContainsFunc(w, func(c wire.WatchedCoin) bool { return c.Mint == coin.String() })
}

func (w fakeWatch) CoinOf(address market.Pubkey) (mint market.Pubkey, ok bool) {
	for i := range w {
		if text := address.String(); text == w[i].Addresses.Curve || text == w[i].Addresses.Pool {
			return market.MustPubkey(w[i].Mint), true
		}
	}
	return mint, false
}
