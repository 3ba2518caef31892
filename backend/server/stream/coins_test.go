package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// fakeCoins follows what a test says.
type fakeCoins struct {
	mu       sync.Mutex
	waits    bool
	refused  error
	statuses map[market.Pubkey]wire.WatchStatus
	demanded map[market.Pubkey]int
	looks    int // at refusals
}

func newFakeCoins() *fakeCoins {
	return &fakeCoins{statuses: map[market.Pubkey]wire.WatchStatus{}, demanded: map[market.Pubkey]int{}}
}

func (c *fakeCoins) Demand(mint market.Pubkey) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.demanded[mint]++
	return c.waits, c.refused
}

func (c *fakeCoins) Statuses(mints []market.Pubkey) (list []wire.WatchStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, mint := range mints {
		if status, known := c.statuses[mint]; known {
			list = append(list, status)
		}
	}
	return list
}

func (c *fakeCoins) Refusals() (mints []market.Pubkey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	for mint, status := range c.statuses {
		if status.State == stateRefused {
			mints = append(mints, mint)
		}
	}
	return mints
}

func (c *fakeCoins) set(mint market.Pubkey, state string, done int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.statuses[mint] = wire.WatchStatus{Symbol: mint.String(), State: state, Done: done, Total: 100}
}

func (c *fakeCoins) answer(waits bool, refused error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits, c.refused = waits, refused
}

