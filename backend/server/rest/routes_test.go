package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/server/rest"
)

// reply is an answer as a client sees it.
type reply struct {
	status  int
	header  http.Header
	raw     []byte
	data    map[string]any
	message string
}

func request(t testing.TB, method, address, body string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: response.StatusCode, header: response.Header, raw: raw}
}

// call makes a request and checks that the answer is an envelope that fits its status.
func call(t testing.TB, method, address, body string) reply {
	t.Helper()
	got := request(t, method, address, body)
	decoder := json.NewDecoder(bytes.NewReader(got.raw))
	var envelope struct {
		Success *bool          `json:"success"`
		Data    map[string]any `json:"data"`
		Message *string        `json:"message"`
	}
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&envelope); err != nil || envelope.Success == nil || envelope.Message == nil {
		t.Fatalf("%s %s: no envelope (%v): %.300s", method, address, err, got.raw)
	}
	if *envelope.Success != (got.status == http.StatusOK) || *envelope.Success != (envelope.Data != nil) {
		t.Fatalf("%s %s: status %d with %.300s", method, address, got.status, got.raw)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s %s: content type %q", method, address, kind)
	}
	got.data, got.message = envelope.Data, *envelope.Message
	return got
}

func names(t testing.TB, data map[string]any, want ...string) {
	t.Helper()
	for _, name := range want {
		if _, ok := data[name]; !ok {
			t.Errorf("no %q in %v", name, data)
		}
	}
	if len(data) != len(want) {
		t.Errorf("got %d fields, want %d: %v", len(data), len(want), data)
	}
}

var paging = []string{"total", "page", "limit", "has_next", "has_prev"}

