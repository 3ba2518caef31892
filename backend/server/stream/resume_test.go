package stream

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/socketio"
)

func errData(err error) any {
	var refusal *socketio.ConnectError
	if !errors.As(err, &refusal) {
		return nil
	}
	return refusal.Data
}

func seqsOf(got []parsed, event string) (seqs []market.Seq) {
	for _, p := range got {
		if p.event == event {
			seqs = append(seqs, p.Seq)
		}
	}
	return seqs
}

func upTo(from, to market.Seq) (seqs []market.Seq) {
	for seq := from; seq <= to; seq++ {
		seqs = append(seqs, seq)
	}
	return seqs
}

func TestEventsResumeWithoutGap(t *testing.T) {
	const total = 3*replayPage + 10
	b := newBench(t, nil)
	for range total {
		b.trade(testMints[0], startTime, 1e18)
	}

	b.absorbAll(t)
	s, _ := b.client(t, openSpace, "a")
	for _, payload := range []object{{"since_seq": 5.0}, {"since_seq": 5.0, "symbol": testMints[0].String()}} {
		ask(t, s, "unsubscribe_events")
		_, got := ask(t, s, "subscribe_events", payload)
		if got[0].event != "subscription_confirmed" || !slices.Equal(seqsOf(got, "event_data"), upTo(5, b.memory.Seq())) {
			t.Fatalf("%v: %s first, then %d events", payload, got[0].event, len(got)-1)
		}
		last := b.trade(testMints[0], startTime, 1e18)
		b.tick(t)
		if live := seqsOf(taken(t, s), "event_data"); !slices.Equal(live, []market.Seq{last.Seq}) {
			t.Errorf("%v: live %v", payload, live)
		}
	}

	if _, got := ask(t, s, "subscribe_events", object{"symbol": testMints[1].String(), "since_seq": 1.0}); len(got) != 1 {
		t.Errorf("another mint's replay: %v", eventsOf(got))
	}
}

// A second request with since_seq while live: nothing between what was pushed and what is replayed is left out, and the
// live pushes go on after it.
func TestEventsResumeWhileLive(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events")
	for range 3 {
		b.trade(testMints[0], startTime, 1e18)
	}

	b.tick(t)
	b.trade(testMints[0], startTime, 1e18) // 4: published, not sent
	b.absorbAll(t)
	b.memory.commit(b.tradeCommit(testMints[0], startTime, 1e18)) // 5: committed, not published
	_, got := ask(t, s, "subscribe_events", object{"since_seq": 5.0})
	if seqs := seqsOf(got, "event_data"); !slices.Equal(seqs, []market.Seq{1, 2, 3, 4, 5}) {
		t.Fatalf("got %v", seqs)
	}

	b.hub.Publish(b.memory.commits[4])
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if seqs := seqsOf(taken(t, s), "event_data"); !slices.Equal(seqs, []market.Seq{6}) {
		t.Errorf("live %v", seqs)
	}
}

func TestPriceAndTokenReplay(t *testing.T) {
	b := newBench(t, nil)
	for range 4 {
		b.trade(testMints[0], startTime, 1e18)
	}
	b.publish(&market.Commit{Events: []market.Event{b.writer.event(&spinpet.TokenCreated{Mint: testMints[0]}, 0)}})
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	_, got := ask(t, s, "subscribe_price", object{"symbol": testMints[0].String(), "since_seq": 2.0})
	if seqs := seqsOf(got, "price_update"); !slices.Equal(seqs, []market.Seq{2, 3, 4}) {
		t.Errorf("prices %v", seqs)
	}
	_, got = ask(t, s, "subscribe_token_events", object{"since_seq": 0.0})
	if seqs := seqsOf(got, "token_created"); !slices.Equal(seqs, []market.Seq{5}) {
		t.Errorf("tokens %v", seqs)
	}
}

