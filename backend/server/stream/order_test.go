package stream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// pushed are the seqs of what a client was pushed: not of answers, which may be newer than what follows.
func pushed(t *testing.T, got []parsed) (seqs []market.Seq) {
	t.Helper()
	for _, p := range got {
		if p.event == "kline_data" || p.event == "event_data" || p.event == "price_update" || p.event == "token_created" {
			seqs = append(seqs, p.Seq)
		}
	}
	return seqs
}

// While one topic is answered, pushes of another one wait with its own: seqs do not go back.
func TestSeqsDoNotGoBackWhileASubscriptionJoins(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_kline", klineOf(testMints[1]))
	b.memory.reading = func() { // the answer is read already
		b.memory.reading = nil
		for _, mint := range []int{0, 1, 0} {
			b.trade(testMints[mint], startTime, 1e18)
			b.tick(t)
		}
	}
	_, got := ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	if seqs := pushed(t, got); !slices.Equal(seqs, []market.Seq{1, 2, 3}) {
		t.Errorf("pushed %v", seqs)
	}
	if got[0].event != "history_data" || got[0].Seq != 0 {
		t.Errorf("the answer: %+v", got[0])
	}
}

// What is behind an answer comes before it: a client that goes on from the answer's seq has lost nothing.
func TestPushesUpToAnAnswerComeBeforeIt(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events", object{"symbol": testMints[1].String()})
	b.trade(testMints[1], startTime, 1e18)
	b.absorbAll(t) // it waits in the batch
	_, got := ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	if !slices.Equal(eventsOf(got), []string{"event_data", "history_data", "subscription_confirmed"}) || got[1].Seq != 1 {
		t.Errorf("got %v", eventsOf(got))
	}
}

// While one topic is replayed, however long that takes, the others' pushes come in their place among its own.
func TestSeqsDoNotGoBackDuringAReplay(t *testing.T) {
	b := newBench(t, nil)
	const total = 5 * replayPage
	for range total {
		b.trade(testMints[0], startTime, 1e18)
	}

	b.tick(t)
	s, p := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events", object{"symbol": testMints[1].String()})
	ask(t, s, "subscribe_kline", klineOf(testMints[2]))
	live := 0
	p.draining = func() {
		for range 3 + maxHeld/2 { // more than is held back, all in all
			c := b.tradeCommit(testMints[1+live%2], startTime, 1e18)
			c.Candles[0].Candle.Trades = uint64(live)
			b.publish(c)
			live++
		}
		b.tick(t)
		if live > 3*maxHeld {
			p.draining = nil
		}
	}

	_, got := ask(t, s, "subscribe_events", object{"symbol": testMints[0].String(), "since_seq": 1.0})
	b.tick(t)
	got = append(got, taken(t, s)...)
	seqs := pushed(t, got)
	if !slices.IsSorted(seqs) {
		t.Error("seqs go back")
	}

	events := seqsOf(got, "event_data")
	if n := len(events); n != total+(live+1)/2 || len(slices.Compact(events)) != n {
		t.Errorf("%d events, want %d", n, total+(live+1)/2)
	}
	var trades uint64
	for _, p := range got {
		if p.event == "kline_data" {
			trades = uint64(tradesOf(t, p))
		}
	}
	if trades != uint64(live-1-live%2) { // the newest of the second mint's
		t.Errorf("the candle is that of trade %d of %d", trades, live)
	}
}

// tradesOf is how many trades a pushed candle has.
func tradesOf(t *testing.T, p parsed) int64 {
	t.Helper()
	var candle wire.Candle
	if err := json.Unmarshal(p.Data, &candle); err != nil {
		t.Fatalf("%v in %s", err, p.Data)
	}
	return int64(candle.Trades)
}

