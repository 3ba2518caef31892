package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// A push of the very commit that the history shows is left out, though it is sent after the client subscribed.
func TestPushOfTheHistorysCommitIsLeftOut(t *testing.T) {
	b := newBench(t, nil)
	first, _ := b.client(t, openSpace, "first")
	ask(t, first, "subscribe_kline", klineOf(testMints[0]))
	b.trade(testMints[0], startTime, 1e18)
	b.absorbAll(t) // waits in the batch
	second, _ := b.client(t, openSpace, "second")
	_, got := ask(t, second, "subscribe_kline", klineOf(testMints[0]))
	if got[0].Seq != 1 || len(parseCandles(t, got[0].Data)) != 1 {
		t.Fatalf("history %+v", got[0])
	}

	b.tick(t)
	if got := taken(t, second); len(got) != 0 {
		t.Errorf("the second client got %v", eventsOf(got))
	}
	if got := taken(t, first); !slices.Equal(eventsOf(got), []string{"kline_data"}) {
		t.Errorf("the first client got %v", eventsOf(got))
	}

	b.trade(testMints[0], startTime, 2e18)
	b.tick(t)
	if got := taken(t, second); len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("live: %+v", got)
	}
}

func TestCorrectionOfAnEmptiedBucketIsPushed(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	b.trade(testMints[0], startTime, 1e18)
	ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	flat := market.CandleChange{
		Mint: testMints[0], Interval: market.M1, Type: market.Correction, Removed: true,
		Candle: market.Candle{Time: market.M1.Floor(startTime), Open: market.Price(market.U64(5))},
	}
	b.publish(&market.Commit{Candles: []market.CandleChange{flat}})
	b.tick(t)
	got := taken(t, s)
	if len(got) != 1 || !bytes.Contains(got[0].Data, []byte(`"trades":0`)) || !bytes.Contains(got[0].Data, []byte(`"is_final":true,"update_type":"correction"`)) {
		t.Errorf("got %+v", got)
	}
}

// Clients come and go between the topics of all events and of single mints, at any moment of the batch. While a client
// follows an event's topic by either way it gets the event once, and seqs never go back.
func TestEventsComeOnceWhateverTheTopics(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t, nil)
		s, _ := b.client(t, openSpace, "a")
		other, _ := b.client(t, openSpace, "b") // keeps topics alive
		if seed%2 == 0 {
			ask(t, other, "subscribe_events", object{})
		}

		all, one := false, [3]bool{}
		must := map[market.Signature]bool{} // events absorbed while followed, the topic not left since
		waiting := map[market.Signature]int{}
		counts := map[string]int{}
		var seen market.Seq
		read := func() {
			for _, p := range taken(t, s) {
				if p.event != "event_data" {
					continue
				}
				if p.Seq < seen {
					t.Fatalf("seed %d: seq %d after %d", seed, p.Seq, seen)
				}
				seen = p.Seq
				if counts[p.Signature]++; counts[p.Signature] > 1 {
					t.Fatalf("seed %d: event of commit %d twice", seed, p.Seq)
				}
			}
		}
		for range 80 {
			mint := random.IntN(3)
			symbol := object{"symbol": testMints[mint].String()}
			switch random.IntN(7) {
			case 0:
				s.request("subscribe_events", nil, nil)
				all = true
			case 1:
				s.request("unsubscribe_events", nil, nil)
				all = false
				for signature, mint := range waiting {
					if !one[mint] {
						delete(waiting, signature)
					}
				}
			case 2:
				s.request("subscribe_events", []any{symbol}, nil)
				one[mint] = true
			case 3:
				s.request("unsubscribe_events", []any{symbol}, nil)
				if one[mint] = false; !all {
					for signature, of := range waiting {
						if of == mint {
							delete(waiting, signature)
						}
					}
				}
			case 4:
				b.tick(t)
				for signature := range waiting {
					must[signature] = true
				}
				clear(waiting)
			default:
				c := b.trade(testMints[mint], startTime, 1e18)
				if all || one[mint] {
					waiting[c.Events[0].Signature] = mint
				}
				b.absorbAll(t)
			}

			read()
		}

		b.tick(t)
		read()
		for signature := range waiting {
			must[signature] = true
		}

		for signature := range must {
			if counts[signature.String()] != 1 {
				t.Fatalf("seed %d: a followed event came %d times", seed, counts[signature.String()])
			}
		}
	}
}