func TestKlineResume(t *testing.T) {
	b := newBench(t, nil)
	for minute := range int64(200) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}
	b.tick(t)
	for space, event := range []string{"subscribe_kline", "subscribe"} {
		s, _ := b.client(t, space, event)
		_, got := ask(t, s, event, with(klineOf(testMints[0]), "since_seq", 51.0))
		candles := parseCandles(t, got[0].Data)
		if got[0].event != "history_data" || len(candles) != 150 || (candles[0].Time < candles[1].Time) != (space == openSpace) {
			t.Errorf("%s: %s with %d candles", event, got[0].event, len(candles))
		}
	}
}

func TestGapSaysWhatCannotBeServed(t *testing.T) {
	b := newBench(t, nil)
	for minute := range int64(200) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}

	b.memory.known = 101
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	for _, c := range []struct {
		name     string
		since    float64
		from, to market.Seq
	}{
		{"forgotten", 50, 50, 200},
		{"ahead", 900, 1, 200},
	} {
		_, got := ask(t, s, "subscribe_kline", with(klineOf(testMints[0]), "since_seq", c.since))
		if !slices.Equal(eventsOf(got), []string{"gap", "history_data", "subscription_confirmed"}) {
			t.Fatalf("%s: got %v", c.name, eventsOf(got))
		}
		if got[0].FromSeq != c.from || got[0].ToSeq != c.to || got[0].Topic != (key{kind: klineTopic, interval: market.M1, mint: testMints[0]}).room() {
			t.Errorf("%s: gap %+v", c.name, got[0])
		}
		if n := len(parseCandles(t, got[1].Data)); n != 100 {
			t.Errorf("%s: %d candles", c.name, n)
		}
	}

	_, got := ask(t, s, "subscribe_events", object{"since_seq": 50.0})
	if got[1].event != "gap" || got[1].FromSeq != 50 || got[1].ToSeq != 100 || got[1].Topic != "events" {
		t.Errorf("events: gap %+v", got[1])
	}
	if seqs := seqsOf(got, "event_data"); !slices.Equal(seqs, upTo(101, 200)) {
		t.Errorf("events: %d", len(seqs))
	}

	if _, got := ask(t, s, "subscribe_token_events", object{"since_seq": 900.0}); !slices.Equal(eventsOf(got), []string{"subscription_confirmed", "gap"}) {
		t.Errorf("ahead: %v", eventsOf(got))
	}
	if _, got := ask(t, s, "subscribe_token_events", object{"since_seq": 201.0}); !slices.Equal(eventsOf(got), []string{"subscription_confirmed"}) {
		t.Errorf("up to date: %v", eventsOf(got))
	}
}

// More pushes come while an answer is read than are held back: the answer is read again, and what a client was to get
// before it is read from the store.
func TestOvertakenAnswers(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	flood := func() {
		b.memory.reading = nil
		for range maxHeld + 10 {
			c := b.tradeCommit(testMints[0], startTime, 1e18)
			c.Candles[0].Type = market.Correction // never conflated
			b.publish(c)
			b.tick(t)
		}
	}
	b.memory.reading = flood

	_, got := ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	if !slices.Equal(eventsOf(got), []string{"history_data", "subscription_confirmed"}) || got[0].Seq != maxHeld+10 {
		t.Fatalf("new client: %v at %d", eventsOf(got), got[0].Seq)
	}
	b.memory.reading = flood
	_, got = ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	if !slices.Equal(eventsOf(got), []string{"kline_data", "history_data", "subscription_confirmed"}) || got[1].Seq != 2*(maxHeld+10) {
		t.Fatalf("old client: %v, %+v", eventsOf(got), got[0])
	}

	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 {
		t.Errorf("live: %v", eventsOf(got))
	}
}

// lose has the broadcaster lose commits of n minutes, and notice it at one more of the first minute.
func (b *bench) lose(n int) {
	for i := range n {
		b.memory.commit(b.tradeCommit(testMints[0], startTime+60*int64(i), 1e18))
	}
	b.trade(testMints[0], startTime, 1e18) // the hub sees the jump here
}

// followed is a client that follows candles, events and the price of a mint, and has seen the first commit.
func (b *bench) followed(t *testing.T, name string) (*session, *fakePeer) {
	t.Helper()
	s, p := b.client(t, openSpace, name)
	ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	ask(t, s, "subscribe_events")
	ask(t, s, "subscribe_price", object{"symbol": testMints[0].String()})
	return s, p
}

