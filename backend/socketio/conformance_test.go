package socketio

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// What the protocols demand, and the tests over raw frames that hold this package to it.
//
// Engine.IO 4
//
//	handshake: OPEN, its fields, both transports         TestOpen, client.dial, site.pollHello
//	handshake: bad EIO, transport, method, sid           TestHandshakeRefusals
//	polling: content type, several packets, base64       TestOpen, TestCure8Polling
//	polling: one GET and one POST at a time              TestPollingOverlapAndClose
//	polling: a GET given up ends the session             TestPollAbandoned
//	polling: payload limit, invalid packet ends session  TestCure8Polling
//	websocket: text, fragments, control frames           TestText, TestFragments, TestControlFrames
//	websocket: invalid frames and packets                TestCure1InvalidPackets, FuzzFrame
//	heartbeat: ping, pong, timeout, both transports      TestHeartbeat, TestPollingHeartbeat
//	upgrade: probe, NOOP, order, requests after it       TestUpgrade, TestUpgradeAtOnce, TestOrderAcrossUpgrade
//	upgrade: given up, offered twice                     TestUpgradeAbandoned, TestUpgrade
//	close: by the client, both transports                TestControlFrames, TestPollingOverlapAndClose
//	close: by the server, both transports                TestClose, TestServerLeavesPolling
//
// Socket.IO 5
//
//	CONNECT: main, custom, payload, unknown namespace    TestConnect
//	CONNECT: refused, with data; again after it          TestConnectRefused
//	CONNECT: twice, bad payload                          TestCure1InvalidPackets
//	CONNECT: none in time                                TestNoNamespaceInTime
//	several namespaces on one connection                 TestNamespacesApart, TestLeaveAndComeBack
//	DISCONNECT: by the client, and coming back           TestConnectRefused, TestLeaveAndComeBack
//	DISCONNECT: by the server                            TestCure9Close
//	EVENT, ACK, BINARY_EVENT, BINARY_ACK                 TestMessages, TestAcknowledgements
//	EVENT: order, before and after the answer            TestCure3EventOrder, TestCure4EarlyPackets
//	invalid packets of every type                        TestCure1InvalidPackets, FuzzPacket
//	placeholders without attachment, and the reverse     TestCure1InvalidPackets

// hello is the payload of OPEN.
type hello struct {
	Sid          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"`
	PingTimeout  int64    `json:"pingTimeout"`
	MaxPayload   int64    `json:"maxPayload"`
}

func (s *site) get(query string) (status int, header http.Header, body string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url("http", query), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func TestOpen(t *testing.T) {
	s := suite(t, Options{PingInterval: 41 * time.Second, PingTimeout: 17 * time.Second, MaxPayload: 12345})
	check := func(name, text string, upgrades ...string) {
		t.Helper()
		var h hello
		if text, ok := strings.CutPrefix(text, "0"); !ok || json.Unmarshal([]byte(text), &h) != nil {
			t.Fatalf("%s: %q", name, text)
		}
		if h.Sid == "" || !slices.Equal(h.Upgrades, upgrades) || h.Upgrades == nil || h.PingInterval != 41000 || h.PingTimeout != 17000 || h.MaxPayload != 12345 {
			t.Errorf("%s: %s", name, text)
		}
	}

	// What is not asked for is not in the way: a time stamp against caches, names of later versions.
	for _, query := range []string{"transport=polling", "transport=polling&t=abc123", "t=1&j=&transport=polling&b64=1"} {
		status, header, body := s.get(query)
		if status != 200 || header.Get("Content-Type") != "text/plain; charset=UTF-8" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", query, status, header)
		}
		check(query, body, "websocket")
	}

	check("websocket", s.dialRaw("transport=websocket").read())
	check("websocket", s.dialRaw("t=x&transport=websocket").read())
	var seen []string
	for range 50 {
		seen = append(seen, s.dial().sid)
	}

	if slices.Sort(seen); len(slices.Compact(seen)) != 50 {
		t.Error("two sessions of one id")
	}
}

func TestPollingHeartbeat(t *testing.T) {
	s := suite(t, Options{PingInterval: 50 * time.Millisecond, PingTimeout: 10 * time.Second})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	pings := 0
	for pings < 4 {
		status, body := s.poll("GET", sid, "")
		if status != 200 {
			t.Fatalf("GET: %d", status)
		}
		for p := range strings.SplitSeq(body, "\x1e") {
			if p != "2" {
				continue
			}
			pings++
			if status, _ := s.poll("POST", sid, "3"); status != 200 {
				t.Fatalf("pong: %d", status)
			}
		}
	}
}

// texts are such that a careless length or escape breaks them.
var texts = []string{
	"utf8 — string", "€", "\U0001F600", "\u2028\u2029", `\"/\\`, "\x1e", "\x00", " ", strings.Repeat("é", 40), strings.Repeat("x", 126),
	strings.Repeat("y", 1<<16), "42[\"message\"]", "2probe",
}

