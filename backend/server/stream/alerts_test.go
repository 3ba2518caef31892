package stream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// alertList is an Alerts over a list: alert n has the seq n/2.
type alertList struct {
	mu      sync.Mutex
	list    []wire.AlertPush
	cut     market.Seq // alerts up to this seq are gone
	failing error
	reading func()
}

func alertAt(n int) wire.AlertPush {
	return wire.AlertPush{Number: uint64(n), Payload: fmt.Appendf(nil, `{"signature":"%d","seq":%d}`, n, n/2)}
}

func (l *alertList) AlertsSince(_ context.Context, since market.Seq) (list []wire.AlertPush, last uint64, complete bool, err error) {
	l.mu.Lock()
	for _, a := range l.list {
		if seq := market.Seq(a.Number / 2); seq >= since && seq > l.cut {
			list = append(list, a)
		}
	}
	last, complete = uint64(len(l.list)), since > l.cut
	l.mu.Unlock()
	if l.reading != nil {
		l.reading()
	}
	return list, last, complete, l.failing
}

// store adds an alert, which is not pushed yet.
func (l *alertList) store() wire.AlertPush {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := alertAt(len(l.list) + 1)
	l.list = append(l.list, a)
	return a
}

func alertBench(t *testing.T) (*bench, *alertList) {
	t.Helper()
	l := &alertList{}
	b := newBench(t, func(o *Options) { o.Alerts = l })
	for range 300 { // seqs that since_seq may name
		b.memory.commit(&market.Commit{})
	}
	return b, l
}

func (b *bench) fire(l *alertList) {
	a := l.store()
	b.PushAlerts(a.Number, []wire.AlertPush{a})
}