// The broadcaster loses commits and reads them from the commit log: its clients get what they would have got live.
func TestLagIsCaughtUpFromTheLog(t *testing.T) {
	b, never := newBench(t, nil), newBench(t, nil)
	s, _ := b.followed(t, "a")
	quick, _ := never.followed(t, "a")
	b.lose(3)
	for i := range int64(3) {
		never.trade(testMints[0], startTime+60*i, 1e18)
	}

	never.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	never.tick(t)

	got, want := taken(t, s), taken(t, quick)
	if !slices.EqualFunc(got, want, func(x, y parsed) bool {
		return x.event == y.event && x.Seq == y.Seq && string(x.Data) == string(y.Data)
	}) {
		t.Errorf("got %v, want %v", eventsOf(got), eventsOf(want))
	}

	if seqs := seqsOf(got, "event_data"); !slices.Equal(seqs, upTo(1, 4)) || b.Metrics().Lags != 1 || never.Metrics().Lags != 0 {
		t.Errorf("events %v, %d lags", seqs, b.Metrics().Lags)
	}
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if seqs := seqsOf(taken(t, s), "kline_data"); !slices.Equal(seqs, upTo(5, 5)) {
		t.Errorf("afterwards %v", seqs)
	}
}

// A client that does not take what comes from the log as fast as it is read is set aside: it gets every event at its own
// pace, and candles in their present state; the others do not wait for it.
func TestSlowClientIsSetAside(t *testing.T) {
	b := newBench(t, nil)
	quick, _ := b.followed(t, "quick")
	slow, p := b.followed(t, "slow")
	p.crowded = true
	const minutes = 400
	b.lose(minutes)

	drained := 0
	p.draining = func() { drained++ }
	b.tick(t)
	for name, s := range map[string]*session{"quick": quick, "slow": slow} {
		got := taken(t, s)
		if seqs := seqsOf(got, "event_data"); !slices.Equal(seqs, upTo(1, minutes+1)) {
			t.Errorf("%s: %d events", name, len(seqs))
		}
		if seqs := pushed(t, got); !slices.IsSorted(seqs) {
			t.Errorf("%s: seqs go back", name)
		}
		if candles := seqsOf(got, "kline_data"); name == "quick" && len(slices.Compact(candles)) != minutes+1 {
			t.Errorf("%s: candles of %d commits", name, len(slices.Compact(candles)))
		}
	}

	if drained == 0 {
		t.Error("the slow client was not waited for")
	}

	p.crowded = false
	next := b.trade(testMints[0], startTime+3600*24, 1e18)
	b.tick(t)
	for _, s := range []*session{quick, slow} {
		if seqs := seqsOf(taken(t, s), "kline_data"); !slices.Equal(seqs, []market.Seq{next.Seq}) {
			t.Errorf("afterwards %v", seqs)
		}
	}
}

// The broadcaster loses commits that the log has lost too: its clients read their effect from the store.
func TestWhatTheLogHasLostIsReadFromTheStore(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.followed(t, "a")
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	taken(t, s)
	b.memory.logged = newestSeq
	b.lose(3)
	b.tick(t) // takes the news of the lag

	got := taken(t, s)
	if seqs := seqsOf(got, "event_data"); !slices.Equal(seqs, []market.Seq{2, 3, 4, 5}) {
		t.Errorf("events %v", seqs)
	}
	if seqs := seqsOf(got, "kline_data"); !slices.Equal(seqs, []market.Seq{2, 2, 2}) { // before the first push that is newer than what it has
		t.Errorf("candles %v", seqs)
	}

	if seqs := seqsOf(got, "price_update"); !slices.Equal(seqs, []market.Seq{2, 3, 4}) { // the one of 5 is older
		t.Errorf("prices %v", seqs)
	}
	next := b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	if seqs := seqsOf(taken(t, s), "kline_data"); !slices.Equal(seqs, []market.Seq{next.Seq}) {
		t.Errorf("afterwards %v", seqs)
	}

	b.memory.known = b.memory.Seq() + 3
	b.lose(5)
	b.tick(t)
	gaps := 0
	for _, p := range taken(t, s) {
		if p.event == "gap" {
			gaps++
			want := market.Seq(8) // the store has the rest
			if strings.HasPrefix(p.Topic, "kline") {
				want = 12
			}
			if p.FromSeq != 7 || p.ToSeq != want {
				t.Errorf("gap %+v", p)
			}
		}
	}

	if gaps != 3 || b.Metrics().Lags != 2 {
		t.Errorf("%d gaps, %d lags", gaps, b.Metrics().Lags)
	}
}

