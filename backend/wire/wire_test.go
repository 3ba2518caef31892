package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
)

var update = flag.Bool("update", false, "write the golden files")

func testKey(n byte) (k market.Pubkey) {
	for i := range k {
		k[i] = n + byte(i)
	}
	return k
}

func parse(t testing.TB, text string) market.U128 {
	t.Helper()
	x, err := market.ParseU128(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// goldenEvents has an event of each kind and of each layout.
func goldenEvents(t testing.TB) map[string]market.Event {
	raw := parse(t, "279589934762348555452")
	terms := market.Terms{
		OrderType: market.OrderShort, Mint: testKey(2), User: testKey(3), LockLpStartPrice: parse(t, "340282366920938463463374607431768211455"),
		LockLpEndPrice: market.U64(1), LockLpSolAmount: 1 << 53, LockLpTokenAmount: 1<<53 + 1, StartTime: 1755964862, EndTime: math.MaxUint32,
		MarginInitSolAmount: 11, MarginSolAmount: 12, BorrowAmount: 13, PositionAssetAmount: 14, BorrowFee: 2000, RealizedSolAmount: 15,
	}
	closing := spinpet.Close{
		Payer: testKey(1), UserSolAccount: testKey(4), Mint: testKey(2), IsCloseLong: true, FinalTokenAmount: math.MaxUint64,
		FinalSolAmount: 16, UserCloseProfit: 17, LatestPrice: raw, Order: testKey(5),
	}
	bodies := map[string]market.Body{
		"token_created": &spinpet.TokenCreated{
			Payer: testKey(1), Mint: testKey(2), Curve: testKey(6), PoolToken: testKey(7), PoolSol: testKey(8), FeeRecipient: testKey(9),
			BaseFeeRecipient: testKey(10), Params: testKey(11), SwapFee: 1000, BorrowFee: 2000, FeeDiscountFlag: 1,
			Name: "Cat & \"Dog\"\u2028<script>\x01\xff", Symbol: "喵", URI: "ipfs://Qm/1.json",
		},
		"token_created_early": &spinpet.TokenCreated{Payer: testKey(1), Mint: testKey(2), Curve: testKey(6), Name: "A", Symbol: "", URI: "u", Early: true},
		"buy_sell":            &spinpet.BuySell{Payer: testKey(1), Mint: testKey(2), IsBuy: true, TokenAmount: 1_000_000, SolAmount: 28, LatestPrice: raw},
		"long_short":          &spinpet.LongShort{Payer: testKey(1), Mint: testKey(2), Order: testKey(5), LatestPrice: raw, Terms: terms},
		"force_liquidate":     &spinpet.ForceLiquidate{Payer: testKey(1), Mint: testKey(2), Order: testKey(5)},
		"full_close":          &spinpet.FullClose{Close: closing},
		"partial_close":       &spinpet.PartialClose{Close: closing, Terms: terms},
		"partial_close_long":  &spinpet.PartialClose{Close: closing, Terms: terms, Long: true},
		"milestone_discount":  &spinpet.MilestoneDiscount{Payer: testKey(1), Mint: testKey(2), Curve: testKey(6), SwapFee: 500, BorrowFee: 1000, FeeDiscountFlag: 1},
	}
	events := map[string]market.Event{}
	for name, body := range bodies {
		e := market.Event{Position: market.Position{Slot: 25865, Index: 3, Ordinal: 2}, BlockTime: 1755964862, Owner: testKey(3), Body: body}
		for i := range e.Signature {
			e.Signature[i] = byte(200 - i)
		}
		if _, ok := e.Body.(market.Priced); ok {
			e.Scale, e.Price = 28, market.Price(raw)
		}
		events[name] = e
	}

	known := events["force_liquidate"]
	known.Liquidated = &market.Order{Address: testKey(5), MintAccount: testKey(2), Terms: terms, Scale: 26}
	events["force_liquidate_known"] = known
	return events
}

// golden compares text, indented, with testdata/name.
func golden(t *testing.T, name string, text []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		t.Fatalf("%s: %v in %s", name, err, text)
	}

	pretty.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, pretty.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pretty.Bytes(), want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, pretty.Bytes(), want)
	}
}

