package spinscope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"
)

// bench is a stream of candles, with a connection whose pushes the test makes.
type bench struct {
	t      *testing.T
	live   *live
	stream *CandleStream
}

// newBench answers requests of the REST API one after the other: a status, or an answer.
func newBench(t *testing.T, options FollowOptions, answers ...any) (b *bench, asked *[]string) {
	t.Helper()
	var mu sync.Mutex
	asked = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		*asked = append(*asked, r.URL.Query().Get("from"))
		if len(answers) == 0 {
			t.Errorf("nothing answers %s", r.URL)
			return
		}
		answer := answers[0]
		answers = answers[1:]
		if status, is := answer.(int); is {
			w.WriteHeader(status)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "data": answer})
	}))
	t.Cleanup(server.Close)
	l := &live{outgoing: make(chan struct{}, 1), greeted: make(chan struct{}), greeting: &Greeting{Store: "A"}}
	b = &bench{t, l, newCandleStream(l, &rest{base: server.URL, http: server.Client()}, "M", "s1", options)}
	b.stream.ended = func() {}
	b.do(b.stream.start)
	return b, asked
}

func (b *bench) do(what func()) {
	b.live.mu.Lock()
	defer b.live.mu.Unlock()
	what()
}

func (b *bench) history(seq uint64, store string, more bool, times ...int64) {
	h := &history{HasMore: more, Position: Position{seq, store}}
	for _, at := range times {
		h.Data = append(h.Data, candleAt(at, 1))
	}
	b.do(func() { b.stream.history(h) })
}

func (b *bench) push(seq uint64, at int64, price float64) {
	b.t.Helper()
	payload, err := json.Marshal(map[string]any{"data": candleAt(at, price)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(func() { err = b.stream.push(seq, payload) })
	if err != nil {
		b.t.Fatal(err)
	}
}

func candleAt(at int64, price float64) Candle { return Candle{Time: at, Close: price, Trades: 1} }

// expect reads the next updates, which must be these, as texts.
func (b *bench) expect(want ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	var got []string
	for range want {
		update, err := b.stream.Next(ctx)
		if err != nil {
			b.t.Fatalf("%v after %q", err, got)
		}
		switch u := update.(type) {
		case CandleUpdate:
			got = append(got, fmt.Sprint(u.Candle.Time, " ", u.Candle.Close, " ", u.Seq, " ", u.Store))
		case Reset:
			from := "all"
			if u.From != nil {
				from = fmt.Sprint(*u.From)
			}
			got = append(got, string(u.Cause)+" "+from)
		case WatchUpdate:
			got = append(got, u.State)
		}
	}
	if !reflect.DeepEqual(got, want) {
		b.t.Fatalf("told %q, want %q", got, want)
	}
}

func (b *bench) at(want Position, wanted bool) {
	b.t.Helper()
	if got, ok := b.stream.Position(); got != want || ok != wanted {
		b.t.Fatalf("position %v %v, want %v %v", got, ok, want, wanted)
	}
}

func (b *bench) asked() (last *feed, times int) {
	b.live.mu.Lock()
	defer b.live.mu.Unlock()
	return b.stream.feed, len(b.live.feeds)
}

func TestNewestStateOfEachCandle(t *testing.T) {
	b, _ := newBench(t, FollowOptions{})
	b.history(5, "A", false, 1, 2)
	b.push(6, 2, 2)
	b.push(7, 3, 1)
	b.push(8, 2, 3) // nobody has read 2 yet
	b.expect("1 1 5 A")
	b.at(Position{}, false) // of commit 5 only a part was taken
	b.expect("3 1 7 A", "2 3 8 A")
	b.at(Position{8, "A"}, true)

	// What a resume brings again, and a change that comes to nothing, is not told.
	b.history(9, "A", false, 3, 4)
	b.push(10, 4, 1)
	b.push(11, 5, 1)
	b.expect("4 1 10 A", "5 1 11 A")
}

func TestWhatLiesBeforeIsRead(t *testing.T) {
	from := int64(1)
	b, asked := newBench(t, FollowOptions{From: &from},
		page{[]Candle{candleAt(1, 1), candleAt(2, 1)}, true, Position{9, "A"}}, http.StatusServiceUnavailable,
		page{[]Candle{candleAt(3, 7)}, false, Position{9, "A"}})
	b.history(5, "A", true, 4, 5)
	b.push(8, 2, 6) // the page is newer
	b.push(10, 3, 8)
	b.expect("1 1 5 A", "2 1 5 A", "3 7 5 A", "4 1 5 A", "5 1 5 A", "3 8 10 A")
	if want := []string{"1", "3", "3"}; !reflect.DeepEqual(*asked, want) {
		t.Errorf("asked from %q, want %q", *asked, want)
	}

	b, _ = newBench(t, FollowOptions{Limit: 4},
		page{[]Candle{candleAt(2, 1)}, true, Position{5, "A"}}, page{[]Candle{candleAt(1, 1)}, true, Position{5, "A"}})
	b.history(5, "A", true, 3, 4)
	b.expect("1 1 5 A", "2 1 5 A", "3 1 5 A", "4 1 5 A")

	b, _ = newBench(t, FollowOptions{From: &from}, http.StatusUnauthorized)
	b.history(5, "A", true, 3)
	var refused *HTTPError
	if _, err := b.stream.Next(t.Context()); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("ended with %v", err)
	}
	if _, err := b.stream.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("then with %v", err)
	}
}