// A commit that the catching up has read already is not pushed once more.
func TestCommitReadWhileCatchingUpIsPushedOnce(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	taken(t, s)
	b.memory.logged = newestSeq
	b.memory.commit(b.tradeCommit(testMints[0], startTime, 2e18))
	b.trade(testMints[0], startTime, 3e18) // the hub sees the jump here

	var newer *market.Commit
	b.memory.changing = func() {
		newer = b.tradeCommit(testMints[0], startTime+60, 4e18)
		newer.Candles[0].Type, newer.Candles[0].Candle.Final = market.Final, true
		b.memory.commit(newer)
	}
	b.tick(t)
	b.hub.Publish(newer)
	b.trade(testMints[0], startTime+120, 5e18)
	b.tick(t)
	if seqs := seqsOf(taken(t, s), "kline_data"); !slices.Equal(seqs, []market.Seq{3, 3, 5}) {
		t.Errorf("got %v", seqs)
	}
}

func TestFailingStoreEndsRunAfterALag(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events")
	b.trade(testMints[0], startTime, 1e18)
	b.memory.commit(b.tradeCommit(testMints[0], startTime, 1e18))
	b.trade(testMints[0], startTime, 1e18)
	b.memory.failing = errors.New("disk on fire")
	if err := b.Run(t.Context()); !errors.Is(err, b.memory.failing) {
		t.Errorf("Run: %v", err)
	}
}

// A quiet topic is sent at once; a busy one waits for the window, and its interim candles conflate, finals do not.
func TestBatchesByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.run(t)
		s, _ := b.client(t, openSpace, "a")
		ask(t, s, "subscribe_kline", klineOf(testMints[0]))
		b.trade(testMints[0], startTime, 1e18)
		synctest.Wait()
		if got := taken(t, s); len(got) != 1 || got[0].Seq != 1 {
			t.Fatalf("a quiet topic: %v", got)
		}

		b.trade(testMints[0], startTime, 2e18) // 2
		b.trade(testMints[0], startTime, 3e18) // 3
		final := b.tradeCommit(testMints[0], startTime-60, 3e18)
		final.Candles[0].Type, final.Candles[0].Candle.Final = market.Final, true
		b.publish(final)                       // 4
		b.trade(testMints[0], startTime, 4e18) // 5
		time.Sleep(49 * time.Millisecond)
		synctest.Wait()
		if got := taken(t, s); len(got) != 0 {
			t.Fatalf("inside the window: %v", eventsOf(got))
		}

		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if seqs := seqsOf(taken(t, s), "kline_data"); !slices.Equal(seqs, []market.Seq{4, 5}) {
			t.Errorf("after the window: %v", seqs)
		}

		if c := b.Metrics().Conflated; c != 2 {
			t.Errorf("%d conflated", c)
		}
	})
}

// A live client that asks for history waits for the pushes before it, which the broadcaster then does not hold back.
func TestHistoryOfALiveTopicDoesNotWaitForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.BatchTimeout = time.Hour })
		b.run(t)
		s, _ := b.client(t, openSpace, "a")
		ask(t, s, "subscribe_kline", klineOf(testMints[0]))
		b.trade(testMints[0], startTime, 1e18)
		synctest.Wait()
		b.trade(testMints[0], startTime, 2e18)
		synctest.Wait()

		start := time.Now()
		_, got := ask(t, s, "get_history", klineOf(testMints[0]))
		if !slices.Equal(eventsOf(got), []string{"kline_data", "kline_data", "history_data"}) || got[2].Seq != 2 {
			t.Errorf("got %v", eventsOf(got))
		}

		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}
