package rest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/wire"
)

// bars are what /udf/history answers.
type bars struct {
	S             string
	ErrMsg        string
	T             []int64
	O, H, L, C, V []float64
	NextTime      *int64
}

// ask gets an answer of UDF into v, as the library does: whatever the status, it is JSON.
func ask(t *testing.T, address string, v any) int {
	t.Helper()
	got := request(t, http.MethodGet, address, "")
	if err := json.Unmarshal(got.raw, v); err != nil {
		t.Fatalf("%s: %d %v %.200s", address, got.status, err, got.raw)
	}
	return got.status
}

func history(t *testing.T, server, query string) (answer bars) {
	t.Helper()
	if status := ask(t, server+"/udf/history?symbol="+mint.String()+"&"+query, &answer); status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, status, answer.ErrMsg)
	}
	return answer
}

// klines are the candles of /api/kline, the oldest first.
func klines(t *testing.T, server string, from, to int64) []wire.Candle {
	t.Helper()
	got := call(t, http.MethodGet, fmt.Sprintf("%s/api/kline?mint=%s&interval=m1&order_by=time_asc&limit=1000&from=%d&to=%d", server, mint, from, to), "")
	var data wire.Klines
	if err := json.Unmarshal(got.raw, &struct{ Data *wire.Klines }{&data}); err != nil {
		t.Fatal(err)
	}
	return data.Klines
}

func columns(candles []wire.Candle) (want bars) {
	want.S = "ok"
	for _, c := range candles {
		want.T = append(want.T, c.Time)
		want.O = append(want.O, c.Open)
		want.H = append(want.H, c.High)
		want.L = append(want.L, c.Low)
		want.C = append(want.C, c.Close)
		want.V = append(want.V, c.Volume)
	}
	return want
}

// varied makes every part of every candle another number, so that columns cannot be mixed up.
func varied() *fakeReader {
	f := newFake()
	for i := range f.candles[market.M1] {
		c := &f.candles[market.M1][i]
		base := market.U128(c.Open)
		c.High, c.Low, c.Close = market.Price(base.Add(market.U64(uint64(9e18)))), market.Price(base.Add(market.U64(uint64(1e18)))), market.Price(base.Add(market.U64(uint64(5e18))))
		c.Volume = market.U64(uint64(1e6 + i))
	}
	return f
}

// TestBarsAreTheCandles: the bars are those of /api/kline to the last digit, from the first one named up to, not with, the last,
// the open one included; with countback, so many before to, whatever from says.
func TestBarsAreTheCandles(t *testing.T) {
	server := serve(t, deps(varied())).URL
	all := klines(t, server, firstTime, firstTime+1e6)
	if len(all) < 100 || all[len(all)-1].IsFinal {
		t.Fatal(len(all))
	}

	for _, one := range []struct {
		query string
		want  []wire.Candle
	}{
		{"resolution=1", all},
		{fmt.Sprintf("resolution=1&from=%d&to=%d", firstTime, int64(firstTime+1e6)), all},
		{fmt.Sprintf("resolution=1&from=%d&to=%d", firstTime+60, firstTime+600), klines(t, server, firstTime+60, firstTime+599)},
		{fmt.Sprintf("resolution=1&from=%d&to=%d", firstTime+60, firstTime+601), klines(t, server, firstTime+60, firstTime+600)},
		{fmt.Sprintf("resolution=1&from=%d", firstTime+6000), klines(t, server, firstTime+6000, firstTime+1e6)},
		{fmt.Sprintf("resolution=1&to=%d&countback=7", int64(firstTime+1e6)), all[len(all)-7:]},
		{fmt.Sprintf("resolution=1&to=%d&countback=7&from=%d", all[20].Time, all[19].Time), all[13:20]},
		{fmt.Sprintf("resolution=1&to=%d&countback=7&from=%d", all[20].Time, all[50].Time), all[13:20]},
		{fmt.Sprintf("resolution=1&to=%d&countback=500&firstDataRequest=false", all[20].Time), all[:20]},
		{fmt.Sprintf("resolution=1&to=%d&countback=99999999999999999999", all[20].Time), all[:20]},
		{fmt.Sprintf("resolution=1&to=%d&from=%d&countback=0", all[20].Time, all[10].Time), all[10:20]},
	} {
		if got := history(t, server, one.query); !reflect.DeepEqual(got, columns(one.want)) {
			t.Errorf("%s: %d bars, want %d\n%+v", one.query, len(got.T), len(one.want), got)
		}
	}
}

