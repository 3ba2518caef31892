package rest_test

import (
	"math"
	"net/http"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// ranged is an order whose range begins so many times the price away, and what its closing trade moves there.
func ranged(t *testing.T, name byte, price market.Price, short bool, away float64, tokens uint64) market.Order {
	t.Helper()
	raw, err := market.ParseU128(market.U128(price).String())
	if err != nil {
		t.Fatal(err)
	}
	scaled, _ := raw.Mul64(uint64(away * 1000))
	start, err := market.ParseU128(scaled.String()[:len(scaled.String())-3]) // by a thousandth, cut
	if err != nil {
		t.Fatal(err)
	}
	curve, err := spinpet.CurveAt(start, market.PriceDecimals)
	if err != nil {
		t.Fatal(err)
	}
	end, lamports, err := curve.Move(tokens, short)
	if err != nil {
		t.Fatal(err)
	}

	order := market.Order{Address: key(name), MintAccount: mint, Scale: 28, LatestPrice: price, Terms: market.Terms{
		OrderType: market.OrderLong, Mint: mint, User: user, LockLpStartPrice: start, LockLpEndPrice: end.Raw(),
		LockLpSolAmount: lamports, LockLpTokenAmount: tokens, MarginSolAmount: 1_000_000_000, PositionAssetAmount: tokens, BorrowAmount: 4_000_000_000,
	}}
	if short {
		order.Terms.OrderType, order.Terms.BorrowAmount, order.Terms.PositionAssetAmount = market.OrderShort, tokens, 4_000_000_000
	}
	return order
}

// TestLiquidations: the nearest first to either side, with what falls up to each and with it; limits cut the list, and no sum.
func TestLiquidations(t *testing.T) {
	f := newFake()
	price := f.tokens[0].LatestPrice
	f.orders = []market.Order{
		ranged(t, 101, price, true, 1.2, 5_000_000_000_000), ranged(t, 102, price, true, 1.05, 90_000_000_000_000), // 102 reaches into 101
		ranged(t, 103, price, false, 0.9, 5_000_000_000_000), ranged(t, 104, price, false, 0.97, 5_000_000_000_000),
	}
	server := serve(t, deps(f))

	got := call(t, http.MethodGet, server.URL+"/api/liquidations?mint="+mint.String(), "").data
	names(t, got, "mint_account", "price", "price_exact", "swap_fee", "down", "up")
	if got["price_exact"] != price.String() || got["swap_fee"] != 0.0 {
		t.Errorf("%v", got)
	}

	down, up := got["down"].(map[string]any), got["up"].(map[string]any)
	names(t, down, "orders", "total", "beyond", "next", "cascade")
	first := down["orders"].([]any)[0].(map[string]any)
	second := down["orders"].([]any)[1].(map[string]any)
	if first["order_pda"] != key(104).String() || first["group"] != 0.0 || second["group"] != 1.0 || second["order_pda"] != key(103).String() {
		t.Errorf("longs: %v, %v", first, second)
	}
	near(t, "distance of the first long", first["distance"], -0.03)
	near(t, "distance of the second long", second["distance"], -0.1)
	near(t, "leverage", first["leverage"], 4)
	near(t, "entry", first["entry_price"], 4.0/5_000_000)
	if first["total_sol_amount"] != first["lock_lp_sol_amount"] ||
		second["total_sol_amount"] != first["lock_lp_sol_amount"].(float64)+second["lock_lp_sol_amount"].(float64) ||
		second["needed_sol_amount"].(float64) <= first["needed_sol_amount"].(float64) {
		t.Errorf("sums of longs: %v, %v", first, second)
	}
	if profit := first["close_sol_amount"].(float64) - first["margin_sol_amount"].(float64); profit != first["profit_sol_amount"] || profit >= 0 {
		t.Errorf("profit: %v", first)
	}
	next, cascade := down["next"].(map[string]any), down["cascade"].(map[string]any)
	if next["distance"] != first["distance"] || next["needed_sol_amount"] != first["needed_sol_amount"] || cascade["orders"] != 1.0 || down["total"] != 2.0 {
		t.Errorf("%v, %v", next, cascade)
	}

	shorts := up["orders"].([]any)
	cascade = up["cascade"].(map[string]any)
	last := shorts[1].(map[string]any)
	if last["group"] != 0.0 || cascade["orders"] != 2.0 || cascade["sol_amount"] != last["total_sol_amount"] || last["needed_sol_amount"] != shorts[0].(map[string]any)["needed_sol_amount"] {
		t.Errorf("shorts that fall together: %v, %v", last, cascade)
	}
	if far := cascade["distance"].(float64); far < 0.2 {
		t.Errorf("they come to rest at %v", far)
	}

	cut := call(t, http.MethodGet, server.URL+"/api/liquidations?limit=1&mint="+mint.String(), "").data["up"].(map[string]any)
	if len(cut["orders"].([]any)) != 1 || cut["total"] != 2.0 || cut["cascade"].(map[string]any)["orders"] != 2.0 {
		t.Errorf("%v", cut)
	}
}

// TestLiquidationsOfNobody: a mint that is not known has no price and no orders.
func TestLiquidationsOfNobody(t *testing.T) {
	server := serve(t, deps(newFake()))
	got := call(t, http.MethodGet, server.URL+"/api/liquidations?mint="+nobody.String(), "").data
	side := got["down"].(map[string]any)
	if got["price"] != nil || got["swap_fee"] != nil || side["next"] != nil || side["cascade"] != nil || len(side["orders"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
}

func near(t *testing.T, what string, got any, want float64) {
	t.Helper()
	if x, ok := got.(float64); !ok || math.Abs(x-want) > 0.002*math.Abs(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
