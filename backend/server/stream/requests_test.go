package stream

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

func TestBadRequestsAreRefused(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Intervals = []market.Interval{market.M1, market.M5} })
	open, _ := b.client(t, openSpace, "a")
	spin, _ := b.client(t, spinSpace, "b")
	good := klineOf(testMints[0])
	symbol := object{"symbol": testMints[0].String()}
	type bad struct {
		event string
		args  []any
		says  string
	}
	one := func(event string, payload any, says string) bad { return bad{event, []any{payload}, says} }
	cases := []bad{
		{"subscribe_kline", nil, "symbol is missing"},
		{"nothing", nil, "unknown event"},
		{"subscribe", []any{good}, `"subscribe": /ws/kline has get_history, ping, subscribe_alerts`},
		one("subscribe_kline", "text", "must be an object of named fields, not a string"),
		one("subscribe_kline", []any{1}, "must be an object of named fields, not an array"),
		one("subscribe_kline", []byte{1}, "must be an object of named fields, not binary data"),
		one("subscribe_kline", with(good, "symbol", "0OIl"), "symbol"),
		one("subscribe_kline", with(good, "symbol", "abc"), "symbol"),
		one("subscribe_kline", with(good, "symbol", 7.0), "symbol must be a string"),
		one("subscribe_kline", with(good, "interval", "m2"), "interval"),
		one("subscribe_kline", with(good, "interval", "s1"), "m1, m5"),
		one("subscribe_kline", symbol, "interval is missing"),
		one("subscribe_kline", with(good, "subscription_id", 5.0), "subscription_id"),
		one("subscribe_kline", with(good, "subscription_id", strings.Repeat("x", 300)), "subscription_id"),
		one("subscribe_kline", with(good, "since_seq", -1.0), "since_seq"),
		one("subscribe_kline", with(good, "since_seq", "5"), "since_seq"),
		one("subscribe_kline", with(good, "store", 5.0), "store must be a string of at most 64 bytes"),
		one("subscribe_kline", with(good, "store", strings.Repeat("x", 65)), "store must be a string"),
		one("unsubscribe_kline", with(good, "interval", "x"), "interval"),
		one("get_history", with(good, "limit", -1.0), "limit"),
		one("get_history", with(good, "limit", 1.5), "limit"),
		one("get_history", with(good, "limit", "10"), "limit"),
		one("get_history", with(good, "from", 1e300), "from"),
		one("get_history", with(with(good, "from", 20.0), "to", 10.0), "from is after to"),
		one("get_history", with(good, "from", 1.755e12), "from: 1755000000000 looks like milliseconds"),
		one("get_history", with(good, "to", 1.755e12), "to: 1755000000000 looks like milliseconds"),
		one("get_history", with(good, "order", "up"), "order"),
		one("get_history", with(good, "fill", true), "fill needs from and to"),
		one("get_history", with(good, "fill", "yes"), "fill must be"),
		one("get_history", with(with(with(good, "fill", true), "from", 0.0), "to", 60.0*5000), "5001 buckets"),
		one("get_history", with(with(with(good, "fill", true), "from", -9e15), "to", 9e15), "buckets"),
		one("subscribe_price", object{}, "symbol is missing"),
		one("subscribe_price", with(symbol, "since_seq", 0.5), "since_seq"),
		one("unsubscribe_price", object{"symbol": "x"}, "symbol"),
		one("subscribe_events", object{"symbol": "x"}, "symbol"),
		one("subscribe_events", object{"symbol": ""}, "symbol"),
		one("unsubscribe_events", object{"symbol": 1.0}, "symbol"),
		one("subscribe_token_events", 5.0, "must be an object"),
	}
	for _, c := range cases {
		name := fmt.Sprint(c.event, c.args)
		ack, got := ask(t, open, c.event, c.args...)
		if ack["success"] != false || ack["code"] != 1001.0 || !strings.Contains(fmt.Sprint(ack["message"]), c.says) {
			t.Errorf("%s: acknowledged %v, want 1001 with %q", name, ack, c.says)
		}
		if len(got) != 1 || got[0].event != "error" || got[0].Code != 1001 || got[0].Message != ack["message"] {
			t.Errorf("%s: sent %+v", name, got)
		}
	}

	if ack, _ := ask(t, spin, "subscribe_kline", good); ack["code"] != 1001.0 {
		t.Errorf("/kline took subscribe_kline: %v", ack)
	}
	if m := b.Metrics(); m.Subscriptions != 0 || m.Topics != 0 || m.Errors != uint64(len(cases)+1) {
		t.Errorf("refused requests left %+v", m)
	}
}

