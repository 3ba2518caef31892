package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/socketio"
)

// patience bounds every wait of a test; reaching it is a failure.
const patience = 30 * time.Second

// serve puts a bench's stream on a real port. Its broadcaster runs.
func (b *bench) serve(t *testing.T, options socketio.Options) (address string) {
	t.Helper()
	server := socketio.New(options)
	b.Mount(server)
	b.run(t)
	httpServer := httptest.NewServer(server)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		closing, done := context.WithTimeout(context.Background(), patience)
		defer done()

		if err := server.Close(closing); err != nil {
			t.Errorf("close: %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}

		httpServer.Close()
		if m := b.Metrics(); m.ActiveConnections+m.Subscriptions+m.Topics != 0 {
			t.Errorf("after all clients left: %+v", m)
		}
	})

	return strings.TrimPrefix(httpServer.URL, "http://")
}

// raw is a client that writes and reads frames itself.
type raw struct {
	t     testing.TB
	ws    *websocket.Conn
	space string
}

func dial(t testing.TB, address, space, auth string) *raw {
	t.Helper()
	return dialWith(t, address, space, auth, nil)
}

func dialWith(t testing.TB, address, space, auth string, header http.Header) *raw {
	t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial("ws://"+address+"/socket.io/?EIO=4&transport=websocket", header)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = ws.Close() })
	r := &raw{t, ws, space}
	if open := r.frame(); !strings.HasPrefix(open, "0{") {
		t.Fatalf("opened with %s", open)
	}
	r.write("40" + space + "," + auth)
	return r
}

func (r *raw) write(frame string) {
	r.t.Helper()
	if err := r.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		r.t.Fatal(err)
	}
}

// frame reads the next one that is not a ping, which it answers.
func (r *raw) frame() string {
	r.t.Helper()
	for {
		_ = r.ws.SetReadDeadline(time.Now().Add(patience))
		_, text, err := r.ws.ReadMessage()
		if err != nil {
			r.t.Fatalf("read: %v", err)
		}
		if string(text) != "2" {
			return string(text)
		}
		r.write("3")
	}
}

func (r *raw) emit(event string, payload any) {
	r.t.Helper()
	text, err := json.Marshal([]any{event, payload})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("42" + r.space + "," + string(text))
}

// next reads the next event.
func (r *raw) next() received {
	r.t.Helper()
	for {
		text, ok := strings.CutPrefix(r.frame(), "42"+r.space+",")
		if !ok {
			continue
		}
		var parts []json.RawMessage
		var event string
		if err := json.Unmarshal([]byte(text), &parts); err != nil || len(parts) != 2 || json.Unmarshal(parts[0], &event) != nil {
			r.t.Fatalf("event %q: %v", text, err)
		}
		return received{event, parts[1]}
	}
}

// until reads events up to the first one of a name, which it returns.
func (r *raw) until(event string) received {
	r.t.Helper()
	for {
		if got := r.next(); got.event == event {
			return got
		}
	}
}

// The broadcaster is far behind and reads the log, faster than a client takes it: the client is not cut, and gets each event.
func TestLagCutsNobody(t *testing.T) {
	const total = 20_000 // some 12 MB, which neither the queue nor the system's buffers hold
	b := newBench(t, nil)
	r := dial(t, b.serve(t, socketio.Options{}), "/ws/kline", "")
	r.until("connection_success")
	r.emit("subscribe_events", object{})
	r.until("subscription_confirmed")

	for range total - 1 {
		b.memory.commit(b.tradeCommit(testMints[0], startTime, 1e18))
	}
	b.trade(testMints[0], startTime, 1e18) // the hub sees the jump here
	polltest.Until(t, "the client to be set aside", func() bool {
		b.broadcaster.mu.Lock()
		defer b.broadcaster.mu.Unlock()
		for s := range b.broadcaster.sessions {
			if s.paused[commitOrder] != nil {
				return true
			}
		}
		return b.broadcaster.absorbed == total
	})
	for seq := market.Seq(1); seq <= total; seq++ {
		if got := parse(t, r.until("event_data")); got.Seq != seq {
			t.Fatalf("event of %d, want %d", got.Seq, seq)
		}
	}
}

