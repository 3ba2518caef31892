package socketio

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func suite(t *testing.T, opts Options) *site {
	return serve(t, opts, func(s *Server) { echo(s, "/", "/custom") })
}

func TestHandshakeRefusals(t *testing.T) {
	s := suite(t, Options{})
	for _, tc := range []struct{ method, query string }{
		{"GET", "/socket.io/?transport=polling"},
		{"GET", "/socket.io/?EIO=abc&transport=polling"},
		{"GET", "/socket.io/?EIO=3&transport=polling"},
		{"GET", "/socket.io/?EIO=4"},
		{"GET", "/socket.io/?EIO=4&transport=abc"},
		{"GET", "/socket.io/?EIO=4&transport=websocket"},
		{"GET", "/socket.io/?EIO=4&transport=webtransport"},
		{"GET", "/socket.io/?EIO=4&transport=polling&sid=unknown"},
		{"POST", "/socket.io/?EIO=4&transport=polling"},
		{"PUT", "/socket.io/?EIO=4&transport=polling"},
		{"POST", "/socket.io/?EIO=4&transport=polling&sid=unknown"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tc.method, s.http.URL+tc.query, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}

		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %s: %d, want 400", tc.method, tc.query, resp.StatusCode)
		}
	}

	for _, version := range []string{"3", "2", "", "abc"} { // of socket.io-client 2 and older, and of none
		ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.http.URL, "http")+"/socket.io/?transport=websocket&EIO="+version, nil)
		if err == nil {
			_ = ws.Close()
			t.Fatalf("EIO=%s: accepted", version)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "socket.io-client 3") {
			t.Errorf("EIO=%s: %d %s", version, resp.StatusCode, text)
		}
	}

	for _, query := range []string{"transport=abc", "transport=websocket&sid=unknown"} {
		ws, resp, err := websocket.DefaultDialer.Dial(s.url("ws", query), nil)
		if err == nil {
			_ = ws.Close()
			t.Errorf("%s: accepted", query)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	}

	eventually(t, "no session stays", func() bool { return s.Stats().Connections == 0 && s.free() == s.opts.MaxConnections })
}

// free returns how many more connections would be admitted.
func (s *site) free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.MaxConnections - s.reserved
}

func TestConnect(t *testing.T) {
	for _, tc := range []struct{ send, sid, auth string }{
		{"40", "40", `42["auth",{}]`},
		{`40{"token":"123"}`, "40", `42["auth",{"token":"123"}]`},
		{"40/custom,", "40/custom,", `42/custom,["auth",{}]`},
		{"40/custom", "40/custom,", `42/custom,["auth",{}]`},
		{`40/custom,{"token":"abc"}`, "40/custom,", `42/custom,["auth",{"token":"abc"}]`},
	} {
		c := suite(t, Options{}).dial()
		c.write(tc.send)
		if got := c.read(); !strings.HasPrefix(got, tc.sid+`{"sid":"`) {
			t.Errorf("%s: got %q", tc.send, got)
		}
		c.expect(tc.auth)
	}

	// Cure 11: recovery of a former session panics in the library; it is off, and
	// what asks for it is an ordinary CONNECT.
	again := suite(t, Options{}).dial()
	again.write(`40{"pid":"p","offset":"o"}`)
	if got := again.read(); !strings.HasPrefix(got, `40{"sid":"`) || strings.Contains(got, "pid") {
		t.Errorf("got %q", got)
	}

	again.expect(`42["auth",{"offset":"o","pid":"p"}]`)
	c := suite(t, Options{}).dial()
	c.write("40/random")
	c.expect(`44/random,{"message":"Invalid namespace"}`)
}

