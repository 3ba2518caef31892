package stream

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
	"spinscope/backend/plain"
	"spinscope/backend/polltest"
	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

// anyPlace has a place for everybody.
type anyPlace struct{}

func (anyPlace) Reserve() error { return nil }
func (anyPlace) Release()       {}

// servePlain puts a bench's stream on a port for clients without Socket.IO. Its broadcaster runs.
func (b *bench) servePlain(t *testing.T, options plain.Options) (server *plain.Server, address string, stop func()) {
	t.Helper()
	if options.Places == nil {
		options.Places = anyPlace{}
	}
	options.EventID = b.EventID
	server = plain.New(options)
	b.MountPlain(server)
	b.run(t)
	mux := http.NewServeMux()
	mux.Handle("/ws", server)
	mux.Handle("/sse", b.Events(server))
	port := httptest.NewServer(mux)
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		closing, done := context.WithTimeout(context.Background(), patience)
		defer done()
		if err := server.Close(closing); err != nil {
			t.Errorf("close: %v", err)
		}
		port.Close()
		if m := b.Metrics(); m.ActiveConnections+m.Subscriptions+m.Topics != 0 {
			t.Errorf("after all clients left: %+v", m)
		}
	}
	t.Cleanup(stop)
	return server, strings.TrimPrefix(port.URL, "http://"), stop
}

// wsClient is a plain WebSocket as a script has it.
type wsClient struct {
	t  testing.TB
	ws *websocket.Conn
}

func dialPlain(t testing.TB, address string, header http.Header) *wsClient {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(16 << 20)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &wsClient{t, ws}
}

func (c *wsClient) send(text string) {
	c.t.Helper()
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wsClient) ask(event string, data any) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"event": event, "data": data})
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(string(text))
}

// plainMessage is what the server sends.
type plainMessage struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
	ID    json.RawMessage `json:"id"`
}

func (c *wsClient) read() (m plainMessage, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, text, err := c.ws.Read(ctx)
	if err != nil {
		return m, err
	}
	if strings.Contains(string(text), "\n") {
		c.t.Errorf("a message of several lines: %.100q", text)
	}
	return m, json.Unmarshal(text, &m)
}

func (c *wsClient) next() plainMessage {
	c.t.Helper()
	m, err := c.read()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return m
}

// until reads up to an event of that name.
func (c *wsClient) until(event string) plainMessage {
	c.t.Helper()
	for {
		if m := c.next(); m.Event == event {
			return m
		}
	}
}

