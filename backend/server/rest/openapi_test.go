package rest_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/server/rest"
)

var documented = map[string]string{
	"/api/time": "GET", "/api/events/status": "GET", "/api/events/stats": "GET", "/api/events": "GET", "/api/events/db-stats": "GET",
	"/api/mints": "GET", "/api/details": "POST", "/api/mint_orders": "GET", "/api/user_event": "GET", "/api/user_orders": "GET",
	"/api/tickers": "GET", "/api/usd": "GET", "/api/venue": "GET", "/api/liquidations": "GET", "/api/intervals": "GET",
	"/api/kline": "GET", "/api/kline/status": "GET", "/api/kline/subscriptions": "GET", "/api/ws/metrics": "GET", "/api/gaps": "GET",
	"/api/marks": "GET", "/api/alerts": "GET", "/api/endpoints": "GET", "/api/log": "GET", "/api/watch": "GET",
	"/udf/config": "GET", "/udf/time": "GET", "/udf/symbols": "GET", "/udf/search": "GET", "/udf/history": "GET", "/udf/marks": "GET",
	"/api/export": "GET", "/api/export/days": "GET", "/api/backup": "GET", "/api/image/{mint}": "GET",
	"/api/wallets/{address}": "GET", "/api/mints/{mint}/traders": "GET",
}

func TestOpenAPICoversEveryRoute(t *testing.T) {
	server := serve(t, deps(newFake()))
	got := request(t, http.MethodGet, server.URL+"/api-docs/openapi.json", "")
	var doc map[string]any
	if err := json.Unmarshal(got.raw, &doc); err != nil || got.status != http.StatusOK {
		t.Fatalf("%d %v", got.status, err)
	}
	if doc["openapi"] != "3.1.0" || doc["info"].(map[string]any)["title"] != "Spinscope" || doc["info"].(map[string]any)["version"] != "test" {
		t.Error(doc["openapi"], doc["info"])
	}
	paths := doc["paths"].(map[string]any)
	if len(paths) != len(documented) {
		t.Errorf("%d paths, want %d", len(paths), len(documented))
	}
	ids := map[any]bool{}
	for path, method := range documented {
		operation, ok := paths[path].(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !ok {
			t.Errorf("%s %s is not described", method, path)
			continue
		}
		if ids[operation["operationId"]] || operation["summary"] == "" {
			t.Errorf("%s: id %v, summary %v", path, operation["operationId"], operation["summary"])
		}
		ids[operation["operationId"]] = true
		for _, status := range []string{"200", "4XX", "500"} {
			response, ok := operation["responses"].(map[string]any)[status].(map[string]any)
			if !ok || response["description"] == "" || response["content"] == nil {
				t.Errorf("%s: response %s: %v", path, status, response)
			}
		}
		if len(operation["responses"].(map[string]any)) != 3 {
			t.Errorf("%s: %v", path, operation["responses"])
		}
	}
	checkRefs(t, doc, doc)
	if again := request(t, http.MethodGet, serve(t, deps(newFake())).URL+"/api-docs/openapi.json", ""); string(again.raw) != string(got.raw) {
		t.Error("the description differs from start to start")
	}
}

// checkRefs fails for a $ref that leads nowhere.
// TestLimitsAreThoseOfTheProgram asks with numbers at, and beyond, the limits that the description gives.
func TestLimitsAreThoseOfTheProgram(t *testing.T) {
	server := serve(t, deps(newFake()))
	tried := 0
	for path, item := range rest.New(deps(newFake())).OpenAPI().Paths {
		if item.Get == nil {
			continue
		}
		query := url.Values{}
		for _, p := range item.Get.Parameters {
			switch {
			case p.In != "query" || !p.Required && p.Name != "mint": // events of all mints have no pages
			case len(p.Schema.Enum) > 0:
				query.Set(p.Name, fmt.Sprint(p.Schema.Enum[0]))
			default:
				query.Set(p.Name, key(1).String())
			}
		}
		for _, p := range item.Get.Parameters {
			if p.Schema.Minimum == nil {
				continue
			}
			ask := func(value float64) int {
				with := url.Values{}
				maps.Copy(with, query)
				with.Set(p.Name, strconv.FormatFloat(value, 'f', -1, 64))
				return request(t, http.MethodGet, server.URL+filled(path, mint.String())+"?"+with.Encode(), "").status
			}
			tried++
			if status := ask(*p.Schema.Minimum); status != http.StatusOK {
				t.Errorf("%s: the least %s is answered with %d", path, p.Name, status)
			}
			if status := ask(*p.Schema.Minimum - 1); status != http.StatusBadRequest {
				t.Errorf("%s: less than the least %s is answered with %d", path, p.Name, status)
			}
			if p.Schema.Maximum == nil {
				if status := ask(1e30); status != http.StatusOK {
					t.Errorf("%s: %s without a limit, but 1e30 is answered with %d", path, p.Name, status)
				}
				continue
			}
			if status := ask(*p.Schema.Maximum); status != http.StatusOK {
				t.Errorf("%s: the greatest %s is answered with %d", path, p.Name, status)
			}
			if status := ask(*p.Schema.Maximum + 2); status != http.StatusBadRequest {
				t.Errorf("%s: more than the greatest %s is answered with %d", path, p.Name, status)
			}
		}
	}
	if tried < 5 {
		t.Errorf("only %d numbers were tried", tried)
	}
}

func checkRefs(t *testing.T, doc map[string]any, node any) {
	switch node := node.(type) {
	case map[string]any:
		if ref, ok := node["$ref"].(string); ok {
			var target any = doc
			for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				target = target.(map[string]any)[part]
				if target == nil {
					t.Fatalf("%s leads nowhere", ref)
				}
			}
		}
		for _, child := range node {
			checkRefs(t, doc, child)
		}
	case []any:
		for _, child := range node {
			checkRefs(t, doc, child)
		}
	}
}