// A client that is cut while it is brought up to date goes on from the newest seq it has: of all commits before that one it has
// been sent events and candles, wherever it is cut.
func TestCutWhileCatchingUpMissesNoCandle(t *testing.T) {
	b := newBench(t, nil)
	const total = 3*replayPage + 7
	for range total {
		b.trade(testMints[0], startTime, 1e18)
	}
	b.tick(t)
	s, p := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_events", object{"symbol": testMints[1].String()})
	ask(t, s, "subscribe_kline", klineOf(testMints[1]))

	minutes := map[market.Seq]int64{} // of the trades that come meanwhile, each with a candle of its own
	p.draining = func() {
		for range 3 + maxHeld/2 { // more than is held back, all in all
			time := startTime + 60*int64(len(minutes))
			minutes[b.trade(testMints[1], time, 1e18).Seq] = market.M1.Floor(time)
		}
		b.tick(t)
		if len(minutes) > 3*maxHeld {
			p.draining = nil
		}
	}
	_, got := ask(t, s, "subscribe_events", object{"symbol": testMints[0].String(), "since_seq": 1.0})
	b.tick(t)
	got = append(got, taken(t, s)...)

	events, candles := map[market.Seq]bool{}, map[int64]bool{}
	looked := market.Seq(total) // everything before was sent
	for _, p := range got {
		switch {
		case p.event == "event_data" && p.Symbol == testMints[1].String():
			events[p.Seq] = true
		case p.event == "kline_data":
			var candle wire.Candle
			if err := json.Unmarshal(p.Data, &candle); err != nil {
				t.Fatal(err)
			}
			candles[candle.Time] = true
		case p.event == "gap":
			t.Fatalf("gap %+v", p)
		}

		for ; looked+1 < p.Seq; looked++ {
			if seq := looked + 1; !events[seq] || !candles[minutes[seq]] {
				t.Fatalf("cut at %d, commit %d is missed: event sent %v, candle sent %v", p.Seq, seq, events[seq], candles[minutes[seq]])
			}
		}
	}
	if looked+1 < b.memory.Seq() || len(minutes) < maxHeld {
		t.Errorf("looked up to %d of %d, %d came meanwhile", looked, b.memory.Seq(), len(minutes))
	}
}

// A commit of more events than a page holds is replayed in parts, each event once, also when some of it goes meanwhile.
func TestLargeCommitIsReplayedInParts(t *testing.T) {
	const size = 2400
	b := newBench(t, nil)
	large := func() *market.Commit {
		c := &market.Commit{ChainTime: startTime}
		for i := range size {
			b.writer.trade(c, i%3)
		}
		c.Candles = nil
		return b.publish(c)
	}
	first, second := large(), large()
	b.tick(t)

	s, p := b.client(t, openSpace, "a")
	peak := 0
	p.draining = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		peak = max(peak, len(p.got))
		p.kept, p.got = append(p.kept, p.got...), nil
	}
	s.request("subscribe_events", []any{object{"since_seq": 1.0}}, nil)
	p.draining()
	p.got, p.kept = p.kept, nil
	got := taken(t, s)
	i := 0
	for _, c := range []*market.Commit{first, second} {
		for _, e := range c.Events {
			for got[i].event != "event_data" {
				i++
			}
			if got[i].Signature != e.Signature.String() || got[i].Seq != c.Seq {
				t.Fatalf("message %d is %s of %d", i, got[i].Signature, got[i].Seq)
			}
			i++
		}
	}

	if i != len(got) || peak > 2*replayPage {
		t.Errorf("%d messages more; %d at once", len(got)-i, peak)
	}
}