func TestGoldenShapes(t *testing.T) {
	for name, e := range goldenEvents(t) {
		golden(t, "event_"+name, NewEvent(&e).AppendJSON(nil))
	}
	e := goldenEvents(t)["buy_sell"]
	e.Provisional = true
	event := NewEvent(&e)
	event.Seq = 77
	golden(t, "event_provisional_seq", event.AppendJSON(nil))

	c := market.Candle{
		Time: 1755964860, Open: market.Price(parse(t, "279589934762348555452")), High: market.Price(parse(t, "340282366920938463463374607431768211455")),
		Low: market.Price(market.U64(1)), Close: market.Price(parse(t, "300000000000000000000")), Volume: parse(t, "1073000000000000"),
		QuoteVolume: market.U64(30_000_000_001), BuyVolume: market.U64(1), Trades: 3,
	}
	for name, candle := range map[string]Candle{
		"realtime": NewCandle(c, market.Pair{}, market.Realtime), "final": NewCandle(c, market.Pair{}, market.Final), "correction": NewCandle(c, market.Pair{}, market.Correction), "history": HistoryCandle(c, market.Pair{}),
	} {
		golden(t, "candle_"+name, candle.AppendJSON(nil))
	}

	c.Final, c.Provisional = true, true
	candle := HistoryCandle(c, market.Pair{})
	golden(t, "candle_history_final_provisional", candle.AppendJSON(nil))
	c.Provisional, c.Corrected = false, true
	candle = HistoryCandle(c, market.Pair{})
	golden(t, "candle_history_corrected", candle.AppendJSON(nil))

	order := market.Order{Address: testKey(5), MintAccount: testKey(2), Terms: goldenEvents(t)["long_short"].Body.(*spinpet.LongShort).Terms, Scale: 26, LatestPrice: market.Price(parse(t, "279589934762348555400")), LatestTradeTime: 1755964862}
	text, err := json.Marshal(NewOrder(&order))
	if err != nil {
		t.Fatal(err)
	}

	golden(t, "order", text)
	created := goldenEvents(t)["token_created"].Body.(*spinpet.TokenCreated)
	token := market.Token{Mint: testKey(2), Created: created, CreateTime: 1755964862, SwapFee: 500, LatestPrice: order.LatestPrice, LatestTradeTime: 1755964863, TotalSolAmount: market.U128{Hi: 1}, TotalMarginSolAmount: market.U64(5), Trades: 2, LastEventTime: 1755964864}
	for name, detail := range map[string]Detail{"detail": NewDetail(&token), "detail_unseen": NewDetail(&market.Token{Mint: testKey(2)})} {
		text, err := json.Marshal(detail)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, text)
	}
}

// The described shapes are the written ones: each event decodes into its type without an unknown field, and the type
// writes the same fields and values again.
func TestEventsFitTheirTypes(t *testing.T) {
	types := map[market.Kind]reflect.Type{}
	for _, shape := range registry.Of(spinpet.Program).(program.Shaped).Shapes() { //nolint:forcetypeassert // or the test fails
		types[shape.Kind] = shape.Type
	}

	for name, e := range goldenEvents(t) {
		written := NewEvent(&e).AppendJSON(nil)
		typed := reflect.New(types[e.Kind()]).Interface()
		decoder := json.NewDecoder(bytes.NewReader(written))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(typed); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}

		again, err := json.Marshal(typed)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fieldsOf(t, written), fieldsOf(t, again)) {
			t.Errorf("%s: written\n%s\ntyped\n%s", name, written, again)
		}
	}
}