func TestGreetings(t *testing.T) {
	b := newBench(t, nil)
	address := b.serve(t, socketio.Options{})
	for space, keys := range map[string][]string{
		"/ws/kline": {"clientId", "serverTime", "supportedIntervals", "supportedSymbols"},
		"/kline":    {"client_id", "server_time", "supported_intervals", "supported_symbols"},
	} {
		got := dial(t, address, space, "").next()
		var greeting map[string]any
		if err := json.Unmarshal(got.payload, &greeting); err != nil || got.event != "connection_success" {
			t.Fatalf("%s: %s %s", space, got.event, got.payload)
		}

		if greeting["store"] != testStore {
			t.Errorf("%s: the store is called %v", space, greeting["store"])
		}
		for _, key := range keys {
			if greeting[key] == nil {
				t.Errorf("%s: no %s in %s", space, key, got.payload)
			}
		}

		if intervals, _ := greeting[keys[2]].([]any); len(intervals) != len(market.AllIntervals()) || intervals[0] != "s1" {
			t.Errorf("%s: intervals %v", space, intervals)
		}
		if symbols, _ := greeting[keys[3]].([]any); len(symbols) != map[string]int{"/ws/kline": 3}[space] {
			t.Errorf("%s: symbols %v", space, symbols)
		}
	}

	root := dial(t, address, "/", "")
	if answer := root.frame(); !strings.HasPrefix(answer, "40") {
		t.Errorf("the root namespace answers %s", answer)
	}
}

func TestRequestsAreAnsweredInOrder(t *testing.T) {
	b := newBench(t, nil)
	for minute := range int64(40) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}
	r := dial(t, b.serve(t, socketio.Options{}), "/kline", "")
	for limit := range 30 {
		r.emit("history", with(klineOf(testMints[0]), "limit", limit))
	}
	for limit := range 30 {
		if got := parse(t, r.until("history_data")); len(parseCandles(t, got.Data)) != limit {
			t.Fatalf("answer %d has %d candles", limit, len(parseCandles(t, got.Data)))
		}
	}
}

func TestWrongTokenIsRefused(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "right" } })
	address := b.serve(t, socketio.Options{})
	for _, space := range []string{"/ws/kline", "/kline", "/"} {
		for _, auth := range []string{"", `{"token":"wrong"}`, `{"token":7}`} {
			if answer := dial(t, address, space, auth).frame(); !strings.HasPrefix(answer, "44") || !strings.Contains(answer, `"code":1004`) {
				t.Errorf("%s %s: %s", space, auth, answer)
			}
		}

		if answer := dial(t, address, space, `{"token":"right"}`).frame(); !strings.HasPrefix(answer, "40") {
			t.Errorf("%s, right token: %s", space, answer)
		}
		for header, want := range map[string]string{
			"Bearer right": "40", "bearer  right ": "40", "Bearer wrong": "44", "Basic right": "44", "right": "44", "": "44",
		} {
			if answer := dialWith(t, address, space, "", http.Header{"Authorization": {header}}).frame(); !strings.HasPrefix(answer, want) {
				t.Errorf("%s, header %q: %s, want %s", space, header, answer, want)
			}
		}

		// What the client says itself counts first; two headers count as none.
		for auth, headers := range map[string][]string{`{"token":"wrong"}`: {"Bearer right"}, "": {"Bearer right", "Bearer right"}} {
			if answer := dialWith(t, address, space, auth, http.Header{"Authorization": headers}).frame(); !strings.HasPrefix(answer, "44") {
				t.Errorf("%s %s %q: %s", space, auth, headers, answer)
			}
		}
	}
}

func TestTooManyRequestsAre1005(t *testing.T) {
	b := newBench(t, nil)
	r := dial(t, b.serve(t, socketio.Options{RequestsPerSecond: 0.001, Burst: 3}), "/ws/kline", "")
	for range 5 {
		r.emit("ping", nil)
	}
	for range 3 {
		r.until("pong")
	}
	for range 2 {
		if got := parse(t, r.until("error")); got.Code != 1005 {
			t.Errorf("got %+v", got)
		}
	}
}

