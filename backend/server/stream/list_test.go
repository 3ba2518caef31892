package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/wire"
)

// addresses are mints as a request lists them.
func addresses(mints ...market.Pubkey) (list []any) {
	for _, mint := range mints {
		list = append(list, mint.String())
	}
	return list
}

// manyMints are so many addresses that nobody knows.
func manyMints(n int) (list []market.Pubkey) {
	for i := range n {
		list = append(list, market.Pubkey{100, byte(i), byte(i >> 8)})
	}
	return list
}

func symbolsOf(got []parsed, event string) (list []string) {
	for _, p := range got {
		if p.event == event {
			list = append(list, p.Symbol)
		}
	}
	return list
}

func TestListOfCandles(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.trade(testMints[1], startTime, 2e18)
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")

	list := append(addresses(testMints...), testMints[0].String())
	ack, got := ask(t, s, "subscribe_kline", object{"symbols": list, "interval": "m1", "subscription_id": "mine"})
	if want := []string{"history_data", "history_data", "history_data", "subscription_confirmed"}; !slices.Equal(eventsOf(got), want) {
		t.Fatalf("got %v", eventsOf(got))
	}

	if want := symbols(testMints); !slices.Equal(symbolsOf(got, "history_data"), want) {
		t.Errorf("histories of %v", symbolsOf(got, "history_data"))
	}
	if n := len(parseCandles(t, got[0].Data)); n != 1 || got[0].Store != testStore {
		t.Errorf("%d candles of store %q", n, got[0].Store)
	}

	if ack["success"] != true || ack["topic"] != "kline" || ack["message"] != "subscribed to 3" || len(ack["symbols"].([]any)) != 3 ||
		ack["symbol"] != nil || ack["interval"] != "m1" || ack["subscription_id"] != "mine" || *got[3].ID != "mine" {
		t.Errorf("acknowledged %v", ack)
	}

	b.trade(testMints[2], startTime+1, 3e18)
	b.trade(testMints[1], startTime+1, 3e18)
	b.tick(t)
	if got := taken(t, s); !slices.Equal(symbolsOf(got, "kline_data"), symbols([]market.Pubkey{testMints[2], testMints[1]})) {
		t.Errorf("pushed %v", got)
	}

	ack, _ = ask(t, s, "subscribe_kline", object{"symbols": addresses(testMints[0], market.Pubkey{9}), "interval": "m1", "limit": 0.0})
	if ack["message"] != "subscribed to 1, already to 1" {
		t.Errorf("acknowledged %v", ack)
	}
	ack, got = ask(t, s, "unsubscribe_kline", object{"symbols": addresses(testMints[0], testMints[1], market.Pubkey{8}), "interval": "m1"})
	if ack["message"] != "unsubscribed from 2, was not subscribed to 1" || len(got) != 1 || got[0].event != "unsubscribe_confirmed" {
		t.Errorf("acknowledged %v", ack)
	}

	b.trade(testMints[1], startTime+2, 3e18)
	b.trade(testMints[2], startTime+2, 3e18)
	b.tick(t)
	if got := taken(t, s); !slices.Equal(symbolsOf(got, "kline_data"), symbols(testMints[2:])) {
		t.Errorf("pushed %v", got)
	}
}

// A list's limit is how many candles each history has.
func TestListsLimitIsOfEachHistory(t *testing.T) {
	b := newBench(t, nil)
	for i := range 5 {
		b.trade(testMints[0], startTime+int64(i)*60, 1e18)
		b.trade(testMints[1], startTime+int64(i)*60, 1e18)
	}
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	_, got := ask(t, s, "subscribe_kline", object{"symbols": addresses(testMints[0], testMints[1]), "interval": "m1", "limit": 2.0})
	for _, p := range got[:2] {
		if n := len(parseCandles(t, p.Data)); n != 2 || !p.HasMore || p.Total != 5 {
			t.Errorf("%d candles of %d, more %v", n, p.Total, p.HasMore)
		}
	}
	_, got = ask(t, s, "subscribe_kline", object{"symbols": addresses(testMints...), "interval": "m1", "since_seq": 9.0})
	if n := len(parseCandles(t, got[0].Data)); n != 1 {
		t.Errorf("%d candles changed since", n)
	}
}