// TestNoDataNamesTheBarBefore: in a hole nextTime is where the bar before it begins; before the first bar there is none.
func TestNoDataNamesTheBarBefore(t *testing.T) {
	f := varied()
	list := f.candles[market.M1]
	last := list[39]
	f.candles[market.M1] = slices.Delete(list, 40, 90) // an hour without a trade
	next := f.candles[market.M1][40].Time
	server := serve(t, deps(f)).URL

	for query, nextTime := range map[string]*int64{
		fmt.Sprintf("from=%d&to=%d", last.Time+1, next):                          &last.Time,
		fmt.Sprintf("from=%d&to=%d", last.Time+600, last.Time+1200):              &last.Time,
		fmt.Sprintf("from=%d&to=%d", last.Time+600, last.Time+600):               &last.Time,
		fmt.Sprintf("from=%d&to=%d", firstTime-6000, firstTime):                  nil,
		fmt.Sprintf("from=-9000000000000000&to=%d", firstTime):                   nil,
		fmt.Sprintf("from=%d&to=%d&countback=300", firstTime-6000, firstTime):    nil,
		fmt.Sprintf("from=%d&to=%d&countback=300", firstTime-9, firstTime-60*60): nil,
	} {
		got := history(t, server, "resolution=1&"+query)
		if want := (bars{S: "no_data", NextTime: nextTime}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", query, got)
		}
	}

	got := history(t, server, fmt.Sprintf("resolution=1&from=%d&to=%d&countback=2", last.Time+600, last.Time+1200))
	if !slices.Equal(got.T, []int64{list[38].Time, last.Time}) {
		t.Errorf("countback does not reach over the hole: %+v", got)
	}
}

// TestResolutionsAreTheIntervals: every interval that is kept has one name there, and answers to it; no other does.
func TestResolutionsAreTheIntervals(t *testing.T) {
	d := deps(newFake())
	d.Intervals = market.AllIntervals()
	var all struct {
		Resolutions []string `json:"supported_resolutions"`
	}
	server := serve(t, d).URL
	ask(t, server+"/udf/config", &all)
	want := []string{"1S", "5S", "15S", "30S", "1", "3", "5", "15", "30", "60", "120", "240", "1D", "1W"}
	if !slices.Equal(all.Resolutions, want) {
		t.Fatalf("%q, want %q", all.Resolutions, want)
	}

	for i, interval := range market.AllIntervals() {
		f := newFake()
		f.candles = map[market.Interval][]market.Candle{interval: f.candles[market.M1][:3]}
		alone := deps(f)
		alone.Intervals = []market.Interval{interval}
		server := serve(t, alone).URL
		names := []string{want[i]}
		if name, ok := strings.CutPrefix(want[i], "1"); ok && len(name) == 1 && strings.Contains("SDW", name) {
			names = append(names, name) // as the library writes them at times
		}
		for _, name := range names {
			if got := history(t, server, "resolution="+name); len(got.T) != 3 {
				t.Errorf("%s: %+v", name, got)
			}
		}

		for _, other := range want {
			var answer bars
			status := ask(t, server+"/udf/history?symbol="+mint.String()+"&resolution="+other, &answer)
			if (status == http.StatusOK) != (other == want[i]) || (answer.S == "ok") != (other == want[i]) {
				t.Errorf("%s where %s is kept: %d %+v", other, want[i], status, answer)
			}
		}

		var symbol map[string]any
		ask(t, server+"/udf/symbols?symbol="+mint.String(), &symbol)
		if list := symbol["supported_resolutions"].([]any); len(list) != 1 || list[0] != want[i] {
			t.Errorf("%s: %v", interval, list)
		}
		for field, kept := range map[string]bool{
			"has_seconds": interval.Seconds() < 60, "has_intraday": interval.Seconds() < 86400, "has_daily": interval == market.D1, "has_weekly_and_monthly": interval == market.W1,
		} {
			if symbol[field] != kept {
				t.Errorf("%s: %s is %v", interval, field, symbol[field])
			}
		}
	}
}

