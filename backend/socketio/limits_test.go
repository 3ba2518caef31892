package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestCure7SlowConsumer: clients that answer nothing and read nothing make the
// stock library buffer without end. Here they are cut, memory stays bounded, and
// the others get everything.
func TestCure7SlowConsumer(t *testing.T) {
	const stalled, frames = 20, 4000
	var ns *Namespace
	reasons, joined := make(chan string, stalled+1), make(chan *Conn, stalled+1)
	s := serve(t, Options{MaxQueuedMessages: 256, MaxQueuedBytes: 1 << 20}, func(s *Server) {
		ns = s.Namespace("/s", Handler{
			Connect:    func(c *Conn, _ map[string]any) error { c.Join("r"); joined <- c; return nil },
			Disconnect: func(_ *Conn, reason string) { reasons <- reason },
		})
	})
	for range stalled {
		s.join("/s") // never read again
		<-joined
	}

	healthy := s.join("/s")
	good := <-joined
	eventually(t, "all joined", func() bool { return ns.Members("r") == stalled+1 })
	payload := json.RawMessage(`"` + strings.Repeat("x", 4000) + `"`)
	read := make(chan int, 1)
	go func() {
		n := 0
		for ; n < frames; n++ {
			if _, err := healthy.next(); err != nil {
				break
			}
		}
		read <- n
	}()

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range frames {
		ns.Broadcast("r", "x", payload, 0)
		if i%64 == 63 { // no faster than the healthy one can read
			if err := good.Drain(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}

	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := <-read; n != frames {
		t.Errorf("healthy client got %d of %d", n, frames)
	}

	for range stalled {
		if reason := <-reasons; reason != "slow consumer: queue full" {
			t.Errorf("reason %q", reason)
		}
	}

	if st := s.Stats(); st.SlowConsumers != stalled || st.Dropped == 0 || st.Connections != 1 {
		t.Errorf("stats %+v", st)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("heap grew by %d MB", grown>>20)
	}
}

// TestStallTimeout cuts a client that takes nothing, though its queue is far from
// full.
func TestStallTimeout(t *testing.T) {
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			joined, left := make(chan *Conn, 1), make(chan string, 1)
			s := serve(t, Options{StallTimeout: 100 * time.Millisecond, MaxQueuedBytes: 64 << 20}, func(s *Server) {
				s.Namespace("/", Handler{
					Connect:    func(c *Conn, _ map[string]any) error { joined <- c; return nil },
					Disconnect: func(_ *Conn, reason string) { left <- reason },
				})
			})
			if transport == "websocket" {
				s.join("/")
			} else {
				sid := s.pollOpen()
				s.poll("POST", sid, "40")
				s.poll("GET", sid, "")
				s.request("GET", sid) // its answer is never read
			}

			c := <-joined
			big := strings.Repeat("x", 16<<20)
			for range 3 { // each more than the kernel takes
				if err := c.Emit("x", big); err != nil && !errors.Is(err, ErrClosed) {
					t.Fatal(err)
				}
			}

			if err := c.Drain(context.Background()); !errors.Is(err, ErrClosed) {
				t.Errorf("drain: %v", err)
			}
			if reason := <-left; !strings.HasPrefix(reason, "slow consumer") {
				t.Errorf("reason %q", reason)
			}

			if err := c.Emit("x", 1); !errors.Is(err, ErrClosed) {
				t.Errorf("emit: %v", err)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	var limited atomic.Int64
	s := serve(t, Options{RequestsPerSecond: 1, Burst: 5}, func(s *Server) {
		s.Namespace("/", Handler{
			Event:   func(_ *Conn, _ string, args []any, ack func(any)) { ack("ok") },
			Limited: func(_ *Conn, ack func(any)) { limited.Add(1); ack("limited") },
		})
	})
	c, other := s.join("/"), s.join("/")
	for i := range 20 {
		c.write(fmt.Sprintf(`42%d["n"]`, i))
	}

	ok := 0
	for range 20 {
		if strings.HasSuffix(c.read(), `["ok"]`) {
			ok++
		}
	}

	if ok < 5 || ok > 10 || limited.Load() != int64(20-ok) || s.Stats().Limited != int64(20-ok) {
		t.Errorf("%d served, %d limited", ok, limited.Load())
	}
	other.write(`421["n"]`)
	other.expect(`431["ok"]`)
}

// TestMaxPending: a handler that takes its time stops the reading, not the
// memory, and no request is lost.
func TestMaxPending(t *testing.T) {
	opened := make(chan struct{})
	opts := plenty
	opts.MaxPending = 4
	var conn atomic.Pointer[Conn]
	s := serve(t, opts, func(s *Server) {
		s.Namespace("/", Handler{Event: func(c *Conn, _ string, args []any, ack func(any)) {
			conn.Store(c)
			<-opened
			ack(args[0])
		}})
	})
	c, other := s.join("/"), s.join("/")
	for i := range 50 {
		c.write(fmt.Sprintf(`42%d["n",%d]`, i, i))
	}

	eventually(t, "the inbox is full", func() bool {
		if conn.Load() == nil {
			return false
		}
		b := &conn.Load().inbox
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.pending() > 4 {
			t.Fatalf("%d pending", b.pending())
		}
		return b.pending() == 4
	})
	close(opened)
	for i := range 50 {
		c.expect(fmt.Sprintf("43%d[%d]", i, i))
	}

	other.write(`42["n",1]`)
}

func TestMaxConnections(t *testing.T) {
	s := suite(t, Options{MaxConnections: 3})
	a, b := s.join("/"), s.join("/")
	sid := s.pollOpen()
	status, body := s.poll("GET", "", "")
	var refusal struct {
		Code    int
		Message string
	}
	if err := json.Unmarshal([]byte(body), &refusal); err != nil || status != 503 || !strings.Contains(refusal.Message, "limit is 3") {
		t.Fatalf("fourth: %d %q", status, body)
	}

	_, resp, err := websocket.DefaultDialer.Dial(s.url("ws", "transport=websocket"), nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("fourth by WebSocket: %v %v", resp, err)
	}
	_ = resp.Body.Close()
	for _, c := range []*client{a, b} {
		c.expect(`42["auth",{}]`)
		c.write(`42["message"]`)
		c.expect(`42["message-back"]`)
	}

	s.poll("POST", sid, "1")
	_ = a.ws.Close()
	eventually(t, "space again", func() bool { return s.free() == 2 })
	s.join("/")
	if st := s.Stats(); st.Refused != 2 {
		t.Errorf("refused = %d", st.Refused)
	}
}

// TestCure10Allow: the stock library checks no Origin on upgrades. Allow sees
// every request, upgrades and those of known sessions included.
func TestCure10Allow(t *testing.T) {
	s := suite(t, Options{Allow: func(r *http.Request) error {
		switch r.Header.Get("Origin") {
		case "", "http://good":
			return nil
		case "http://teapot":
			return &RequestError{Status: http.StatusTeapot, Code: 9, Message: "short and stout"}
		}
		return errors.New("origin not allowed")
	}})
	sid := s.pollOpen()
	for origin, want := range map[string]int{"http://evil": 403, "null": 403, "http://teapot": 418} {
		for _, query := range []string{"transport=websocket", "transport=websocket&sid=" + sid} {
			_, resp, err := websocket.DefaultDialer.Dial(s.url("ws", query), http.Header{"Origin": {origin}})
			if err == nil || resp == nil || resp.StatusCode != want {
				t.Fatalf("%s %s: %v %v", origin, query, resp, err)
			}
			_ = resp.Body.Close()
		}

		for _, query := range []string{"transport=polling", "transport=polling&sid=" + sid} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url("http", query), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Origin", origin)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}

			var body struct{ Message string }
			if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != want || body.Message == "" {
				t.Errorf("%s %s: %d %v", origin, query, resp.StatusCode, err)
			}
			_ = resp.Body.Close()
		}
	}

	ws, resp, err := websocket.DefaultDialer.Dial(s.url("ws", "transport=websocket"), http.Header{"Origin": {"http://good"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_ = ws.Close()
}

// TestCure9Close: the stock Disconnect(true) looks like a network loss, after
// which clients come back. Close says DISCONNECT first.
func TestCure9Close(t *testing.T) {
	left := make(chan string, 2)
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/k", Handler{
			Event: func(c *Conn, name string, _ []any, _ func(any)) {
				_ = c.Emit("bye", nil)
				c.Close("kicked")
				_ = c.Emit("too late", nil)
			},
			Disconnect: func(_ *Conn, reason string) { left <- reason },
		})
	})
	c := s.join("/k")
	c.connect("/")
	c.write(`42/k,["kick"]`, `42/k,["ignored"]`)
	c.expect(`42/k,["bye"]`, "41/k,")
	if got := <-left; got != "kicked" {
		t.Errorf("reason %q", got)
	}

	c.write(`42/k,["on its way already"]`) // must not close the other namespace
	c.connect("/k")
	only := s.join("/k")
	only.write(`42/k,["kick"]`)
	only.expect(`42/k,["bye"]`, "41/k,")
	only.expectClosed()
}

// TestPanics: a panicking handler kills the process of the stock library.
func TestPanics(t *testing.T) {
	left := make(chan struct{}, 1)
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/", Handler{
			Event: func(c *Conn, name string, _ []any, ack func(any)) {
				if name == "panic" {
					panic("in the handler")
				}
				ack("fine")
			},
			Disconnect: func(*Conn, string) { defer close(left); panic("in disconnect") },
		})
	})
	c := s.join("/")
	c.write(`42["panic"]`, `427["x"]`)
	c.expect(`437["fine"]`)
	c.write("41")
	<-left
	eventually(t, "both counted", func() bool { return s.Stats().Panics == 2 })
}

