package socketio

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"
)

// TestClose delivers what was sent before it, and only FinalClose tells the
// clients not to come back.
func TestClose(t *testing.T) {
	for _, final := range []bool{false, true} {
		left := make(chan string, 1)
		joined := make(chan *Conn, 1)
		s := New(Options{FinalClose: final})
		s.Namespace("/x", Handler{
			Connect:    func(c *Conn, _ map[string]any) error { joined <- c; return nil },
			Disconnect: func(_ *Conn, reason string) { left <- reason },
		})
		srv := httptest.NewServer(s)
		st := &site{Server: s, t: t, http: srv}
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
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			closed <- s.Close(ctx)
		}()
		var got []string
		for {
			m, err := c.next()
			if err != nil {
				if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
					t.Errorf("ended with %v", err)
				}
				break
			}
			got = append(got, m)
		}
		want := 100
		if final {
			want++
		}
		if len(got) != want || final && got[100] != "41/x," {
			t.Errorf("final %v: got %d messages, last %q", final, len(got), got[len(got)-1])
		}
		idle.expectClosed()
		if reason := <-left; reason != "server shutting down" {
			t.Errorf("reason %q", reason)
		}
		_ = c.ws.Close()
		_ = idle.ws.Close()
		if err := <-closed; err != nil {
			t.Errorf("close: %v", err)
		}
		if status, _ := st.poll("GET", "", ""); status != 503 {
			t.Errorf("after close: %d", status)
		}
		srv.Close()
	}
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