// What is served is what is described, to the last field.
func TestAnswersFitTheirSchemas(t *testing.T) {
	f := newFake()
	f.events = append(f.events, everyKind()...)
	api := rest.New(deps(f))
	server := serve(t, deps(f))
	doc := api.OpenAPI()
	query := "?mint=" + mint.String() + "&user=" + user.String() + "&interval=m1&type=up_orders&limit=1000&state=open&symbol=" + mint.String() + "&resolution=1"
	for path, method := range documented {
		call := call
		if strings.HasPrefix(path, "/udf/") {
			call = request // its answers are no envelopes
		}
		if path == "/api/export" || path == "/api/backup" || path == "/api/image/{mint}" {
			continue
		}
		operation, body := doc.Paths[path].Get, ""
		if method == http.MethodPost {
			operation, body = doc.Paths[path].Post, `{"mints":["`+mint.String()+`","`+key(8).String()+`"]}`
		}
		got := call(t, method, server.URL+filled(path, mint.String())+strings.Replace(query, "&state=open", "", 1), body)
		if got.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, got.status, got.message)
			continue
		}
		validate(t, path, doc.Components.Schemas, operation.Responses["200"].Content["application/json"].Schema, got.raw)
		if len(operation.Parameters) == 0 {
			continue
		}
		address := path + "?" + operation.Parameters[0].Name + "=%21"
		if operation.Parameters[0].In == "path" {
			address = filled(path, "%21")
		}
		bad := call(t, method, server.URL+address, body)
		if bad.status == http.StatusOK && path == "/udf/search" { // any text may be searched for
			continue
		}
		if bad.status != http.StatusBadRequest && bad.status != http.StatusNotFound && operation.Parameters[0].Name != "cursor" {
			t.Errorf("%s takes no notice of %s", path, operation.Parameters[0].Name)
		}
		validate(t, path, doc.Components.Schemas, operation.Responses["4XX"].Content["application/json"].Schema, bad.raw)
	}
}

// filled is a path with a value in the place of its parameter.
func filled(path, value string) string {
	return strings.NewReplacer("{mint}", value, "{address}", value).Replace(path)
}

func validate(t *testing.T, path string, registry huma.Registry, schema *huma.Schema, raw []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	schema.PrecomputeMessages()
	result := &huma.ValidateResult{}
	huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, result)
	for _, err := range result.Errors {
		t.Errorf("%s: %v", path, err)
	}
}