// alertNumbers are the ids of the alerts among pushes, and the other pushes' names.
func alertNumbers(t *testing.T, got []parsed) (numbers []int, others []string) {
	t.Helper()
	for _, p := range got {
		if p.event != "alert" {
			others = append(others, p.event)
			continue
		}
		var n int
		if _, err := fmt.Sscan(p.Signature, &n); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers, others
}

func numbersFrom(from, to int) (list []int) {
	for n := from; n <= to; n++ {
		list = append(list, n)
	}
	return list
}

func TestAlertsAreReplayed(t *testing.T) {
	b, l := alertBench(t)
	for range 9 {
		b.fire(l)
	}

	for _, c := range []struct {
		since, cut any
		want       []int
		others     []string
	}{
		{nil, 0, nil, []string{"subscription_confirmed"}},
		{1.0, 0, numbersFrom(2, 9), []string{"subscription_confirmed"}},
		{3.0, 0, numbersFrom(6, 9), []string{"subscription_confirmed"}},
		{5.0, 0, nil, []string{"subscription_confirmed"}},
		{2.0, 3, numbersFrom(8, 9), []string{"subscription_confirmed", "gap"}},
		{1e9, 0, nil, []string{"subscription_confirmed", "gap"}},
	} {
		l.cut = market.Seq(c.cut.(int))
		s, _ := b.client(t, openSpace, "a")
		ack, got := ask(t, s, "subscribe_alerts", object{"since_seq": c.since})
		numbers, others := alertNumbers(t, got)
		if ack["success"] != true || !slices.Equal(numbers, c.want) || !slices.Equal(others, c.others) {
			t.Errorf("since %v: %v, %v %v", c.since, ack, numbers, others)
		}

		a := l.store()
		b.PushAlerts(a.Number, []wire.AlertPush{a})
		if live, _ := alertNumbers(t, taken(t, s)); !slices.Equal(live, []int{int(a.Number)}) {
			t.Errorf("since %v: live %v, want %d", c.since, live, a.Number)
		}

		l.list = l.list[:9]
		b.disconnect(s, "done")
	}

	l.cut, l.failing = 0, errors.New("disk")
	s, _ := b.client(t, openSpace, "b")
	ack, got := ask(t, s, "subscribe_alerts", object{"since_seq": 1.0})
	if _, others := alertNumbers(t, got); ack["success"] != true || !slices.Equal(others, []string{"subscription_confirmed", "gap"}) {
		t.Errorf("a failing store: %v %v", ack, others)
	}

	ask(t, s, "unsubscribe_alerts")
	b.fire(l)
	if got := taken(t, s); len(got) != 0 {
		t.Errorf("after unsubscribing %v", eventsOf(got))
	}

	if len(b.broadcaster.apart) != 0 || len(b.broadcaster.topics) != 0 {
		t.Errorf("%d apart, %d topics left", len(b.broadcaster.apart), len(b.broadcaster.topics))
	}
}

// Clients that come with since_seq while alerts are stored and, a little later, pushed get each one once, in order.
func TestAlertsHaveNoSeam(t *testing.T) {
	b, l := alertBench(t)
	const total, clients = 400, 12
	l.reading = runtime.Gosched
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := rand.New(rand.NewPCG(1, 2))
		for stored, pushed := 0, 0; pushed < total; {
			if stored < total && r.IntN(2) == 0 {
				l.store()
				stored++
			} else if n := r.IntN(stored - pushed + 1); n > 0 {
				var list []wire.AlertPush
				for range n {
					pushed++
					list = append(list, alertAt(pushed))
				}
				b.PushAlerts(uint64(pushed), list)
			}

			runtime.Gosched()
		}
	}()

	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for {
				s, _ := b.client(t, openSpace, fmt.Sprint(i))
				since := 1 + r.IntN(150)
				l.mu.Lock()
				stored := len(l.list) >= 2*since
				l.mu.Unlock()
				s.request("subscribe_alerts", []any{object{"since_seq": float64(since)}}, nil)

				over := false
				select {
				case <-done:
					over = true
				default:
				}

				if over || r.IntN(4) == 0 {
					<-done
					numbers, _ := alertNumbers(t, taken(t, s))
					// One that asks for what is not there yet gets what comes, from wherever that is.
					if len(numbers) == 0 || numbers[0] > 2*since || !slices.Equal(numbers, numbersFrom(numbers[0], total)) {
						t.Errorf("client %d since %d: %d alerts: %.300v", i, since, len(numbers), fmt.Sprint(numbers))
					}
					if stored && numbers[0] != 2*since {
						t.Errorf("client %d since %d: the first is %d", i, since, numbers[0])
					}
					return
				}
				b.disconnect(s, "again")
			}
		})
	}

	group.Wait()
}

// What is stored and not pushed yet comes with the replay, and then not again.
func TestAlertsStoredButNotPushed(t *testing.T) {
	b, l := alertBench(t)
	b.fire(l)
	two, three := l.store(), l.store()
	s, p := b.client(t, openSpace, "a")
	_, got := ask(t, s, "subscribe_alerts", object{"since_seq": 1.0})
	if numbers, _ := alertNumbers(t, got); !slices.Equal(numbers, []int{2, 3}) {
		t.Fatalf("replayed %v", numbers)
	}

	b.PushAlerts(2, []wire.AlertPush{two})
	if got := taken(t, s); len(got) > 0 {
		t.Errorf("again: %v", eventsOf(got))
	}
	b.PushAlerts(3, []wire.AlertPush{three})
	b.fire(l)
	if numbers, _ := alertNumbers(t, taken(t, s)); !slices.Equal(numbers, []int{4}) {
		t.Errorf("then %v", numbers)
	}

	// Subscribing once more while an alert is pushed: it comes in its place, once.
	l.reading = func() {
		l.reading = nil
		b.fire(l)
	}
	_, got = ask(t, s, "subscribe_alerts", object{"since_seq": 2.0})
	if numbers, _ := alertNumbers(t, got); !slices.Equal(numbers, []int{4, 5}) {
		t.Errorf("with a push in the middle %v", numbers)
	}

	b.fire(l)
	if numbers, _ := alertNumbers(t, taken(t, s)); !slices.Equal(numbers, []int{6}) || p.gone {
		t.Errorf("in the end %v", numbers)
	}
}