func TestPriceShowsTheNewestTrade(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime+5, 3e18)
	b.tick(t)
	s, _ := b.client(t, openSpace, "a")
	_, got := ask(t, s, "subscribe_price", object{"symbol": testMints[0].String()})
	if !slices.Equal(eventsOf(got), []string{"subscription_confirmed", "price_update"}) || got[1].Price != "0.0000000003" || got[1].Seq != 1 {
		t.Fatalf("got %+v", got)
	}

	b.trade(testMints[0], startTime+4, 9e18) // backfilled: older than what is shown
	b.trade(testMints[1], startTime+9, 9e18) // another mint
	b.tick(t)
	if got := taken(t, s); len(got) != 0 {
		t.Errorf("an older trade was shown: %+v", got)
	}

	b.trade(testMints[0], startTime+6, 4e18)
	newest := b.trade(testMints[0], startTime+7, 5e18)
	b.tick(t)
	if got := taken(t, s); len(got) != 1 || got[0].Price != "0.0000000005" || got[0].Seq != newest.Seq {
		t.Errorf("two trades in one batch: %+v", got)
	}

	b.publish(&market.Commit{Removed: newest.Events})
	b.tick(t)
	if got := taken(t, s); len(got) != 1 || got[0].Price != "0.0000000004" {
		t.Errorf("after the newest was taken back: %+v", got)
	}

	if _, got := ask(t, s, "subscribe_price", object{"symbol": market.Pubkey{9}.String()}); len(got) != 1 {
		t.Errorf("a mint that was never traded: %v", eventsOf(got))
	}
}

func TestTokenEventsAndMovedEvents(t *testing.T) {
	b := newBench(t, nil)
	s, _ := b.client(t, openSpace, "a")
	ask(t, s, "subscribe_token_events")
	ask(t, s, "subscribe_events")
	created := b.writer.event(&spinpet.TokenCreated{Mint: testMints[0], Name: "<b>"}, 0)
	c := b.publish(&market.Commit{Events: []market.Event{created}})
	b.tick(t)

	got := taken(t, s)
	if !slices.Equal(eventsOf(got), []string{"token_created", "event_data"}) || got[0].EventType != "TokenCreated" || got[0].Seq != c.Seq {
		t.Fatalf("got %+v", got)
	}
	moved := created
	moved.Index = 7 // another place in the same block: nothing new to a client
	b.publish(&market.Commit{Removed: []market.Event{created}, Events: []market.Event{moved}})
	b.tick(t)
	if got := taken(t, s); len(got) != 0 {
		t.Errorf("an event that only changed places: %v", eventsOf(got))
	}

	later := moved
	later.BlockTime++
	b.publish(&market.Commit{Removed: []market.Event{moved}, Events: []market.Event{later}})
	b.tick(t)
	if got := taken(t, s); !slices.Equal(eventsOf(got), []string{"token_created", "event_data"}) {
		t.Errorf("an event whose time changed: %v", eventsOf(got))
	}
}

