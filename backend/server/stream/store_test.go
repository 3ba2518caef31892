package stream

import (
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/socketio"
)

// subscriptions are all that a client can resume: what it asks, and the topic of a gap.
var subscriptions = []struct {
	space, event string
	payload      object
	topic        string
	own          []string // what comes from seq 3 on, in a market of five trades and a new token
	plain        []string // what comes without since_seq
}{
	{
		"/ws/kline", "subscribe_kline", klineOf(testMints[0]), key{kind: klineTopic, interval: market.M1, mint: testMints[0]}.room(),
		[]string{"history_data", "subscription_confirmed"},
		[]string{"history_data", "subscription_confirmed"},
	},
	{
		"/kline", "subscribe", klineOf(testMints[0]), key{kind: klineTopic, interval: market.M1, mint: testMints[0]}.room(),
		[]string{"history_data", "subscription_confirmed"},
		[]string{"history_data", "subscription_confirmed"},
	},
	{
		"/ws/kline", "subscribe_price",
		object{"symbol": testMints[0].String()},
		"price:" + testMints[0].String(),
		[]string{"subscription_confirmed", "price_update", "price_update", "price_update"},
		[]string{"subscription_confirmed", "price_update"},
	},
	{
		"/ws/kline", "subscribe_events",
		object{"symbol": testMints[0].String()},
		"events:" + testMints[0].String(),
		[]string{"subscription_confirmed", "event_data", "event_data", "event_data", "event_data"},
		[]string{"subscription_confirmed"},
	},
	{
		"/ws/kline", "subscribe_events",
		object{},
		"events",
		[]string{"subscription_confirmed", "event_data", "event_data", "event_data", "event_data"},
		[]string{"subscription_confirmed"},
	},
	{
		"/ws/kline", "subscribe_token_events",
		object{},
		"token_events",
		[]string{"subscription_confirmed", "token_created"},
		[]string{"subscription_confirmed"},
	},
	{
		"/ws/kline", "subscribe_alerts",
		object{},
		"alerts",
		[]string{"subscription_confirmed", "alert"},
		[]string{"subscription_confirmed"},
	},
}

// A client that resumes with a seq of another store is told, although this store has that seq too: on every kind of
// subscription it gets a gap, and then what it gets without since_seq. With the store's own name, and without any, it
// gets what it missed.
func TestResumeFromAnotherStoreIsAGap(t *testing.T) {
	alerts := &alertList{}
	b := newBench(t, func(o *Options) { o.Alerts = alerts })
	for minute := range int64(5) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}

	b.publish(&market.Commit{Events: []market.Event{b.writer.event(&spinpet.TokenCreated{Mint: testMints[0]}, 0)}})
	for range 6 { // the last one is of commit 3
		alerts.store()
	}

	address := b.serve(t, socketio.Options{})
	b.awaitSent(t)
	newest := b.memory.Seq()
	for _, sub := range subscriptions {
		for name, c := range map[string]struct {
			more object
			want []string
		}{
			"own":                    {object{"since_seq": 3, "store": testStore}, sub.own},
			"not told":               {object{"since_seq": 3}, sub.own},
			"null":                   {object{"since_seq": 3, "store": nil}, sub.own},
			"another":                {object{"since_seq": 3, "store": strings.Repeat("f", 32)}, append([]string{"gap"}, sub.plain...)},
			"another's newest":       {object{"since_seq": newest, "store": "x"}, append([]string{"gap"}, sub.plain...)},
			"another's, far ahead":   {object{"since_seq": 1000, "store": "x"}, append([]string{"gap"}, sub.plain...)},
			"nothing to resume":      {object{"store": "x"}, sub.plain},
			"own, nothing to resume": {object{"store": testStore}, sub.plain},
		} {
			t.Run(sub.event+" "+sub.topic+" "+name, func(t *testing.T) {
				r := dial(t, address, sub.space, "")
				r.until("connection_success")
				payload := c.more
				for key, value := range sub.payload {
					payload = with(payload, key, value)
				}

				r.emit(sub.event, payload)
				got := r.answered(t)
				events := eventsOf(got)
				if len(events) > 1 && events[1] == "gap" { // after the confirmation, except of candles
					events[0], events[1] = events[1], events[0]
				}

				if !slices.Equal(events, c.want) {
					t.Fatalf("got %v, want %v", eventsOf(got), c.want)
				}
				for _, p := range got {
					switch p.event {
					case "gap":
						if p.Topic != sub.topic || p.FromSeq != 1 || p.ToSeq != newest || !strings.Contains(p.Reason, "another store") {
							t.Errorf("gap %+v", p)
						}
					case "history_data":
						candles, all := len(parseCandles(t, p.Data)), 5
						if payload["since_seq"] != nil && !slices.Contains(events, "gap") {
							all = 3 // changed since then
						}
						if p.Store != testStore || candles != all {
							t.Errorf("%d candles of store %q, want %d", candles, p.Store, all)
						}
					case "subscription_confirmed":
						if p.Store != testStore {
							t.Errorf("confirmed %+v", p)
						}
					}
				}
			})
		}

		for _, bad := range []any{5, true, []string{testStore}, object{}, strings.Repeat("0", 65)} {
			r := dial(t, address, sub.space, "")
			r.until("connection_success")
			r.emit(sub.event, with(with(sub.payload, "since_seq", 3), "store", bad))
			if got := r.answered(t); len(got) != 1 || got[0].Code != 1001 || !strings.HasPrefix(got[0].Message, "store ") {
				t.Errorf("%s with store %v: %+v", sub.event, bad, got)
			}
		}
	}
}

// answered reads what comes until all requests so far are answered.
func (r *raw) answered(t *testing.T) (got []parsed) {
	t.Helper()
	r.emit("ping", nil)
	for {
		one := r.next()
		if one.event == "pong" {
			return got
		}
		got = append(got, parse(t, one))
	}
}

// A client that follows already and asks again in the name of another store misses no push: it is told of the gap, and
// goes on live.
func TestLiveClientOfAnotherStore(t *testing.T) {
	b := newBench(t, nil)
	b.run(t)
	s, _ := b.client(t, openSpace, "a")
	for _, sub := range []struct {
		event   string
		payload object
		push    string
	}{
		{"subscribe_kline", klineOf(testMints[0]), "kline_data"},
		{"subscribe_price", object{"symbol": testMints[0].String()}, "price_update"},
		{"subscribe_events", object{"symbol": testMints[0].String()}, "event_data"},
		{"subscribe_events", object{}, "event_data"},
	} {
		ask(t, s, sub.event, sub.payload)
		b.trade(testMints[0], startTime, 1e18)
		_, got := ask(t, s, sub.event, with(with(sub.payload, "since_seq", 1.0), "store", "another"))
		if !slices.Contains(eventsOf(got), "gap") {
			t.Errorf("%s: no gap in %v", sub.event, eventsOf(got))
		}

		last := b.trade(testMints[0], startTime, 1e18)
		b.awaitSent(t)
		live := seqsOf(taken(t, s), sub.push)
		if len(live) == 0 || live[len(live)-1] != last.Seq {
			t.Errorf("%s: live %v, want up to %d", sub.event, live, last.Seq)
		}

		if !slices.IsSorted(live) || len(slices.Compact(slices.Clone(live))) != len(live) {
			t.Errorf("%s: live %v", sub.event, live)
		}
		for _, event := range []string{"subscribe_kline", "subscribe_price", "subscribe_events"} {
			if event == sub.event {
				ask(t, s, "un"+event, sub.payload)
			}
		}
	}
}