// TestCure6Ghosts drops connections in the middle of connecting. Nothing of them
// may stay anywhere, in the library's registries neither.
func TestCure6Ghosts(t *testing.T) {
	var in, out atomic.Int64
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/g", Handler{
			Connect:    func(c *Conn, _ map[string]any) error { in.Add(1); c.Join("r"); return nil },
			Disconnect: func(*Conn, string) { out.Add(1) },
		})
	})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 40 {
				c := s.dialRaw("transport=websocket")
				_ = c.ws.WriteMessage(websocket.TextMessage, []byte("40/g,"))
				_ = c.ws.NetConn().(*net.TCPConn).SetLinger(0)
				_ = c.ws.NetConn().Close()
			}
		})
	}

	all.Wait()
	ns := s.namespaces["/g"]
	eventually(t, "all are gone", func() bool {
		return in.Load() == out.Load() && s.Stats().Connections == 0 && ns.Members("") == 0 &&
			len(ns.Rooms()) == 0 && ns.nsp.Sockets().Len() == 0 && s.free() == s.opts.MaxConnections
	})
	s.sweep(s.sweep(nil))
	if st := s.Stats(); st.Ghosts != 0 {
		t.Errorf("%d ghosts were left to the sweep", st.Ghosts)
	}
}

// A session may close before anybody listens for that: here its heartbeat fails in the middle of the handshake.
func TestCure6ClosedBeforeListening(t *testing.T) {
	s := serve(t, Options{PingInterval: time.Microsecond, PingTimeout: time.Microsecond, connectTimeout: 50 * time.Millisecond}, nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				s.poll(http.MethodGet, "", "")
				if ws, resp, err := websocket.DefaultDialer.Dial(s.url("ws", "transport=websocket"), nil); err == nil {
					_ = resp.Body.Close()
					_ = ws.Close()
				}
			}
		})
	}

	all.Wait()
	eventually(t, "all are gone", func() bool {
		return s.Stats().Connections == 0 && s.io.Engine().ClientsCount() == 0 && s.io.Engine().Clients().Len() == 0 &&
			s.free() == s.opts.MaxConnections
	})
	if st := s.Stats(); st.Ghosts != 0 {
		t.Errorf("%d ghosts were left to the sweep", st.Ghosts)
	}

	http.DefaultClient.CloseIdleConnections()
	eventually(t, "no timer is left", func() bool { return !running("utils.SetTimeout") })
}

