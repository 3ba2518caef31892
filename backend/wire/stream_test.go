package wire

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// asJSON is what encoding/json writes for v, without the escaping that only HTML needs.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func randomU128(random *rand.Rand) market.U128 {
	return market.U128{Hi: random.Uint64() >> (10 + random.IntN(54)), Lo: random.Uint64()}
}

func randomStreamCandle(random *rand.Rand) Candle {
	return NewCandle(market.Candle{
		Time: random.Int64N(1 << 33), Open: market.Price(randomU128(random)), High: market.Price(randomU128(random)),
		Low: market.Price(randomU128(random)), Close: market.Price(randomU128(random)),
		Volume: randomU128(random), QuoteVolume: randomU128(random), BuyVolume: market.U64(random.Uint64()),
		Trades: random.Uint64N(1000), Provisional: random.IntN(2) == 0,
	}, market.Pair{}, market.UpdateType(random.IntN(3)))
}

func TestPushesAreWhatEncodingJSONWrites(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 9))
	for range 500 {
		push := KlineData{
			Symbol: "So11111111111111111111111111111111111111112", Interval: "m1", Data: randomStreamCandle(random),
			Timestamp: random.Int64(), Seq: random.Uint64(), Slot: random.Uint64(),
			Stamps: Stamps{BlockTime: random.Int64N(1 << 33), ReceivedAt: random.Int64(), PublishedAt: random.Int64()},
		}
		if got, want := string(push.AppendJSON(nil)), asJSON(t, push); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}

		history := HistoryData{Symbol: "a", Interval: "s1", Data: []Candle{}, TotalCount: random.IntN(100), Seq: random.Uint64(), Store: []string{"", "0f"}[random.IntN(2)]}
		for range random.IntN(4) {
			history.Data = append(history.Data, randomStreamCandle(random))
		}

		if got, want := string(history.AppendJSON(nil)), asJSON(t, history); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func TestEventPushesAreWhatTheirTypesSay(t *testing.T) {
	mint := market.Pubkey{1, 2, 3}
	event := &market.Event{
		Position: market.Position{Slot: 9, Index: 3, Ordinal: 2}, Signature: market.Signature{7}, BlockTime: 1_755_000_000,
		ReceivedAt: 1_755_000_000_500, Scale: 28, Price: market.Price(market.U64(279589934762348555)),
		Body: &spinpet.BuySell{Mint: mint, IsBuy: true, TokenAmount: 1 << 60, SolAmount: 5},
	}
	stamps := Stamps{BlockTime: event.BlockTime, ReceivedAt: event.ReceivedAt, PublishedAt: event.ReceivedAt + 3}
	symbol := mint.String()
	data := EventData{
		Symbol: symbol, EventType: "BuySell", EventData: NewEvent(event), Timestamp: event.BlockTime * 1000,
		Signature: event.Signature.String(), Ordinal: 2, Slot: 9, Seq: 4, Stamps: stamps,
	}
	if got, want := string(AppendEventData(nil, symbol, event, 4, stamps)), asJSON(t, data); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	price := PriceUpdate{
		Symbol: symbol, Price: event.Price.Float(), PriceExact: event.Price.String(), Timestamp: event.BlockTime,
		Side: "buy", Slot: 9, Signature: event.Signature.String(), Seq: 4, Stamps: stamps,
	}
	if got, want := string(AppendPriceUpdate(nil, symbol, event, true, 4, stamps)), asJSON(t, price); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	if Side(false) != "sell" {
		t.Error("a sale is no sell")
	}
}

func TestTokenCreatedIsTheEventWithSeq(t *testing.T) {
	event := &market.Event{BlockTime: 5, Body: &spinpet.TokenCreated{Mint: market.Pubkey{1}, Name: "}\" \u2028", Symbol: "S"}}
	text := string(AppendTokenCreated(nil, event, 12, Stamps{BlockTime: 5, PublishedAt: 6}))
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got["event_type"] != "TokenCreated" || got["name"] != "}\" \u2028" || got["seq"] != 12.0 || got["block_time"] != 5.0 {
		t.Errorf("got %s", text)
	}
	if strings.Count(text, `"seq"`) != 1 {
		t.Errorf("seq is not there once: %s", text)
	}
}

func BenchmarkKlineData(b *testing.B) {
	push := KlineData{Symbol: "So11111111111111111111111111111111111111112", Interval: "m1", Data: randomStreamCandle(rand.New(rand.NewPCG(7, 9)))}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		dst = push.AppendJSON(dst[:0])
	}
}
