package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// frames are what a client may send on a WebSocket to hurt the server.
func frames() []string {
	deep := strings.Repeat("[", 50_000)
	list := []string{
		"", "4", "42", "421", "43", "43{}", "431", "44", "45", "46", "49", "5", "6", "7", "8", "9", "x", "\x00", "2probe", "3probe", "1", "0{}",
		"40", "40/", "40/nope,", "40/kline", "40/kline,", "40/kline,{", "40/kline,[]", "40/kline,\"x\"", "40/kline,null", "40/ws/kline,{\"token\":7}",
		"41/kline,", "42[]", "42{}", "42null", "42[1]", "42[null]", "42[[]]", "42[{}]", "42\"x\"", "42[\"x\"", "42[\"\"]", "42[\"connect\"]", "42[\"disconnect\"]",
		"42/kline,", "42/kline", "42/kline,[]", "42/kline,[\"subscribe\"]", "42/kline,[\"subscribe\",null]", "42/kline,[\"subscribe\",7]",
		"42/kline,[\"subscribe\",{}]", "42/kline,[\"subscribe\",{\"symbol\":{},\"interval\":[]}]", "42/kline,[\"subscribe\",{\"symbol\":1e999}]",
		"42/kline,9[\"subscribe\"]", "42/kline,99999999999999999999[\"subscribe\"]", "42/kline,-1[\"subscribe\"]", "43/kline,7", "43/kline,7{}", "43/kline,7[]",
		"44/kline,{}", "451-[\"x\",{\"_placeholder\":true,\"num\":0}]", "451-", "45-", "4599999999999-[\"x\"]", "450-[\"x\"]", "461-7[]",
		"451-/kline,[\"subscribe\",{\"_placeholder\":true,\"num\":9}]", "451-/kline,[\"subscribe\",{\"_placeholder\":true,\"num\":-1}]",
		"42/kline,[\"subscribe\"," + deep, "42" + deep, "42[\"x\",\"" + strings.Repeat("\\u0000", 1000) + "\"]",
		"42/" + strings.Repeat("n", 10_000) + ",[\"x\"]", "42/kline,[\"" + strings.Repeat("e", 100_000) + "\"]",
		"42/ws/kline,[\"get_history\",{\"symbol\":\"\",\"interval\":\"s1\",\"limit\":-1}]", "42\xff\xfe", "4\u2028",
	}
	return append(list, strings.Repeat("4", 2<<20), "42[\"x\",\""+strings.Repeat("y", 3<<20)+"\"]") // above max_payload
}

// TestGarbage throws everything at the port: frames, packets, requests, plain bytes. The process lives, and a client
// that minds its own business notices nothing.
func TestGarbage(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "10s")
	s := startServer(t, t.TempDir(), market.flags()...)
	healthy := startNode(t, s)
	healthy.connect(nil, open, spin)
	mint := market.readLedger().busiest(1)[0]
	if r := healthy.ask(spin, "subscribe", map[string]any{"symbol": mint, "interval": "s1"}); !r.Success {
		t.Fatalf("%+v", r)
	}

	well := func(after string) {
		t.Helper()
		from := len(healthy.all(0))
		if r := healthy.ask(open, "get_history", map[string]any{"symbol": mint, "interval": "s1"}); !r.Success {
			t.Fatalf("after %s: %+v", after, r)
		}

		healthy.next(from, spin, "kline_data")
		if err := healthy.dropped(0); err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
		if err := s.alive(); err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
	}
	for _, frame := range frames() {
		for _, joined := range []bool{false, true} {
			websocketFrame(t, s, websocket.MessageText, []byte(frame), joined)
		}
		if err := s.alive(); err != nil {
			t.Fatalf("after frame %.80q: %v", frame, err)
		}
	}

	well("text frames")
	for _, frame := range [][]byte{{}, {0}, {4}, []byte("42"), bytes.Repeat([]byte{0xff}, 100_000), random(5000)} {
		websocketFrame(t, s, websocket.MessageBinary, frame, true)
	}

	well("binary frames")
	for _, frame := range frames() {
		posted(t, s, frame)
	}

	well("polling packets")
	for _, raw := range raws(s.addr) {
		bytesSent(t, s, raw)
	}

	well("plain bytes")
	requests(t, s)
	well("odd requests")
	s.end()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// websocketFrame sends one frame over a new connection, in a namespace or before joining one, then asks for an answer
