package plain

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/leaktest"
	"spinscope/backend/polltest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestQueueIsBounded(t *testing.T) {
	q := newQueue(tally{3, 10})
	push := func(size int, free bool, unit uint64) error { return q.push(message{make([]byte, size), free}, unit) }
	for i, c := range []struct {
		size int
		free bool
		unit uint64
		want error
	}{
		{20, false, 0, nil},    // a single one goes through, whatever its size
		{1, false, 0, ErrSlow}, // the bytes are over
		{100, true, 0, nil},    // what was waited for does not count
		{1, false, 7, ErrSlow}, // the first of a unit decides
	} {
		if err := push(c.size, c.free, c.unit); !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if !q.crowded() || q.load() != (tally{2, 120}) {
		t.Errorf("crowded %v, %+v", q.crowded(), q.load())
	}
	for range 2 {
		m, more, _ := q.take()
		if !more || !q.crowded() { // what is taken counts until it is written
			t.Error("nothing to take, or it counts no more")
		}
		q.written(m)
	}
	if q.crowded() || q.load() != (tally{}) {
		t.Errorf("written out: %+v", q.load())
	}

	for range 3 {
		if err := push(1, false, 8); err != nil {
			t.Error(err)
		}
	}
	if err := push(1, false, 0); !errors.Is(err, ErrSlow) {
		t.Errorf("a fourth message: %v", err)
	}
	if err := push(1, false, 8); err != nil {
		t.Errorf("a fourth of the unit that was let in: %v", err)
	}

	drained := make(chan error, 1)
	go func() { drained <- q.drain(context.Background()) }()
	m, _, _ := q.take()
	q.written(m)
	q.close()
	if err := <-drained; !errors.Is(err, ErrClosed) {
		t.Errorf("drained a closed queue: %v", err)
	}
	if err := push(1, true, 0); !errors.Is(err, ErrClosed) {
		t.Errorf("pushed to a closed queue: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	q = newQueue(tally{3, 10})
	_ = push(20, false, 0)
	if err := q.drain(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("drained without patience: %v", err)
	}
}

// places counts what is taken.
type places struct{ taken chan struct{} }

func (p places) Reserve() error { p.taken <- struct{}{}; return nil }
func (p places) Release()       { <-p.taken }

// serve has a server on a port that echoes events, and the address of its WebSocket.
func serve(t *testing.T, o Options, h Handler) (*Server, string, places) {
	t.Helper()
	p := places{make(chan struct{}, 100)}
	o.Places = p
	s := New(o)
	if h.Connect == nil {
		h.Connect = func(*Conn, map[string]any) error { return nil }
	}
	h.Refusal = func(err error) any { return err.Error() }
	h.Malformed = func(c *Conn, err error) { _ = c.Answer("error", err.Error()) }
	h.Limited = func(c *Conn, _ func(any)) { _ = c.Answer("limited", nil) }
	if h.Event == nil {
		h.Event = func(c *Conn, name string, data any, ack func(any)) { _ = c.Answer(name, data) }
	}
	if h.Disconnect == nil {
		h.Disconnect = func(*Conn, string) {}
	}
	s.Handle(h)
	port := httptest.NewServer(s)
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(closing); err != nil {
			t.Errorf("close: %v", err)
		}
		port.Close()
		polltest.Until(t, "all places are free", func() bool { return len(p.taken) == 0 })
	})
	return s, "ws" + strings.TrimPrefix(port.URL, "http"), p
}