func TestPlainWebSocketSpeaksTheSame(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	server, address, _ := b.servePlain(t, plain.Options{})
	c := dialPlain(t, address, nil)
	hello := c.next()
	var greeting struct{ ClientID, Store string }
	if err := json.Unmarshal(hello.Data, &greeting); err != nil || hello.Event != "connection_success" || greeting.Store != testStore || greeting.ClientID == "" {
		t.Fatalf("greeted with %s %s", hello.Event, hello.Data)
	}

	c.send(fmt.Sprintf(`{"event":"subscribe_kline","data":{"symbol":%q,"interval":"m1"},"id":7}`, testMints[0]))
	if m := parse(t, received{"history_data", c.until("history_data").Data}); len(parseCandles(t, m.Data)) != 1 || m.Seq != 1 {
		t.Errorf("history %+v", m)
	}
	c.until("subscription_confirmed")
	ack := c.next()
	var reply object
	if err := json.Unmarshal(ack.Data, &reply); err != nil || ack.Event != "ack" || string(ack.ID) != "7" || reply["success"] != true || reply["interval"] != "m1" {
		t.Errorf("acknowledged %s %s %s", ack.Event, ack.ID, ack.Data)
	}
	b.trade(testMints[0], startTime+1, 2e18)
	if m := parse(t, received{"kline_data", c.until("kline_data").Data}); m.Seq != 2 {
		t.Errorf("pushed %+v", m)
	}

	for text, want := range map[string]string{
		`no JSON`: "a message is one JSON object", `[]`: "a message is one JSON object", `{"data":1}`: "a message is one JSON object",
		`{"event":"ping","id":{}}`: "id must be a number or a string", `{"event":"ping","id":"` + strings.Repeat("x", 300) + `"}`: "id must be",
		`{"event":"nothing"}`: "unknown event", `{"event":"subscribe_kline","data":[1]}`: "must be an object of named fields, not an array",
		strings.Repeat(`{"event":`, 20_000): "a message is one JSON object",
	} {
		c.send(text)
		if m := parse(t, received{"error", c.next().Data}); m.Code != 1001 || !strings.Contains(m.Message, want) {
			t.Errorf("%.60q: %d %s", text, m.Code, m.Message)
		}
	}
	c.send(`{"event":"ping","id":"x"}`)
	if m := c.next(); m.Event != "pong" {
		t.Errorf("got %s", m.Event)
	}
	if m := c.next(); m.Event != "ack" || string(m.ID) != `"x"` {
		t.Errorf("got %s %s", m.Event, m.ID)
	}
	c.send(`{"event":"auth","data":{"token":"needless"},"id":1}`)
	if m := c.next(); m.Event != "ack" {
		t.Errorf("got %s", m.Event)
	}

	report := b.Report(socketio.New(socketio.Options{}), server)
	clients := report.Clients()
	if len(clients) != 1 || clients[0].Namespace != "/ws" || clients[0].Transport != "websocket, plain" || clients[0].ID != greeting.ClientID || clients[0].MessagesOut == 0 {
		t.Errorf("listed as %+v", clients)
	}
	if s := server.Stats(); s.WebSockets != 1 || s.Malformed != 6 || s.MessagesIn == 0 || s.BytesOut == 0 {
		t.Errorf("counted %+v", s)
	}
	if err := c.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
	polltest.Until(t, "the client is forgotten", func() bool { return b.Metrics().ActiveConnections == 0 })
}

func TestPlainTokenIsAskedFor(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
	_, address, _ := b.servePlain(t, plain.Options{Token: true, StallTimeout: 2 * time.Second})
	for name, first := range map[string]string{
		"wrong": `{"event":"auth","data":{"token":"wrong"}}`, "none": `{"event":"subscribe_events"}`, "no JSON": `x`, "odd": `{"event":"auth","data":5}`,
	} {
		c := dialPlain(t, address, nil)
		c.send(first)
		if m := parse(t, received{"error", c.next().Data}); m.Code != 1004 {
			t.Errorf("%s: %+v", name, m)
		}
		if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("%s: %v", name, err)
		}
	}

	c := dialPlain(t, address, nil)
	c.send(`{"event":"auth","data":{"token":"secret"},"id":0}`)
	if m := c.next(); m.Event != "connection_success" {
		t.Errorf("got %s", m.Event)
	}
	if m := c.next(); m.Event != "ack" || string(m.ID) != "0" {
		t.Errorf("got %s", m.Event)
	}
	c = dialPlain(t, address, http.Header{"Authorization": {"Bearer secret"}})
	c.ask("subscribe_events", nil)
	c.until("subscription_confirmed")
	c = dialPlain(t, address, http.Header{"Authorization": {"Bearer wrong"}})
	if m := parse(t, received{"error", c.next().Data}); m.Code != 1004 {
		t.Errorf("wrong header: %+v", m)
	}

	// Who says nothing is not waited for.
	c = dialPlain(t, address, nil)
	if _, err := c.read(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent client: %v", err)
	}
	if response := getEvents(t, address, "topic=events", "wrong"); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("events with a wrong token: %s", response.Status)
	}
}