// While a list is answered commits go on: each history meets the pushes after it, of all its topics and of those before.
func TestListMeetsLivePushes(t *testing.T) {
	b := newBench(t, nil)
	for range 300 {
		b.writer.step()
	}

	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_kline", klineOf(testMints[1]))
	b.memory.reading = func() {
		for range 20 {
			b.writer.step()
		}
		b.tick(t)
	}

	_, got := ask(t, s, "subscribe_kline", object{"symbols": addresses(testMints...), "interval": "s1"})
	b.memory.reading = nil
	for range 100 {
		b.writer.step()
	}

	b.tick(t)
	got = append(got, taken(t, s)...)
	for _, mint := range testMints {
		checkKline(t, b.memory.course(key{kind: klineTopic, interval: market.S1, mint: mint}), got)
	}

	if n := len(symbolsOf(got, "kline_data")); n < 60 {
		t.Errorf("%d pushes", n)
	}
}

func TestListOfPrices(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.trade(testMints[1], startTime, 2e18)
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	ack, got := ask(t, s, "subscribe_price", object{"symbols": addresses(testMints...)})
	if want := []string{"price_update", "price_update", "subscription_confirmed"}; !slices.Equal(eventsOf(got), want) || ack["topic"] != "price" {
		t.Fatalf("got %v, %v", eventsOf(got), ack)
	}

	b.trade(testMints[1], startTime+1, 3e18)
	b.tick(t)
	if got := taken(t, s); !slices.Equal(eventsOf(got), []string{"price_update"}) {
		t.Errorf("pushed %v", eventsOf(got))
	}

	again, _ := b.client(t, openSpace, "b")
	_, got = ask(t, again, "subscribe_price", object{"symbols": addresses(testMints...), "since_seq": 2.0})
	if want := []string{"subscription_confirmed", "price_update", "price_update"}; !slices.Equal(eventsOf(got), want) {
		t.Errorf("resumed with %v", eventsOf(got))
	}

	other, _ := b.client(t, openSpace, "c")
	_, got = ask(t, other, "subscribe_price", object{"symbols": addresses(testMints[0], testMints[1]), "since_seq": 2.0, "store": "another"})
	if want := []string{"gap", "price_update", "gap", "price_update", "subscription_confirmed"}; !slices.Equal(eventsOf(got), want) {
		t.Errorf("of another store: %v", eventsOf(got))
	}
}