func fieldsOf(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// The fast encoders write what encoding/json writes, byte for byte.
func TestAppendEqualsEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		c := Candle{
			Time: random.Int64() - random.Int64(), Open: anyFloat(random), High: anyFloat(random), Low: anyFloat(random), Close: anyFloat(random),
			Volume: anyFloat(random), QuoteVolume: anyFloat(random), Trades: random.Uint64(), BuyVolume: anyFloat(random),
			IsFinal: random.IntN(2) == 0, UpdateType: "final", UpdateCount: random.Uint64(), Provisional: random.IntN(2) == 0,
			Corrected: random.IntN(2) == 0,
		}
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}

		if got := c.AppendJSON(nil); !bytes.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}

	k := Klines{Klines: []Candle{{UpdateType: "final"}, {UpdateType: "realtime"}}, Paging: NewPaging(9, 2, 3), Interval: "m1", MintAccount: "x", Seq: 1 << 60, Store: "0f"}
	want, err := json.Marshal(&k)
	if err != nil || !bytes.Equal(k.AppendJSON(nil), want) {
		t.Errorf("got  %s\nwant %s %v", k.AppendJSON(nil), want, err)
	}

	e := goldenEvents(t)["token_created"]
	events := Events{Events: []Event{NewEvent(&e), {}}, Paging: NewPaging(2, 1, 50)}
	want, err = json.Marshal(&events)
	if err != nil || !bytes.Equal(events.AppendJSON(nil), want) {
		t.Errorf("got  %s\nwant %s %v", events.AppendJSON(nil), want, err)
	}

	want, err = json.Marshal(Envelope[*Klines]{Success: true, Data: &k, Message: Success})
	if err != nil || !bytes.Equal(AppendEnvelope(nil, &k), want) {
		t.Errorf("got  %s\nwant %s %v", AppendEnvelope(nil, &k), want, err)
	}
	want, err = json.Marshal(Envelope[any]{Message: "mint: \"x\"\n"})
	if err != nil || !bytes.Equal(AppendFailure(nil, "mint: \"x\"\n"), want) {
		t.Errorf("got  %s\nwant %s %v", AppendFailure(nil, "mint: \"x\"\n"), want, err)
	}
}