func TestPlainHostileInput(t *testing.T) {
	b := newBench(t, nil)
	server, address, _ := b.servePlain(t, plain.Options{MaxPayload: 1000, RequestsPerSecond: 0.001, Burst: 3})
	c := dialPlain(t, address, nil)
	c.next()
	c.send(`{"event":"` + strings.Repeat("x", 2000) + `"}`)
	if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("too large: %v", err)
	}
	c = dialPlain(t, address, nil)
	c.next()
	if err := c.ws.Write(t.Context(), websocket.MessageBinary, []byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("binary: %v", err)
	}
	c = dialPlain(t, address, nil)
	c.next()
	for range 4 {
		c.send(`{"event":"ping","id":1}`)
	}
	for range 6 { // three pongs with acknowledgements
		c.next()
	}
	if m := parse(t, received{"error", c.next().Data}); m.Code != 1005 {
		t.Errorf("one too many: %+v", m)
	}

	// Not even HTTP: frames that are none end their connection, nothing else.
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_, _ = io.WriteString(nc, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	_, _ = nc.Write([]byte{0xff, 0x80, 0, 0, 0, 0})
	_ = nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, nc); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("garbage frames: %v", err)
	}
	response, err := http.Get("http://" + address + "/ws")
	if err != nil || response.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("no upgrade: %v %v", response, err)
	}
	response.Body.Close()
	polltest.Until(t, "the others are forgotten", func() bool { return server.Stats().WebSockets == 1 })
	if s := server.Stats(); s.Panics != 0 || s.Limited != 1 {
		t.Errorf("counted %+v", s)
	}
}

// The places are those of Socket.IO, and come back.
func TestPlainSharesThePlaces(t *testing.T) {
	b := newBench(t, nil)
	sockets := socketio.New(socketio.Options{MaxConnections: 2})
	defer sockets.Close(t.Context()) //nolint:errcheck // nothing is connected to it
	_, address, _ := b.servePlain(t, plain.Options{Places: sockets})
	first := dialPlain(t, address, nil)
	events := getEvents(t, address, "topic=events", "")
	if _, response, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %v", err)
	}
	if response := getEvents(t, address, "topic=events", ""); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %s", response.Status)
	}
	handshake := httptest.NewRecorder()
	sockets.ServeHTTP(handshake, httptest.NewRequest(http.MethodGet, "/socket.io/?EIO=4&transport=polling", nil))
	if handshake.Code != http.StatusServiceUnavailable {
		t.Errorf("Socket.IO beside them: %d", handshake.Code)
	}
	_ = first.ws.CloseNow()
	_ = events.Body.Close()
	polltest.Until(t, "the places are free again", func() bool { return sockets.Reserve() == nil })
	sockets.Release()
}

func TestPlainSlowConsumerIsCut(t *testing.T) {
	b := newBench(t, func(o *Options) { o.BatchTimeout = time.Millisecond })
	server, address, _ := b.servePlain(t, plain.Options{MaxQueuedBytes: 64 << 10})
	slow := dialPlain(t, address, nil)
	slow.ask("subscribe_events", nil)
	slow.until("subscription_confirmed")
	slowEvents := getEvents(t, address, "topic=events", "")
	good := dialPlain(t, address, nil)
	good.ask("subscribe_events", nil)
	good.until("subscription_confirmed")
	polltest.Until(t, "the streams follow", func() bool { return b.Metrics().Subscriptions == 3 })

	sent, seen := 0, 0
	deadline := time.Now().Add(patience)
	for server.Stats().SlowConsumers < 2 {
		if time.Now().After(deadline) {
			t.Fatalf("not cut after %d events: %+v", sent, server.Stats())
		}
		for range 50 {
			b.trade(testMints[0], startTime+int64(sent), 1e18)
			sent++
		}
		for ; seen < sent; seen++ { // the good one keeps up
			good.until("event_data")
		}
	}
	b.trade(testMints[0], startTime+int64(sent), 1e18)
	good.until("event_data")
	_ = slowEvents.Body.Close()
	polltest.Until(t, "the slow ones are forgotten", func() bool { return b.Metrics().ActiveConnections == 1 })
}