func TestSubscribeAnswersHistoryThenConfirms(t *testing.T) {
	for space, event := range []string{"subscribe_kline", "subscribe"} {
		b := newBench(t, nil)
		for minute := range int64(120) {
			b.trade(testMints[0], startTime+60*minute, 1e18)
		}

		b.tick(t)
		s, _ := b.client(t, space, event)
		taken(t, s)
		ack, got := ask(t, s, event, with(klineOf(testMints[0]), "subscription_id", "mine"))
		if !slices.Equal(eventsOf(got), []string{"history_data", "subscription_confirmed"}) {
			t.Fatalf("%s: got %v", event, eventsOf(got))
		}

		history, confirmed := got[0], got[1]
		candles := parseCandles(t, history.Data)
		if len(candles) != 100 || !history.HasMore || history.Total != 120 || history.Seq != 120 {
			t.Errorf("%s: %d candles, %+v", event, len(candles), history)
		}

		if oldest := candles[0].Time < candles[99].Time; oldest != (space == openSpace) {
			t.Errorf("%s: oldest first is %v", event, oldest)
		}
		if confirmed.ID == nil || *confirmed.ID != "mine" || !confirmed.Success || confirmed.Interval != "m1" || ack["subscription_id"] != "mine" || ack["success"] != true {
			t.Errorf("%s: confirmed %+v, acknowledged %v", event, confirmed, ack)
		}

		b.trade(testMints[0], startTime+60*200, 1e18)
		b.tick(t)
		if got := taken(t, s); len(got) != 1 || got[0].event != "kline_data" || got[0].ID != nil {
			t.Errorf("%s: live %+v", event, got)
		}

		off := "un" + event
		if ack, got := ask(t, s, off, klineOf(testMints[0])); ack["success"] != true || len(got) != 1 || got[0].event != "unsubscribe_confirmed" {
			t.Errorf("%s: %v %+v", off, ack, got)
		}
		if ack, _ := ask(t, s, off, klineOf(testMints[0])); ack["success"] != true {
			t.Errorf("%s twice: %v", off, ack)
		}

		b.trade(testMints[0], startTime+60*300, 1e18)
		b.tick(t)
		if got := taken(t, s); len(got) != 0 {
			t.Errorf("%s: after the end %+v", event, got)
		}
	}
}

func TestHistoryRanges(t *testing.T) {
	b := newBench(t, nil)
	for _, minute := range []int64{0, 1, 2, 5, 9} {
		b.trade(testMints[0], startTime+60*minute, 1e18+uint64(minute))
	}

	s, _ := b.client(t, openSpace, "a")
	at := func(minute float64) float64 { return startTime + 60*minute }
	for _, c := range []struct {
		query object
		want  []int64 // minutes
		more  bool
		total int
	}{
		{object{}, []int64{0, 1, 2, 5, 9}, false, 5},
		{object{"order": "desc"}, []int64{9, 5, 2, 1, 0}, false, 5},
		{object{"limit": 2.0}, []int64{5, 9}, true, 5},
		{object{"limit": 2.0, "order": "desc"}, []int64{9, 5}, true, 5},
		{object{"limit": 0.0}, []int64{}, true, 5},
		{object{"limit": 1e9}, []int64{0, 1, 2, 5, 9}, false, 5},
		{object{"to": at(5)}, []int64{0, 1, 2, 5}, false, 4},
		{object{"from": at(1), "to": at(5), "limit": 2.0}, []int64{2, 5}, true, 3},
		{object{"from": at(6), "to": at(8)}, []int64{}, false, 0},
		{object{"from": at(3), "to": at(6), "fill": true}, []int64{3, 4, 5, 6}, false, 1},
		{object{"from": at(-5), "to": at(1), "fill": true}, []int64{0, 1}, false, 2},
		{object{"from": at(8), "to": at(30), "fill": true}, []int64{8, 9}, false, 1},
		{object{"from": at(0), "to": at(9), "fill": true, "limit": 3.0}, []int64{7, 8, 9}, true, 5},
		{object{"from": at(3) - 10, "to": at(4) + 10, "fill": true, "order": "desc"}, []int64{4, 3}, false, 0},
	} {
		query := with(klineOf(testMints[0]), "x", nil)
		maps.Copy(query, c.query)
		ack, got := ask(t, s, "get_history", query)
		got = got[len(got)-1:]
		candles := parseCandles(t, got[0].Data)
		minutes := []int64{}
		for _, candle := range candles {
			minutes = append(minutes, (candle.Time-market.M1.Floor(startTime))/60)
			if candle.UpdateCount == 0 && (candle.Open != candle.Close || candle.Volume != 0) {
				t.Errorf("%v: filled with %+v", c.query, candle)
			}
		}

		if !slices.Equal(minutes, c.want) || got[0].HasMore != c.more || got[0].Total != c.total {
			t.Errorf("%v: %v more=%v total=%d, want %v %v %d", c.query, minutes, got[0].HasMore, got[0].Total, c.want, c.more, c.total)
		}
		if data, ok := ack["data"].([]any); ack["success"] != true || !ok || len(data) != len(minutes) {
			t.Errorf("%v: acknowledged %v", c.query, ack)
		}
	}

	if _, got := ask(t, s, "get_history", klineOf(market.Pubkey{77})); string(got[0].Data) != "[]" {
		t.Errorf("a mint without events: %s", got[0].Data)
	}
}