// TestUDFRefuses: what is wrong is told in the words of the protocol, whatever it is.
func TestUDFRefuses(t *testing.T) {
	server := serve(t, deps(newFake())).URL
	known, resolution := "symbol="+mint.String(), "&resolution=1"
	for path, want := range map[string]string{
		"history":                                                         "400 symbol",
		"history?" + known:                                                "400 resolution",
		"history?" + known + "&resolution=2":                              "400 resolution",
		"history?" + known + "&resolution=m1":                             "400 resolution",
		"history?" + known + "&resolution=1M":                             "400 resolution",
		"history?" + known + "&resolution=":                               "400 resolution",
		"history?" + known + resolution + "&from=x":                       "400 from",
		"history?" + known + resolution + "&to=x":                         "400 to",
		"history?" + known + resolution + "&to=1755000000000":             "400 to",
		"history?" + known + resolution + "&from=2&to=1":                  "400 from",
		"history?" + known + resolution + "&countback=-1":                 "400 countback",
		"history?" + known + resolution + "&countback=2.5":                "400 countback",
		"history?" + known + resolution + "&to=1&to=2":                    "400 to",
		"history?" + known + "&" + known + resolution:                     "400 symbol",
		"history?symbol=" + nobody.String() + resolution + "&countback=2": "404 unknown_symbol",
		"history?symbol=AAPL" + resolution:                                "404 unknown_symbol",
		"history?%zz":                                                     "400 query",
		"symbols":                                                         "400 symbol",
		"symbols?symbol=":                                                 "404 unknown_symbol",
		"symbols?symbol=NYSE:AAPL":                                        "404 unknown_symbol",
		"symbols?symbol=pump:" + mint.String():                            "404 unknown_symbol",
		"symbols?symbol=" + nobody.String():                               "404 unknown_symbol",
		"symbols?symbol=" + strings.ToUpper(mint.String()):                "404 unknown_symbol",
		"search?query=a&query=b":                                          "400 query",
		"search?limit=-1":                                                 "400 limit",
		"marks?" + known:                                                  "400 resolution",
		"symbol_info?group=spinpet":                                       "404 no such route",
		"quotes?symbols=" + mint.String():                                 "404 no such route",
		"":                                                                "404 no such route",
	} {
		var answer struct{ S, ErrMsg string }
		status := ask(t, server+"/udf/"+path, &answer)
		if got := strconv.Itoa(status) + " " + answer.ErrMsg; answer.S != "error" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s %s, want %s", path, answer.S, got, want)
		}
	}

	f := newFake()
	f.err = errors.New("disk at /secret")
	broken := serve(t, deps(f)).URL
	for _, path := range []string{"history?" + known + resolution, "symbols?" + known, "search?query=T", "marks?" + known + resolution} {
		var answer struct{ S, ErrMsg string }
		if status := ask(t, broken+"/udf/"+path, &answer); status != http.StatusInternalServerError || answer.S != "error" || strings.Contains(answer.ErrMsg, "secret") {
			t.Errorf("%s: %d %+v", path, status, answer)
		}
	}
}

// TestUDFAnswersAreBounded: the newest bars of very many, and the coins that a search may give at most.
func TestUDFAnswersAreBounded(t *testing.T) {
	f := newFake()
	f.candles[market.M1] = nil
	for i := range int64(10_050) {
		f.candles[market.M1] = append(f.candles[market.M1], market.Candle{Time: 60 * i, Close: market.Price(market.U64(7))})
	}
	server := serve(t, deps(f)).URL
	for _, query := range []string{"", "&from=0&to=9999999", "&countback=20000"} {
		if got := history(t, server, "resolution=1"+query); len(got.T) != 10_000 || got.T[0] != 3000 || got.T[9999] != 10_049*60 {
			t.Errorf("%s: %d bars", query, len(got.T))
		}
	}

	for len(f.tokens) < 7000 {
		made := market.Token{Mint: key(1), Created: &spinpet.TokenCreated{Name: "Many", Symbol: "MANY"}}
		made.Mint[0], made.Mint[1] = byte(len(f.tokens)), byte(len(f.tokens)>>8)|128 //nolint:gosec // its bytes
		f.tokens = append(f.tokens, made)
	}
	f.tokens[5500].Created = &spinpet.TokenCreated{Name: "Deep", Symbol: "DEEP"}
	for query, count := range map[string]int{"query=MANY&limit=5000": 100, "query=MANY": 30, "query=MANY&limit=0": 0, "query=DEEP": 0, "query=" + f.tokens[5500].Mint.String(): 1} {
		var found []map[string]any
		if ask(t, server+"/udf/search?"+query, &found); len(found) != count {
			t.Errorf("%s: %d, want %d", query, len(found), count)
		}
	}
}