// Each documented route, asked well, has exactly the documented fields.
func TestGoodRequests(t *testing.T) {
	server := serve(t, deps(newFake()))
	m, u := mint.String(), user.String()
	cases := []struct {
		path   string
		fields []string
		check  func(t *testing.T, data map[string]any)
	}{
		{"/api/time", []string{"timestamp", "utc", "local", "iso8601"}, func(t *testing.T, d map[string]any) {
			if d["timestamp"] != 1755000000.0 || d["utc"] != "2025-08-12 12:00:00 UTC" || d["iso8601"] != "2025-08-12T12:00:00.5Z" {
				t.Error(d)
			}
		}},
		{"/api/time?format=%25Y&_=1", []string{"timestamp", "utc", "local", "iso8601"}, nil},
		{"/api/events/status", []string{"is_running", "last_event_time", "total_events_processed", "connection_status", "program_id", "cluster", "endpoint", "slot", "lag_slots", "chain_time", "seq", "store", "last_error", "failures", "backfill"}, func(t *testing.T, d map[string]any) {
			if d["is_running"] != true || d["total_events_processed"] != 120.0 || d["last_event_time"] != float64(firstTime+119) || d["slot"] != 1001.0 || d["cluster"] != "demo" || d["store"] != "0f0f" {
				t.Error(d)
			}
			names(t, d["backfill"].(map[string]any), "running", "done", "total", "eta_seconds")
		}},
		{"/api/events/stats", []string{"token_created", "buy_sell", "long_short", "force_liquidate", "full_close", "partial_close", "milestone_discount", "total"}, func(t *testing.T, d map[string]any) {
			if d["buy_sell"] != 120.0 || d["total"] != 120.0 || d["long_short"] != 0.0 {
				t.Error(d)
			}
		}},
		{"/api/events/db-stats", []string{"lsm_bytes", "value_log_bytes", "total_bytes", "keys", "seq"}, nil},
		{"/api/events?mint=" + m, append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			events := d["events"].([]any)
			first := events[0].(map[string]any)
			if len(events) != 50 || d["total"] != 120.0 || d["has_next"] != true || d["has_prev"] != false || first["slot"] != 219.0 {
				t.Error(d["total"], first)
			}
			names(t, first, "event_type", "signature", "slot", "ordinal", "timestamp", "payer", "mint_account", "is_buy", "token_amount", "sol_amount", "latest_price", "price_exact")
			if first["token_amount"] != "1152921504606846976" || first["sol_amount"] != 5.0 || first["latest_price"] != "279589934762348555452" || first["price_exact"] != "0.0000000279589934762348555452" {
				t.Error(first)
			}
		}},
		{"/api/events?mint=" + m + "&order_by=slot_asc&page=3&limit=50", append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if events := d["events"].([]any); len(events) != 20 || events[0].(map[string]any)["slot"] != 200.0 || d["has_next"] != false || d["has_prev"] != true {
				t.Error(len(events), d["has_next"])
			}
		}},
		{"/api/events?limit=5000&mint=" + m, append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if d["limit"] != 1000.0 || len(d["events"].([]any)) != 120 {
				t.Error("limit was not clamped:", d["limit"])
			}
		}},
		{"/api/events?limit=999999999999999999999999&mint=" + m, append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if d["limit"] != 1000.0 {
				t.Error("limit was not clamped:", d["limit"])
			}
		}},
		{"/api/events?page=9007199254740992&limit=1000&mint=" + m, append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if len(d["events"].([]any)) != 0 || d["has_next"] != false || d["has_prev"] != true {
				t.Error(d)
			}
		}},
		{"/api/events?limit=0&mint=" + m, append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if len(d["events"].([]any)) != 0 || d["total"] != 120.0 {
				t.Error(d)
			}
		}},
		{"/api/events?mint=" + nobody.String(), append([]string{"events"}, paging...), func(t *testing.T, d map[string]any) {
			if events, ok := d["events"].([]any); !ok || len(events) != 0 {
				t.Error("a mint without events must give []:", d)
			}
		}},
		{"/api/mints", append([]string{"mints", "next_cursor", "sort_by"}, paging...), func(t *testing.T, d map[string]any) {
			if mints := d["mints"].([]any); len(mints) != 50 || mints[0] != key(70).String() || d["next_cursor"] != key(21).String() || d["sort_by"] != "created_desc" || d["has_next"] != true {
				t.Error(d)
			}
		}},
		{"/api/mints?page=2", append([]string{"mints", "next_cursor", "sort_by"}, paging...), func(t *testing.T, d map[string]any) {
			if mints := d["mints"].([]any); len(mints) != 20 || mints[0] != key(20).String() || d["next_cursor"] != nil || d["has_next"] != false {
				t.Error(d)
			}
		}},
		{"/api/mints?cursor=" + key(21).String(), append([]string{"mints", "next_cursor", "sort_by"}, paging...), func(t *testing.T, d map[string]any) {
			if mints := d["mints"].([]any); len(mints) != 20 || mints[0] != key(20).String() || d["has_next"] != false || d["has_prev"] != true {
				t.Error(d)
			}
		}},
		{"/api/mints?sort_by=slot_asc&limit=1", append([]string{"mints", "next_cursor", "sort_by"}, paging...), func(t *testing.T, d map[string]any) {
			if d["mints"].([]any)[0] != key(1).String() || d["sort_by"] != "slot_asc" {
				t.Error(d)
			}
		}},
		{"/api/mints?which=all&limit=1", append([]string{"mints", "next_cursor", "sort_by"}, paging...), func(t *testing.T, d map[string]any) {
			if d["mints"].([]any)[0] != uncreated.String() || d["total"] != 71.0 {
				t.Error(d)
			}
		}},
		{"/api/tickers", append([]string{"tickers", "window", "sort_by", "chain_time"}, paging...), func(t *testing.T, d map[string]any) {
			list := d["tickers"].([]any)
			first := list[0].(map[string]any)
			names(t, first, "mint", "name", "symbol", "price", "price_exact", "last_trade_time", "h24", "h1", "m5")
			names(t, first["h1"].(map[string]any), "since", "open", "change", "volume", "quote_volume", "buy_volume", "trades")
			if len(list) != 50 || d["total"] != 150.0 || d["window"] != "h24" || d["sort_by"] != "quote_volume_desc" || d["chain_time"] != float64(firstTime) || first["m5"] != nil {
				t.Error(d["window"], d["sort_by"], first)
			}
		}},
		{"/api/tickers?page=2&limit=100&window=m5&sort_by=change_asc&spark=1", append([]string{"tickers", "window", "sort_by", "chain_time"}, paging...), func(t *testing.T, d map[string]any) {
			list := d["tickers"].([]any)
			last := list[49].(map[string]any)
			if len(list) != 50 || last["mint"] != key(149).String() || len(last["spark"].([]any)) != 2 || last["h1"].(map[string]any)["trades"] != 12.0 || d["has_prev"] != true || d["has_next"] != false {
				t.Error(len(list), last)
			}
		}},
		{"/api/tickers?limit=1&page=7&mint=" + key(90).String() + "&mint=" + m, append([]string{"tickers", "window", "sort_by", "chain_time"}, paging...), func(t *testing.T, d map[string]any) {
			list := d["tickers"].([]any)
			if len(list) != 2 || list[0].(map[string]any)["mint"] != key(90).String() || d["total"] != 2.0 || d["limit"] != 2.0 || d["page"] != 1.0 {
				t.Error(d)
			}
		}},
		{"/api/mint_orders?type=up_orders&mint=" + m, append([]string{"orders", "order_type", "mint_account"}, paging...), func(t *testing.T, d map[string]any) {
			orders := d["orders"].([]any)
			first := orders[0].(map[string]any)
			names(t, first, "order_type", "mint", "user", "lock_lp_start_price", "lock_lp_end_price", "lock_lp_sol_amount", "lock_lp_token_amount", "start_time", "end_time",
				"margin_sol_amount", "borrow_amount", "position_asset_amount", "borrow_fee", "order_pda", "latest_price", "latest_trade_time", "name", "symbol", "image", "price_exact", "price_decimals")
			if len(orders) != 15 || first["lock_lp_start_price"] != "1001" || first["order_type"] != 2.0 || first["name"] != "Token 63" || first["image"] != "https://example.org/7.png" || first["latest_trade_time"] != float64(firstTime)*1000 {
				t.Error(first)
			}
		}},
		{"/api/mint_orders?type=down_orders&limit=5&mint=" + m, append([]string{"orders", "order_type", "mint_account"}, paging...), func(t *testing.T, d map[string]any) {
			if first := d["orders"].([]any)[0].(map[string]any); first["lock_lp_start_price"] != "1028" || d["order_type"] != "down_orders" || d["has_next"] != true {
				t.Error(first)
			}
		}},
		{"/api/user_event?user=" + u, append([]string{"transactions", "user", "mint_account"}, paging...), func(t *testing.T, d map[string]any) {
			first := d["transactions"].([]any)[0].(map[string]any)
			names(t, first, "event_type", "user", "mint_account", "slot", "timestamp", "signature", "event_data")
			if first["event_type"] != "BuySell" || first["timestamp"] != float64(firstTime+119) || first["event_data"].(map[string]any)["is_buy"] != true || d["mint_account"] != nil {
				t.Error(first)
			}
		}},
		{"/api/user_orders?order_by=start_time_asc&user=" + u + "&mint=" + m, append([]string{"orders", "user", "mint_account"}, paging...), func(t *testing.T, d map[string]any) {
			if first := d["orders"].([]any)[0].(map[string]any); first["start_time"] != 0.0 || d["mint_account"] != m || d["total"] != 30.0 {
				t.Error(first)
			}
		}},
		{"/api/kline?interval=m1&mint=" + m, append([]string{"klines", "interval", "mint_account", "seq", "store"}, paging...), func(t *testing.T, d map[string]any) {
			klines := d["klines"].([]any)
			first := klines[0].(map[string]any)
			names(t, first, "time", "open", "high", "low", "close", "volume", "quote_volume", "trades", "buy_volume", "is_final", "update_type", "update_count")
			if len(klines) != 50 || first["time"] != float64(firstTime+60*149) || first["is_final"] != false || first["update_type"] != "realtime" || d["seq"] != 42.0 || d["total"] != 135.0 {
				t.Error(first, d["total"])
			}
		}},
		{"/api/kline?interval=m1&order_by=time_asc&limit=2&mint=" + m, append([]string{"klines", "interval", "mint_account", "seq", "store"}, paging...), func(t *testing.T, d map[string]any) {
			if first := d["klines"].([]any)[0].(map[string]any); first["time"] != float64(firstTime) || first["update_type"] != "final" || first["open"] != 2.79589934762348555452e-8 {
				t.Error(first)
			}
		}},
		{fmt.Sprintf("/api/kline?interval=m1&order_by=time_asc&from=%d&to=%d&mint=%s", firstTime+120, firstTime+300, m), append([]string{"klines", "interval", "mint_account", "seq", "store"}, paging...), func(t *testing.T, d map[string]any) {
			if d["total"] != 3.0 { // minutes 2, 4 and 5: 3 was quiet
				t.Error(d)
			}
		}},
		{fmt.Sprintf("/api/kline?interval=m1&order_by=time_asc&fill=true&from=%d&to=%d&mint=%s", firstTime+120, firstTime+300, m), append([]string{"klines", "interval", "mint_account", "seq", "store"}, paging...), func(t *testing.T, d map[string]any) {
			quiet := d["klines"].([]any)[1].(map[string]any)
			if d["total"] != 4.0 || quiet["time"] != float64(firstTime+180) || quiet["trades"] != 0.0 || quiet["is_final"] != true || quiet["open"] != quiet["close"] {
				t.Error(d)
			}
		}},
		{"/api/kline?interval=s1&mint=" + nobody.String(), append([]string{"klines", "interval", "mint_account", "seq", "store"}, paging...), func(t *testing.T, d map[string]any) {
			if klines, ok := d["klines"].([]any); !ok || len(klines) != 0 {
				t.Error(d)
			}
		}},
		{"/api/kline/status", []string{"enabled", "service_status", "stats"}, func(t *testing.T, d map[string]any) {
			stats := d["stats"].(map[string]any)
			names(t, stats, "active_connections", "total_subscriptions", "monitored_mints", "gaps_open", "config")
			if d["enabled"] != true || stats["monitored_mints"] != 2.0 || stats["gaps_open"] != 1.0 {
				t.Error(d)
			}
		}},
		{"/api/kline/subscriptions", []string{"timestamp", "total_connections", "total_rooms", "clients", "rooms"}, func(t *testing.T, d map[string]any) {
			names(t, d["clients"].([]any)[0].(map[string]any), "id", "namespace", "remote_addr", "user_agent", "connected_at", "subscriptions",
				"transport", "queued_messages", "queued_bytes", "lag_ms", "messages_in", "messages_out", "bytes_out")
			if d["total_connections"] != 2.0 || d["total_rooms"] != 4.0 || d["rooms"].([]any)[0].(map[string]any)["room"] != "events" {
				t.Error(d)
			}
		}},
		{"/api/ws/metrics", []string{"connections", "messages_per_second", "average_latency_ms", "error_rate", "memory_usage_mb"}, func(t *testing.T, d map[string]any) {
			names(t, d["connections"].(map[string]any), "total_connections", "active_connections", "total_messages_sent", "total_subscriptions")
			if d["memory_usage_mb"].(float64) <= 0 {
				t.Error(d)
			}
		}},
		{"/api/endpoints", []string{"endpoints", "total"}, func(t *testing.T, d map[string]any) {
			list := d["endpoints"].([]any)
			first, second := list[0].(map[string]any), list[1].(map[string]any)
			names(t, first, "name", "state", "in_use", "latency_ms", "slot", "lag_slots", "seen_at", "errors", "reconnects", "last_error", "last_error_at")
			if d["total"] != 2.0 || first["state"] != "down" || first["lag_slots"] != nil || second["lag_slots"] != 3.0 || second["in_use"] != true {
				t.Error(d)
			}
		}},
		{"/api/log", []string{"records", "oldest", "newest"}, func(t *testing.T, d map[string]any) {
			list := d["records"].([]any)
			last := list[len(list)-1].(map[string]any)
			names(t, last, "seq", "time", "level", "message", "attrs")
			if len(list) != 500 || last["seq"] != 600.0 || d["oldest"] != 101.0 || d["newest"] != 600.0 {
				t.Error(len(list), last)
			}
		}},
		{"/api/log?level=error&limit=2", []string{"records", "oldest", "newest"}, func(t *testing.T, d map[string]any) {
			list := d["records"].([]any)
			if len(list) != 2 || list[0].(map[string]any)["seq"] != 595.0 || list[1].(map[string]any)["level"] != "error" {
				t.Error(list)
			}
		}},
		{"/api/log?after=598&limit=99999999999999999999", []string{"records", "oldest", "newest"}, func(t *testing.T, d map[string]any) {
			if list := d["records"].([]any); len(list) != 2 || list[0].(map[string]any)["seq"] != 599.0 {
				t.Error(list)
			}
		}},
		{"/api/log?limit=0", []string{"records", "oldest", "newest"}, func(t *testing.T, d map[string]any) {
			if list := d["records"].([]any); len(list) != 0 {
				t.Error(list)
			}
		}},
		{"/api/alerts", []string{"rules", "alerts", "total", "page", "limit", "has_next", "has_prev"}, func(t *testing.T, d map[string]any) {
			rules, list := d["rules"].([]any), d["alerts"].([]any)
			names(t, rules[0].(map[string]any), "id", "kind", "symbol", "price", "created_at")
			names(t, rules[1].(map[string]any), "id", "kind", "direction", "percent", "window_seconds", "once", "spent", "created_at")
			first := list[0].(map[string]any)
			names(t, first, "id", "rule", "kind", "symbol", "message", "value", "value_exact", "timestamp", "seq", "slot", "signature", "late")
			if len(list) != 50 || d["total"] != 70.0 || first["seq"] != 70.0 || d["has_next"] != true || d["has_prev"] != false {
				t.Error(d)
			}
		}},
		{"/api/alerts?page=2", []string{"rules", "alerts", "total", "page", "limit", "has_next", "has_prev"}, func(t *testing.T, d map[string]any) {
			if list := d["alerts"].([]any); len(list) != 20 || list[19].(map[string]any)["seq"] != 1.0 || d["has_next"] != false || d["has_prev"] != true {
				t.Error(d)
			}
		}},
		{"/api/alerts?page=9007199254740992&limit=5000", []string{"rules", "alerts", "total", "page", "limit", "has_next", "has_prev"}, func(t *testing.T, d map[string]any) {
			if len(d["alerts"].([]any)) != 0 || d["limit"] != 1000.0 || len(d["rules"].([]any)) != 2 {
				t.Error(d)
			}
		}},
		{"/api/alerts?limit=0", []string{"rules", "alerts", "total", "page", "limit", "has_next", "has_prev"}, func(t *testing.T, d map[string]any) {
			if len(d["alerts"].([]any)) != 0 || d["total"] != 70.0 {
				t.Error(d)
			}
		}},
		{"/api/gaps", []string{"gaps", "total"}, func(t *testing.T, d map[string]any) {
			gaps := d["gaps"].([]any)
			names(t, gaps[0].(map[string]any), "from_slot", "to_slot", "cause", "state", "seq")
			names(t, gaps[1].(map[string]any), "from_slot", "to_slot", "cause", "state", "seq", "mint")
		}},
		{"/api/gaps?state=unfillable&mint=" + m, []string{"gaps", "total"}, func(t *testing.T, d map[string]any) {
			if d["total"] != 1.0 || d["gaps"].([]any)[0].(map[string]any)["state"] != "unfillable" {
				t.Error(d)
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.path[:min(len(c.path), 60)], func(t *testing.T) {
			got := call(t, http.MethodGet, server.URL+c.path, "")
			if got.status != http.StatusOK {
				t.Fatalf("status %d: %s", got.status, got.message)
			}
			names(t, got.data, c.fields...)
			if c.check != nil {
				c.check(t, got.data)
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error(got.header)
			}
		})
	}
}