func TestSubscriptionLimitCountsEveryKindOnce(t *testing.T) {
	b := newBench(t, func(o *Options) { o.MaxSubscriptions = 5 })
	s, _ := b.client(t, openSpace, "a")
	symbol := object{"symbol": testMints[0].String()}
	for range 2 {
		for event, payload := range map[string]object{
			"subscribe_kline": klineOf(testMints[0]), "subscribe_price": symbol, "subscribe_events": symbol,
			"subscribe_token_events": nil, "subscribe_alerts": nil,
		} {
			if ack, _ := ask(t, s, event, payload); ack["success"] != true {
				t.Fatalf("%s: %v", event, ack)
			}
		}
	}

	for event, payload := range map[string]object{
		"subscribe_kline": klineOf(testMints[1]), "subscribe_price": {"symbol": testMints[1].String()}, "subscribe_events": nil,
	} {
		ack, got := ask(t, s, event, payload)
		if ack["code"] != 1002.0 || len(got) != 1 || got[0].Code != 1002 {
			t.Errorf("%s over the limit: %v %+v", event, ack, got)
		}
	}

	ask(t, s, "unsubscribe_price", symbol)
	if ack, _ := ask(t, s, "subscribe_kline", klineOf(testMints[1])); ack["success"] != true {
		t.Errorf("after one was given back: %v", ack)
	}
	if other, _ := b.client(t, openSpace, "b"); other != nil {
		if ack, _ := ask(t, other, "subscribe_price", symbol); ack["success"] != true {
			t.Errorf("another client: %v", ack)
		}
	}
}

func TestFailedReadsAre1003AndLeaveNothing(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	b.memory.failing = errors.New("disk on fire")
	for event, payload := range map[string]object{
		"subscribe_kline": klineOf(testMints[0]), "get_history": klineOf(testMints[0]),
		"subscribe_price": {"symbol": testMints[0].String()},
	} {
		ack, got := ask(t, s, event, payload)
		if ack["code"] != 1003.0 || got[len(got)-1].Code != 1003 || strings.Contains(fmt.Sprint(ack), "fire") {
			t.Errorf("%s: %v %+v", event, ack, got)
		}
	}
	if m := b.Metrics(); m.Subscriptions != 0 || m.Topics != 0 || len(b.broadcaster.apart) != 0 {
		t.Errorf("left behind: %+v", m)
	}
}

func TestPingIsAnsweredPong(t *testing.T) {
	b := newBench(t, nil)
	for space := range numSpaces {
		s, _ := b.client(t, space, "a")
		taken(t, s)
		if ack, got := ask(t, s, "ping"); ack["success"] != true || !slices.Equal(eventsOf(got), []string{"pong"}) {
			t.Errorf("%v %v", ack, eventsOf(got))
		}
	}
}