func dial(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

func read(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, text, err := ws.Read(ctx)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(text)
}

// A handler that panics costs its client an answer, and nobody a connection.
func TestPanicsAreCaught(t *testing.T) {
	s, address, _ := serve(t, Options{}, Handler{Event: func(c *Conn, name string, data any, _ func(any)) {
		if name == "panic" {
			panic("a fault")
		}
		_ = c.Answer(name, data)
	}})
	ws := dial(t, address)
	for _, text := range []string{`{"event":"panic"}`, `{"event":"echo","data":[1,"x"]}`} {
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, ws); got != `{"event":"echo","data":[1,"x"]}` {
		t.Errorf("got %s", got)
	}
	if s.Stats().Panics != 1 {
		t.Errorf("counted %+v", s.Stats())
	}
	_, refusing, _ := serve(t, Options{}, Handler{Connect: func(*Conn, map[string]any) error { panic("a fault") }})
	if got := read(t, dial(t, refusing)); got != `{"event":"error","data":"internal error"}` {
		t.Errorf("got %s", got)
	}
}

// One that answers no ping and reads nothing has gone; one that answers stays.
func TestSilentClientIsCut(t *testing.T) {
	reasons := make(chan string, 2)
	s, address, _ := serve(t, Options{PingInterval: 100 * time.Millisecond, PingTimeout: 3 * time.Second}, Handler{
		Disconnect: func(_ *Conn, reason string) { reasons <- reason },
	})
	dial(t, address) // whoever does not read does not see pings either
	good := dial(t, address)
	go func() { _, _, _ = good.Read(context.Background()) }() // it ends with the connection
	if reason := <-reasons; reason != "ping timeout" {
		t.Errorf("it was cut for: %s", reason)
	}
	if n := s.Stats().WebSockets; n > 1 {
		polltest.Until(t, "one is left", func() bool { return s.Stats().WebSockets == 1 })
	}
}

// One that takes nothing of an answer is cut when its time is over, however much room its queue has.
func TestStalledClientIsCut(t *testing.T) {
	reasons := make(chan string, 1)
	s, address, _ := serve(t, Options{StallTimeout: 300 * time.Millisecond}, Handler{
		Event: func(c *Conn, _ string, _ any, _ func(any)) {
			for range 64 {
				_ = c.Answer("large", strings.Repeat("x", 1<<20))
			}
		},
		Disconnect: func(_ *Conn, reason string) { reasons <- reason },
	})
	ws := dial(t, address)
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"event":"go"}`)); err != nil {
		t.Fatal(err)
	}
	if reason := <-reasons; reason != "slow consumer: stalled" {
		t.Errorf("it was cut for: %s", reason)
	}
	if n := s.Stats().SlowConsumers; n != 1 {
		t.Errorf("%d slow consumers", n)
	}
}

// When the server stops, what waits is written, and clients end as if the network had failed.
func TestCloseWritesWhatWaits(t *testing.T) {
	p := places{make(chan struct{}, 1)}
	s := New(Options{Places: p})
	s.Handle(Handler{
		Connect: func(c *Conn, _ map[string]any) error {
			c.Join("all")
			return c.Answer("hello", nil)
		},
		Disconnect: func(*Conn, string) {},
	})
	port := httptest.NewServer(s)
	defer port.Close()
	ws := dial(t, "ws"+strings.TrimPrefix(port.URL, "http"))
	if got := read(t, ws); got != `{"event":"hello","data":null}` {
		t.Errorf("got %s", got)
	}
	for range 100 {
		s.Broadcast("all", "push", json.RawMessage(`{"n":1}`), 5)
	}
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(closing); err != nil {
		t.Error(err)
	}
	for i := range 100 {
		if got := read(t, ws); got != `{"event":"push","data":{"n":1}}` {
			t.Fatalf("push %d: %s", i, got)
		}
	}
	_, _, err := ws.Read(context.Background())
	if err == nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("the end: %v", err)
	}
}

// Whatever a client sends, it is a message or is refused.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"event":"subscribe_kline","data":{"symbol":"x"},"id":1}`))
	f.Add([]byte(`{"event":"x","id":"y"}` + "\n"))
	f.Add([]byte(`{"event":"x","id":{}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parse(text)
		if err != nil {
			return
		}
		if r.Event == "" || len(r.ID) > maxID || len(r.ID) > 0 && !json.Valid(r.ID) {
			t.Fatalf("%q was read as %+v", text, r)
		}
	})
}

// Before a client has been answered all that it asked for, no push says where to go on from: it would go on from too far.
func TestPlacesAreNamedOnceMarked(t *testing.T) {
	p := places{make(chan struct{}, 1)}
	s := New(Options{Places: p, EventID: func(unit uint64) string { return "at:" + string(rune('0'+unit)) }})
	s.Handle(Handler{
		Connect:    func(c *Conn, _ map[string]any) error { c.Join("all"); return nil },
		Disconnect: func(*Conn, string) {},
	})
	port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeEvents(w, r, func(c *Conn) {
			s.Broadcast("all", "push", json.RawMessage(`1`), 4)
			c.Mark("at:4")
			c.Mark("at:9") // said once
			s.Broadcast("all", "push", json.RawMessage(`2`), 5)
			s.Broadcast("all", "alert", json.RawMessage(`3`), 0)
			_ = c.Answer("answer", 4)
			c.queue.finish()
		})
	}))
	defer port.Close()
	response, err := http.Get(port.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	const want = "event: push\ndata: 1\n\nid: at:4\n\nid: at:5\nevent: push\ndata: 2\n\nevent: alert\ndata: 3\n\nevent: answer\ndata: 4\n\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}