// Each bad parameter is refused with 4xx, and the message begins with its name.
func TestBadRequests(t *testing.T) {
	server := serve(t, deps(newFake()))
	m := "mint=" + mint.String()
	u := "user=" + user.String()
	k := "/api/kline?interval=m1&" + m
	cases := map[string][]string{
		"mint": {
			"/api/events?mint=", "/api/events?mint=test_mint_12345", "/api/events?mint=0OIl", "/api/events?mint=" + mint.String() + "1",
			"/api/events?mint=" + strings.Repeat("z", 44), "/api/events?mint=" + strings.Repeat("1", 5000), "/api/events?" + m + "&" + m,
			"/api/kline?interval=m1", "/api/mint_orders?type=up_orders", "/api/user_event?mint=x&" + u, "/api/user_orders?mint=&" + u,
			"/api/export?mint=", "/api/export?mint=x", "/api/export?" + m + "&mint=x", "/api/gaps?mint=x", "/api/image/x",
		},
		"user":             {"/api/user_event", "/api/user_event?user=x", "/api/user_orders?user=", "/api/user_orders?user=test_user_123"},
		"page":             {k + "&page=0", k + "&page=-1", k + "&page=a", k + "&page=", k + "&page=1.5", k + "&page=99999999999999999999", k + "&page=9007199254740993", k + "&page=1&page=2", k + "&page=%201", "/api/alerts?page=0", "/api/alerts?page=-1", "/api/alerts?page=x", "/api/alerts?page=1&page=1", "/api/events?page=2"},
		"limit":            {k + "&limit=-1", k + "&limit=a", k + "&limit=", k + "&limit=1e3", k + "&limit=%2B5", k + "&limit=0x10", k + "&limit=5&limit=6", k + "&limit=%D9%A1", "/api/log?limit=-1", "/api/log?limit=x", "/api/alerts?limit=-1", "/api/alerts?limit=x"},
		"level":            {"/api/log?level=trace", "/api/log?level=", "/api/log?level=info&level=warn"},
		"after":            {"/api/log?after=-1", "/api/log?after=", "/api/log?after=x", "/api/log?after=1.5", "/api/log?after=99999999999999999999"},
		"order_by":         {"/api/events?order_by=slot_asc", k + "&order_by=slot_desc", k + "&order_by=", "/api/events?order_by=time_desc&" + m, "/api/user_event?order_by=up&" + u, "/api/user_orders?order_by=invalid&" + u},
		"interval":         {"/api/kline?" + m, "/api/kline?interval=&" + m, "/api/kline?interval=m2&" + m, "/api/kline?interval=M1&" + m, "/api/export?interval=x&" + m},
		"from":             {k + "&from=2&to=1", k + "&from=x", k + "&from=", k + "&from=1.5", k + "&from=99999999999999999999", k + "&from=1755000000000", "/api/export?from=9&to=1&" + m},
		"to":               {k + "&to=x", k + "&to=1&to=2", k + "&from=0&to=1755000000000", "/api/export?to=1755000000000&" + m},
		"fill":             {k + "&fill=yes", k + "&fill=", k + "&fill=true", k + "&fill=true&from=1", k + "&fill=1&from=0&to=9999999", k + "&fill=1&from=-99999999999999&to=999999999999999"},
		"window":           {"/api/tickers?window=d1", "/api/tickers?window=", "/api/tickers?window=h1&window=m5"},
		"spark":            {"/api/tickers?spark=yes", "/api/tickers?spark="},
		"program":          {"/api/tickers?program=", "/api/tickers?program=raydium", "/api/tickers?program=Pump"},
		"max_age":          {"/api/tickers?max_age=-1", "/api/tickers?max_age=1.5", "/api/tickers?max_age=9007199254740993"},
		"min_trades":       {"/api/tickers?min_trades=x", "/api/tickers?min_trades=-1"},
		"min_quote_volume": {"/api/tickers?min_quote_volume=1e3", "/api/tickers?min_quote_volume=-1", "/api/tickers?min_quote_volume=0.0000000001"},
		"min_market_cap":   {"/api/tickers?min_market_cap=x", "/api/tickers?min_market_cap=-1"},
		"max_market_cap":   {"/api/tickers?max_market_cap=", "/api/tickers?max_market_cap=1&max_market_cap=2"},
		"min_progress":     {"/api/tickers?min_progress=1.5", "/api/tickers?min_progress=-0.1", "/api/tickers?min_progress=50"},
		"max_progress":     {"/api/tickers?max_progress=.5", "/api/tickers?max_progress=1.01"},
		"progress":         {"/api/tickers?progress=yes", "/api/tickers?progress="},
		"which":            {"/api/mints?which=traded", "/api/mints?which=", "/api/mints?which=all&which=all"},
		"sort_by":          {"/api/mints?sort_by=name", "/api/mints?sort_by=", "/api/tickers?sort_by=volume_desc"},
		"cursor":           {"/api/mints?cursor=x", "/api/mints?cursor=a&cursor=b", "/api/mints?cursor=" + nobody.String()},
		"type":             {"/api/mint_orders?" + m, "/api/mint_orders?type=&" + m, "/api/mint_orders?type=longs&" + m},
		"market_cap":       {"/api/export?market_cap=x&" + m, "/api/export?kind=orders&market_cap=true&" + m, "/api/export?kind=gaps&market_cap=1&" + m},
		"types":            {"/api/events?types=x", "/api/events?types=", "/api/events?types=BuySell&" + m},
		"accounts":         {"/api/events?accounts=x", "/api/events?accounts=" + user.String() + "&" + m},
		"kind":             {"/api/export?kind=klines&" + m, "/api/export?kind=&" + m},
		"format":           {"/api/export?format=xlsx&" + m, "/api/export?format=&" + m},
		"state":            {"/api/gaps?state=closed", "/api/gaps?state="},
		"query":            {k + "&%zz=1", k + "&a;b"},
	}
	for name, paths := range cases {
		for _, path := range paths {
			got := call(t, http.MethodGet, server.URL+path, "")
			if got.status != http.StatusBadRequest || !strings.HasPrefix(got.message, name+": ") {
				t.Errorf("%s: status %d, message %q, want 400 naming %s", path, got.status, got.message, name)
			}
			if len(got.message) > 400 {
				t.Errorf("%.60s: message of %d bytes", path, len(got.message))
			}
		}
	}
}

