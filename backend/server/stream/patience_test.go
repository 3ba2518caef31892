package stream

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A replica that is behind what a client saw on another node gets five seconds to have it: then the client goes on where it
// was, without a gap, on every kind of subscription.
func TestAReplicaThatIsBehindIsWaitedFor(t *testing.T) {
	for _, sub := range []struct {
		event   string
		payload object
		pushes  string
	}{
		{"subscribe_events", object{}, "event_data"},
		{"subscribe_events", object{"symbol": testMints[0].String()}, "event_data"},
		{"subscribe_price", object{"symbol": testMints[0].String()}, "price_update"},
		{"subscribe_kline", klineOf(testMints[0]), "history_data"},
	} {
		t.Run(sub.event, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(o *Options) { o.Patience = 5 * time.Second })
				b.run(t)
				s, _ := b.client(t, openSpace, "a")
				for range 3 {
					b.trade(testMints[0], startTime, 1e18)
				}

				synctest.Wait()

				began, answered := time.Now(), make(chan []parsed, 1)
				go func() {
					_, got := ask(t, s, sub.event, with(with(sub.payload, "since_seq", 7.0), "store", testStore))
					answered <- got
				}()
				synctest.Wait()
				time.Sleep(4 * time.Second)
				b.trade(testMints[0], startTime, 1e18) // 4
				b.trade(testMints[0], startTime, 1e18) // 5
				synctest.Wait()
				select {
				case got := <-answered:
					t.Fatalf("answered at commit 5: %v", eventsOf(got))
				default:
				}

				b.trade(testMints[0], startTime, 1e18) // 6: the newest that the client has
				got := <-answered
				if waited := time.Since(began); waited > 4*time.Second+50*time.Millisecond {
					t.Errorf("waited %v", waited)
				}

				if slices.Contains(eventsOf(got), "gap") {
					t.Errorf("%v", eventsOf(got))
				}

				b.trade(testMints[0], startTime, 1e18) // 7
				time.Sleep(time.Second)
				synctest.Wait()
				live := append(got, taken(t, s)...)
				if sub.pushes != "history_data" && !slices.Equal(seqsOf(live, sub.pushes), upTo(7, 7)) {
					t.Errorf("pushed %v", seqsOf(live, sub.pushes))
				}
			})
		})
	}
}

// Five seconds are all that a client is waited for, whatever it subscribes to; and a store that has no others beside it waits for
// nobody, nor does any for a seq of another store.
func TestAReplicaThatStaysBehindSaysSo(t *testing.T) {
	for _, c := range []struct {
		name     string
		patience time.Duration
		store    string
		waited   time.Duration
	}{
		{"a replica", 5 * time.Second, testStore, 5 * time.Second},
		{"a seq of another store", 5 * time.Second, "another", 0},
		{"a single server", 0, testStore, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(o *Options) { o.Patience = c.patience })
				b.run(t)
				b.trade(testMints[0], startTime, 1e18)
				synctest.Wait()
				s, _ := b.client(t, openSpace, "a")
				began := time.Now()
				for i := range 3 {
					_, got := ask(t, s, "subscribe_kline", with(with(klineOf(testMints[i]), "since_seq", 90.0), "store", c.store))
					if !slices.Equal(eventsOf(got), []string{"gap", "history_data", "subscription_confirmed"}) {
						t.Errorf("%v", eventsOf(got))
					}
				}

				if waited := time.Since(began); waited != c.waited {
					t.Errorf("waited %v", waited)
				}
				b.broadcaster.mu.Lock()
				defer b.broadcaster.mu.Unlock()
				if len(b.broadcaster.late) != 0 {
					t.Error("somebody still waits")
				}
			})
		})
	}
}