func TestRegistriesAreEmptyAfterDisconnect(t *testing.T) {
	b := newBench(t, nil)
	s, p := b.client(t, openSpace, "a")
	spin, _ := b.client(t, spinSpace, "b")
	symbol := object{"symbol": testMints[0].String()}
	ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	ask(t, s, "subscribe_price", symbol)
	ask(t, s, "subscribe_events", symbol)
	ask(t, s, "subscribe_events")
	ask(t, spin, "subscribe", klineOf(testMints[0]))
	b.trade(testMints[0], startTime, 1e18)
	b.absorbAll(t)
	ask(t, s, "subscribe_kline", klineOf(testMints[1])) // still on its way into the room

	m := b.Metrics()
	if m.ActiveConnections != 2 || m.Subscriptions != 6 || m.Mints != 2 || m.Topics != 5 {
		t.Errorf("metrics %+v", m)
	}
	if clients := b.Clients(); len(clients) != 2 || len(clients[0].Topics) != 5 || clients[0].Namespace != "/ws/kline" {
		t.Errorf("clients %+v", clients)
	}

	shared := Room{Name: key{kind: klineTopic, interval: market.M1, mint: testMints[0]}.room(), Subscribers: 2}
	if rooms := b.Rooms(); !slices.Contains(rooms, shared) {
		t.Errorf("rooms %+v", rooms)
	}
	p.gone = true
	b.disconnect(s, "transport close")
	b.disconnect(spin, "transport close")
	if m := b.Metrics(); m.ActiveConnections+m.Subscriptions+m.Topics+m.Mints != 0 || len(b.broadcaster.apart) != 0 || m.TotalConnections != 2 {
		t.Errorf("left behind: %+v, %d apart", m, len(b.broadcaster.apart))
	}

	b.tick(t)
	b.trade(testMints[0], startTime, 1e18)
	b.tick(t)
}

func TestRefusedToken(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "right" } })
	for _, auth := range []object{nil, {}, {"token": "wrong"}, {"token": 5.0}} {
		if _, err := b.connect(spaces()[0], &fakePeer{rooms: b.rooms[0]}, auth); err == nil {
			t.Errorf("%v was let in", auth)
		} else if err = unauthorized(err); fmt.Sprintf("%+v", errData(err)) != "{Code:1004 Message:missing or wrong token}" {
			t.Errorf("%v: data %+v", auth, errData(err))
		}
	}
	if _, err := b.connect(spaces()[0], &fakePeer{rooms: b.rooms[0]}, object{"token": "right"}); err != nil {
		t.Errorf("the right token: %v", err)
	}
}

// What is pushed and what the history holds is in whole units of the coin and of what it is paid in.
func TestCandlesAreInTheCoinsUnits(t *testing.T) {
	b := newBench(t, nil)
	b.store.(*memory).pair = market.MustPair(0, market.Pubkey{7}, 3, 2)
	s, _ := b.client(t, openSpace, "a")
	candle := market.Candle{
		Time: market.M1.Floor(startTime), Open: market.Price(market.U64(5)), Volume: market.U64(1500), QuoteVolume: market.U64(250),
		BuyVolume: market.U64(500), Trades: 2,
	}
	change := market.CandleChange{Mint: testMints[0], Interval: market.M1, Type: market.Realtime, Candle: candle}
	b.publish(&market.Commit{Candles: []market.CandleChange{change}})

	_, got := ask(t, s, "subscribe_kline", klineOf(testMints[0]))
	if candles := parseCandles(t, got[0].Data); len(candles) != 1 || candles[0].Volume != 1.5 || candles[0].QuoteVolume != 2.5 || candles[0].BuyVolume != 0.5 {
		t.Errorf("history %+v", candles)
	}
	b.publish(&market.Commit{Candles: []market.CandleChange{change}})
	b.tick(t)
	if got := taken(t, s); len(got) != 1 || !bytes.Contains(got[0].Data, []byte(`"volume":1.5,"quote_volume":2.5,"trades":2,"buy_volume":0.5`)) {
		t.Errorf("pushed %+v", got)
	}

	// What a client is sent that fell behind is read from the store.
	sub := &subscription{topic: b.broadcaster.topics[key{kind: klineTopic, interval: market.M1, mint: testMints[0]}]}
	behind, err := (&pursuit{s: s}).readCandles(&target{sub: sub}, 9, 9)
	if err != nil || len(behind) != 1 || !bytes.Contains(behind[0].payload, []byte(`"volume":1.5,"quote_volume":2.5`)) {
		t.Errorf("behind: %+v %v", behind, err)
	}
}