// TestPriceScaleShowsSixDigits of cheap and dear coins.
func TestPriceScaleShowsSixDigits(t *testing.T) {
	for raw, want := range map[string]float64{
		"0": 1e16, "279589934762348555452": 1e13, "100000000000000000000": 1e13, "99999999999999999999": 1e14,
		"1": 1e16, "10000000000000000000000000000": 1e5, "1500000000000000000000000000000": 1e3, "150000000000000000000000000000000000": 1e2,
	} {
		price, err := market.ParseU128(raw)
		if err != nil {
			t.Fatal(err)
		}
		f := newFake()
		f.tokens = []market.Token{{Mint: mint, LatestPrice: market.Price(price)}}
		var symbol map[string]any
		ask(t, serve(t, deps(f)).URL+"/udf/symbols?symbol="+mint.String(), &symbol)
		if symbol["pricescale"] != want || symbol["minmov"] != 1.0 {
			t.Errorf("%s: %v, want %v", raw, symbol["pricescale"], want)
		}
	}
}

// TestSearchFindsCoins by what they are called, whose they are and where they trade, and names those whose creation is not stored.
func TestSearchFindsCoins(t *testing.T) {
	f := newFake()
	bonk := market.Token{Mint: key(151), Pair: market.MustPair(pump.Program, market.USDC, 6, 6), Created: &pump.Create{Mint: key(151), Name: "Bonk inu", Symbol: "BONK"}}
	other := market.Token{Mint: key(152), Created: &spinpet.TokenCreated{Mint: key(152), Name: "The real bonk", Symbol: "REAL"}}
	second := market.Token{Mint: key(153), Created: &spinpet.TokenCreated{Mint: key(153), Name: "x", Symbol: "bonk2"}}
	f.tokens = append(f.tokens, other, second, bonk, market.Token{Mint: key(154)}, market.Token{Mint: key(155)})
	d := deps(f)
	d.Mints = fakeMints{key(154): {Name: "Old one", Symbol: "OLD"}}
	server := serve(t, d).URL
	nameless := key(155).String()

	for query, want := range map[string]string{
		"query=BONK":                                  "BONK pump, bonk2 spinpet, REAL spinpet",
		"query=bonk&limit=2":                          "BONK pump, bonk2 spinpet",
		"query=BONK&exchange=spinpet":                 "bonk2 spinpet, REAL spinpet",
		"query=BONK&exchange=pump":                    "BONK pump",
		"query=BONK&type=crypto":                      "BONK pump, bonk2 spinpet, REAL spinpet",
		"query=BONK&type=stock":                       "",
		"query=OLD":                                   "OLD spinpet",
		"query=" + strings.ToUpper(key(151).String()): "BONK pump",
		"query=" + key(152).String():                  "REAL spinpet",
		"query=" + strings.ToUpper(nameless[:9]):      nameless[:4] + "…" + nameless[len(nameless)-4:] + " spinpet",
		"query=%00nothing":                            "",
	} {
		var found []struct {
			Symbol, Exchange, Ticker, Type, Description string
			FullName                                    string `json:"full_name"`
		}
		if status := ask(t, server+"/udf/search?"+query, &found); status != http.StatusOK {
			t.Fatal(query, status)
		}
		var got []string
		for _, one := range found {
			got = append(got, one.Symbol+" "+one.Exchange)
			if one.FullName != one.Exchange+":"+one.Ticker || one.Type != "crypto" || one.Description == "" {
				t.Errorf("%+v", one)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", query, strings.Join(got, ", "), want)
		}
	}
}

// TestUDFMarksAreTheMarks of /api/marks without large trades, and lie on bars.
func TestUDFMarksAreTheMarks(t *testing.T) {
	f := newFake()
	at := int64(firstTime + 30)
	event := func(slot market.Slot, body market.Body, of *market.Order) {
		f.events = append(f.events, market.Event{Position: market.Position{Slot: slot}, BlockTime: at, Body: body, Liquidated: of})
	}
	event(900, &spinpet.ForceLiquidate{Payer: user, Mint: mint, Order: key(5)}, &market.Order{Terms: market.Terms{OrderType: 1, BorrowAmount: 2_500_000_000, PositionAssetAmount: 7}})
	event(901, &spinpet.ForceLiquidate{Payer: user, Mint: mint, Order: key(6)}, nil)
	event(902, &pump.Complete{User: user, Mint: mint}, nil)
	server := serve(t, deps(f)).URL

	var marks struct {
		ID, Color, Text, Label, LabelFontColor []string
		Time                                   []int64
		MinSize                                []int
	}
	query := fmt.Sprintf("&resolution=1&from=%d&to=%d", firstTime, firstTime) // the bar begins there, and all of it belongs to it
	ask(t, server+"/udf/marks?symbol="+mint.String()+query, &marks)
	got := map[string]string{}
	for i, text := range marks.Text {
		got[text] = marks.Color[i] + " " + marks.Label[i]
		if marks.Time[i] != firstTime || marks.ID[i] == "" || marks.LabelFontColor[i] == "" || marks.MinSize[i] < 1 {
			t.Errorf("%d: %+v", i, marks)
		}
	}
	want := map[string]string{
		"1 long liquidated, 2.5 SOL": "red L", "1 liquidated": "yellow L", "Graduated: trades in a pool from here on": "blue G",
	}
	if !reflect.DeepEqual(got, want) || len(slices.Compact(slices.Sorted(slices.Values(marks.ID)))) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}

	var none map[string][]any
	ask(t, server+"/udf/marks?symbol="+mint.String()+"&resolution=1&from=0&to=60", &none)
	if len(none) != 7 || len(none["id"]) != 0 || none["id"] == nil {
		t.Errorf("the library reads every column, also of nothing: %v", none)
	}
}

