package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// The seam holds over the real store too, and what it keeps across a restart serves a resume.
func TestHistoryAndLiveMeetOverBadger(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	durable := open()
	b := newBench(t, func(o *Options) { o.Store, o.BatchTimeout = durable, 2*time.Millisecond })
	b.writer.before = func(c *market.Commit) {
		if err := durable.Commit(c); err != nil {
			t.Error(err)
		}
	}
	b.meet(t, 40, 600)

	s, _ := b.client(t, openSpace, "before")
	_, before := ask(t, s, "subscribe_events", object{"since_seq": 1.0})
	if err := durable.Close(); err != nil {
		t.Fatal(err)
	}

	durable = open()
	defer func() {
		if err := durable.Close(); err != nil {
			t.Error(err)
		}
	}()

	again := newBench(t, func(o *Options) { o.Store = durable })
	s, _ = again.client(t, openSpace, "after")
	_, after := ask(t, s, "subscribe_events", object{"since_seq": 1.0})
	if len(after) != len(before) || len(after) < 20 {
		t.Fatalf("%d events before the restart, %d after", len(before), len(after))
	}

	for i := range after {
		if after[i].Signature != before[i].Signature || after[i].Seq != before[i].Seq {
			t.Fatalf("event %d: %+v, before %+v", i, after[i], before[i])
		}
	}

	if _, got := ask(t, s, "subscribe_events", object{"since_seq": 1e9}); len(got) < 2 || got[1].event != "gap" {
		t.Errorf("ahead of the store: %v", eventsOf(got))
	}
}

// A rollback empties a bucket while a client is away: the store cannot list what is gone, so the client is told to read
// the history again instead of keeping a candle that nobody else has.
func TestResumeAfterRollback(t *testing.T) {
	durable, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := durable.Close(); err != nil {
			t.Error(err)
		}
	}()

	b := newBench(t, func(o *Options) { o.Store = durable })
	commit := func(candles ...market.CandleChange) {
		t.Helper()
		if err := durable.Commit(&market.Commit{Seq: durable.Seq() + 1, Candles: candles}); err != nil {
			t.Fatal(err)
		}
	}
	change := func(time int64, kind market.UpdateType, removed bool) market.CandleChange {
		p := market.Price(market.U64(1e18))
		return market.CandleChange{Mint: testMints[0], Interval: market.M1, Type: kind, Removed: removed, Candle: market.Candle{
			Time: market.M1.Floor(time), Open: p, High: p, Low: p, Close: p, Trades: 1, Final: kind != market.Realtime,
		}}
	}
	commit(change(startTime, market.Final, false))
	commit(change(startTime+60, market.Final, false))
	commit(change(startTime+120, market.Realtime, false))
	for _, c := range []struct {
		name    string
		removed market.CandleChange
	}{
		{"a final candle", change(startTime+60, market.Correction, true)},
		{"an open candle", change(startTime+120, market.Realtime, true)},
	} {
		since := durable.Seq()
		commit(c.removed)
		s, _ := b.client(t, openSpace, c.name)
		_, got := ask(t, s, "subscribe_kline", with(klineOf(testMints[0]), "since_seq", float64(since)))
		if len(got) != 3 || got[0].event != "gap" || got[0].FromSeq != since || got[1].event != "history_data" {
			t.Errorf("%s: %v", c.name, eventsOf(got))
		}

		// From after the removal on there is nothing to miss.
		s, _ = b.client(t, openSpace, c.name+", later")
		_, got = ask(t, s, "subscribe_kline", with(klineOf(testMints[0]), "since_seq", float64(since+2)))
		if len(got) != 2 || got[0].event != "history_data" {
			t.Errorf("%s, later: %v", c.name, eventsOf(got))
		}
	}
}

// A corrected candle says so in the push, in history on both namespaces, and to a client that resumes; after a restart too.
func TestCorrectedCandlesSaySo(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.Store {
		s, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	durable := open()
	b := newBench(t, func(o *Options) { o.Store = durable })
	follower, _ := b.client(t, openSpace, "follower")
	ask(t, follower, "subscribe_kline", klineOf(testMints[0]))

	push := func(time int64, kind market.UpdateType) {
		p := market.Price(market.U64(1e18))
		c := &market.Commit{Candles: []market.CandleChange{{Mint: testMints[0], Interval: market.M1, Type: kind, Candle: market.Candle{
			Time: market.M1.Floor(time), Open: p, High: p, Low: p, Close: p, Trades: 1, Final: true, Corrected: kind == market.Correction,
		}}}}
		c.Seq = durable.Seq() + 1
		if err := durable.Commit(c); err != nil {
			t.Fatal(err)
		}

		b.publish(c)
		b.tick(t)
		var sent wire.Candle
		got := taken(t, follower)
		if len(got) != 1 || json.Unmarshal(got[0].Data, &sent) != nil || sent.UpdateType != kind.String() || sent.Corrected != (kind == market.Correction) {
			t.Fatalf("pushed as %s: %+v %+v", kind, got, sent)
		}
	}
	push(startTime, market.Final)
	push(startTime+60, market.Final)
	push(startTime+120, market.Final)
	push(startTime+60, market.Correction)
	for range 2 {
		for what, request := range map[string]struct {
			space   int
			event   string
			more    object
			candles string
		}{
			"history":            {openSpace, "get_history", nil, "[false true false]"},
			"filled":             {openSpace, "get_history", object{"from": float64(startTime - 60), "to": float64(startTime + 120), "fill": true}, "[false true false]"},
			"subscription":       {openSpace, "subscribe_kline", nil, "[false true false]"},
			"resume":             {openSpace, "subscribe_kline", object{"since_seq": 3.0}, "[true false]"},
			"spin-server's":      {spinSpace, "history", nil, "[false true false]"},
			"spin-server's live": {spinSpace, "subscribe", nil, "[false true false]"},
		} {
			s, _ := b.client(t, request.space, what)
			o := klineOf(testMints[0])
			maps.Copy(o, request.more)
			_, got := ask(t, s, request.event, o)
			i := slices.IndexFunc(got, func(p parsed) bool { return p.event == "history_data" })
			if i < 0 {
				t.Fatalf("%s: %v", what, eventsOf(got))
			}

			var marks []bool
			for _, c := range parseCandles(t, got[i].Data) {
				marks = append(marks, c.Corrected)
				if c.UpdateType != "final" {
					t.Errorf("%s: %+v", what, c)
				}
			}

			if fmt.Sprint(marks) != request.candles || bytes.Count(got[i].Data, []byte(`"corrected"`)) != 1 {
				t.Errorf("%s: %v, want %s", what, marks, request.candles)
			}
		}

		if err := durable.Close(); err != nil {
			t.Fatal(err)
		}
		durable = open()
		b = newBench(t, func(o *Options) { o.Store = durable })
	}

	if err := durable.Close(); err != nil {
		t.Fatal(err)
	}
}