func TestText(t *testing.T) {
	s := suite(t, plenty)
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	sid := s.pollOpen()
	s.poll("POST", sid, "40")

	// What the server says first may come in one answer or in two: all of it is read before the echoes.
	for greeted := false; !greeted; {
		_, body := s.poll("GET", sid, "")
		greeted = strings.Contains(body, `42["auth"`)
	}

	for _, text := range texts {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		same := func(name, packet string) {
			t.Helper()
			var got []string
			if body, ok := strings.CutPrefix(packet, "42"); !ok || json.Unmarshal([]byte(body), &got) != nil || len(got) != 2 || got[1] != text {
				t.Errorf("%s: %.40q came back as %.60q", name, text, packet)
			}
		}
		c.write(`42["message",` + string(quoted) + `]`)
		same("websocket", c.read())
		s.poll("POST", sid, `42["message",`+string(quoted)+`]`)
		_, body := s.poll("GET", sid, "")
		same("polling", body)
	}
}

// A message may come in pieces, with a control frame between them.
func TestFragments(t *testing.T) {
	c := suite(t, Options{}).join("/")
	c.expect(`42["auth",{}]`)
	raw := c.ws.NetConn()
	send := func(first byte, payload string) {
		t.Helper()
		if _, err := raw.Write(append([]byte{first, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)); err != nil {
			t.Fatal(err)
		}
	}
	send(0x01, `42["mess`)
	send(0x89, "still there?")
	send(0x00, `age",`)
	send(0x00, ``)
	send(0x80, `"whole"]`)
	c.expect(`42["message-back","whole"]`)
	send(0x01, `451-["message",{"_placeholder":true,`)
	send(0x80, `"num":0}]`)
	send(0x02, "\x01")
	send(0x80, "\x02")
	c.expect(`451-["message-back",{"_placeholder":true,"num":0}]`, "\x01\x02")
}

func TestNoNamespaceInTime(t *testing.T) {
	s := suite(t, Options{connectTimeout: 2 * time.Second})
	c := s.dial()
	sid := s.pollOpen()
	stays := s.dial()
	stays.connect("/custom") // any namespace will do
	stays.expect(`42/custom,["auth",{}]`)
	c.expectClosed()
	eventually(t, "the poller is closed too", func() bool {
		status, _ := s.poll("POST", sid, "3")
		return status == http.StatusBadRequest
	})
	stays.write(`42/custom,["message"]`)
	stays.expect(`42/custom,["message-back"]`)
}

func TestNamespacesApart(t *testing.T) {
	c := suite(t, Options{}).join("/")
	c.expect(`42["auth",{}]`)
	c.connect("/custom")
	c.expect(`42/custom,["auth",{}]`)
	c.write(`42/custom,["message","there"]`)
	c.expect(`42/custom,["message-back","there"]`)
	c.write(`42["message","here"]`)
	c.expect(`42["message-back","here"]`)
	c.write("41/custom,")
	c.write(`42["message","still here"]`)
	c.expect(`42["message-back","still here"]`)
	c.write("40/unknown,")
	c.expect(`44/unknown,{"message":"Invalid namespace"}`)
	c.write(`42["message","even so"]`)
	c.expect(`42["message-back","even so"]`)
}

func TestAcknowledgements(t *testing.T) {
	c := suite(t, Options{}).join("/")
	c.expect(`42["auth",{}]`)
	c.connect("/custom")
	c.expect(`42/custom,["auth",{}]`)
	for packet, want := range map[string]string{
		`420["message-with-ack"]`:                                  "430[]",
		`4218446744073709551615["message-with-ack",null]`:          "4318446744073709551615[null]",
		`42/custom,7["message-with-ack","a",["b"],{"c":1.5}]`:      `43/custom,7["a",["b"],{"c":1.5}]`,
		`450-/custom,8["message-with-ack",{"_placeholder":false}]`: `43/custom,8[{"_placeholder":false}]`,
	} {
		c.write(packet)
		c.expect(want)
	}

	c.write(`451-/custom,9["message-with-ack",{"deep":[{"_placeholder":true,"num":0}]}]`)
	if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte{0, 255, '4'}); err != nil {
		t.Fatal(err)
	}
	c.expect(`461-/custom,9[{"deep":[{"_placeholder":true,"num":0}]}]`, "\x00\xff4")
}

// TestServerLeavesPolling: a client by polling is told that the server ends it.
func TestServerLeavesPolling(t *testing.T) {
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/", Handler{Event: func(c *Conn, _ string, _ []any, _ func(any)) { c.Close("enough") }})
	})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	s.poll("GET", sid, "")
	s.poll("POST", sid, `42["leave"]`)

	var packets []string
	for !slices.Contains(packets, "1") {
		status, body := s.poll("GET", sid, "")
		if status != 200 {
			t.Fatalf("GET: %d after %q", status, packets)
		}
		packets = append(packets, strings.Split(body, "\x1e")...)
	}

	if !slices.Equal(packets, []string{"41", "1"}) {
		t.Errorf("got %q", packets)
	}
	if status, _ := s.poll("GET", sid, ""); status != 400 {
		t.Errorf("GET after it: %d", status)
	}
}