func TestIntervalsThatAreNotKept(t *testing.T) {
	d := deps(newFake())
	d.Intervals = []market.Interval{market.S1, market.M1}
	server := serve(t, d)
	for name, want := range map[string]int{"m1": 200, "m5": 400} {
		if got := call(t, http.MethodGet, server.URL+"/api/kline?interval="+name+"&mint="+mint.String(), ""); got.status != want {
			t.Errorf("%s: %d %s", name, got.status, got.message)
		}
	}
}

func TestDetails(t *testing.T) {
	server := serve(t, deps(newFake()))
	list := func(n int) string {
		mints := make([]string, n)
		for i := range mints {
			mints[i] = mint.String()
		}
		text, err := json.Marshal(map[string]any{"mints": mints})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	cases := []struct {
		name, body string
		status     int
		total      float64
		message    string
	}{
		{"one", list(1), 200, 1, ""},
		{"twice the same", list(2), 200, 1, ""},
		{"1000", list(1000), 200, 1, ""},
		{"1001", list(1001), 400, 0, "mints: 1001 given"},
		{"unknown", `{"mints":["` + nobody.String() + `"]}`, 200, 0, ""},
		{"extra keys", `{"mints":["` + mint.String() + `"],"x":1}`, 200, 1, ""},
		{"empty list", `{"mints":[]}`, 400, 0, "mints: "},
		{"no list", `{}`, 400, 0, "mints: "},
		{"null", `null`, 400, 0, "mints: "},
		{"empty body", ``, 400, 0, "mints: "},
		{"no JSON", `{"mints":`, 400, 0, "mints: "},
		{"wrong type", `{"mints":"x"}`, 400, 0, "mints: "},
		{"numbers", `{"mints":[1]}`, 400, 0, "mints: "},
		{"bad address", `{"mints":["` + mint.String() + `","x"]}`, 400, 0, "mints: entry 1: "},
		{"deep", strings.Repeat("[", 100_000), 400, 0, "mints: "},
		{"too long", strings.Repeat(" ", 200_000), 413, 0, "body: "},
	}
	for _, c := range cases {
		got := call(t, http.MethodPost, server.URL+"/api/details", c.body)
		if got.status != c.status || !strings.HasPrefix(got.message, c.message) {
			t.Errorf("%s: %d %q", c.name, got.status, got.message)
		}
		if c.status == 200 && (got.data["total"] != c.total || float64(len(got.data["details"].([]any))) != c.total) {
			t.Errorf("%s: %v", c.name, got.data)
		}
	}
	got := call(t, http.MethodPost, server.URL+"/api/details", list(1)).data["details"].([]any)[0].(map[string]any)
	names(t, got, "mint_account", "payer", "curve_account", "pool_token_account", "pool_sol_account", "fee_recipient", "base_fee_recipient", "params_account",
		"name", "symbol", "uri", "swap_fee", "borrow_fee", "fee_discount_flag", "create_timestamp", "latest_price", "price_exact", "latest_trade_time",
		"total_sol_amount", "total_margin_sol_amount", "total_force_liquidations", "total_close_profit", "total_trades", "created_by", "last_updated_at", "uri_data")
	names(t, got["uri_data"].(map[string]any), "name", "symbol", "description", "image", "showName", "createdOn", "twitter", "website", "telegram")
	if got["total_sol_amount"] != "18446744073709551616" || got["create_timestamp"] != float64(firstTime)*1000 || got["latest_price"] != "279589934762348555452" {
		t.Error(got)
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	server := serve(t, deps(newFake()))
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/nothing", 404, ""},
		{"GET", "/api/", 404, ""},
		{"GET", "/api/test-ipfs", 404, ""},
		{"POST", "/api/test-order", 404, ""},
		{"POST", "/api/time", 405, "GET, HEAD"},
		{"DELETE", "/api/events", 405, "GET, HEAD"},
		{"PUT", "/api/details", 405, "POST"},
		{"GET", "/api/details", 405, "POST"},
	} {
		got := call(t, c.method, server.URL+c.path, "")
		if got.status != c.status || got.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %q", c.method, c.path, got.status, got.header.Get("Allow"))
		}
	}
}

