package socketio

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// quietClient joins "/x" over a plain socket and then says nothing; it costs this process next to nothing.
func (s *site) quietClient() net.Conn {
	s.t.Helper()
	nc, err := net.Dial("tcp", s.http.Listener.Addr().String()) //nolint:noctx // a test's, closed by it
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = nc.Close() })

	_ = nc.SetDeadline(time.Now().Add(patience))
	_, err = io.WriteString(nc, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	if err != nil {
		s.t.Fatal(err)
	}

	until := func(what string) {
		var got []byte
		for part := make([]byte, 512); !bytes.Contains(got, []byte(what)); {
			n, err := nc.Read(part)
			if err != nil {
				s.t.Fatalf("%v after %q", err, got)
			}
			got = append(got, part[:n]...)
		}
	}
	until(`0{"`)
	if _, err := nc.Write(masked(0x80|opText, "40/x,")); err != nil {
		s.t.Fatal(err)
	}
	until(`40/x,{"sid"`)
	_ = nc.SetDeadline(time.Time{})
	return nc
}

// readerStack is what a goroutine that waits may take, in bytes.
var readerStack int64 = 3 << 10

// TestIdleIsSmall: an idle client costs one goroutine with the smallest stack, and a few kilobytes of objects.
func TestIdleIsSmall(t *testing.T) {
	s := serve(t, Options{}, func(s *Server) { s.Namespace("/x", Handler{}) })
	const clients = 400
	inUse := func() (heap, stacks int64, goroutines int) {
		runtime.GC()
		runtime.GC() // pools give back at the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc), int64(m.StackInuse), runtime.NumGoroutine()
	}
	s.quietClient()
	heap, stacks, running := inUse()

	var last net.Conn
	for range clients {
		last = s.quietClient()
	}
	eventually(t, "the requests have ended", func() bool { return runtime.NumGoroutine()-running <= clients })

	heapNow, stacksNow, now := inUse()
	if now-running < clients/2 {
		t.Errorf("%d goroutines for %d clients: nobody reads", now-running, clients)
	}
	if each := (heapNow - heap) / clients; each > 9<<10 {
		t.Errorf("%d bytes of objects for each idle client", each)
	}
	if each := (stacksNow - stacks) / clients; each > readerStack {
		t.Errorf("%d bytes of stack for each idle client", each)
	}

	// It is read all the same.
	if _, err := last.Write(masked(0x80|opPing, strings.Repeat("p", 3))); err != nil {
		t.Fatal(err)
	}
	pong := make([]byte, 5)
	_ = last.SetDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(last, pong); err != nil || string(pong) != "\x8a\x03ppp" {
		t.Errorf("a ping is answered %q, %v", pong, err)
	}
}

// TestHeartbeatUnanswered: a ping that is answered is followed by the next; one that is not ends the session.
func TestHeartbeatUnanswered(t *testing.T) {
	left := make(chan string, 1)
	s := serve(t, Options{PingInterval: 20 * time.Millisecond, PingTimeout: 300 * time.Millisecond}, func(s *Server) {
		s.Namespace("/x", Handler{Disconnect: func(_ *Conn, reason string) { left <- reason }})
	})
	c := s.dialRaw("transport=websocket")
	next := func() string {
		t.Helper()
		_ = c.ws.SetReadDeadline(time.Now().Add(patience))
		_, m, err := c.ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return string(m)
	}
	next() // OPEN
	c.write("40/x,")
	for pings := 0; pings < 5; {
		if next() == "2" {
			c.write("3")
			pings++
		}
	}

	if reason := <-left; reason != "ping timeout" {
		t.Errorf("left with %q", reason)
	}
}