func anyFloat(random *rand.Rand) float64 {
	switch random.IntN(4) {
	case 0:
		return float64(random.IntN(100))
	case 1:
		return random.Float64() * math.Pow(10, float64(random.IntN(50)-25))
	}
	for {
		if x := math.Float64frombits(random.Uint64()); !math.IsNaN(x) && !math.IsInf(x, 0) {
			return x
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "a\"\\\b\f\n\r\t\x00\x1f\x7f", "<>&\u2028\u2029", "\xff\xc3\x28\xe2\x80", "喵🐱"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendString(nil, text); !bytes.Equal(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func FuzzAppendFloat(f *testing.F) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1e-6, 9.999e-7, 1e21, 2.7958993476234856e-8, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			if got := string(AppendFloat(nil, x)); got != "0" {
				t.Error(got)
			}
			return
		}

		want, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendFloat(nil, x); !bytes.Equal(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// The number on the wire is the float64 nearest to the exact value, and so is what the exact string parses to.
func TestFloatsAreTheNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 3))
	one := big.NewRat(1, 1)
	for range 5000 {
		exact := market.U128{Hi: random.Uint64() >> random.IntN(65), Lo: random.Uint64() >> random.IntN(65)}
		c := NewCandle(market.Candle{Open: market.Price(exact), Volume: exact, QuoteVolume: exact}, market.Pair{}, market.Realtime)
		var back Candle
		if err := json.Unmarshal(c.AppendJSON(nil), &back); err != nil {
			t.Fatal(err)
		}

		for decimals, got := range map[int]float64{market.PriceDecimals: back.Open, market.TokenDecimals: back.Volume, market.LamportsDecimals: back.QuoteVolume} {
			scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
			value := new(big.Rat).Quo(new(big.Rat).SetInt(exact.Big()), scale)
			if want, _ := value.Mul(value, one).Float64(); got != want {
				t.Fatalf("%v at %d decimals: got %v, nearest is %v", exact, decimals, got, want)
			}
			if parsed, err := strconv.ParseFloat(exact.Decimal(decimals), 64); err != nil || parsed != got {
				t.Fatalf("%v at %d decimals: the exact string reads as %v, the number is %v", exact, decimals, parsed, got)
			}
		}
	}
}

func TestAmounts(t *testing.T) {
	for value, want := range map[uint64]string{0: "0", 1 << 53: "9007199254740992", 1<<53 + 1: `"9007199254740993"`, math.MaxUint64: `"18446744073709551615"`} {
		text, err := json.Marshal(Amount(value))
		if err != nil || string(text) != want {
			t.Errorf("%d: %s %v", value, text, err)
		}
		var back Amount
		if err := json.Unmarshal(text, &back); err != nil || uint64(back) != value {
			t.Errorf("%d: read back as %d %v", value, back, err)
		}

		sum, err := json.Marshal(Sum(market.U64(value)))
		if err != nil || string(sum) != want {
			t.Errorf("sum %d: %s %v", value, sum, err)
		}
	}

	if text, err := json.Marshal(Sum(market.U128{Hi: 1})); err != nil || string(text) != `"18446744073709551616"` {
		t.Error(string(text), err)
	}
	for _, text := range []string{`"x"`, `-1`, `1.5`, `""`, `null1`, `"18446744073709551616"`} {
		var a Amount
		if err := json.Unmarshal([]byte(text), &a); err == nil {
			t.Errorf("%s was read as %d", text, a)
		}
	}
}

func TestPaging(t *testing.T) {
	for _, c := range []struct {
		total, page, limit, offset int
		next, prev                 bool
	}{
		{0, 1, 50, 0, false, false},
		{50, 1, 50, 0, false, false},
		{51, 1, 50, 0, true, false},
		{51, 2, 50, 50, false, true},
		{100, 2, 50, 50, false, true},
		{101, 2, 50, 50, true, true},
		{5, 9, 50, 400, false, true},
		{5, 1, 0, 0, true, false},
		{0, 1, 0, 0, false, false},
		{5, 1 << 53, 1000, 1 << 53, false, true},
		{math.MaxInt, math.MaxInt, math.MaxInt, 1 << 53, true, true},
	} {
		got := NewPaging(c.total, c.page, c.limit)
		if got.HasNext != c.next && c.total != math.MaxInt || got.HasPrev != c.prev || Offset(c.page, c.limit) != c.offset {
			t.Errorf("%+v: %+v, offset %d", c, got, Offset(c.page, c.limit))
		}
	}
}

// Prices of an order share its scale, and together they lose no digit.
func TestRawPrice(t *testing.T) {
	price := market.Price(parse(t, "279589934762348555400"))
	for decimals, want := range map[uint8]string{28: "279589934762348555400", 26: "2795899347623485554", 23: "2795899347623485", 0: "0", 200: "279589934762348555400"} {
		if got := rawPrice(price, decimals); got != want {
			t.Errorf("%d: %s", decimals, got)
		}
	}
}

func TestTimeIsISO(t *testing.T) {
	for seconds, want := range map[int64]string{0: "1970-01-01T00:00:00Z", 1755964862: "2025-08-23T16:01:02Z"} {
		if got := Time(seconds); got != want {
			t.Error(got)
		}
	}
	if got := Time(math.MaxInt64); strings.ContainsAny(got, "\"\\") {
		t.Error(got)
	}
}

func BenchmarkCandle(b *testing.B) {
	c := NewCandle(market.Candle{Time: 1755964860, Open: market.Price(parse(b, "279589934762348555452")), Close: market.Price(parse(b, "279589934762348555452"))}, market.Pair{}, market.Realtime)
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst = c.AppendJSON(dst[:0])
	}
}

func BenchmarkEvent(b *testing.B) {
	e := goldenEvents(b)["partial_close_long"]
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = NewEvent(&e).AppendJSON(dst[:0])
	}
}