// A store that fails is the server's fault: 500, with nothing of the inside in the answer.
func TestFailingReader(t *testing.T) {
	f := newFake()
	f.err = errors.New("badger: /home/me/.local/secret: corrupt")
	d := deps(f)
	d.Alerts = fakeAlerts{f.err}
	server := serve(t, d)
	for _, path := range []string{
		"/api/events?mint=" + mint.String(), "/api/mints", "/api/kline?interval=m1&mint=" + mint.String(), "/api/gaps", "/api/events/db-stats", "/api/kline/status",
		"/api/alerts", "/api/mint_orders?type=up_orders&mint=" + mint.String(), "/api/user_event?user=" + user.String(), "/api/user_orders?user=" + user.String(),
	} {
		if got := call(t, http.MethodGet, server.URL+path, ""); got.status != 500 || strings.Contains(string(got.raw), "secret") {
			t.Errorf("%s: %d %s", path, got.status, got.raw)
		}
	}
}

// Without the optional parts every route still answers.
func TestBareAPI(t *testing.T) {
	server := serve(t, rest.Deps{Reader: newFake()})
	for path, status := range map[string]int{
		"/api/time": 200, "/api/events/status": 200, "/api/ws/metrics": 200, "/api/kline/status": 200, "/api/kline/subscriptions": 200,
		"/api/endpoints": 200, "/api/log?level=warn": 200, "/api/watch": 200, "/api/usd": 200,
		"/api/export?mint=" + mint.String(): 404, "/api/image/" + mint.String(): 404, "/api/mint_orders?type=up_orders&mint=" + mint.String(): 200,
	} {
		got := call(t, http.MethodGet, server.URL+path, "")
		if got.status != status {
			t.Errorf("%s: %d %s", path, got.status, got.message)
		}
		if path == "/api/kline/status" && (got.data["enabled"] != false || got.data["service_status"] != "disabled") {
			t.Error(got.data)
		}
	}
}

