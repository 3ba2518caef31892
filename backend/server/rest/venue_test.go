package rest_test

import (
	"net/http"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

// venue asks where the fake's mint trades.
func venue(t *testing.T, f *fakeReader, of market.Pubkey) map[string]any {
	t.Helper()
	server := serve(t, deps(f))
	got := call(t, http.MethodGet, server.URL+"/api/venue?mint="+of.String(), "").data
	names(t, got, "mint_account", "program", "venue", "progress", "for_sale", "for_sale_source", "base_reserves", "quote_reserves",
		"base_left", "quote_held", "fees", "slot", "timestamp")
	return got
}

// TestVenueOfACurve: what is left of what the curve began to sell, by the creation or, without it, by what is usual.
func TestVenueOfACurve(t *testing.T) {
	f := newFake()
	pair, err := market.NewPair(pump.Program, market.WrappedSOL, pump.TokenDecimals, 9)
	if err != nil {
		t.Fatal(err)
	}
	trade := &pump.Trade{
		Mint: mint, VirtualSolReserves: 40e9, VirtualTokenReserves: 804_750e9, RealSolReserves: 10e9, RealTokenReserves: 396_550e9,
		FeeBasisPoints: 95, CreatorFeeBasisPoints: 30, Tail: program.Tail{Parts: 4},
	}
	f.tokens = []market.Token{{Mint: mint, Pair: pair}}
	// What says nothing of the curve stands before it.
	f.events = []market.Event{
		{Position: market.Position{Slot: 77}, BlockTime: firstTime, Owner: user, Body: trade},
		{Position: market.Position{Slot: 78}, BlockTime: firstTime + 1, Owner: user, Body: &pump.Migration{Mint: mint}},
	}

	got := venue(t, f, mint)
	for field, want := range map[string]any{
		"program": "pump", "venue": "curve", "progress": 0.5, "for_sale": 793_100e9, "for_sale_source": "usual", "base_left": 396_550e9,
		"quote_held": 10e9, "base_reserves": 804_750e9, "quote_reserves": 40e9, "slot": 77.0, "timestamp": "2025-08-12T12:00:00Z",
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if fees := got["fees"].([]any); len(fees) != 2 || fees[0].(map[string]any)["rate"] != 0.0095 || fees[1].(map[string]any)["name"] != "creator" {
		t.Errorf("fees: %v", got["fees"])
	}

	f.tokens[0].Created = &pump.Create{Mint: mint, VirtualTokenReserves: 1, RealTokenReserves: 793_100e9 / 2}
	if got = venue(t, f, mint); got["progress"] != 0.0 || got["for_sale_source"] != "creation" {
		t.Errorf("with its creation: %v", got)
	}

	trade.RealTokenReserves = 0
	if got = venue(t, f, mint); got["progress"] != 1.0 {
		t.Errorf("sold out: %v", got)
	}

	trade.Parts = 0 // an event so old that it does not say
	if got = venue(t, f, mint); got["progress"] != nil || got["base_left"] != nil || got["venue"] != "curve" {
		t.Errorf("an old event: %v", got)
	}
}

// TestVenueOfAPool: a graduated coin has a pool, and no way to go.
func TestVenueOfAPool(t *testing.T) {
	f := newFake()
	pair, err := market.NewPair(pumpswap.Program, market.WrappedSOL, pump.TokenDecimals, 9)
	if err != nil {
		t.Fatal(err)
	}
	sell := &pumpswap.Sell{Swap: pumpswap.Swap{
		BaseAmount: 1e6, PoolBaseReserves: 200e12, PoolQuoteReserves: 90e9, QuoteAmountLPFee: 1e9, LPFeeBasisPoints: 20, ProtocolFeeBasisPoints: 5,
	}}
	sell.Locate(market.Place{Coin: mint, Pair: pair})
	f.tokens = []market.Token{{Mint: mint, Pair: pair}}
	f.events = []market.Event{{BlockTime: firstTime, Owner: user, Body: sell}}

	got := venue(t, f, mint)
	if got["venue"] != "pool" || got["progress"] != nil || got["quote_held"] != 89e9 || got["base_left"] != 200e12+1e6 || len(got["fees"].([]any)) != 2 {
		t.Errorf("%v", got)
	}
}

// TestVenueByThePrice: a program whose curve is a function of the price; and a coin that nobody knows.
func TestVenueByThePrice(t *testing.T) {
	f := newFake()
	f.tokens[0].SwapFee, f.tokens[0].BorrowFee = 500, 1000
	got := venue(t, f, f.tokens[0].Mint)
	if got["program"] != "spinpet" || got["venue"] != "curve" || got["progress"] != nil || got["base_left"] != nil {
		t.Errorf("%v", got)
	}
	near(t, "quote reserves of a fresh coin", got["quote_reserves"], 30e9)
	if fees := got["fees"].([]any); len(fees) != 2 || fees[0].(map[string]any)["rate"] != 0.005 || fees[1].(map[string]any)["rate"] != 0.01 {
		t.Errorf("fees: %v", got["fees"])
	}

	if got = venue(t, f, nobody); got["program"] != "" || got["venue"] != "" || got["base_reserves"] != nil || len(got["fees"].([]any)) != 0 {
		t.Errorf("unknown: %v", got)
	}
}