func everyKind() []market.Event {
	terms := market.Terms{OrderType: 1, Mint: mint, User: user, LockLpSolAmount: 1 << 63}
	closing := spinpet.Close{Payer: user, Mint: mint, Order: key(5)}
	bodies := []market.Body{
		&spinpet.TokenCreated{Payer: user, Mint: mint, Name: "\u2028<b>"}, &spinpet.TokenCreated{Payer: user, Mint: mint, Early: true},
		&spinpet.LongShort{Payer: user, Mint: mint, Terms: terms}, &spinpet.ForceLiquidate{Payer: user, Mint: mint},
		&spinpet.FullClose{Close: closing}, &spinpet.PartialClose{Close: closing, Terms: terms}, &spinpet.PartialClose{Close: closing, Terms: terms, Long: true},
		&spinpet.MilestoneDiscount{Payer: user, Mint: mint},
	}
	bodies = append(bodies, &spinpet.ForceLiquidate{Payer: nobody, Mint: mint, Order: key(5)}) // of a known order, below
	events := make([]market.Event, len(bodies))
	for i, body := range bodies {
		events[i] = market.Event{Position: market.Position{Slot: 500, Index: uint32(i)}, BlockTime: firstTime + 500, Owner: user, Body: body, Provisional: i == 0}
	}
	events[len(events)-1].Liquidated = &market.Order{Address: key(5), MintAccount: mint, Terms: terms, Scale: 28}
	return events
}