func TestBeginsAnew(t *testing.T) {
	b, _ := newBench(t, FollowOptions{}, page{[]Candle{candleAt(1, 5)}, false, Position{20, "A"}})
	b.history(5, "A", false, 1, 2)
	b.expect("1 1 5 A", "2 1 5 A")
	b.push(6, 2, 9) // void by what follows
	b.do(func() { b.stream.gap(&streamGap{Reason: "too much"}) })
	b.history(20, "A", true, 2, 3)
	b.expect("gap 1", "1 5 20 A", "2 1 20 A", "3 1 20 A")

	b.history(3, "B", false, 8)
	b.expect("store all", "8 1 3 B")
	b.at(Position{3, "B"}, true)

	b.do(func() { b.stream.watch(WatchUpdate{State: "live"}) })
	b.do(func() {
		b.stream.whole(&history{Data: []Candle{candleAt(7, 1), candleAt(8, 1)}, Position: Position{9, "B"}})
	})
	b.expect("live", "history 8", "8 1 9 B")

	// In the midst of things no history follows by itself.
	before, _ := b.asked()
	before.ready = true
	b.do(func() { b.stream.gap(&streamGap{Reason: "too much"}) })
	if after, _ := b.asked(); after == before || after.at != nil {
		t.Errorf("asked with %+v", after)
	}
}

func TestSlowReaderIsResumed(t *testing.T) {
	b, _ := newBench(t, FollowOptions{})
	b.history(5, "A", false, 1)
	b.expect("1 1 5 A")
	for at := range int64(maxWaiting + 1) {
		b.push(uint64(at)+6, at+2, 1) //nolint:gosec // small
	}
	if f, feeds := b.asked(); f != nil || feeds != 0 {
		t.Fatalf("%d subscriptions are held", feeds)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.expect("2 1 20000 A")
	}()
	var resumed *feed
	for resumed == nil {
		resumed, _ = b.asked()
		time.Sleep(time.Millisecond) // polls
	}
	if *resumed.at != (Position{5, "A"}) {
		t.Errorf("resumed from %v", resumed.at)
	}
	b.history(20000, "A", false, 1, 2)
	<-done
}

func TestEndsOfAStream(t *testing.T) {
	b, _ := newBench(t, FollowOptions{Since: &Position{7, "A"}})
	if f, _ := b.asked(); *f.at != (Position{7, "A"}) {
		t.Errorf("asked from %v", f.at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.stream.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled, it ended with %v", err)
	}
	b.do(func() { b.stream.fail(&RequestError{Code: CodeInvalid, Message: "no coin"}) })
	var refused *RequestError
	if _, err := b.stream.Next(t.Context()); !errors.As(err, &refused) || refused.Code != CodeInvalid {
		t.Errorf("refused, it ended with %v", err)
	}
	b.stream.Close()
	if _, err := b.stream.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("closed, it ended with %v", err)
	}
}