func TestImage(t *testing.T) {
	server := serve(t, deps(newFake()))
	got := request(t, http.MethodGet, server.URL+"/api/image/"+mint.String(), "")
	if got.status != 200 || got.header.Get("Content-Type") != "image/png" || string(got.raw) != "\x89PNG" {
		t.Error(got)
	}
	if got := call(t, http.MethodGet, server.URL+"/api/image/"+nobody.String(), ""); got.status != 404 {
		t.Error(got.status)
	}
}

func TestEndedRequestIsNoServerError(t *testing.T) {
	f := newFake()
	f.err = context.Canceled
	api := rest.New(deps(f))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/mints", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := recorder{header: http.Header{}}
	api.ServeHTTP(&w, r)
	if w.status != http.StatusRequestTimeout {
		t.Error(w.status)
	}
}

type recorder struct {
	header http.Header
	status int
	bytes.Buffer
}

func (r *recorder) Header() http.Header    { return r.header }
func (r *recorder) WriteHeader(status int) { r.status = status }

func FuzzQueryNeverFails(f *testing.F) {
	for _, seed := range []string{"mint=x", "mint=" + mint.String() + "&interval=m1&fill=1&from=0&to=5", "page=0&limit=-1", "%zz", "a;b", "order_by=\x00", "from=9223372036854775807&to=-9223372036854775808"} {
		f.Add(seed)
	}
	api := rest.New(deps(newFake()))
	paths := make([]string, 0, len(api.OpenAPI().Paths))
	for path := range api.OpenAPI().Paths {
		paths = append(paths, filled(path, mint.String()))
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, base := range []string{"", "mint=" + mint.String() + "&interval=m1&type=up_orders&user=" + user.String() + "&"} {
			for _, path := range paths {
				r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: base + query}, Header: http.Header{}, Body: http.NoBody}
				w := recorder{header: http.Header{}}
				api.ServeHTTP(&w, r.WithContext(t.Context()))
				if w.status >= 500 {
					t.Fatalf("%s?%s%s: %d %s", path, base, query, w.status, w.String())
				}
			}
		}
	})
}