// Values that the description allows and forbids, mixed at random: whatever comes, it is no server error.
func TestRandomParametersNeverFail(t *testing.T) {
	server := serve(t, deps(newFake()))
	doc := rest.New(deps(newFake())).OpenAPI()
	count, seed := 3000, uint64(1)
	if os.Getenv("SPINSCOPE_SOAK") != "" {
		count, seed = 100_000, rand.Uint64()
		t.Log("seed", seed)
	}
	random := rand.New(rand.NewPCG(seed, 2))
	values := []string{"", "0", "1", "-1", "2", "1000", "1001", "99999999999999999999", "1e9", "NaN", "true", "null", "[]", "%00", "%ff", "%F0%9F%92%A9", "..", "'", "\"", mint.String(), user.String(), strings.Repeat("9", 300), "-9223372036854775808", "9223372036854775807", "1755000000", "1755000600"}
	paths := make([]string, 0, len(documented))
	for path := range documented {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	statuses := map[int]int{}
	for range count {
		path := paths[random.IntN(len(paths))]
		operation := doc.Paths[path].Get
		if operation == nil {
			operation = doc.Paths[path].Post
		}
		var query []string
		for _, p := range operation.Parameters {
			choices := values
			if p.Schema != nil && len(p.Schema.Enum) > 0 && random.IntN(4) > 0 {
				choices = []string{fmt.Sprint(p.Schema.Enum[random.IntN(len(p.Schema.Enum))])}
			}
			if (p.Name == "mint" || p.Name == "user") && random.IntN(4) > 0 {
				choices = []string{mint.String()}
			}
			for range random.IntN(3) {
				query = append(query, p.Name+"="+choices[random.IntN(len(choices))])
			}
		}
		address := server.URL + filled(path, url.PathEscape(values[random.IntN(len(values))])) + "?" + strings.Join(query, "&")
		address = strings.ReplaceAll(address, "\"", "%22")
		got := request(t, []string{"GET", "GET", "POST", "HEAD"}[random.IntN(4)], address, values[random.IntN(len(values))])
		if got.status >= 500 {
			t.Fatalf("%s: %d %s", address, got.status, got.raw)
		}
		statuses[got.status]++
	}
	if statuses[200] < 100 || statuses[400] < 100 {
		t.Errorf("lopsided: %v", statuses)
	}
}

func TestExport(t *testing.T) {
	f := newFake()
	server := serve(t, deps(f))
	m := mint.String()
	cases := []struct {
		query, contentType, name string
		rows                     int
	}{
		{"mint=" + m, "text/csv", "candles-m1.csv", 135},
		{"mint=" + m + "&interval=h1", "text/csv", "candles-h1.csv", 0},
		{fmt.Sprintf("mint=%s&from=%d&to=%d", m, firstTime, firstTime+60), "text/csv", "candles-m1.csv", 2},
		{"mint=" + m + "&mint=" + m, "text/csv", "candles-m1.csv", 135},
		{"mint=" + m + "&mint=" + nobody.String() + "&kind=events", "text/csv", "2-mints-events.csv", 122}, // two of them gaps
		{"kind=trades", "text/csv", "all-trades.csv", 120},
		{"mint=" + m + "&kind=trades&format=csv", "text/csv", "trades.csv", 120},
		{"mint=" + m + "&kind=orders&format=csv", "text/csv", "orders.csv", 30},
	}
	for _, c := range cases {
		got := request(t, http.MethodGet, server.URL+"/api/export?"+c.query, "")
		kind, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
		_, disposition, err2 := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if got.status != 200 || err != nil || err2 != nil || kind != c.contentType || !strings.HasSuffix(disposition["filename"], c.name) {
			t.Errorf("%s: %d %v", c.query, got.status, got.header)
		}
		rows, err := csv.NewReader(strings.NewReader(string(got.raw))).ReadAll()
		if err != nil || len(rows)-1 != c.rows {
			t.Errorf("%s: %d rows, %v", c.query, len(rows)-1, err)
		}
	}
	for query, rows := range map[string]string{"kind=trades": "120", "kind=trades&mint=" + nobody.String(): "0"} {
		answer, err := http.Get(server.URL + "/api/export?" + query) //nolint:noctx // of the test's own server
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.Trailer.Get(export.RowsTrailer) != rows {
			t.Errorf("%s: trailer %v, want %s rows, %v", query, answer.Trailer, rows, err)
		}
		_ = answer.Body.Close()
	}
	lines := request(t, http.MethodGet, server.URL+"/api/export?format=jsonl&kind=events&mint="+m, "")
	if got := strings.Count(string(lines.raw), "\n"); got != 122 || lines.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d lines, %v", got, lines.header)
	}
	if head := request(t, http.MethodHead, server.URL+"/api/export?mint="+m, ""); head.status != 200 || head.header.Get("Content-Disposition") == "" {
		t.Error(head)
	}
	if arrow := request(t, http.MethodGet, server.URL+"/api/export?format=arrow&mint="+m, ""); !strings.HasPrefix(string(arrow.raw), "ARROW1") {
		t.Error(arrow.header)
	}
	if got := lines.header; got.Get(export.StoreHeader) != "0f0f" || got.Get(export.SeqHeader) != "42" {
		t.Errorf("no store and commit: %v", got)
	}
	part := request(t, http.MethodGet, server.URL+"/api/export?part=true&kind=events&mint="+m, "")
	if strings.Contains(string(part.raw), "\nGap,") || strings.Count(string(part.raw), "\n") != 121 {
		t.Error("a part has rows of gaps")
	}
	f.infos = map[market.Pubkey]market.MintInfo{mint: {Supply: 1 << 60, Decimals: 6, Counted: true}}
	said := fmt.Sprintf(`{"accounts":1,"creations":0,"unknown":1,"read_from":%d,"read_to":%[1]d}`, firstTime)
	caps := request(t, http.MethodGet, server.URL+"/api/export?market_cap=true&mint="+m+"&mint="+nobody.String(), "")
	if lines := strings.Split(string(caps.raw), "\n"); caps.header.Get(export.SuppliesHeader) != said || !strings.HasSuffix(lines[0], ",market_cap") || strings.HasSuffix(lines[1], ",") {
		t.Errorf("market caps: %v, %s", caps.header, lines[:2])
	}
	if without := request(t, http.MethodGet, server.URL+"/api/export?market_cap=false&mint="+m, ""); without.header.Get(export.SuppliesHeader) != "" || strings.Contains(string(without.raw), "market_cap") {
		t.Errorf("market caps that nobody asked for: %v", without.header)
	}
	if days := request(t, http.MethodGet, server.URL+"/api/export/days?kind=trades&market_cap=true&mint="+m, ""); !strings.Contains(string(days.raw), `"market_cap":{"accounts":1,`) {
		t.Errorf("%s", days.raw)
	}
	if parquet := request(t, http.MethodGet, server.URL+"/api/export?format=parquet&mint="+m, ""); !strings.HasPrefix(string(parquet.raw), "PAR1") {
		t.Error(parquet.header)
	}
}