// Whatever a client follows, and however often the broadcaster lags, whether the log has what it lost or not, and the client
// takes it or not: each event it followed comes once, and seqs never go back, over all its topics.
func TestLagsLoseNothing(t *testing.T) {
	for seed := range uint64(80) {
		random := rand.New(rand.NewPCG(seed, 7))
		b := newBench(t, nil)
		s, p := b.client(t, openSpace, "a")
		followed := [3]bool{}
		due, counts := map[string]bool{}, map[string]int{}
		newest := map[string]int64{} // candle topics: the trades of what must have been shown, which no two candles share
		shown := map[string]int64{}
		trades := int64(0)
		next := func(mint int) *market.Commit {
			trades++
			c := b.tradeCommit(testMints[mint], startTime, 1e18)
			c.Candles[0].Candle.Trades = uint64(trades)
			return c
		}
		var seen market.Seq
		lose := func(mint int) { // the broadcaster does not see the first commit; it notices that at the second
			for i, commit := range []func(*market.Commit) *market.Commit{b.memory.commit, b.publish} {
				at := (mint + i) % 3
				note(commit(next(at)), followed[at], testMints[at].String(), due, newest)
			}
		}
		read := func() {
			t.Helper()
			for _, p := range taken(t, s) {
				if p.event == "history_data" {
					for _, candle := range parseCandles(t, p.Data) {
						shown[p.Symbol] = max(shown[p.Symbol], int64(candle.Trades))
					}
				}
				if p.event == "gap" {
					t.Fatalf("seed %d: gap %+v", seed, p)
				}

				if p.event != "event_data" && p.event != "kline_data" {
					continue
				}
				if p.Seq < seen {
					t.Fatalf("seed %d: %s of %d after %d", seed, p.event, p.Seq, seen)
				}

				seen = p.Seq
				if p.event == "kline_data" {
					shown[p.Symbol] = tradesOf(t, p)
					continue
				}

				if counts[p.Signature]++; counts[p.Signature] > 1 {
					t.Fatalf("seed %d: event of commit %d twice", seed, p.Seq)
				}
			}
		}
		for range 120 {
			p.crowded, b.memory.logged = random.IntN(3) == 0, 0
			if random.IntN(3) == 0 {
				b.memory.logged = b.memory.Seq() - market.Seq(random.Uint64N(3))
			}
			mint := random.IntN(3)
			symbol := testMints[mint].String()
			switch random.IntN(8) {
			case 0:
				s.request("subscribe_events", []any{object{"symbol": symbol}}, nil)
				followed[mint] = true
			case 1:
				b.absorbAll(t)
				if random.IntN(2) == 0 { // it lags in the middle of the request
					b.memory.reading = func() {
						b.memory.reading = nil
						lose(random.IntN(3))
						if err := b.deliver(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
				newest[symbol] = max(newest[symbol], 0)
				s.request("subscribe_kline", []any{klineOf(testMints[mint])}, nil)
				b.jobs.Wait()
			case 2:
				b.tick(t)
			case 3, 4:
				lose(mint)
				if random.IntN(2) == 0 {
					b.absorbAll(t)
				}
			default:
				c := b.publish(next(mint))
				note(c, followed[mint], symbol, due, newest)
				b.absorbAll(t)
			}

			read()
		}

		c := b.publish(next(0))
		note(c, followed[0], testMints[0].String(), due, newest)
		b.tick(t)
		read()
		for signature := range due {
			if counts[signature] != 1 {
				t.Fatalf("seed %d: a followed event came %d times", seed, counts[signature])
			}
		}

		for symbol, trades := range newest {
			if shown[symbol] < trades {
				t.Fatalf("seed %d: candle of trade %d never shown, last %d", seed, trades, shown[symbol])
			}
		}
	}
}

func note(c *market.Commit, followed bool, symbol string, due map[string]bool, newest map[string]int64) {
	if followed {
		due[c.Events[0].Signature.String()] = true
	}
	if _, ok := newest[symbol]; ok {
		newest[symbol] = int64(c.Candles[0].Candle.Trades)
	}
}

// A history that the client asked for with an acknowledgement may come as that alone.
func TestHistoryAsAcknowledgementAlone(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
	for space, event := range []string{openSpace: "get_history", spinSpace: "history"} {
		s, _ := b.client(t, space, fmt.Sprint(space))
		quiet := with(klineOf(testMints[0]), "event", false)
		if ack, got := ask(t, s, event, quiet); len(got) != 0 || ack["seq"] != 1.0 {
			t.Errorf("%s: %v, %v", event, ack, eventsOf(got))
		}

		if _, got := ask(t, s, event, klineOf(testMints[0])); len(got) != 1 {
			t.Errorf("%s: not asked to be quiet: %v", event, eventsOf(got))
		}
		s.request(event, []any{quiet}, nil) // nobody to acknowledge
		if got := taken(t, s); len(got) != 1 {
			t.Errorf("%s: without an acknowledgement: %v", event, eventsOf(got))
		}

		if ack, _ := ask(t, s, event, with(quiet, "event", "no")); ack["code"] != 1001.0 {
			t.Errorf("%s: %v", event, ack)
		}
	}
}
