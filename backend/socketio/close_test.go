package socketio

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// stopping is a server that is told to close in the middle of a test.
func stopping(t *testing.T, joined chan<- *Conn) (st *site, left <-chan string, stop func() error) {
	t.Helper()
	reasons := make(chan string, 8)
	s := New(Options{})
	s.Namespace("/x", Handler{
		Connect:    func(c *Conn, _ map[string]any) error { joined <- c; return nil },
		Disconnect: func(_ *Conn, reason string) { reasons <- reason },
	})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return &site{Server: s, t: t, http: srv}, reasons, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return s.Close(ctx)
	}
}

// TestClose delivers what was sent before it. Then a WebSocket ends without a close frame, which many clients take for the
// last word: they would not come back.
func TestClose(t *testing.T) {
	joined := make(chan *Conn, 1)
	st, left, stop := stopping(t, joined)
	c := st.join("/x")
	conn := <-joined
	eventually(t, "the client is live", conn.isLive.Load) // before that what is sent waits for the answer to CONNECT
	idle := st.dial()                                     // no namespace
	for i := range 100 {
		if err := conn.Emit("n", i); err != nil {
			t.Fatal(err)
		}
	}

	closed := make(chan error, 1)
	go func() { closed <- stop() }()

	for _, one := range []struct {
		c        *client
		messages int
	}{{c, 100}, {idle, 0}} {
		for n := 0; ; n++ {
			m, err := one.c.next()
			if err == nil && strings.HasPrefix(m, "42/x,") {
				continue
			}
			if !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) || n != one.messages {
				t.Errorf("after %d of %d messages: %q, %v", n, one.messages, m, err)
			}
			break
		}
		_ = one.c.ws.Close()
	}

	if reason := <-left; reason != "server shutting down" {
		t.Errorf("reason %q", reason)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}

	if status, _ := st.poll("GET", "", ""); status != http.StatusServiceUnavailable {
		t.Errorf("after close: %d", status)
	}
}

// TestClosePolling: a poller gets what was sent before, and then 503 instead of Engine.IO's CLOSE, which would keep it away.
// One whose GET waits is told at once, one that is between two of them when it comes back.
func TestClosePolling(t *testing.T) {
	joined := make(chan *Conn, 1)
	st, left, stop := stopping(t, joined)
	sids := []string{st.pollOpen(), st.pollOpen()}
	for _, sid := range sids {
		st.poll("POST", sid, "40/x,")
		conn := <-joined
		eventually(t, "the client is live", conn.isLive.Load)
		if _, body := st.poll("GET", sid, ""); !strings.HasPrefix(body, "40/x,") {
			t.Fatalf("got %q", body)
		}

		if sid == sids[1] {
			for i := range 2 * maxPolled {
				if err := conn.Emit("n", i); err != nil {
					t.Fatal(err)
				}
			}
		}
	}

	waiting := st.pending(sids[0])
	closed := make(chan error, 1)
	go func() { closed <- stop() }()

	if a := <-waiting; a.status != http.StatusServiceUnavailable {
		t.Errorf("the GET that waits: %+v", a)
	}
	for want := 0; ; {
		status, body := st.poll("GET", sids[1], "")
		if want == 2*maxPolled {
			if status != http.StatusServiceUnavailable {
				t.Errorf("after the last frame: %d %q", status, body)
			}
			break
		}

		for p := range strings.SplitSeq(body, "\x1e") {
			if status != 200 || p != fmt.Sprintf(`42/x,["n",%d]`, want) {
				t.Fatalf("%d %q, want frame %d", status, p, want)
			}
			want++
		}
	}

	for range sids {
		if reason := <-left; reason != "server shutting down" {
			t.Errorf("reason %q", reason)
		}
	}

	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestClientCloses: a close that the client asks for is answered with its own status, as RFC 6455 wants it, though much
// waits for it; so is Engine.IO's CLOSE.
func TestClientCloses(t *testing.T) {
	joined := make(chan *Conn, 1)
	s := serve(t, Options{MaxQueuedBytes: 64 << 20}, func(s *Server) {
		s.Namespace("/", Handler{Connect: func(c *Conn, _ map[string]any) error { joined <- c; return nil }})
	})
	for name, tc := range map[string]struct {
		kind int
		data []byte
		want int
	}{
		"1000":      {websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), 1000},
		"4001":      {websocket.CloseMessage, websocket.FormatCloseMessage(4001, ""), 4001},
		"no status": {websocket.CloseMessage, nil, websocket.CloseNoStatusReceived},
		"CLOSE":     {websocket.TextMessage, []byte("1"), 1000},
	} {
		for _, busy := range []bool{false, true} {
			c := s.join("/")
			conn := <-joined
			for range 20 {
				if busy {
					_ = conn.Emit("x", strings.Repeat("x", 1<<20))
				}
			}

			if err := c.ws.WriteMessage(tc.kind, tc.data); err != nil {
				t.Fatal(err)
			}
			var err error
			for err == nil {
				_, err = c.next()
			}

			if !websocket.IsCloseError(err, tc.want) {
				t.Errorf("%s, busy %v: ended with %v", name, busy, err)
			}
		}
	}
}

// TestClosePollingInEitherOrder: the GET that a client sends together with its CLOSE is answered, whichever comes first.
func TestClosePollingInEitherOrder(t *testing.T) {
	s := suite(t, Options{})
	for _, first := range []string{"GET", "POST"} {
		sid := s.pollOpen()
		var get answer
		if first == "GET" {
			waiting := s.pending(sid)
			s.poll("POST", sid, "1")
			get = <-waiting
		} else {
			s.poll("POST", sid, "1")
			get.status, get.body = s.poll("GET", sid, "")
		}

		if get != (answer{200, "6"}) {
			t.Errorf("%s first: GET %+v", first, get)
		}
		if status, _ := s.poll("GET", sid, ""); status != 400 {
			t.Errorf("%s first: another GET %d", first, status)
		}
	}

	gone := s.pollOpen()
	s.poll("POST", gone, "1") // and never a GET
	eventually(t, "all are gone", func() bool { return s.Stats().Connections == 0 })
}

// TestCloseStuck drops the clients that do not let go when its time is up.
func TestCloseStuck(t *testing.T) {
	release := make(chan struct{})
	s := New(Options{})
	s.Namespace("/", Handler{Event: func(*Conn, string, []any, func(any)) { <-release }})
	srv := httptest.NewServer(s)
	defer srv.Close()
	st := &site{Server: s, t: t, http: srv}
	c := st.join("/")
	c.write(`42["x"]`)
	st.poll("POST", st.pollOpen(), "40")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("no error though a handler is stuck")
	}
	c.expectClosed()
	close(release)
	eventually(t, "all gone", func() bool { return s.Stats().Connections == 0 })
}
