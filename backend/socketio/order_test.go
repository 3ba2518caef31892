package socketio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// plenty lifts the request rate out of the way.
var plenty = Options{RequestsPerSecond: 1e6, Burst: 1e6}

// TestCure3EventOrder: the stock library handles each packet in a goroutine of
// its own, so that requests overtake each other.
func TestCure3EventOrder(t *testing.T) {
	var handled []float64
	var at atomic.Int32
	s := serve(t, plenty, func(s *Server) {
		s.Namespace("/", Handler{Event: func(c *Conn, _ string, args []any, ack func(any)) {
			if at.Add(1) != 1 {
				t.Error("two events of one client at a time")
			}
			handled = append(handled, args[0].(float64))
			ack(args[0])
			at.Add(-1)
		}})
	})
	c := s.join("/")
	go func() {
		for i := range 1000 {
			_ = c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42%d["n",%d]`, i, i))
		}
	}()
	for i := range 1000 {
		c.expect(fmt.Sprintf("43%d[%d]", i, i))
	}

	for i, n := range handled {
		if n != float64(i) {
			t.Fatalf("event %d handled as number %d", int(n), i)
		}
	}
}

// TestCure4EarlyPackets: the stock library loses what a client sends right after
// OPEN, and closes it for what it sends right after CONNECT.
func TestCure4EarlyPackets(t *testing.T) {
	s := serve(t, plenty, func(s *Server) { echo(s, "/", "/custom") })
	for range 50 {
		c := s.dialRaw("transport=websocket")
		c.write("3", "40/custom,", `42/custom,["message",1]`, "40", `42["message",2]`, `42/custom,["message",3]`)
		want := map[string][]string{
			"/custom": {`40/custom,`, `42/custom,["auth",{}]`, `42/custom,["message-back",1]`, `42/custom,["message-back",3]`},
			"/":       {`40{`, `42["auth",{}]`, `42["message-back",2]`},
		}
		if got := c.read(); !strings.HasPrefix(got, "0{") {
			t.Fatalf("first %q", got)
		}

		for range 7 {
			got, nsp := c.read(), "/"
			if strings.Contains(got, "/custom") {
				nsp = "/custom"
			}
			if len(want[nsp]) == 0 || !strings.HasPrefix(got, want[nsp][0]) {
				t.Fatalf("%s: got %q, want %v", nsp, got, want[nsp])
			}
			want[nsp] = want[nsp][1:]
		}
	}
}

// TestConnectEmitsAfterAnswer: what Connect sends, and broadcasts to rooms it
// joins, follow the CONNECT answer in order.
func TestConnectEmitsAfterAnswer(t *testing.T) {
	var ns *Namespace
	s := serve(t, Options{}, func(s *Server) {
		ns = s.Namespace("/n", Handler{Connect: func(c *Conn, _ map[string]any) error {
			c.Join("r")
			_ = c.Emit("a", 1)
			ns.Broadcast("r", "b", json.RawMessage("2"), 0)
			return c.Emit("c", Args{3, nil})
		}})
	})
	for range 20 {
		c := s.join("/n")
		c.expect(`42/n,["a",1]`, `42/n,["b",2]`, `42/n,["c",3,null]`)
		c.write("1")
		c.expectClosed()
		eventually(t, "left", func() bool { return ns.Members("r") == 0 })
	}
}

// TestCure2Burst: the stock WebSocket transport drops the rest of a batch after a
// broadcast frame; here every frame arrives, and in the order of the calls.
func TestCure2Burst(t *testing.T) {
	const clients, rounds = 20, 1500
	var ns *Namespace
	var mu sync.Mutex
	var conns []*Conn
	s := serve(t, Options{}, func(s *Server) {
		ns = s.Namespace("/b", Handler{Connect: func(c *Conn, _ map[string]any) error {
			mu.Lock()
			defer mu.Unlock()
			conns = append(conns, c)
			c.Join("r")
			return nil
		}})
	})
	var readers sync.WaitGroup
	for range clients {
		c := s.join("/b")
		readers.Go(func() {
			for i := range rounds {
				for _, want := range []string{fmt.Sprintf(`42/b,["all",%d]`, i), fmt.Sprintf(`42/b,["one",%d]`, i)} {
					if got, err := c.next(); err != nil || got != want {
						t.Errorf("got %q (%v), want %q", got, err, want)
						return
					}
				}
			}
		})
	}

	for i := range rounds {
		ns.Broadcast("r", "all", fmt.Appendf(nil, "%d", i), 0)
		for _, c := range conns {
			if err := c.Emit("one", i); err != nil {
				t.Errorf("emit: %v", err)
			}
			if i%200 == 0 {
				if err := c.Drain(context.Background()); err != nil {
					t.Errorf("drain: %v", err)
				}
			}
		}
	}

	readers.Wait()
}

// TestCure5RoomRace: in the stock library a client that joins while the last one
// leaves can be lost.
func TestCure5RoomRace(t *testing.T) {
	s := New(Options{})
	ns := s.Namespace("/r", Handler{})
	opts := s.opts
	member := func() *Conn {
		ses := newSession(&request{server: s})
		ses.out.maxN = opts.MaxQueuedMessages
		c := &Conn{ns: ns, ses: ses, gone: make(chan struct{})}
		ns.rooms.enter(c)
		return c
	}
	a, b := member(), member()
	for range 2000 {
		a.Join("r")
		var both sync.WaitGroup
		both.Go(func() { a.Leave("r") })
		both.Go(func() { b.Join("r") })
		both.Wait()
		if ns.Members("r") != 1 || ns.Rooms()["r"] != 1 {
			t.Fatalf("%d members, want b alone", ns.Members("r"))
		}

		b.Leave("r")
		if len(ns.Rooms()) != 0 {
			t.Fatal("an empty room stays")
		}
	}

	ns.rooms.part(a)
	a.Join("r") // too late
	if ns.Members("r") != 0 || ns.Members("") != 1 {
		t.Errorf("a left and still joins: %d, %d", ns.Members("r"), ns.Members(""))
	}
}