// TestTheLibraryReadsEverything asks as the charting library's own data feed does: the settings, a search for what somebody
// typed, the symbol, then pages of bars back in time until there are no more, and the last two again as time goes on.
func TestTheLibraryReadsEverything(t *testing.T) {
	f := varied()
	f.candles[market.M1] = slices.Delete(f.candles[market.M1], 40, 90)
	server := serve(t, deps(f)).URL

	var settings map[string]any
	ask(t, server+"/udf/config", &settings)
	if settings["supports_search"] != true || settings["supports_group_request"] != false || settings["supports_time"] != true || settings["supports_marks"] != true {
		t.Fatal(settings)
	}
	if exchange := settings["exchanges"].([]any)[1].(map[string]any); exchange["value"] != "spinpet" {
		t.Error(exchange)
	}
	var now int64
	if ask(t, server+"/udf/time", &now); now != firstTime {
		t.Error(now)
	}

	var found []map[string]any
	ask(t, server+"/udf/search?limit=30&query="+strings.ToUpper(mint.String())+"&type=&exchange=spinpet", &found)
	if len(found) != 1 || found[0]["ticker"] != mint.String() {
		t.Fatal(found)
	}

	var symbol map[string]any
	ask(t, server+"/udf/symbols?symbol="+url.QueryEscape(found[0]["full_name"].(string)), &symbol)
	if _, failed := symbol["s"]; failed {
		t.Fatal(symbol) // the library takes any s for a failure
	}
	for field, want := range map[string]any{
		"name": "T", "ticker": mint.String(), "session": "24x7", "timezone": "Etc/UTC", "exchange": "spinpet", "listed_exchange": "spinpet", "type": "crypto",
		"minmov": 1.0, "pricescale": 1e13, "format": "price", "currency_code": "SOL", "has_empty_bars": false, "description": "Token 63 in SOL",
	} {
		if symbol[field] != want {
			t.Errorf("%s is %v, want %v", field, symbol[field], want)
		}
	}

	var times []int64
	from, to := int64(firstTime+8000), int64(firstTime+10_000)
	for page := 0; ; page++ {
		answer := history(t, server, fmt.Sprintf("resolution=1&from=%d&to=%d&countback=25&currencyCode=SOL", from, to))
		if answer.S == "no_data" {
			if answer.NextTime != nil {
				t.Error("there is more to come:", *answer.NextTime)
			}
			break
		}
		if page > 20 || len(answer.T) == 0 || answer.T[len(answer.T)-1] >= to {
			t.Fatalf("page %d to %d: %+v", page, to, answer)
		}
		times = slices.Concat(answer.T, times)
		from, to = answer.T[0]-1500, answer.T[0]
	}

	var want []int64
	for _, c := range f.candles[market.M1] {
		want = append(want, c.Time)
	}
	if !slices.Equal(times, want) {
		t.Errorf("%d bars, want %d", len(times), len(want))
	}

	newest := history(t, server, fmt.Sprintf("resolution=1&from=%d&to=%d&countback=2", now+9400, now+10_000))
	if !slices.Equal(newest.T, want[len(want)-2:]) {
		t.Error(newest.T)
	}
}