// The events of a list are read in one pass, each once, in the order of commits, and go live then.
func TestListOfEventsResumes(t *testing.T) {
	b := newBench(t, nil)
	for i := range 300 {
		b.trade(testMints[i%3], startTime+int64(i), 1e18)
	}

	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	_, got := ask(t, s, "subscribe_events", object{"symbols": addresses(testMints[0], testMints[2]), "since_seq": 100.0})
	if got[0].event != "subscription_confirmed" {
		t.Fatalf("got %v", eventsOf(got)[:3])
	}

	var want []string
	for seq := 100; seq <= 300; seq++ {
		if (seq-1)%3 != 1 {
			want = append(want, fmt.Sprint(seq))
		}
	}

	var seqs []string
	for _, p := range got[1:] {
		seqs = append(seqs, fmt.Sprint(p.Seq))
	}

	if !slices.Equal(seqs, want) {
		t.Errorf("replayed %v", seqs)
	}
	b.trade(testMints[0], startTime+400, 1e18)
	b.trade(testMints[1], startTime+400, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 || got[0].Seq != 301 {
		t.Errorf("live: %v", got)
	}
}

// A mint's events come once to who follows all of them too, also in a list.
func TestListBesideAllEvents(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events")
	_, got := ask(t, s, "subscribe_events", object{"symbols": addresses(testMints...), "since_seq": 1.0})
	if want := []string{"subscription_confirmed", "event_data"}; !slices.Equal(eventsOf(got), want) {
		t.Errorf("replayed %v", eventsOf(got))
	}
	b.trade(testMints[0], startTime+1, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 {
		t.Errorf("pushed %v", eventsOf(got))
	}
}

func TestBadListsAreRefused(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	for _, c := range []struct {
		event   string
		payload object
		says    string
	}{
		{"subscribe_kline", object{"symbols": []any{}, "interval": "m1"}, "symbols is empty"},
		{"subscribe_kline", object{"symbols": "x", "interval": "m1"}, "symbols must be a list of addresses, not a string"},
		{"subscribe_kline", object{"symbols": []any{1.0}, "interval": "m1"}, "symbols: entry 0 must be a string, not a number"},
		{"subscribe_kline", object{"symbols": append(addresses(testMints...), "0OIl"), "interval": "m1"}, "symbols: entry 3"},
		{"subscribe_kline", object{"symbols": addresses(manyMints(1001)...), "interval": "m1"}, "1001 given, at most 1000"},
		{"subscribe_kline", object{"symbols": addresses(testMints...), "symbol": testMints[0].String(), "interval": "m1"}, "give one of them"},
		{"subscribe_kline", object{"symbols": addresses(testMints...)}, "interval is missing"},
		{"subscribe_kline", object{"symbols": addresses(testMints...), "interval": "m1", "limit": -1.0}, "limit must not be negative"},
		{"subscribe_kline", object{"symbols": addresses(testMints...), "interval": "m1", "since_seq": "1"}, "since_seq"},
		{"subscribe_kline", object{"symbol": "*"}, "interval is missing"},
		{"subscribe_kline", object{"symbol": "*", "interval": "m3"}, "m3 is merged from shorter ones"},
		{"unsubscribe_kline", object{"symbols": []any{}, "interval": "m1"}, "symbols is empty"},
		{"unsubscribe_price", object{"symbols": []any{nil}}, "symbols: entry 0"},
		{"subscribe_price", object{"symbols": []any{}}, "symbols is empty"},
		{"subscribe_events", object{"symbols": []any{}}, "symbols is empty"},
		{"subscribe_events", object{"types": []any{"Nothing"}}, `unknown event_type "Nothing": use some of `},
		{"subscribe_events", object{"types": "BuySell"}, "types must be a list of texts"},
		{"subscribe_events", object{"types": []any{}}, "with at least one"},
		{"subscribe_events", object{"types": []any{1.0}}, "entry 0 must be a text, not a number"},
		{"subscribe_events", object{"accounts": []any{"x"}}, "accounts"},
		{"subscribe_user", object{"user": "x"}, "user"},
		{"subscribe_user", object{}, "user must be"},
		{"subscribe_events", object{"accounts": addresses(manyMints(101)...)}, "101 given, at most 100"},
		{"subscribe_events", object{"min_size": "-1"}, "min_size must be an amount"},
		{"subscribe_events", object{"min_size": "1.0000000001"}, "min_size must be an amount"},
		{"subscribe_events", object{"min_size": true}, "min_size must be an amount"},
		{"subscribe_events", object{"symbols": addresses(testMints...), "types": []any{"Nothing"}}, " BuySell, "},
	} {
		ack, got := ask(t, s, c.event, c.payload)
		if ack["success"] != false || ack["code"] != 1001.0 || !strings.Contains(ack["message"].(string), c.says) || len(got) != 1 || got[0].event != "error" {
			t.Errorf("%s %v: %v", c.event, c.payload, ack)
		}
	}

	if m := b.Metrics(); m.Subscriptions != 0 {
		t.Errorf("%d subscriptions are left", m.Subscriptions)
	}
}

// A hundred symbols in lists count as one subscription; a list that does not fit is refused whole, in words that say so.
func TestListsCountInHundreds(t *testing.T) {
	b := newBench(t, func(o *Options) { o.MaxSubscriptions = 3 })
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events")
	ask(t, s, "subscribe_kline", object{"symbols": addresses(manyMints(150)...), "interval": "m1"})
	ack, got := ask(t, s, "subscribe_price", object{"symbols": addresses(manyMints(51)...)})
	if ack["code"] != 1002.0 || len(got) != 1 {
		t.Fatalf("acknowledged %v, %v", ack, eventsOf(got))
	}

	for _, says := range []string{"at most 3 for one client", "a hundred symbols in lists count as one", "2.5 held", "0.51 asked for"} {
		if !strings.Contains(ack["message"].(string), says) {
			t.Errorf("%q is not in: %s", says, ack["message"])
		}
	}

	if m := b.Metrics(); m.Subscriptions != 151 {
		t.Errorf("%d subscriptions", m.Subscriptions)
	}

	if ack, _ := ask(t, s, "subscribe_price", object{"symbols": addresses(manyMints(50)...)}); ack["success"] != true {
		t.Errorf("what fits: %v", ack)
	}
	if ack, _ := ask(t, s, "subscribe_price", object{"symbols": addresses(manyMints(50)...)}); ack["success"] != true {
		t.Errorf("what is held already: %v", ack)
	}

	if ack, _ := ask(t, s, "subscribe_token_events"); ack["code"] != 1002.0 {
		t.Errorf("one more: %v", ack)
	}
	ask(t, s, "unsubscribe_kline", object{"symbols": addresses(manyMints(150)...), "interval": "m1"})
	if ack, _ := ask(t, s, "subscribe_token_events"); ack["success"] != true {
		t.Errorf("after leaving the list: %v", ack)
	}
}

// A list whose answers cannot be read leaves nothing behind.
func TestListThatFailsIsUndone(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_kline", klineOf(testMints[1]))
	var reads atomic.Int32
	b.memory.reading = func() {
		if reads.Add(1) == 2 {
			b.memory.failing = errors.New("disk")
		}
	}

	ack, _ := ask(t, s, "subscribe_kline", object{"symbols": addresses(testMints...), "interval": "m1"})
	if ack["code"] != 1003.0 || b.Metrics().Subscriptions != 1 {
		t.Errorf("acknowledged %v with %d subscriptions", ack, b.Metrics().Subscriptions)
	}
	b.memory.failing, b.memory.reading = nil, nil
	b.trade(testMints[1], startTime, 1e18)
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 || got[0].Symbol != testMints[1].String() {
		t.Errorf("pushed %v", got)
	}
}

// everyPush is what a push of the candles of all mints says of which change it is.
type everyPush struct {
	seq    market.Seq
	symbol string
	time   int64
}

// checkEvery compares what a client got of the candles of all mints from a commit on with the ledger: in order, each change as
// its commit did it, finals and corrections all, interim ones unless a newer one of the same candle came.
func (b *bench) checkEvery(t *testing.T, interval market.Interval, from market.Seq, got []parsed) {
	t.Helper()
	want := map[everyPush]market.CandleChange{}
	for _, c := range b.memory.commits {
		for _, change := range c.Candles {
			if c.Seq >= from && change.Interval == interval {
				want[everyPush{c.Seq, change.Mint.String(), change.Candle.Time}] = change
			}
		}
	}

	newest := map[everyPush]market.Seq{}
	seen := map[everyPush]bool{}
	last := market.Seq(0)
	for _, p := range got {
		if p.event != "kline_data" {
			continue
		}
		var pushed wire.Candle
		if err := json.Unmarshal(p.Data, &pushed); err != nil {
			t.Fatal(err)
		}

		at := everyPush{p.Seq, p.Symbol, pushed.Time}
		change, known := want[at]
		if !known || seen[at] || p.Seq < last || p.Interval != interval.String() || pushed != wire.NewCandle(change.Candle, market.Pair{}, change.Type) {
			t.Fatalf("pushed %+v after %d: known %v, seen %v", at, last, known, seen[at])
		}

		seen[at], last = true, p.Seq
		newest[everyPush{0, p.Symbol, pushed.Time}] = p.Seq
	}

	for at, change := range want {
		if !seen[at] && (change.Type != market.Realtime || newest[everyPush{0, at.symbol, at.time}] <= at.seq) {
			t.Fatalf("%s %+v never came", change.Type, at)
		}
	}

	if len(want) < 100 {
		t.Fatalf("only %d changes: nothing is tried", len(want))
	}
}

// The candles of all mints are pushed as commits bring them, and a client that comes back gets exactly what it missed.
func TestEveryCandleIsPushed(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ack, got := ask(t, s, "subscribe_kline", object{"symbol": "*", "interval": "s1"})
	if ack["topic"] != "kline:*:s1" || ack["symbol"] != "*" || ack["interval"] != "s1" || len(got) != 1 {
		t.Fatalf("acknowledged %v, %v", ack, eventsOf(got))
	}

	ask(t, s, "subscribe_kline", object{"symbol": "*", "interval": "m1"})
	var live []parsed
	for i := range 900 {
		b.writer.step()
		if i%7 == 0 {
			b.tick(t)
			live = append(live, taken(t, s)...)
		}
	}

	b.tick(t)
	live = append(live, taken(t, s)...)
	of := func(interval string) []parsed {
		return slices.DeleteFunc(slices.Clone(live), func(p parsed) bool { return p.Interval != interval })
	}
	b.checkEvery(t, market.S1, 1, of("s1"))
	b.checkEvery(t, market.M1, 1, of("m1"))
	if b.Metrics().Conflated == 0 {
		t.Error("nothing conflated")
	}

	again, _ := b.client(t, openSpace, "b")
	ask(t, again, "subscribe_events", object{"since_seq": 300.0})
	_, got = ask(t, again, "subscribe_kline", object{"symbol": "*", "interval": "s1", "since_seq": 200.0, "store": testStore})
	if got[0].event != "subscription_confirmed" {
		t.Fatalf("got %s", got[0].event)
	}

	for range 50 {
		b.writer.step()
	}
	b.tick(t)
	b.checkEvery(t, market.S1, 200, append(got, taken(t, again)...))

	if ack, _ := ask(t, again, "unsubscribe_kline", object{"symbol": "*", "interval": "s1"}); ack["message"] != "unsubscribed" {
		t.Errorf("acknowledged %v", ack)
	}
	b.trade(testMints[0], b.writer.now, 1e18)
	b.tick(t)
	if got := taken(t, again); slices.Contains(eventsOf(got), "kline_data") {
		t.Errorf("after it left: %v", eventsOf(got))
	}
}

// One that follows a coin's candles beside those of all mints gets each by both.
func TestEveryCandleBesideOneCoins(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	ask(t, s, "subscribe_kline", object{"symbol": "*", "interval": "m1"})
	b.trade(testMints[0], startTime, 1e18)
	b.trade(testMints[1], startTime, 1e18)
	b.tick(t)
	if got := symbolsOf(taken(t, s), "kline_data"); !slices.Equal(got, symbols([]market.Pubkey{testMints[0], testMints[0], testMints[1]})) {
		t.Errorf("pushed %v", got)
	}
	b.publish(&market.Commit{ChainTime: startTime + 60, Candles: []market.CandleChange{{
		Mint: testMints[0], Interval: market.M1, Type: market.Final, Candle: market.Candle{Time: market.M1.Floor(startTime), Final: true},
	}}})
	b.tick(t)
	if closed := b.broadcaster.topics[key{kind: klineTopic, interval: market.M1, mint: testMints[0]}].closed; closed != market.M1.Floor(startTime) {
		t.Errorf("the coin's topic knows %d as final", closed)
	}
}

// What the log has lost is a gap of the candles of all mints; events before it come from the store.
func TestEveryCandleAfterALostLog(t *testing.T) {
	b := newBench(t, nil)
	for range 600 {
		b.writer.step()
	}

	b.tick(t)
	b.memory.logged = 401
	other, _ := b.client(t, openSpace, "b")
	_, got := ask(t, other, "subscribe_kline", object{"symbol": "*", "interval": "s1", "since_seq": 100.0})
	if got[1].event != "gap" || got[1].Topic != "kline:*:s1" || got[1].FromSeq != 100 || got[1].ToSeq != 400 {
		t.Fatalf("got %+v", got[1])
	}

	b.checkEvery(t, market.S1, 401, got)

	// Both at once, as one that was set aside reads them.
	b.memory.logged = 1
	both, _ := b.client(t, openSpace, "c")
	ask(t, both, "subscribe_kline", object{"symbol": "*", "interval": "s1"})
	ask(t, both, "subscribe_events")
	begin := b.memory.Seq()
	both.serving.Lock() // its reading waits until the log is cut
	b.broadcaster.mu.Lock()
	b.setAside(both)
	b.broadcaster.mu.Unlock()
	for range 300 {
		b.writer.step()
	}

	b.memory.mu.Lock()
	b.memory.logged = begin + 100
	b.memory.mu.Unlock()
	both.serving.Unlock()
	b.jobs.Wait()
	b.tick(t)
	got = taken(t, both)
	b.checkEvery(t, market.S1, begin+100, slices.DeleteFunc(slices.Clone(got), func(p parsed) bool { return p.event == "kline_data" && p.Seq < begin+100 }))

	var events []market.Seq
	for _, p := range got {
		if p.event == "event_data" {
			events = append(events, p.Seq)
		}
	}

	var want []market.Seq
	for _, c := range b.memory.commits {
		for range c.Events {
			if c.Seq > begin {
				want = append(want, c.Seq)
			}
		}
	}

	if !slices.Equal(events, want) {
		t.Errorf("%d events, want %d", len(events), len(want))
	}
}

func TestEventsAreFiltered(t *testing.T) {
	b := newBench(t, nil)
	commit := func(mint market.Pubkey, owner byte, sol uint64, body market.Body) market.Event {
		e := b.writer.event(body, 0)
		e.Owner = market.Pubkey{owner}
		e.Price = market.Price(market.U64(1e18))
		if _, ok := e.Trade(); !ok {
			e.Price = market.Price{}
		}
		b.publish(&market.Commit{ChainTime: startTime, Events: []market.Event{e}})
		return e
	}
	trade := func(mint market.Pubkey, owner byte, sol uint64) {
		commit(mint, owner, sol, &spinpet.BuySell{Mint: mint, IsBuy: true, TokenAmount: 5, SolAmount: sol})
	}
	publish := func() {
		trade(testMints[0], 1, 5e8)                                                                   // 1
		trade(testMints[0], 2, 2e9)                                                                   // 2
		trade(testMints[1], 1, 3e9)                                                                   // 3
		commit(testMints[1], 1, 0, &spinpet.TokenCreated{Mint: testMints[1], Name: "n"})              // 4
		commit(testMints[0], 3, 0, &spinpet.ForceLiquidate{Mint: testMints[0]})                       // 5
		commit(testMints[0], 1, 1e9, &spinpet.LongShort{Mint: testMints[0], Payer: market.Pubkey{1}}) // 6
	}
	accounts := []any{market.Pubkey{1}.String()}
	cases := []struct {
		payload object
		topic   string
		want    []market.Seq
	}{
		{object{"types": []any{"ForceLiquidate", "TokenCreated", "ForceLiquidate"}}, "events/types=ForceLiquidate,TokenCreated", []market.Seq{4, 5}},
		{object{"min_size": "2.50"}, "events/min_size=2.5", []market.Seq{3}},
		{object{"min_size": 2.0, "symbol": testMints[0].String()}, "events:" + testMints[0].String() + "/min_size=2", []market.Seq{2}},
		{object{"accounts": accounts}, "events/accounts=" + market.Pubkey{1}.String(), []market.Seq{1, 3, 4, 6}},
		{object{"user": accounts[0]}, "events/accounts=" + market.Pubkey{1}.String(), []market.Seq{1, 3, 4, 6}},
		{object{"accounts": accounts, "types": []any{"BuySell"}, "min_size": "0.5"}, "events/types=BuySell/accounts=" + market.Pubkey{1}.String() + "/min_size=0.5", []market.Seq{1, 3}},
		{object{"symbols": addresses(testMints[0], testMints[1]), "types": []any{"BuySell"}}, "events/types=BuySell", []market.Seq{1, 2, 3}},
		{object{"min_size": "0"}, "events", []market.Seq{1, 2, 3, 4, 5, 6}},
		{object{"symbol": "*"}, "events", []market.Seq{1, 2, 3, 4, 5, 6}},
	}
	topics := func(payload object) string {
		if payload["user"] != nil {
			return "user"
		}
		return "events"
	}
	live := make([]*session, len(cases))
	for i, c := range cases {
		live[i], _ = b.client(t, openSpace, fmt.Sprint(i))
		if ack, _ := ask(t, live[i], "subscribe_"+topics(c.payload), c.payload); ack["topic"] != c.topic {
			t.Errorf("%v: acknowledged %v", c.payload, ack)
		}
	}

	publish()
	b.tick(t)
	seqs := func(got []parsed) (list []market.Seq) {
		for _, p := range got {
			if p.event == "event_data" {
				list = append(list, p.Seq)
			}
		}
		return list
	}
	for i, c := range cases {
		if got := seqs(taken(t, live[i])); !slices.Equal(got, c.want) {
			t.Errorf("%v: pushed %v, want %v", c.payload, got, c.want)
		}
		s, _ := b.client(t, openSpace, "again"+fmt.Sprint(i))
		_, got := ask(t, s, "subscribe_"+topics(c.payload), with(c.payload, "since_seq", 1.0))
		if got := seqs(got); !slices.Equal(got, c.want) {
			t.Errorf("%v: replayed %v, want %v", c.payload, got, c.want)
		}

		if ack, _ := ask(t, live[i], "unsubscribe_"+topics(c.payload), c.payload); !strings.HasPrefix(ack["message"].(string), "unsubscribed") {
			t.Errorf("%v: %v", c.payload, ack)
		}
		b.disconnect(s, "")
	}

	if b.broadcaster.mu.Lock(); len(b.broadcaster.topics)+len(b.broadcaster.filtered) != 0 {
		t.Errorf("left: %v, %v", b.broadcaster.topics, b.broadcaster.filtered)
	}
	b.broadcaster.mu.Unlock()
}

// A filter and all events beside each other are two subscriptions: what passes the filter comes by both.
func TestFilterBesideAllEvents(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events", object{"types": []any{"BuySell"}})
	ask(t, s, "subscribe_events", with(klineOf(testMints[0]), "types", []any{"BuySell"}))
	ask(t, s, "subscribe_events")
	ask(t, s, "subscribe_events", klineOf(testMints[0]))
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 3 {
		t.Errorf("pushed %v", eventsOf(got))
	}

	ask(t, s, "unsubscribe_events", object{"types": []any{"BuySell"}})
	ask(t, s, "unsubscribe_events", with(klineOf(testMints[0]), "types", []any{"BuySell"}))
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 {
		t.Errorf("pushed %v", eventsOf(got))
	}
}

// The size is counted in whole units of what the coin is paid in.
func TestFilterOfSizeKnowsThePair(t *testing.T) {
	b := newBench(t, nil)
	b.memory.pair = market.MustPair(0, market.Pubkey{7}, 3, 2)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events", object{"min_size": "0.07"})
	other, _ := b.client(t, openSpace, "b")
	ask(t, other, "subscribe_events", object{"min_size": "0.08"})
	b.trade(testMints[0], startTime, 1e18) // 7 units of 0.01
	b.tick(t)
	if one, none := len(taken(t, s)), len(taken(t, other)); one != 1 || none != 0 {
		t.Errorf("%d and %d pushed", one, none)
	}
}

// ranks is a Rank whose ranking the test sets.
type ranks struct {
	list  atomic.Pointer[[]wire.Ticker]
	calls atomic.Int32
	asked atomic.Value
}

func (r *ranks) rank(_ context.Context, window, sortBy string, limit int) ([]wire.Ticker, int, int64, error) {
	r.calls.Add(1)
	r.asked.Store(fmt.Sprint(window, " ", sortBy, " ", limit))
	list := *r.list.Load()
	return list[:min(limit, len(list))], len(list), startTime, nil
}

func tickerOf(mint string, price float64) wire.Ticker { return wire.Ticker{Mint: mint, Price: &price} }

func TestRankingIsPushed(t *testing.T) {
	r := &ranks{}
	r.list.Store(&[]wire.Ticker{tickerOf("A", 1), tickerOf("B", 2)})
	b := newBench(t, func(o *Options) { o.Rank = r.rank })
	s, peer := b.client(t, openSpace, "a")
	take := func(p *fakePeer) (list []wire.TickersPush) {
		for _, one := range p.take() {
			if one.event != "tickers" {
				continue
			}
			var push wire.TickersPush
			if err := json.Unmarshal(one.payload, &push); err != nil {
				t.Fatal(err)
			}
			list = append(list, push)
		}
		return list
	}

	var ack object
	s.request("subscribe_tickers", []any{object{"window": "h1", "sort_by": "trades_desc", "limit": 11.0}}, func(reply any) {
		text, _ := json.Marshal(reply)
		_ = json.Unmarshal(text, &ack)
	})
	if ack["topic"] != "tickers/window=h1/sort_by=trades_desc/limit=100" || r.asked.Load() != "h1 trades_desc 100" {
		t.Errorf("acknowledged %v, asked %v", ack, r.asked.Load())
	}

	first := take(peer)
	if len(first) != 1 || !first[0].Whole || len(first[0].Tickers) != 2 || !slices.Equal(first[0].Mints, []string{"A", "B"}) ||
		first[0].Window != "h1" || first[0].SortBy != "trades_desc" || first[0].Total != 2 || first[0].ChainTime != startTime {
		t.Fatalf("first %+v", first)
	}

	b.lookAtRankings()
	if got := take(peer); len(got) != 0 {
		t.Errorf("nothing changed, pushed %+v", got)
	}
	r.list.Store(&[]wire.Ticker{tickerOf("A", 1), tickerOf("B", 3)})
	b.lookAtRankings()
	if got := take(peer); len(got) != 1 || got[0].Whole || len(got[0].Tickers) != 1 || got[0].Tickers[0].Mint != "B" || got[0].Mints != nil {
		t.Errorf("one price changed, pushed %+v", got)
	}

	// Who comes later begins with all of it, and goes on with the same changes.
	late, latePeer := b.client(t, openSpace, "b")
	late.request("subscribe_tickers", []any{object{"window": "h1", "sort_by": "trades_desc"}}, nil)
	r.list.Store(&[]wire.Ticker{tickerOf("C", 9), tickerOf("B", 3)})
	b.lookAtRankings()
	for name, got := range map[string][]wire.TickersPush{"first": take(peer), "late": take(latePeer)[1:]} {
		if len(got) != 1 || len(got[0].Tickers) != 1 || !slices.Equal(got[0].Mints, []string{"C", "B"}) {
			t.Errorf("%s: pushed %+v", name, got)
		}
	}

	s.request("unsubscribe_tickers", []any{object{"window": "h1", "sort_by": "trades_desc"}}, nil)
	b.disconnect(late, "")
	before := r.calls.Load()
	b.lookAtRankings()
	if r.calls.Load() != before {
		t.Error("a ranking is read that nobody follows")
	}

	for payload, says := range map[string]object{"window": {"window": "d7"}, "sort_by": {"sort_by": "x"}, "limit": {"limit": 1001.0}} {
		if ack, _ := ask(t, s, "subscribe_tickers", says); ack["code"] != 1001.0 || !strings.HasPrefix(ack["message"].(string), payload) {
			t.Errorf("%v: %v", says, ack)
		}
	}
}

// Rankings are looked at once a second while Run runs.
func TestRankingIsLookedAt(t *testing.T) {
	r := &ranks{}
	r.list.Store(&[]wire.Ticker{tickerOf("A", 1)})
	b := newBench(t, func(o *Options) { o.Rank = r.rank })
	b.run(t)
	s, peer := b.client(t, openSpace, "a")
	s.request("subscribe_tickers", nil, nil)
	peer.take()
	r.list.Store(&[]wire.Ticker{tickerOf("A", 2)})
	deadline := time.Now().Add(patience)
	for len(peer.take()) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("nothing was pushed")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestNobodyRanks(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	if ack, _ := ask(t, s, "subscribe_tickers"); ack["code"] != 1001.0 {
		t.Errorf("acknowledged %v", ack)
	}
}

// Whatever a request says, its filter is refused or is what its name says.
func FuzzFilter(f *testing.F) {
	f.Add(`{"types":["BuySell"],"accounts":["11111111111111111111111111111111"],"min_size":"0.5"}`)
	f.Add(`{"min_size":1e-9}`)
	f.Add(`{"min_size":"0001.500"}`)
	f.Add(`{"symbols":[1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var request fields
		if json.Unmarshal([]byte(text), &request) != nil {
			return
		}

		_, _ = request.mints()
		_, _ = request.ranked()
		name, err := request.filter()
		if err != nil {
			return
		}

		compiled := compileFilter(name.String())
		if (compiled == nil) != (name == detail{}) {
			t.Fatalf("%q is compiled to %v", name, compiled)
		}
		if size, _ := request.size("min_size"); size != "" && compiled.minimum == 0 {
			t.Fatalf("min_size %q became nothing", size)
		}
	})
}