// A client that is cut again and again, and whose server stops and begins anew, has seen exactly what the ledger has.
func TestPlainResumesEqualToTheLedger(t *testing.T) {
	b := newBench(t, func(o *Options) { o.BatchTimeout = time.Millisecond })
	_, address, stop := b.servePlain(t, plain.Options{})
	var got []parsed
	seen := map[everyPush]bool{}
	since := 1.0
	follow := func(commits int) {
		c := dialPlain(t, address, nil)
		c.ask("subscribe_kline", object{"symbol": "*", "interval": "s1", "since_seq": since, "store": testStore})
		c.until("subscription_confirmed")
		goal := b.memory.Seq() + market.Seq(commits)
		for b.memory.Seq() < goal {
			b.writer.step()
		}
		c.ask("ping", nil)
		for {
			m := c.next()
			if m.Event == "pong" {
				break // what came so far; the rest is for the next connection
			}
			if m.Event != "kline_data" {
				t.Fatalf("got %s %s", m.Event, m.Data)
			}
			p := parse(t, received{m.Event, m.Data})
			var candle struct {
				Time int64 `json:"time"`
			}
			_ = json.Unmarshal(p.Data, &candle)
			since = float64(p.Seq)
			if at := (everyPush{p.Seq, p.Symbol, candle.Time}); !seen[at] { // pushes of the last commit come twice
				seen[at] = true
				got = append(got, p)
			}
		}
		_ = c.ws.CloseNow()
	}
	for i := range 10 {
		follow(30 + 10*i)
	}
	stop()

	again := newBench(t, func(o *Options) { o.Store = b.memory })
	again.memory, again.writer = b.memory, b.writer
	again.writer.hub = again.hub
	_, address, _ = again.servePlain(t, plain.Options{})
	for range 5 {
		follow(20)
	}
	polltest.Until(t, "everything was pushed", func() bool {
		follow(0)
		return market.Seq(since)+20 > b.memory.Seq()
	})
	again.awaitSent(t)
	follow(0)
	b.checkEvery(t, market.S1, 1, got)
}

// getEvents opens a stream of server-sent events; it ends with the test.
func getEvents(t testing.TB, address, query, token string, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/sse?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// sseMessage is one message as an EventSource reads it.
type sseMessage struct {
	id, event, data string
	comment         bool
}

func readEvent(t testing.TB, from *bufio.Reader) (m sseMessage) {
	t.Helper()
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "":
			if strings.HasPrefix(line, ":") {
				m.comment = true
			}
			if line == "" {
				return m
			}
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			m.data = value
		default:
			t.Fatalf("a line of no field: %q", line)
		}
	}
}