// Only over the widest span is the number of a mint's candles known without counting: a request without from and to must
// ask for just that.
func TestKlinesWithoutBoundsAreNotCounted(t *testing.T) {
	f := newFake()
	f.asked = make(chan [2]int64, 1)
	server := serve(t, deps(f))
	for query, want := range map[string][2]int64{
		"":               {math.MinInt64, math.MaxInt64},
		"&from=5":        {5, math.MaxInt64},
		"&to=5":          {math.MinInt64, 5},
		"&from=5&to=500": {5, 500},
	} {
		if got := call(t, http.MethodGet, server.URL+"/api/kline?interval=m1&mint="+mint.String()+query, ""); got.status != http.StatusOK {
			t.Fatal(got.status, got.message)
		}
		if got := <-f.asked; got != want {
			t.Errorf("%s: the store was asked for %v, want %v", query, got, want)
		}
	}
}

// TestProgramsThatCannotBeRead are named in the status, and nothing is said while there are none.
func TestProgramsThatCannotBeRead(t *testing.T) {
	d := deps(newFake())
	feed := d.Feed
	var unreadable []market.Program
	d.Feed = func() rest.FeedStatus {
		status := feed()
		status.Unreadable = unreadable
		return status
	}
	server := serve(t, d)
	if list, there := call(t, http.MethodGet, server.URL+"/api/events/status", "").data["unreadable_programs"]; there {
		t.Error(list)
	}
	unreadable = []market.Program{registry.First}
	if list, _ := call(t, http.MethodGet, server.URL+"/api/events/status", "").data["unreadable_programs"].([]any); len(list) != 1 || list[0] != "spinpet" {
		t.Error(list)
	}
}