func TestConnectRefused(t *testing.T) {
	left := make(chan string, 1)
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/p", Handler{
			Connect: func(c *Conn, auth map[string]any) error {
				c.Join("r")
				switch auth["token"] {
				case "good":
					return nil
				case "panic":
					panic("connect")
				case nil: // cure 12: auth is nil when absent
					return fmt.Errorf("no token")
				}
				return &ConnectError{Message: "unauthorized", Data: map[string]any{"code": 1004}}
			},
			Disconnect: func(_ *Conn, reason string) { left <- reason },
		})
	})
	c := s.dial()
	c.write("40/p,")
	c.expect(`44/p,{"data":null,"message":"no token"}`)
	c.write(`40/p,{"token":"bad"}`)
	c.expect(`44/p,{"data":{"code":1004},"message":"unauthorized"}`)
	c.write(`40/p,{"token":"panic"}`)
	c.expect(`44/p,{"data":null,"message":"internal error"}`)
	if n := s.namespaces["/p"].Members("r"); n != 0 {
		t.Errorf("refused clients stay in room: %d", n)
	}

	c.write(`40/p,{"token":"good"}`)
	if got := c.read(); !strings.HasPrefix(got, `40/p,{"sid":`) {
		t.Fatalf("got %q", got)
	}
	if st := s.Stats(); st.Panics != 1 {
		t.Errorf("panics = %d, want 1", st.Panics)
	}

	c.write("41/p,")
	if got := <-left; got != "client namespace disconnect" {
		t.Errorf("reason %q", got)
	}
	select {
	case again := <-left:
		t.Errorf("Disconnect ran again: %q", again)
	default:
	}
}