// As TestHistoryAndLiveMeetWithoutGap, over sockets.
func TestSocketsMeetLiveWithoutGap(t *testing.T) {
	b := newBench(t, func(o *Options) { o.BatchTimeout = 5 * time.Millisecond })
	address := b.serve(t, socketio.Options{})
	const clients, commits = 20, 1500
	var answered sync.WaitGroup // every client's histories
	answered.Add(clients)
	all := make(chan struct{})
	go func() {
		answered.Wait()
		close(all)
	}()

	done := make(chan struct{})
	go func() {
		defer close(done)
		for range commits {
			b.writer.step()
			time.Sleep(50 * time.Microsecond) // lets clients in between
		}
		<-all
		b.awaitSent(t)
		last := b.tradeCommit(testMints[0], b.writer.now+1000, 1e18) // ends every client's reading
		last.Candles[0].Interval, last.Candles[0].Candle.Time = market.D1, market.D1.Floor(b.writer.now+1000)
		b.publish(last)
	}()

	results := make([][]parsed, clients)
	var group sync.WaitGroup
	for i := range clients {
		space, subscribe := "/ws/kline", "subscribe_kline"
		if i%2 == 1 {
			space, subscribe = "/kline", "subscribe"
		}
		r := dial(t, address, space, "")
		r.emit(subscribe, object{"symbol": testMints[0].String(), "interval": "d1"})
		group.Go(func() {
			histories := 0
			for topic := range 5 {
				r.emit(subscribe, object{"symbol": testMints[(i+topic)%3].String(), "interval": testIntervals[topic%3].String()})
			}

			for {
				got := parse(t, r.next())
				if got.event == "kline_data" && got.Interval == "d1" {
					return
				}

				if got.event == "error" || got.event == "gap" {
					t.Errorf("client %d: %+v", i, got)
				}
				if got.event == "history_data" {
					if histories++; histories == 6 {
						answered.Done()
					}
				}

				if got.event == "history_data" && space == "/kline" {
					candles := parseCandles(t, got.Data)
					slices.Reverse(candles)
					got.Data, _ = json.Marshal(candles)
				}
				results[i] = append(results[i], got)
			}
		})
	}

	group.Wait()
	<-done
	for _, mint := range testMints {
		for _, interval := range testIntervals {
			c := b.memory.course(key{kind: klineTopic, interval: interval, mint: mint})
			for _, got := range results {
				checkKline(t, c, got)
			}
		}
	}
}

// link forwards TCP connections and can cut them, as a network does.
type link struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	open     []net.Conn
	shut     bool
	rate     int // bytes a second to the client, 0 for any
	group    sync.WaitGroup
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target}
	l.group.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		l.group.Wait()
	})
	return l
}

func (l *link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}

		l.mu.Lock()
		shut := l.shut
		l.mu.Unlock()
		if shut {
			_ = near.Close()
			continue
		}

		l.mu.Lock()
		target := l.target
		l.mu.Unlock()
		far, err := net.Dial("tcp", target)
		if err != nil {
			_ = near.Close()
			continue
		}

		l.mu.Lock()
		l.open = append(l.open, near, far)
		rate := l.rate
		l.mu.Unlock()
		if rate > 0 {
			_ = far.(*net.TCPConn).SetReadBuffer(16 << 10)
			_ = near.(*net.TCPConn).SetWriteBuffer(16 << 10)
		}

		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			l.group.Go(func() {
				defer pair[0].Close()
				defer pair[1].Close()

				buffer := make([]byte, 32<<10)
				for {
					n, err := pair[0].Read(buffer)
					if err != nil {
						return
					}
					if rate > 0 && pair[0] == far {
						time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
					}
					if _, err := pair[1].Write(buffer[:n]); err != nil {
						return
					}
				}
			})
		}
	}
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
}

// slow bounds the bytes a second of connections to come.
func (l *link) slow(rate int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate = rate
}

// aim sends new connections to another address.
func (l *link) aim(target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = target
}

// refuse ends new connections at once, as if nobody served there.
func (l *link) refuse(shut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = shut
}

func (l *link) url() string { return fmt.Sprintf("http://%s", l.listener.Addr()) }