func TestEventsOverHTTP(t *testing.T) {
	b := newBench(t, nil)
	b.trade(testMints[0], startTime, 1e18)
	b.trade(testMints[1], startTime, 1e18)
	server, address, _ := b.servePlain(t, plain.Options{PingInterval: 50 * time.Millisecond})
	query := fmt.Sprintf("topic=kline:%s,%s:m1/limit=1&topic=events/types=BuySell/min_size=0.000000001&topic=price:%s&topic=token_events&topic=alerts", testMints[0], testMints[1], testMints[0])
	response := getEvents(t, address, query, "")
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream; charset=utf-8" {
		t.Fatalf("%s, %s", response.Status, kind)
	}
	from := bufio.NewReader(response.Body)
	var names []string
	id := ""
	for id == "" {
		m := readEvent(t, from)
		if id = m.id; m.comment || id != "" {
			continue
		}
		names = append(names, m.event)
	}
	want := []string{
		"connection_success", "history_data", "history_data", "subscription_confirmed", "subscription_confirmed",
		"subscription_confirmed", "price_update", "subscription_confirmed", "subscription_confirmed",
	}
	if !slices.Equal(names, want) || id != testStore+":2" {
		t.Errorf("began with %v, id %s", names, id)
	}

	b.trade(testMints[0], startTime+1, 2e18)
	got := map[string]string{}
	for len(got) < 3 {
		if m := readEvent(t, from); !m.comment {
			got[m.event] = m.id
			if !json.Valid([]byte(m.data)) {
				t.Errorf("%s: %s", m.event, m.data)
			}
		}
	}
	for _, event := range []string{"kline_data", "event_data", "price_update"} {
		if got[event] != testStore+":3" {
			t.Errorf("%s has the id %q", event, got[event])
		}
	}
	for m := readEvent(t, from); !m.comment; m = readEvent(t, from) { // it comes when nothing else does
	}
	if s := server.Stats(); s.Events != 1 || s.EventsTotal != 1 {
		t.Errorf("counted %+v", s)
	}

	b.PushAlerts(1, nil)
	alert := alertAt(7)
	b.PushAlerts(7, []wire.AlertPush{alert})
	m := readEvent(t, from)
	for m.event != "alert" {
		m = readEvent(t, from)
	}
	b.trade(testMints[0], startTime+2, 2e18)
	for m.id == "" {
		m = readEvent(t, from)
	}
	if m.id != testStore+":4:3" {
		t.Errorf("after an alert of commit 3: id %s", m.id)
	}
}

func TestEventsOverHTTPAreRefused(t *testing.T) {
	b := newBench(t, nil)
	_, address, _ := b.servePlain(t, plain.Options{})
	mint := testMints[0].String()
	for query, says := range map[string]string{
		"":                                "topic is missing",
		"topic=nothing":                   "unknown: it begins with",
		"topic=kline:" + mint:             "kline:MINT:INTERVAL",
		"topic=kline:" + mint + ":m2":     "interval",
		"topic=kline:x:m1":                "symbol",
		"topic=kline:*:m3":                "merged from shorter ones",
		"topic=kline:" + mint + ",x:m1":   "symbols: entry 1",
		"topic=kline:" + mint + ",x:":     "symbols: entry 1",
		"topic=price:*":                   "symbol",
		"topic=price":                     "not understood",
		"topic=events:x":                  "symbol",
		"topic=events/types=No":           "unknown event_type",
		"topic=events/min_size=x":         "min_size",
		"topic=events/what=1":             "no option",
		"topic=alerts:x":                  "not understood",
		"topic=tickers/limit=x":           "limit must be a whole number",
		"topic=tickers/window=x":          "window",
		"topic=events&last_event_id=x":    "Last-Event-ID",
		"topic=events&last_event_id=a:-1": "Last-Event-ID",
		"topic=events&last_event_id=:1":   "Last-Event-ID",
		strings.Repeat("topic=events&", 101) + "topic=alerts": "102 given, at most 100",
	} {
		response := getEvents(t, address, query, "")
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), says) || !strings.HasPrefix(string(body), `{"success":false`) {
			t.Errorf("%.60s: %s %s", query, response.Status, body)
		}
	}
	// What only serving finds comes as an error event.
	from := bufio.NewReader(getEvents(t, address, "topic=tickers", "").Body)
	for m := readEvent(t, from); m.event != "error"; m = readEvent(t, from) {
	}
}