// or the end.
func websocketFrame(t *testing.T, s *server, kind websocket.MessageType, frame []byte, joined bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	conn, response, err := websocket.Dial(ctx, "ws://"+s.addr+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatalf("before frame %.80q: %v", frame, err)
	}
	if response.Body != nil {
		defer response.Body.Close()
	}

	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1)
	_, hello, err := conn.Read(ctx)
	if err != nil || !bytes.HasPrefix(hello, []byte("0{")) {
		t.Fatalf("before frame %.80q: %q %v", frame, hello, err)
	}

	write := func(kind websocket.MessageType, text []byte) bool { return conn.Write(ctx, kind, text) == nil }
	if joined && (!write(websocket.MessageText, []byte("40/kline,")) || !write(websocket.MessageText, []byte("40/ws/kline,"))) {
		t.Fatalf("before frame %.80q: not joined", frame)
	}

	// A namespace that does not exist is answered whatever came before, unless the session was closed for it.
	if write(kind, frame) && write(websocket.MessageText, []byte("40/asked,")) {
		for {
			_, answer, err := conn.Read(ctx)
			if ctx.Err() != nil {
				t.Fatalf("frame %.80q: neither answered nor closed", frame)
			}
			if err != nil || bytes.HasPrefix(answer, []byte("44/asked,")) {
				return
			}
		}
	}
}

