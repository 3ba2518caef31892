package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const (
	orderFields = "order_type mint user lock_lp_start_price lock_lp_end_price lock_lp_sol_amount lock_lp_token_amount start_time end_time " +
		"margin_sol_amount borrow_amount position_asset_amount borrow_fee order_pda latest_price latest_trade_time name symbol image"
	detailFields = "mint_account payer curve_account pool_token_account pool_sol_account fee_recipient base_fee_recipient params_account name " +
		"symbol uri swap_fee borrow_fee fee_discount_flag create_timestamp latest_price latest_trade_time total_sol_amount " +
		"total_margin_sol_amount total_force_liquidations total_close_profit created_by last_updated_at uri_data"
	candleFields = "time open high low close volume is_final update_type update_count"
	userFields   = "event_type user mint_account slot timestamp signature event_data"
	pageFields   = "total page limit has_next has_prev"
)

// TestOriginalClientsGetTheirFields makes the calls of the original server's client scripts, with a store full of a
// market, and looks for the fields that they read and the order they ask for.
func TestOriginalClientsGetTheirFields(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "30", "--slot", "200ms", "--mints", "3", "--history", "4m", "--seed", "8")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	market.rest() // the order that the calls ask for must not be closed between two of them
	mint, user := withOrders(t, s, awaitLedger(t, market, s))
	key := "mint=" + mint
	for _, c := range []struct {
		call, list, fields, answer string
		sorted                     string // a field of the list and its direction
	}{
		{"/api/mints?page=1&limit=50&sort_by=created_desc", "mints", "", pageFields, ""},
		{"/api/mint_orders?type=up_orders&page=1&limit=50&" + key, "orders", orderFields, pageFields + " order_type mint_account", ""},
		{"/api/mint_orders?type=down_orders&" + key, "orders", orderFields, pageFields + " order_type mint_account", ""},
		{"/api/user_orders?user=" + user, "orders", orderFields, pageFields, "start_time desc"},
		{"/api/user_orders?order_by=start_time_asc&" + key + "&user=" + user, "orders", orderFields, pageFields, "start_time asc"},
		{"/api/user_orders?order_by=start_time_desc&page=1&limit=2&user=" + user, "orders", orderFields, pageFields, "start_time desc"},
		{"/api/user_event?order_by=slot_desc&user=" + user, "transactions", userFields, pageFields, "slot desc"},
		{"/api/user_event?order_by=slot_asc&" + key + "&user=" + user, "transactions", userFields, pageFields, "slot asc"},
		{"/api/events?order_by=slot_desc&" + key, "events", "event_type signature slot timestamp mint_account", pageFields, "slot desc"},
		{"/api/events?order_by=slot_asc&" + key, "events", "event_type signature slot timestamp mint_account", pageFields, "slot asc"},
		{"/api/kline?interval=s1&page=1&limit=50&order_by=time_desc&" + key, "klines", candleFields, pageFields + " interval mint_account", "time desc"},
		{"/api/kline?interval=s30&order_by=time_asc&" + key, "klines", candleFields, pageFields + " interval mint_account", "time asc"},
		{"/api/kline?interval=m5&" + key, "klines", candleFields, pageFields + " interval mint_account", "time desc"},
	} {
		var data map[string]any
		s.get(c.call, &data)
		entries, _ := data[c.list].([]any)
		if len(entries) == 0 && !strings.Contains(c.call, "_orders?type=") {
			t.Errorf("%s: no %s", c.call, c.list)
		}

		hasFields(t, c.call, data, c.answer)
		last := 0.0
		for i, entry := range entries {
			if c.fields == "" {
				continue
			}
			object, _ := entry.(map[string]any)
			hasFields(t, c.call, object, c.fields)
			field, direction, ok := strings.Cut(c.sorted, " ")
			now, _ := object[field].(float64)
			if ok && i > 0 && now != last && now > last != (direction == "asc") {
				t.Errorf("%s: %s %v after %v", c.call, field, now, last)
			}
			last = now
		}
	}

	body := fmt.Appendf(nil, `{"mints":[%q]}`, mint)
	status, answer := request(t, http.MethodPost, s.url("/api/details"), map[string]string{"Content-Type": "application/json"}, body)
	var details struct {
		Details []map[string]any
		Total   int
	}
	if err := envelope(status, answer, &details); err != nil || len(details.Details) != 1 || details.Total != 1 {
		t.Fatalf("details: %v %+v", err, details)
	}

	hasFields(t, "/api/details", details.Details[0], detailFields)
}

func hasFields(t *testing.T, what string, object map[string]any, fields string) {
	t.Helper()
	for field := range strings.FieldsSeq(fields) {
		if _, ok := object[field]; !ok {
			t.Errorf("%s: no %s in %v", what, field, slices.Sorted(maps.Keys(object)))
			return
		}
	}
}