func TestMessages(t *testing.T) {
	s := suite(t, Options{})
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	c.write(`42["message",1,"2",{"3":[true]}]`)
	c.expect(`42["message-back",1,"2",{"3":[true]}]`)
	c.write(`42456["message-with-ack",1,"2",{"3":[false]}]`)
	c.expect(`43456[1,"2",{"3":[false]}]`)
	c.write(`450-["message",1]`)
	c.expect(`42["message-back",1]`)
	for _, head := range []string{`452-["message",`, `452-789["message-with-ack",`} {
		c.write(head + `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		for _, b := range [][]byte{{1, 2, 3}, {4, 5, 6}} {
			if err := c.ws.WriteMessage(websocket.BinaryMessage, b); err != nil {
				t.Fatal(err)
			}
		}
	}

	c.expect(`452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")
	c.expect(`462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")
	c.write(`437[]`, `42["message"]`) // an acknowledgement nobody asked for
	c.expect(`42["message-back"]`)
}

func TestLeaveAndComeBack(t *testing.T) {
	s := suite(t, plenty)
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	for range 300 {
		c.write("40/custom", `42/custom,["message",7]`, "41/custom", `42["message","main"]`)
		if got := c.read(); !strings.HasPrefix(got, `40/custom,{"sid"`) {
			t.Fatalf("got %q", got)
		}

		// Replies come from two namespaces, so only each one's order is given.
		seen := map[string]bool{}
		for range 3 {
			seen[c.read()] = true
		}

		for _, want := range []string{`42/custom,["auth",{}]`, `42/custom,["message-back",7]`, `42["message-back","main"]`} {
			if !seen[want] {
				t.Fatalf("no %s in %v", want, seen)
			}
		}
	}
}

// TestCure1InvalidPackets: the frame "42" and its kin kill the process of the
// stock library. Here each closes only its own session.
func TestCure1InvalidPackets(t *testing.T) {
	s := suite(t, Options{MaxPayload: 4096})
	other := s.join("/")
	other.expect(`42["auth",{}]`)
	bad := []string{
		"42", "43", "431", "42[]", "42[1]", "42[null]", "42{}", `42"x"`, "42[\"a\"", `42["a"]x`, "42null", `421`,
		`42["connect"]`, `42["disconnect"]`, `42abc["message",1]`, "45", "451", `451-`, `45-["a"]`, `451-["a",{"_placeholder":true,"num":0}`,
		`45999999999999["a"]`, `4565-["a"]`, `45x-["a"]`, "46", `461-1`, "44", `44{"message":"x"}`, "47", "4", "", "4abc", "abc", "9", "x",
		`40[]`, `401`, `40"x"`, "40{", "41x", `42/unknown,["message"]`, "41/unknown,", `4299999999999999999999["message"]`,
		"4\xff\xfe", "2", "42[\"message\"," + strings.Repeat("[", 3000) + strings.Repeat("]", 3000),
	}
	for _, m := range bad {
		c := s.join("/")
		c.expect(`42["auth",{}]`)
		c.write(m)
		if !c.closes() {
			t.Errorf("%.60q: connection still open", m)
		}
	}

	for _, send := range []func(*client) error{
		func(c *client) error { return c.ws.WriteMessage(websocket.BinaryMessage, []byte{1, 2}) },
		func(c *client) error { return c.ws.WriteMessage(websocket.BinaryMessage, nil) },
		func(c *client) error { // text where an attachment is due
			c.write(`451-["message",{"_placeholder":true,"num":0}]`)
			return c.ws.WriteMessage(websocket.TextMessage, []byte(`42["message"]`))
		},
		func(c *client) error { // a placeholder without its attachment
			c.write(`451-["message",{"_placeholder":true,"num":1}]`)
			return c.ws.WriteMessage(websocket.BinaryMessage, []byte{1})
		},
		func(c *client) error { // attachments above the limit together
			c.write(`453-["message",{"_placeholder":true,"num":0}]`)
			_ = c.ws.WriteMessage(websocket.BinaryMessage, make([]byte, 3000))
			return c.ws.WriteMessage(websocket.BinaryMessage, make([]byte, 3000))
		},
		func(c *client) error { return c.ws.WriteMessage(websocket.TextMessage, make([]byte, 5000)) },
		func(c *client) error { _, err := c.ws.NetConn().Write([]byte{0x81, 0x01, '3'}); return err },  // not masked
		func(c *client) error { _, err := c.ws.NetConn().Write([]byte{0xf3, 0x80, 1, 2}); return err }, // reserved bits
		func(c *client) error { _, err := c.ws.NetConn().Write([]byte("GET / HTTP/1.1\r\n")); return err },
		func(c *client) error { // a length of 2^63
			_, err := c.ws.NetConn().Write([]byte{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})
			return err
		},
	} {
		c := s.join("/")
		c.expect(`42["auth",{}]`)
		if err := send(c); err != nil {
			t.Fatal(err)
		}
		c.expectClosed()
	}

	other.write(`42["message","alive"]`)
	other.expect(`42["message-back","alive"]`)
	if st := s.Stats(); st.Panics != 0 || st.Malformed == 0 {
		t.Errorf("stats %+v", st)
	}
	eventually(t, "only one is left", func() bool { return s.Stats().Connections == 1 && len(s.Clients()) == 1 })
}

func TestControlFrames(t *testing.T) {
	c := suite(t, Options{}).join("/")
	c.expect(`42["auth",{}]`)
	ponged := make(chan string, 1)
	c.ws.SetPongHandler(func(data string) error { ponged <- data; return nil })
	if err := c.ws.WriteControl(websocket.PingMessage, []byte("hi"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c.write(`42["message"]`)
	c.expect(`42["message-back"]`)
	if got := <-ponged; got != "hi" {
		t.Errorf("pong %q", got)
	}
	c.write("1") // Engine.IO CLOSE
	c.expectClosed()
}

func TestHeartbeat(t *testing.T) {
	s := suite(t, Options{PingInterval: 30 * time.Millisecond, PingTimeout: 60 * time.Millisecond})
	c := s.dial()
	c.write("40")
	pings := 0
	for pings < 4 {
		_, m, err := c.ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if string(m) == "2" {
			pings++
			c.write("3")
		}
	}

	quiet := s.dial() // never answers
	quiet.write("40")
	for {
		if _, _, err := quiet.ws.ReadMessage(); err != nil {
			break
		}
	}

	sid := s.pollOpen()
	eventually(t, "the silent poller goes", func() bool {
		status, _ := s.poll("POST", sid, "6")
		return status == http.StatusBadRequest
	})
}