// Nothing of the events is missed by a slow reader, and none of them comes twice.
func TestEventsOfASlowReader(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "data": Status{Seq: 4, Store: "A"}})
	}))
	defer server.Close()
	l := &live{outgoing: make(chan struct{}, 1), greeted: make(chan struct{}), greeting: &Greeting{Store: "A"}}
	s := newEventStream(l, &rest{base: server.URL, http: server.Client()}, "events", "events", map[string]any{}, nil)
	s.ended = func() {}
	do := func(what func()) {
		l.mu.Lock()
		defer l.mu.Unlock()
		what()
	}
	subscribed := func() (at Position) {
		for found := false; !found; time.Sleep(time.Millisecond) { // polls
			do(func() {
				if found = s.feed != nil; found {
					at = *s.feed.at
				}
			})
		}
		return at
	}
	push := func(seq uint64, signature string) {
		do(func() {
			text := fmt.Sprintf(`{"event_data":{"signature":%q,"ordinal":0}}`, signature)
			if err := s.push(seq, json.RawMessage(text)); err != nil {
				t.Error(err)
			}
		})
	}
	next := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		h, err := s.Next(ctx)
		if e, ok := h.(Event); err != nil || !ok || e.Signature != want {
			t.Errorf("%+v, %v, want %s", h, err, want)
		}
	}

	do(s.start)
	if at := subscribed(); at != (Position{5, "A"}) { // the next commit
		t.Errorf("begins at %v", at)
	}
	push(7, "a")
	push(7, "a")
	next("a")
	for i := range maxWaiting + 1 {
		push(uint64(8+i), fmt.Sprint("b", i)) //nolint:gosec // small
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		next("b0")
	}()
	if at := subscribed(); at != (Position{7, "A"}) {
		t.Errorf("resumed from %v", at)
	}
	push(7, "a")
	push(8, "b0")
	<-done

	l.greeting.Store = "B"
	do(func() { s.gap(&streamGap{FromSeq: 1, ToSeq: 9}) })
	if h, err := s.Next(t.Context()); err != nil || h != (EventGap{CauseStore, 1, 9, "", "B"}) {
		t.Errorf("%+v, %v", h, err)
	}
	if at, _ := s.Position(); at != (Position{10, "B"}) {
		t.Errorf("goes on from %v", at)
	}
}

// Bars are read to the end, newest page first, and the gaps that were filled are left out.
func TestBars(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sesame" {
			t.Error("no token")
		}
		if r.URL.Path == "/api/export" {
			if q := r.URL.Query(); q.Get("from") != "3" || q.Get("to") != "305" {
				t.Errorf("gaps of %s", r.URL)
			}
			fmt.Fprintln(w, `{"from_slot":1,"to_slot":2,"state":"open","cause":"x","seq":1,"to_time":9}`)
			fmt.Fprintln(w, `{"from_slot":1,"to_slot":2,"state":"filled","cause":"x","seq":1}`)
			return
		}
		found := page{[]Candle{candleAt(5, 1), candleAt(4, 1)}, true, Position{8, "A"}}
		if r.URL.Query().Get("to") == "3" {
			found = page{[]Candle{candleAt(3, 1)}, true, Position{9, "A"}}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "data": found})
	}))
	defer server.Close()
	market, err := New(server.URL+"/", Options{Token: "sesame"})
	if err != nil {
		t.Fatal(err)
	}
	defer market.Close()
	to := int64(5)
	bars, err := market.Bars(t.Context(), "M", "m5", Range{To: &to, Limit: 3})
	want := &Bars{
		[]Candle{candleAt(3, 1), candleAt(4, 1), candleAt(5, 1)},
		[]Gap{{FromSlot: 1, ToSlot: 2, State: "open", Cause: "x", Seq: 1, ToTime: 9}}, Position{8, "A"},
	}
	if err != nil || !reflect.DeepEqual(bars, want) {
		t.Errorf("%+v, %v", bars, err)
	}
	if _, err := New("127.0.0.1:5051", Options{}); !errors.Is(err, ErrURL) {
		t.Error(err)
	}
}