// TestCure11NoRecovery: connection state recovery, which panics in the library, is off. A client that asks for it is a new
// one.
func TestCure11NoRecovery(t *testing.T) {
	s := serve(t, Options{}, func(s *Server) { s.Namespace("/r", Handler{}) })
	seen := map[string]bool{}
	for range 2 {
		c := s.dial()
		c.write(`40/r,{"pid":"abc","offset":"def"}`)
		var answer struct{ Sid, Pid string }
		text := strings.TrimPrefix(c.read(), "40/r,")
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Sid == "" || answer.Pid != "" || seen[answer.Sid] {
			t.Fatalf("CONNECT answered %s: %v", text, err)
		}
		seen[answer.Sid] = true
		_ = c.ws.Close()
	}
	eventually(t, "both are gone", func() bool { return s.Stats().Connections == 0 })
}

// TestCure12NoAuth: without a payload the library has no auth at all, which is not an object either.
func TestCure12NoAuth(t *testing.T) {
	got := make(chan map[string]any, 1)
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/a", Handler{Connect: func(_ *Conn, auth map[string]any) error { got <- auth; return nil }})
	})
	for payload, want := range map[string]int{"": 0, "{}": 0, `{"token":"x"}`: 1} {
		c := s.dial()
		c.write("40/a," + payload)
		if auth := <-got; len(auth) != want {
			t.Errorf("CONNECT with %q gave %v", payload, auth)
		}
		if text := c.read(); !strings.HasPrefix(text, `40/a,{"sid":`) {
			t.Errorf("answered %s", text)
		}
	}
	if st := s.Stats(); st.Panics != 0 {
		t.Errorf("%d panics", st.Panics)
	}
}

// A message above the limit ends its session, and the reason says which limit it was, for the log.
func TestTooLargeMessageHasItsReason(t *testing.T) {
	reasons := make(chan string, 1)
	s := serve(t, Options{MaxPayload: 4096}, func(s *Server) {
		s.Namespace("/s", Handler{Disconnect: func(_ *Conn, reason string) { reasons <- reason }})
	})
	s.join("/s").write(`42/s,["x","` + strings.Repeat("x", 5000) + `"]`)
	select {
	case reason := <-reasons:
		if reason != "message of more than 4096 bytes" {
			t.Errorf("reason %q", reason)
		}
	case <-time.After(patience):
		t.Fatal("the session did not end")
	}
}