// TestExportDays names all days where it cannot tell which have changed, and refuses what has no days.
func TestExportDays(t *testing.T) {
	f := newFake()
	server := serve(t, deps(f))
	for query, want := range map[string]string{
		"kind=orders": "kind: orders are those of now and not of a day", "kind=gaps": "kind: gaps are", "since_seq=-1": "since_seq", "since_seq=x": "since_seq",
	} {
		if got := request(t, http.MethodGet, server.URL+"/api/export/days?"+query, ""); got.status != http.StatusBadRequest || !strings.Contains(string(got.raw), want) {
			t.Errorf("%s: %d %s", query, got.status, got.raw)
		}
	}
	got := request(t, http.MethodGet, server.URL+"/api/export/days?kind=trades&store=0f0f&since_seq=7", "")
	if want := `{"store":"0f0f","seq":42,"horizon":0,"whole":true,"days":[]}`; got.status != http.StatusOK || !strings.Contains(string(got.raw), want) {
		t.Errorf("%d %s", got.status, got.raw)
	}
	f.err = errors.New("disk gone")
	if got := request(t, http.MethodGet, server.URL+"/api/export/days?kind=trades", ""); got.status != http.StatusInternalServerError {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// A download that fails midway must not look like a whole file.
func TestBrokenExportBreaksTheTransfer(t *testing.T) {
	f := newFake()
	f.err = errors.New("disk gone")
	server := serve(t, deps(f))
	server.Config.ErrorLog = nil
	for range 10 { // more than run at once: a failed export gives its place back
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/export?mint="+mint.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // broke before the first byte
		}
		if response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
		_, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil {
			t.Error("a failed export ended like a whole one")
		}
	}
}

// docs/rest.md, or docs/tradingview.md, names every route and every parameter.
func TestRoutesAreDocumented(t *testing.T) {
	var text []byte
	for _, name := range []string{"rest.md", "tradingview.md"} {
		page, err := os.ReadFile("../../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, page...)
	}

	doc := rest.New(deps(newFake())).OpenAPI()
	for path, method := range documented {
		at := strings.Index(string(text), method+" "+path+"\n")
		if at < 0 {
			at = strings.Index(string(text), method+" "+path+" ")
		}
		if at < 0 {
			t.Errorf("%s %s is not documented", method, path)
			continue
		}
		operation := doc.Paths[path].Get
		if operation == nil {
			continue
		}
		section := string(text[at:min(at+500, len(text))])
		for _, p := range operation.Parameters {
			if !strings.Contains(section, p.Name) {
				t.Errorf("%s: parameter %s is not documented", path, p.Name)
			}
		}
	}
}

// docs/rest.md, or the page it sends readers to, names every field of every answer.
func TestFieldsAreDocumented(t *testing.T) {
	var text []byte
	for _, name := range []string{"rest.md", "events.md", "events-pump.md", "alerts.md", "tradingview.md"} {
		page, err := os.ReadFile("../../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, page...)
	}
	fields := 0
	for name, schema := range rest.New(deps(newFake())).OpenAPI().Components.Schemas.Map() {
		for field := range schema.Properties {
			fields++
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(field) + `\b`).Match(text) {
				t.Errorf("%s: field %s is not documented", name, field)
			}
		}
	}
	if fields < 100 {
		t.Errorf("only %d fields looked at", fields)
	}
}

// documentedAddress finds what documents ask a running server with curl.
var documentedAddress = regexp.MustCompile(`curl [^\n]*?'http://127\.0\.0\.1:5051(/[^']+)'`)

// TestDocumentedAddressesAnswer asks what the documents tell people to ask.
func TestDocumentedAddressesAnswer(t *testing.T) {
	server := serve(t, deps(newFake()))
	asked := 0
	for _, pattern := range []string{"../../../*.md", "../../../docs/*.md", "../../../examples/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range documentedAddress.FindAllStringSubmatch(string(text), -1) {
				if strings.HasPrefix(found[1], "/sse?") { // a stream, which its own package's tests ask for
					continue
				}
				asked++
				address := strings.NewReplacer("=MINT", "="+mint.String(), "/WALLET", "/"+user.String()).Replace(found[1])
				if got := request(t, http.MethodGet, server.URL+address, ""); got.status != http.StatusOK {
					t.Errorf("%s: %s: %d %s", path, found[1], got.status, got.raw)
				}
			}
		}
	}
	if asked < 7 {
		t.Errorf("only %d were asked", asked)
	}
}