// withCoins runs a test over a stream in a bubble of its own time.
func withCoins(t *testing.T, test func(t *testing.T, b *bench, coins *fakeCoins)) {
	synctest.Test(t, func(t *testing.T) {
		coins := newFakeCoins()
		b := newBench(t, func(o *Options) { o.Coins = coins })
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		test(t, b, coins)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// acks collects acknowledgements.
type acks struct {
	t    *testing.T
	mu   sync.Mutex
	list []string
}

// send sends a request; its acknowledgement is noted by the name.
func (a *acks) send(s *session, name, event string, payload object) {
	s.request(event, []any{payload}, func(reply any) {
		text, err := json.Marshal(reply)
		if err != nil {
			a.t.Fatal(err)
		}
		var ack struct {
			Success bool   `json:"success"`
			Code    int    `json:"code"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(text, &ack); err != nil {
			a.t.Fatal(err)
		}

		if !ack.Success {
			name = fmt.Sprintf("%s %d %s", name, ack.Code, ack.Message)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.list = append(a.list, name)
	})
}

func (a *acks) expect(what string, names ...string) {
	a.t.Helper()
	synctest.Wait()
	if got := a.take(); !slices.Equal(got, names) {
		a.t.Errorf("%s: acknowledged %q, want %q", what, got, names)
	}
}

// take returns what was acknowledged since the last call.
func (a *acks) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.list
	a.list = nil
	return list
}

func expectEvents(t *testing.T, s *session, what string, names ...string) []parsed {
	t.Helper()
	synctest.Wait()
	got := taken(t, s)
	if !slices.Equal(eventsOf(got), names) {
		t.Errorf("%s: got %v, want %v", what, eventsOf(got), names)
	}
	return got
}

// TestARequestWaitsUntilItIsKnownWhatTheMintIs: what the client asks of the same mint stays behind it, and the rest goes on.
func TestARequestWaitsUntilItIsKnownWhatTheMintIs(t *testing.T) {
	for space, names := range [][2]string{{"subscribe_kline", "get_history"}, {"subscribe", "history"}} {
		withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
			a := &acks{t: t}
			s, _ := b.client(t, space, "a")
			coins.answer(true, nil)
			a.send(s, "subscribed", names[0], klineOf(testMints[0]))
			a.send(s, "history", names[1], klineOf(testMints[0]))
			a.send(s, "unsubscribed", "un"+names[0], klineOf(testMints[0]))
			a.send(s, "pong", "ping", nil)
			time.Sleep(time.Second)
			a.expect("while it is not known", "pong")
			expectEvents(t, s, "while it is not known", "pong")
			if !b.Wants(testMints[0]) || b.Wants(testMints[1]) {
				t.Error("nobody is known to wait for it")
			}

			b.trade(testMints[0], startTime, 1e18)
			coins.answer(false, nil)
			time.Sleep(lookEvery)
			a.expect("when it is", "subscribed", "history", "unsubscribed")
			got := expectEvents(t, s, "when it is", "history_data", "subscription_confirmed", "history_data", "unsubscribe_confirmed")
			if got[0].Seq != 1 {
				t.Errorf("answered as of commit %d", got[0].Seq)
			}

			time.Sleep(time.Second)
			if b.Wants(testMints[0]) {
				t.Error("somebody still waits for it")
			}
		})
	}
}

// TestWhatIsNoCoinIsRefused: with the reason, and the client goes on.
func TestWhatIsNoCoinIsRefused(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		symbol := object{"symbol": testMints[0].String()}
		coins.answer(true, nil)
		a.send(s, "kline", "subscribe_kline", klineOf(testMints[0]))
		a.send(s, "events", "subscribe_events", symbol)
		a.send(s, "price", "subscribe_price", symbol)
		a.send(s, "unsubscribed", "unsubscribe_events", symbol)
		time.Sleep(time.Second)
		coins.answer(false, errors.New("it is a wallet"))
		time.Sleep(lookEvery)
		a.expect("refused later", "kline 1001 it is a wallet", "events 1001 it is a wallet", "price 1001 it is a wallet", "unsubscribed")
		expectEvents(t, s, "refused later", "error", "error", "error", "unsubscribe_confirmed")

		a.send(s, "history", "get_history", klineOf(testMints[0]))
		a.expect("refused at once", "history 1001 it is a wallet")
		got := expectEvents(t, s, "refused at once", "error")
		if got[0].Code != wire.CodeInvalid || got[0].Message != "it is a wallet" {
			t.Errorf("%+v", got[0])
		}

		time.Sleep(time.Second)
		if b.Wants(testMints[0]) || b.Metrics().Subscriptions != 0 {
			t.Error("a refused request left something")
		}
	})
}

// TestWhatIsNotKnownInTimeIsAnswered: with what there is, and the client is told how it goes on.
func TestWhatIsNotKnownInTimeIsAnswered(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		coins.answer(true, nil)
		coins.set(testMints[0], "unknown", 0)
		a.send(s, "subscribed", "subscribe_kline", klineOf(testMints[0]))
		time.Sleep(waitsFor - lookEvery)
		a.expect("too early")
		time.Sleep(2 * lookEvery)
		a.expect("in time", "subscribed")
		time.Sleep(time.Second)
		if got := expectEvents(t, s, "in time", "history_data", "subscription_confirmed", "watch_status"); got[2].State != "unknown" {
			t.Errorf("%+v", got[2])
		}

		coins.answer(false, nil)
		b.trade(testMints[0], startTime, 1e18)
		coins.set(testMints[0], "live", 100)
		time.Sleep(time.Second)
		expectEvents(t, s, "at last", "kline_data", "watch_status", "history_data")
	})
}

// TestAClientLearnsHowFarACoinIs: at a bounded rate, until it is whole; then what was answered before is answered anew.
func TestAClientLearnsHowFarACoinIs(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, p := b.client(t, openSpace, "a")
		other, _ := b.client(t, openSpace, "b")
		mint := testMints[0]
		coins.set(mint, "reading", 0)
		a.send(s, "m1", "subscribe_kline", klineOf(mint))
		a.send(s, "s1", "subscribe_kline", with(klineOf(mint), "interval", "s1"))
		a.send(s, "s1 no more", "unsubscribe_kline", with(klineOf(mint), "interval", "s1"))
		a.send(s, "asked", "get_history", with(klineOf(mint), "limit", 1.0))
		a.send(s, "asked twice", "get_history", with(klineOf(mint), "limit", 1.0))
		a.send(other, "events", "subscribe_events", object{"symbol": mint.String()})
		a.send(other, "another coin", "subscribe_kline", klineOf(testMints[1]))
		a.expect("at once", "m1", "s1", "s1 no more", "asked", "asked twice", "events", "another coin")
		expectEvents(t, other, "at once", "subscription_confirmed", "history_data", "subscription_confirmed")
		taken(t, s)

		for done := range int64(99) {
			coins.set(mint, "reading", done)
			time.Sleep(50 * time.Millisecond)
		}

		for _, one := range []*session{s, other} {
			synctest.Wait()
			got := taken(t, one)
			if len(got) < 8 || len(got) > 12 {
				t.Errorf("told %d times in 5 s", len(got))
			}
			for i, status := range got {
				if status.event != "watch_status" || status.Symbol != mint.String() || status.State != "reading" || i > 0 && status.Done <= got[i-1].Done {
					t.Errorf("%+v", status)
				}
			}
		}

		for minute := range int64(3) {
			b.trade(mint, startTime+60*minute, 1e18)
		}
		time.Sleep(time.Second) // the first is pushed at once, and the others together with it or after the window
		taken(t, s)
		taken(t, other)
		coins.set(mint, "live", 100)
		time.Sleep(time.Second)

		got := expectEvents(t, s, "whole", "watch_status", "history_data", "history_data")
		if got[0].State != "live" || len(parseCandles(t, got[1].Data)) != 3 || len(parseCandles(t, got[2].Data)) != 1 || got[1].Seq != 3 {
			t.Errorf("%+v", got)
		}
		expectEvents(t, other, "whole", "watch_status")

		coins.set(mint, "reading", 50) // the connection was lost
		time.Sleep(time.Minute)
		expectEvents(t, s, "afterwards")

		// A client that takes nothing is told when it does.
		coins.set(mint, "reading", 60)
		p.crowd(true)
		a.send(s, "price", "subscribe_price", object{"symbol": mint.String()})
		time.Sleep(time.Second)
		expectEvents(t, s, "crowded", "subscription_confirmed", "price_update")
		p.crowd(false)
		time.Sleep(time.Second)
		expectEvents(t, s, "crowded no more", "watch_status")
	})
}

// TestACoinThatIsReadByListsAlone: a subscription to it is refused by the endpoint. A client that asked while its lists were read has
// what they had when it is told so, once, and again when it is live.
func TestACoinThatIsReadByListsAlone(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		mint := testMints[0]
		coins.set(mint, "reading", 0)
		a.send(s, "m1", "subscribe_kline", klineOf(mint))
		a.expect("at once", "m1")
		synctest.Wait()
		taken(t, s)

		for minute := range int64(3) {
			b.trade(mint, startTime+60*minute, 1e18)
		}
		time.Sleep(time.Second) // pushes of candles are put together
		taken(t, s)
		coins.set(mint, "refused", 0)
		time.Sleep(time.Second)
		got := expectEvents(t, s, "read by lists", "watch_status", "history_data")
		if got[0].State != "refused" || len(parseCandles(t, got[1].Data)) != 3 {
			t.Errorf("%+v", got)
		}

		coins.set(mint, "refused", 7) // its lists are read again
		time.Sleep(time.Second)
		expectEvents(t, s, "a minute later", "watch_status")

		coins.set(mint, "live", 0)
		time.Sleep(time.Second)
		expectEvents(t, s, "granted after all", "watch_status", "history_data")
	})
}

// TestACoinThatIsWhole: who subscribes is told so once; nothing is answered twice.
func TestACoinThatIsWhole(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		coins.set(testMints[0], "live", 100)
		a.send(s, "history", "get_history", klineOf(testMints[0]))
		a.send(s, "subscribed", "subscribe_kline", klineOf(testMints[0]))
		time.Sleep(time.Minute)
		a.expect("at once", "history", "subscribed")
		expectEvents(t, s, "whole", "history_data", "watch_status", "history_data", "subscription_confirmed")
	})
}

// TestTheHistoriesAfterTheWordAreWhole: one that was read before a coin was live is sent before the client is told that it is,
// whatever asked for it.
func TestTheHistoriesAfterTheWordAreWhole(t *testing.T) {
	mint := testMints[0]
	for name, payload := range map[string]object{
		"get_history":     klineOf(mint),
		"subscribe_kline": klineOf(mint),
		"a list":          {"symbols": []any{mint.String()}, "interval": "m1"},
		"waits":           klineOf(mint),
	} {
		t.Run(name, func(t *testing.T) {
			withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
				a := &acks{t: t}
				s, _ := b.client(t, openSpace, "a")
				coins.set(mint, "reading", 0)
				coins.answer(name == "waits", nil)
				b.trade(mint, startTime, 1e18)
				if name == "a list" { // by itself it has no coin followed
					a.send(s, "events", "subscribe_events", object{"symbol": mint.String()})
					a.take()
					taken(t, s)
				}

				var once sync.Once
				b.memory.reading = func() {
					once.Do(func() { // the first history is read, and is long on its way
						coins.set(mint, "live", 100)
						time.Sleep(time.Second)
					})
				}
				event := "subscribe_kline"
				if name == "get_history" || name == "waits" {
					event = "get_history"
				}
				a.send(s, "served", event, payload)
				coins.answer(false, nil)
				time.Sleep(2 * time.Second)

				a.expect("in the end", "served")
				got := eventsOf(taken(t, s))
				first, word := slices.Index(got, "history_data"), slices.Index(got, "watch_status")
				if first < 0 || word < first || len(got) > 4 {
					t.Errorf("%v", got)
				}
				if again := slices.Index(got[word+1:], "history_data"); (again < 0) != (name == "a list") {
					t.Errorf("after the word: %v", got[word+1:])
				}
			})
		})
	}
}

// TestACoinThatIsRefusedAfterItWasLive: who is subscribed to it is told so, and when it is live again, however it was told that the
// coin was live. Others are told nothing, and nobody looks where nobody was told.
func TestACoinThatIsRefusedAfterItWasLive(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		mint, price := testMints[0], object{"symbol": testMints[0].String()}
		early, _ := b.client(t, openSpace, "a")
		late, crowded := b.client(t, openSpace, "b")
		gone, _ := b.client(t, openSpace, "c")
		asked, _ := b.client(t, openSpace, "d")

		time.Sleep(time.Minute)
		if coins.looks != 0 {
			t.Errorf("%d looks at coins of which nobody was told", coins.looks)
		}
		coins.set(mint, "reading", 50)
		a.send(early, "", "subscribe_kline", klineOf(mint))
		time.Sleep(time.Second)
		coins.set(mint, "live", 100)
		time.Sleep(time.Second)
		a.send(late, "", "subscribe_price", price)
		a.send(gone, "", "subscribe_events", price)
		a.send(gone, "", "unsubscribe_events", price)
		a.send(asked, "", "get_history", klineOf(mint))
		time.Sleep(time.Minute)
		for _, s := range []*session{early, late, gone, asked} {
			taken(t, s)
		}

		crowded.crowd(true)
		coins.set(mint, "refused", 100)
		time.Sleep(refusalsEvery + time.Second)
		expectEvents(t, late, "crowded")
		crowded.crowd(false)
		time.Sleep(time.Minute)
		for _, s := range []*session{early, late} {
			if got := expectEvents(t, s, "refused", "watch_status"); got[0].State != "refused" {
				t.Errorf("%+v", got[0])
			}
		}
		expectEvents(t, gone, "subscribed no more")
		expectEvents(t, asked, "never subscribed")

		for range 2 { // as often as it comes and goes
			coins.set(mint, "live", 100)
			time.Sleep(time.Minute)
			coins.set(mint, "refused", 100)
			time.Sleep(time.Minute)
			for _, s := range []*session{early, late} {
				if got := expectEvents(t, s, "live, and refused again", "watch_status", "watch_status"); got[0].State != "live" || got[1].State != "refused" {
					t.Errorf("%+v", got)
				}
			}
		}

		coins.set(mint, "live", 100)
		time.Sleep(time.Minute)
		b.disconnect(early, "transport close")
		b.disconnect(late, "transport close")
		b.disconnect(gone, "transport close")
		if live, asked := len(b.desk.live), len(b.desk.asked); live != 0 || asked != 0 {
			t.Errorf("clients that have gone left %d and %d", live, asked)
		}
	})
}

// TestTheLiveCoinsOfAClientAreBounded: coins that it is not subscribed to any more are dropped.
func TestTheLiveCoinsOfAClientAreBounded(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		for n := range 5 * maxLive {
			mint := market.Pubkey{79, byte(n), byte(n >> 8)}
			coins.set(mint, "live", 100)
			a.send(s, "", "subscribe_price", object{"symbol": mint.String()})
			if n >= 10 {
				a.send(s, "", "unsubscribe_price", object{"symbol": mint.String()})
			}
			if len(s.live) > maxLive || len(b.desk.live) != len(s.live) {
				t.Fatalf("%d coins of the client, %d of all", len(s.live), len(b.desk.live))
			}
		}

		taken(t, s)
		for n := range 5 * maxLive {
			coins.set(market.Pubkey{79, byte(n), byte(n >> 8)}, "refused", 100)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := taken(t, s); len(got) != 10 {
			t.Errorf("%d coins are refused, of 10 that it is subscribed to", len(got))
		}
	})
}

// TestAClientThatGoesWhileItWaits leaves nothing, and nothing is served for it.
func TestAClientThatGoesWhileItWaits(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, p := b.client(t, openSpace, "a")
		coins.answer(true, nil)
		coins.set(testMints[0], "unknown", 0)
		a.send(s, "subscribed", "subscribe_kline", klineOf(testMints[0]))
		time.Sleep(time.Second)
		p.mu.Lock()
		p.gone = true
		p.mu.Unlock()
		b.disconnect(s, "transport close")
		if b.Wants(testMints[0]) {
			t.Error("a client that has gone waits")
		}

		coins.answer(false, nil)
		time.Sleep(time.Minute)
		a.expect("nobody is there")
		if m := b.Metrics(); m.Subscriptions != 0 || m.Topics != 0 {
			t.Errorf("%+v", m)
		}

		a.send(s, "too late", "subscribe_kline", klineOf(testMints[0]))
		time.Sleep(time.Second)
		if m := b.Metrics(); m.Subscriptions != 0 || b.Wants(testMints[0]) {
			t.Errorf("a client that has gone subscribed: %+v", m)
		}
	})
}

// TestRequestsThatWaitAreBounded: the next one is refused, and those that wait are served.
func TestRequestsThatWaitAreBounded(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		coins.answer(true, nil)
		for n := range maxWaiting {
			a.send(s, "history", "get_history", klineOf(market.Pubkey{77, byte(n / 2)}))
		}

		a.expect("all wait")
		a.send(s, "behind", "get_history", klineOf(market.Pubkey{77, 0}))
		a.send(s, "one more", "get_history", klineOf(market.Pubkey{78}))
		synctest.Wait()
		refusals := a.take()
		for _, refused := range refusals {
			if !slices.Contains([]string{"behind 1005", "one more 1005"}, refused[:min(len(refused), 11)]) && refused[:13] != "one more 1005" {
				t.Errorf("%q", refused)
			}
		}

		if len(refusals) != 2 {
			t.Errorf("%q", refusals)
		}
		coins.answer(false, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		b.desk.mu.Lock()

		waiting := s.waiting
		b.desk.mu.Unlock()
		if served := len(a.take()); served != maxWaiting || waiting != 0 {
			t.Errorf("%d served, %d wait", served, waiting)
		}
	})
}

// TestAWrongRequestFollowsNothing: what cannot be served asks for no coin, and neither does the end of a subscription.
func TestAWrongRequestFollowsNothing(t *testing.T) {
	withCoins(t, func(t *testing.T, b *bench, coins *fakeCoins) {
		a := &acks{t: t}
		s, _ := b.client(t, openSpace, "a")
		a.send(s, "", "subscribe_kline", with(klineOf(testMints[0]), "interval", "m7"))
		a.send(s, "", "get_history", with(klineOf(testMints[0]), "limit", -1.0))
		a.send(s, "", "unsubscribe_kline", klineOf(testMints[0]))
		a.send(s, "", "subscribe_events", object{})
		a.send(s, "", "subscribe_token_events", object{"symbol": testMints[0].String()})
		synctest.Wait()
		if acked := a.take(); len(coins.demanded) != 0 || len(acked) != 5 {
			t.Errorf("%v asked for, %q", coins.demanded, acked)
		}

		if b.Wants(testMints[0]) {
			t.Error("somebody wants it")
		}
		for _, event := range []string{"subscribe_kline", "subscribe_price", "subscribe_events"} {
			payload := klineOf(testMints[0])
			a.send(s, "", event, payload)
			if !b.Wants(testMints[0]) {
				t.Errorf("%s wants nothing", event)
			}
			a.send(s, "", "un"+event, payload)
			if b.Wants(testMints[0]) {
				t.Errorf("un%s wants something", event)
			}
		}
	})
}