// A client of events that is cut again and again, and whose server stops and begins anew, resumes by the last id alone, and has
// seen exactly what the ledger has.
func TestEventsOverHTTPResumeEqualToTheLedger(t *testing.T) {
	b := newBench(t, func(o *Options) { o.BatchTimeout = time.Millisecond })
	b.writer.step()
	_, address, stop := b.servePlain(t, plain.Options{})
	var got []parsed
	var events []string
	seen, seenEvents := map[everyPush]bool{}, map[string]bool{}
	id := testStore + ":1"
	follow := func(commits, messages int) {
		header := []string{"Last-Event-ID", id}
		response := getEvents(t, address, "topic=kline:*:s1&topic=events", "", header...)
		from := bufio.NewReader(response.Body)
		goal := b.memory.Seq() + market.Seq(commits)
		for b.memory.Seq() < goal {
			b.writer.step()
		}
		for range messages {
			m := readEvent(t, from)
			if m.id != "" {
				id = m.id
			}
			switch m.event {
			case "kline_data":
				p := parse(t, received{m.event, json.RawMessage(m.data)})
				var candle struct {
					Time int64 `json:"time"`
				}
				_ = json.Unmarshal(p.Data, &candle)
				if at := (everyPush{p.Seq, p.Symbol, candle.Time}); !seen[at] {
					seen[at] = true
					got = append(got, p)
				}
			case "event_data":
				p := parse(t, received{m.event, json.RawMessage(m.data)})
				if name := fmt.Sprint(p.Signature, p.Seq); !seenEvents[name] {
					seenEvents[name] = true
					events = append(events, name)
				}
			case "gap", "error":
				t.Fatalf("%s %s", m.event, m.data)
			}
		}
		_ = response.Body.Close()
	}
	for i := range 8 {
		follow(30+10*i, 20+10*i)
	}
	stop()
	again := newBench(t, func(o *Options) { o.Store = b.memory })
	again.memory, again.writer = b.memory, b.writer
	again.writer.hub = again.hub
	_, address, _ = again.servePlain(t, plain.Options{})
	for range 4 {
		follow(20, 30)
	}

	// The last one reads to the end: up to the place that the whole of the ledger is.
	response := getEvents(t, address, "topic=kline:*:s1&topic=events", "", "Last-Event-ID", id)
	defer response.Body.Close()
	again.awaitSent(t)
	from := bufio.NewReader(response.Body)
	for end := fmt.Sprintf("%s:%d", testStore, b.memory.Seq()); id != end; {
		m := readEvent(t, from)
		switch m.event {
		case "kline_data", "event_data":
			p := parse(t, received{m.event, json.RawMessage(m.data)})
			if m.event == "event_data" {
				if name := fmt.Sprint(p.Signature, p.Seq); !seenEvents[name] {
					seenEvents[name] = true
					events = append(events, name)
				}
				break
			}
			var candle struct {
				Time int64 `json:"time"`
			}
			_ = json.Unmarshal(p.Data, &candle)
			if at := (everyPush{p.Seq, p.Symbol, candle.Time}); !seen[at] {
				seen[at] = true
				got = append(got, p)
			}
		}
		if m.id != "" {
			id = m.id
		}
	}
	slices.SortStableFunc(got, func(x, y parsed) int { return int(x.Seq) - int(y.Seq) }) // what was cut off is read again
	b.checkEvery(t, market.S1, 1, got)
	want := 0
	for _, c := range b.memory.commits {
		want += len(c.Events)
	}
	if len(events) != want {
		t.Errorf("%d events, want %d", len(events), want)
	}
}

// Whatever a topic's name says, it is refused or is asked for without a panic.
func FuzzTopicName(f *testing.F) {
	f.Add("kline:*:m1")
	f.Add("kline:" + testMints[0].String() + "," + testMints[1].String() + ":m1/limit=5")
	f.Add("events:" + testMints[0].String() + "/types=BuySell,LongShort/min_size=0.5/accounts=" + testMints[1].String())
	f.Add("tickers/window=h1/limit=10")
	f.Add("token_events")
	f.Add("alerts/")
	st := &Stream{intervals: market.AllIntervals()}
	f.Fuzz(func(t *testing.T, name string) {
		one, err := parseWish(name)
		if err != nil {
			return
		}
		if spaces()[plainSpace].handlers[one.event] == nil {
			t.Fatalf("%q asks for %q", name, one.event)
		}
		_ = st.check(one)
		_, _ = parsePlace(name)
	})
}