// withOrders is a mint and a user that has an open order in it.
func withOrders(t *testing.T, s *server, l *ledger) (mint, user string) {
	t.Helper()
	for _, mint := range l.busiest(3) {
		for _, kind := range []string{"up_orders", "down_orders"} {
			var data struct{ Orders []struct{ User string } }
			s.get("/api/mint_orders?type="+kind+"&mint="+mint, &data)
			if len(data.Orders) > 0 {
				return mint, data.Orders[0].User
			}
		}
	}
	t.Fatal("the market has no open order")
	return "", ""
}

// description is what the fuzz reads of an OpenAPI document.
type description struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name, In string
			Schema   struct {
				Type             any
				Enum             []any
				Minimum, Maximum *float64
				Items            *struct{ Enum []any }
			}
		}
	}
}

// TestRequestsOfTheDescription makes requests from the served OpenAPI document, with values that it allows, values that
// exist and values that nobody expects, against a store full of a market. No answer is a server error.
func TestRequestsOfTheDescription(t *testing.T) {
	t.Parallel()
	count := 4000
	if testing.Short() {
		count = 600
	}

	seed := uint64(4)
	if soak {
		count, seed = 30_000, rand.Uint64()
		t.Log("seed", seed)
	}

	market := startCluster(t, "--rate", "30", "--slot", "200ms", "--mints", "3", "--history", "5m", "--seed", "9")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	_, text := request(t, http.MethodGet, s.url("/api-docs/openapi.json"), nil, nil)
	var doc description
	if err := json.Unmarshal(text, &doc); err != nil || len(doc.Paths) < 15 {
		t.Fatalf("%d paths, %v", len(doc.Paths), err)
	}

	var values []string
	for _, record := range market.readLedger().records {
		values = append(values, record.Mint, record.User, record.Order)
		if len(values) > 300 {
			break
		}
	}

	var mints struct {
		NextCursor string `json:"next_cursor"`
	}
	s.get("/api/mints?limit=1", &mints)
	values = append(values, mints.NextCursor)
	wild := []string{
		"", "0", "-1", "1", "2", "1001", "99999999999999999999", "-9223372036854775808", "9223372036854775807", "1e9", "NaN", "0x10", "null", "[]",
		"%", "\x00", "\xff\xfe", "💩", "../..", "'--", strings.Repeat("1", 5000), strings.Repeat("z", 44), "1755000000",
	}
	random := rand.New(rand.NewPCG(seed, 4))
	paths := slices.Sorted(maps.Keys(doc.Paths))
	statuses := map[int]int{}
	for range count {
		path := paths[random.IntN(len(paths))]
		methods := slices.Sorted(maps.Keys(doc.Paths[path]))
		method := methods[random.IntN(len(methods))]
		query := url.Values{}
		target := path
		for _, p := range doc.Paths[path][method].Parameters {
			enum := p.Schema.Enum
			if p.Schema.Items != nil {
				enum = p.Schema.Items.Enum
			}
			value := values[random.IntN(len(values))]
			switch n := random.IntN(10); {
			case n == 0:
				value = wild[random.IntN(len(wild))]
			case n == 1 && p.In == "query":
				continue
			case len(enum) > 0:
				value = fmt.Sprint(enum[random.IntN(len(enum))])
			case p.Schema.Minimum != nil || fmt.Sprint(p.Schema.Type) == "integer":
				value = fmt.Sprint(random.IntN(3000))
			}

			if p.In == "path" {
				target = strings.Replace(target, "{"+p.Name+"}", url.PathEscape(value), 1)
				continue
			}

			for range 1 + random.IntN(40)/39 {
				query.Add(p.Name, value)
			}
		}

		var body []byte
		if method == "post" {
			body, _ = json.Marshal(map[string]any{"mints": values[:random.IntN(4)]})
			if random.IntN(3) == 0 {
				body = body[:random.IntN(len(body))]
			}
		}

		status, answer, err := try(strings.ToUpper(method), s.url(target+"?"+query.Encode()), map[string]string{"Content-Type": "application/json"}, body)
		if err != nil {
			t.Fatalf("%s %s?%s: %v", method, target, query.Encode(), err)
		}
		statuses[status]++
		if status >= 500 {
			t.Fatalf("%s %s?%s: HTTP %d: %.300s", method, target, query.Encode(), status, answer)
		}
	}

	if statuses[200] < count/5 || statuses[400] < count/20 {
		t.Errorf("answers by status: %v", statuses)
	}
	for _, line := range s.logged(`"level":"ERROR"`) {
		t.Errorf("the server logs %v", line)
	}
}