// posted sends a packet by polling. The session may refuse it; nothing more.
func posted(t *testing.T, s *server, packet string) {
	t.Helper()
	status, hello := request(t, http.MethodGet, s.url("/socket.io/?EIO=4&transport=polling"), nil, nil)
	_, rest, _ := strings.Cut(string(hello), `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if status != http.StatusOK || !ok {
		t.Fatalf("before packet %.80q: HTTP %d %.200s", packet, status, hello)
	}
	for _, body := range []string{"40/kline,", packet} {
		status, answer, err := try(http.MethodPost, s.url("/socket.io/?EIO=4&transport=polling&sid="+sid), map[string]string{"Content-Type": "text/plain;charset=UTF-8"}, []byte(body))
		if err == nil && status >= http.StatusInternalServerError {
			t.Errorf("packet %.80q by polling: HTTP %d %.200s", packet, status, answer)
		}
	}
}

// raws are bytes that no HTTP client sends.
func raws(address string) [][]byte {
	line := "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + address +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	frame := func(bytes ...byte) []byte { return append([]byte(line), bytes...) }
	return [][]byte{
		random(4096),
		[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), // a TLS greeting
		[]byte("GET / HTTP/1.1\r\nHost: " + address + "\r\nX: " + strings.Repeat("x", 2<<20)),
		[]byte("GET /api/time HTTP/9.9\r\n\r\n"),
		[]byte("POST /api/details HTTP/1.1\r\nHost: " + address + "\r\nContent-Length: -5\r\n\r\n{}"),
		[]byte("POST /api/details HTTP/1.1\r\nHost: " + address + "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
		[]byte("\r\n\r\n\r\n"),
		frame(0x81, 0x02, '4', '2'), // not masked
		frame(0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4), // of 2^64 bytes
		frame(0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4), // of 2^63 bytes
		frame(0x80, 0x81, 0, 0, 0, 0, '4'),                                            // a continuation of nothing
		frame(0x01, 0x81, 0, 0, 0, 0, '4', 0x01, 0x81, 0, 0, 0, 0, '2'),               // a message inside a message
		frame(0xf1, 0x81, 0, 0, 0, 0, '4'),                                            // reserved bits
		frame(0x8b, 0x80, 0, 0, 0, 0),                                                 // an unknown opcode
		frame(0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0),                                     // a long ping
		frame(0x88, 0x81, 0, 0, 0, 0, 0x01),                                           // half a close code
		frame(random(10_000)...),
	}
}

// bytesSent writes to a new connection, says that nothing more comes and reads until the server hangs up.
func bytesSent(t *testing.T, s *server, raw []byte) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatalf("before %.80q: %v", raw, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = conn.Write(raw) // the server may hang up before the end
	_ = conn.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the server does not hang up after %.80q", raw)
	}
}

// requests are well-formed and make no sense.
func requests(t *testing.T, s *server) {
	t.Helper()
	for _, c := range []struct {
		method, path string
		body         string
	}{
		{"POST", "/api/details", `{"mints":[`},
		{"POST", "/api/details", `{"mints":"x"}`},
		{"POST", "/api/details", `{"mints":["` + strings.Repeat("x", 5<<20) + `"]}`},
		{"POST", "/api/details", strings.Repeat("[", 100_000)},
		{"GET", "/api/kline", ""},
		{"GET", "/api/kline?mint=%00&interval=s1", ""},
		{"GET", "/api/events?mint=" + strings.Repeat("1", 100_000), ""},
		{"GET", "/api/mints?cursor=%ff%fe", ""},
		{"GET", "/api/mints?page=99999999999999999999", ""},
		{"GET", "/api/mints?limit=-1", ""},
		{"DELETE", "/api/mints", ""},
		{"GET", "/api/no/such/route", ""},
		{"GET", "/socket.io/?EIO=3&transport=polling", ""},
		{"GET", "/socket.io/?EIO=4&transport=pigeon", ""},
		{"GET", "/socket.io/?EIO=4&transport=polling&sid=nobody", ""},
		{"POST", "/socket.io/?EIO=4&transport=polling&sid=nobody", "42"},
		{"POST", "/socket.io/?EIO=4&transport=polling", "42"},
		{"PUT", "/socket.io/?EIO=4&transport=polling", "42"},
		{"GET", "/socket.io/?EIO=4&transport=websocket", ""},
	} {
		status, answer, err := try(c.method, s.url(c.path), map[string]string{"Content-Type": "application/json"}, []byte(c.body))
		if err != nil && len(c.body) > 1<<20 {
			continue // hung up while the body was on its way
		}
		if err != nil || status < 400 || status > 499 {
			t.Errorf("%s %.80s: HTTP %d %.200s %v", c.method, c.path, status, answer, err)
		}
	}
}

// TestStopWithClients ends the server while clients of both transports follow a market.
func TestStopWithClients(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "10s")
	s := startServer(t, t.TempDir(), market.flags()...)
	var clients []*client
	for _, transport := range []string{"websocket", "polling"} {
		c := startNode(t, s)
		c.connect(map[string]any{"transports": []string{transport}, "reconnection": false}, open, spin)
		clients = append(clients, c)
	}

	mint := market.readLedger().busiest(1)[0]
	for _, c := range clients {
		if r := c.ask(spin, "subscribe", map[string]any{"symbol": mint, "interval": "s1"}); !r.Success {
			t.Fatalf("%+v", r)
		}
		c.next(0, spin, "kline_data")
	}

	// And one that stops in the middle of a request.
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}

	defer silent.Close()
	if _, err := fmt.Fprintf(silent, "GET /api/time HTTP/1.1\r\nHost: "); err != nil {
		t.Fatal(err)
	}
	s.end()
	for _, c := range clients {
		c.next(0, open, "@disconnect")
		c.next(0, spin, "@disconnect")
	}

	for _, line := range s.logged(`"level":"ERROR"`) {
		t.Errorf("a clean stop logs %v", line)
	}
}
