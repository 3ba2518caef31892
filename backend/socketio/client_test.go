package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience bounds every wait of a test; reaching it is a failure.
const patience = 20 * time.Second

// site is a server on a real port.
type site struct {
	*Server
	t    testing.TB
	http *httptest.Server
}

func serve(t testing.TB, opts Options, setup func(*Server)) *site {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(testLog{t}, nil))
	}
	s := New(opts)
	if setup != nil {
		setup(s)
	}

	st := &site{Server: s, t: t, http: httptest.NewServer(s)}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	t.Cleanup(func() {
		closing, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := s.Close(closing); err != nil {
			t.Errorf("close: %v", err)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
		st.http.Close()
	})

	return st
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	if testing.Verbose() {
		l.t.Logf("%s", p)
	}
	return len(p), nil
}

func (s *site) url(scheme, query string) string {
	return scheme + strings.TrimPrefix(s.http.URL, "http") + "/socket.io/?EIO=4&" + query
}

// client is a raw-frame WebSocket client.
type client struct {
	t   testing.TB
	ws  *websocket.Conn
	sid string
}

// dial shakes hands and reads OPEN.
func (s *site) dial() *client {
	s.t.Helper()
	c := s.dialRaw("transport=websocket")
	open := c.read()
	var hello struct {
		Sid          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int      `json:"pingInterval"`
		PingTimeout  int      `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}
	if !strings.HasPrefix(open, "0{") || json.Unmarshal([]byte(open[1:]), &hello) != nil || hello.Sid == "" || hello.PingInterval == 0 || hello.PingTimeout == 0 || hello.MaxPayload == 0 {
		s.t.Fatalf("bad OPEN %q", open)
	}
	c.sid = hello.Sid
	return c
}

func (s *site) dialRaw(query string) *client {
	s.t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(s.url("ws", query), nil)
	if err != nil {
		s.t.Fatalf("dial: %v", err)
	}
	_ = resp.Body.Close()
	s.t.Cleanup(func() { _ = ws.Close() })
	return &client{t: s.t, ws: ws}
}

// offer dials the upgrade of a polling session. The server takes one offer at a time, and its end of the last one may
// take a moment longer than the client's.
func (s *site) offer(sid string) *client {
	s.t.Helper()
	var ws *websocket.Conn
	eventually(s.t, "the upgrade is taken", func() bool {
		conn, resp, err := websocket.DefaultDialer.Dial(s.url("ws", "transport=websocket&sid="+sid), nil)
		if resp != nil {
			_ = resp.Body.Close()
		}
		ws = conn
		return err == nil
	})
	s.t.Cleanup(func() { _ = ws.Close() })
	return &client{t: s.t, ws: ws}
}

// join dials and connects to a namespace.
func (s *site) join(nsp string) *client {
	s.t.Helper()
	c := s.dial()
	c.connect(nsp)
	return c
}

func (c *client) connect(nsp string) {
	c.t.Helper()
	pre := "40" + nsp + ","
	if nsp == "/" {
		pre = "40"
	}
	c.write(pre)
	if got := c.read(); !strings.HasPrefix(got, pre+`{"sid":"`) {
		c.t.Fatalf("CONNECT answered %q", got)
	}
}

func (c *client) write(msgs ...string) {
	c.t.Helper()
	for _, m := range msgs {
		if err := c.ws.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			c.t.Fatalf("write %.40q: %v", m, err)
		}
	}
}

// read returns the next message that is no heartbeat, which it answers.
func (c *client) read() string {
	c.t.Helper()
	m, err := c.next()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return m
}

func (c *client) next() (string, error) {
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(patience))
		_, m, err := c.ws.ReadMessage()
		if err != nil {
			return "", err
		}
		if string(m) != "2" {
			return string(m), nil
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, []byte("3")); err != nil {
			return "", err
		}
	}
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := c.read(); got != w {
			c.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// expectClosed reads until the server closes the connection.
func (c *client) expectClosed() {
	c.t.Helper()
	if !c.closes() {
		c.t.Fatal("connection still open")
	}
}

func (c *client) closes() bool {
	for {
		_, err := c.next()
		if err == nil {
			continue
		}
		var late net.Error
		return !errors.As(err, &late) || !late.Timeout()
	}
}

// poll does one polling request and returns status and body.
func (s *site) poll(method, sid, body string) (int, string) {
	s.t.Helper()
	query := "transport=polling"
	if sid != "" {
		query += "&sid=" + sid
	}

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, method, s.url("http", query), strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}

	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}

	return resp.StatusCode, string(b)
}

func (s *site) pollOpen() string {
	s.t.Helper()
	sid, err := s.pollHello()
	if err != nil {
		s.t.Fatal(err)
	}
	return sid
}

func (s *site) pollHello() (string, error) {
	status, body := s.poll(http.MethodGet, "", "")
	body, _, _ = strings.Cut(body, "\x1e")
	var hello struct {
		Sid      string   `json:"sid"`
		Upgrades []string `json:"upgrades"`
	}
	if status != 200 || !strings.HasPrefix(body, "0{") || json.Unmarshal([]byte(body[1:]), &hello) != nil || hello.Sid == "" || len(hello.Upgrades) != 1 || hello.Upgrades[0] != "websocket" {
		return "", fmt.Errorf("polling handshake: %d %q", status, body)
	}
	return hello.Sid, nil
}

// eventually waits until cond holds.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !cond() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

// echo answers the events of the official protocol suites.
func echo(s *Server, names ...string) {
	for _, name := range names {
		s.Namespace(name, Handler{
			Connect: func(c *Conn, auth map[string]any) error {
				if auth == nil {
					auth = map[string]any{}
				}
				return c.Emit("auth", auth)
			},
			Event: func(c *Conn, name string, args []any, ack func(any)) {
				switch name {
				case "message":
					_ = c.Emit("message-back", Args(args))
				case "message-with-ack":
					ack(Args(args))
				}
			},
		})
	}
}
