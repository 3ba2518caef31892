package socketio

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// request sends one polling request and leaves its answer to be read from the connection, which has a small buffer.
func (s *site) request(method, sid string) net.Conn {
	s.t.Helper()
	nc, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = nc.Close() })
	_ = nc.(*net.TCPConn).SetReadBuffer(32 << 10)
	_, err = fmt.Fprintf(nc, "%s /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n", method, sid)
	if err != nil {
		s.t.Fatal(err)
	}
	return nc
}

// steadily is a link of so many bytes a second.
type steadily struct{ net.Conn }

func (s steadily) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p[:min(len(p), 32<<10)])
	time.Sleep(time.Duration(n) * time.Second / (512 << 10)) // the speed is what is tested
	return n, err
}

// TestSlowButSteady: a client that reads all the time is not cut, however long the whole takes; its memory stays bounded.
func TestSlowButSteady(t *testing.T) {
	const frames, size = 3, 1 << 20
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			joined := make(chan *Conn, 1)
			s := serve(t, Options{StallTimeout: 2 * time.Second}, func(s *Server) {
				s.Namespace("/", Handler{Connect: func(c *Conn, _ map[string]any) error { joined <- c; return nil }})
			})
			var next func() string
			if transport == "websocket" {
				dialer := websocket.Dialer{ReadBufferSize: 32 << 10, NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					nc, err := (&net.Dialer{}).DialContext(ctx, network, address)
					if err == nil {
						_ = nc.(*net.TCPConn).SetReadBuffer(32 << 10)
					}
					return steadily{nc}, err
				}}
				ws, resp, err := dialer.Dial(s.url("ws", "transport=websocket"), nil)
				if err != nil {
					t.Fatal(err)
				}

				_ = resp.Body.Close()
				c := &client{t: t, ws: ws}
				c.read()
				c.connect("/")
				next = func() string {
					_, r, err := ws.NextReader()
					if err != nil {
						t.Fatal(err)
					}
					text, err := io.ReadAll(r)
					if err != nil {
						t.Fatal(err)
					}
					return string(text)
				}
			} else {
				sid := s.pollOpen()
				s.poll("POST", sid, "40")
				s.poll("GET", sid, "")
				next = func() string {
					nc := s.request("GET", sid)
					defer nc.Close()
					resp, err := http.ReadResponse(bufio.NewReaderSize(steadily{nc}, 32<<10), nil)
					if err != nil || resp.StatusCode != http.StatusOK {
						t.Fatal(resp, err)
					}
					text, err := io.ReadAll(resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					return string(text)
				}
			}

			conn := <-joined
			go func() {
				for range frames {
					if conn.Drain(t.Context()) != nil || conn.Answer("x", strings.Repeat("x", size)) != nil {
						return
					}
				}
			}()
			for range frames {
				if text := next(); len(text) < size {
					t.Fatalf("got %.40q", text)
				}
			}

			if st := s.Stats(); st.SlowConsumers != 0 || st.Connections != 1 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestAnswersWaitForSpace: what the application sends in bulk never cuts the client, and never fills its queue.
func TestAnswersWaitForSpace(t *testing.T) {
	const frames, bound = 5000, 64
	joined := make(chan *Conn, 1)
	s := serve(t, Options{MaxQueuedMessages: bound, MaxQueuedBytes: 1 << 20}, func(s *Server) {
		s.Namespace("/", Handler{Connect: func(c *Conn, _ map[string]any) error { joined <- c; return nil }})
	})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")

	conn := <-joined
	eventually(t, "the client is live", conn.isLive.Load)
	sent := make(chan error, 1)
	go func() {
		for i := range frames {
			if err := conn.Drain(t.Context()); err != nil {
				sent <- err
				return
			}
			if err := conn.Answer("n", i); err != nil {
				sent <- err
				return
			}
			if queued, _, _ := conn.ses.out.load(0); queued > bound/2 {
				sent <- fmt.Errorf("%d frames wait", queued)
				return
			}
		}

		sent <- nil
	}()
	for next := 0; next < frames; {
		status, body := s.poll("GET", sid, "")
		if status != 200 {
			t.Fatalf("GET: %d after %d", status, next)
		}
		for p := range strings.SplitSeq(body, "\x1e") {
			if p == fmt.Sprintf(`42["n",%d]`, next) {
				next++
			} else if p != "2" && !strings.HasPrefix(p, "40") {
				t.Fatalf("got %q, want %d", p, next)
			}
		}
	}

	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// TestAnswersLeaveTheBoundsToOthers: an answer that waits takes nothing of the space for what is pushed meanwhile.
func TestAnswersLeaveTheBoundsToOthers(t *testing.T) {
	o := outbox{maxN: 4, maxBytes: 100}
	big := newFrame(opText, make([]byte, 500))
	if _, _, err := o.pushFree(0, big, big); err != nil {
		t.Fatal(err)
	}

	small := newFrame(opText, make([]byte, 20))
	for i := range 4 {
		if _, _, err := o.push(0, 0, small); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
	}

	if _, _, err := o.push(0, 0, small); err == nil {
		t.Error("a fifth frame was let in")
	}
	o.take(make([]byte, 0, 10)) // one of the answer
	if _, _, err := o.push(0, 0, small); err == nil {
		t.Error("taking a frame that does not count made space")
	}

	o.done()
	o.take(make([]byte, 0, 10))
	o.take(make([]byte, 0, 30)) // one that counts
	o.done()
	if _, _, err := o.push(0, 0, small); err != nil {
		t.Errorf("after one was written: %v", err)
	}

	o.conclude()
	if o.counted != (tally{}) || o.n != 0 {
		t.Errorf("after all: %+v, %d wait", o.counted, o.n)
	}
}

// TestCrowdedAboveAQuarter: what waits and what is on its way count, pushed or answered, until it is written.
func TestCrowdedAboveAQuarter(t *testing.T) {
	small, large := newFrame(opText, make([]byte, 20)), newFrame(opText, make([]byte, 300))
	for _, c := range []struct {
		name  string
		frame frame
		fits  int // frames that leave it free
	}{{"messages", small, 4}, {"bytes", large, 1}} {
		o := outbox{maxN: 16, maxBytes: 2000}
		for range c.fits {
			_, _, _ = o.push(0, 0, c.frame)
		}

		if o.crowded() {
			t.Errorf("%s: crowded by %d", c.name, c.fits)
		}
		_, _, _ = o.pushFree(0, c.frame)
		o.take(make([]byte, 0, 10))
		if !o.crowded() {
			t.Errorf("%s: not crowded by %d", c.name, c.fits+1)
		}

		o.done()
		if o.crowded() {
			t.Errorf("%s: crowded after one was written", c.name)
		}
	}
}

// TestHeartbeatGoesFirst: a client that reads slowly sees the heartbeat before what waits for it.
func TestHeartbeatGoesFirst(t *testing.T) {
	o := outbox{maxN: 100, maxBytes: 1 << 20}
	var want []string
	for i := range 9 { // the ring grows and turns
		f := newFrame(opText, fmt.Appendf(nil, "4%d", i))
		if _, _, err := o.push(0, 0, f); err != nil {
			t.Fatal(err)
		}
		if i == 3 {
			o.takePolled(1)
			o.done()
		}
		if i > 0 {
			want = append(want, fmt.Sprintf("4%d", i))
		}
	}

	for range 2 {
		if _, _, err := o.pushFirst(0, newFrame(opText, []byte("2"))); err != nil {
			t.Fatal(err)
		}
		want = append([]string{"2"}, want...)
	}

	if got := string(o.takePolled(1000)); got != strings.Join(want, "\x1e") {
		t.Errorf("taken: %q", got)
	}
	if o.done(); o.counted != (tally{}) || o.n != 0 {
		t.Errorf("left: %+v, %d", o.counted, o.n)
	}
}

// TestQueueEqualsAList: whatever is queued last and first, and taken in between, the queue gives what a list gives, also when
// its ring is just full.
func TestQueueEqualsAList(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := outbox{maxN: 1 << 20, maxBytes: 1 << 30, begun: true}
		var list []string
		for n := range 200 {
			text := fmt.Sprint("4", n)
			switch random.IntN(4) {
			case 0, 1:
				if _, _, err := o.push(0, 0, newFrame(opText, []byte(text))); err != nil {
					t.Fatal(err)
				}
				list = append(list, text)
			case 2:
				if _, _, err := o.pushFirst(0, newFrame(opText, []byte(text))); err != nil {
					t.Fatal(err)
				}
				list = slices.Insert(list, 0, text)
			default:
				taken := min(1+random.IntN(6), len(list))
				var got []string
				for range taken {
					got = append(got, string(o.takePolled(1)))
				}
				o.done()
				if !slices.Equal(got, list[:taken]) {
					t.Fatalf("seed %d: %q, want %q", seed, got, list[:taken])
				}
				list = list[taken:]
			}
		}
	}
}

// TestHeartbeatWaitsForTheOpening: a client must see the packet that opens the session before any other.
func TestHeartbeatWaitsForTheOpening(t *testing.T) {
	o := outbox{maxN: 100, maxBytes: 1 << 20}
	for _, text := range []string{"0{}", "40"} {
		if _, _, err := o.push(0, 0, newFrame(opText, []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := o.pushFirst(0, newFrame(opText, []byte("2"))); err != nil {
		t.Fatal(err)
	}
	if got := string(o.takePolled(1000)); got != "0{}\x1e40\x1e2" {
		t.Errorf("taken: %q", got)
	}
}

// TestUnitIsSentWhole: what belongs together may be more than the queue holds, if the queue has space when it begins.
func TestUnitIsSentWhole(t *testing.T) {
	const unit = 300
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			var ns *Namespace
			left := make(chan string, 1)
			joined := make(chan *Conn, 1)
			s := serve(t, Options{MaxQueuedMessages: 32}, func(s *Server) {
				ns = s.Namespace("/", Handler{
					Connect:    func(c *Conn, _ map[string]any) error { c.Join("r"); joined <- c; return nil },
					Disconnect: func(_ *Conn, reason string) { left <- reason },
				})
			})
			var next func() string
			if transport == "websocket" {
				next = s.join("/").read
			} else {
				sid := s.pollOpen()
				s.poll("POST", sid, "40")
				s.poll("GET", sid, "")
				var waiting []string
				next = func() string {
					for len(waiting) == 0 {
						status, body := s.poll("GET", sid, "")
						if status != 200 {
							t.Fatal(status)
						}
						waiting = strings.Split(body, "\x1e")
					}
					one := waiting[0]
					waiting = waiting[1:]
					return one
				}
			}

			conn := <-joined
			eventually(t, "the client is live", conn.isLive.Load)
			for of := range 2 {
				for i := range unit {
					ns.Broadcast("r", "n", json.RawMessage(fmt.Sprint(of*unit+i)), uint64(of+1))
					if i == unit/2 {
						_ = conn.ses.answer(newFrame(opText, []byte("2"))) // a heartbeat in the middle of it
					}
				}

				for i := 0; i < unit; {
					if got := next(); got == fmt.Sprintf(`42["n",%d]`, of*unit+i) {
						i++
					} else if got != "2" {
						t.Fatalf("got %q, want %d of %d", got, i, of)
					}
				}
			}

			for i := range 2 * unit { // each its own: one that does not read is cut
				ns.Broadcast("r", "n", json.RawMessage("0"), uint64(100+i))
				if transport == "websocket" { // whose kernel takes more than the queue
					ns.Broadcast("r", "n", json.RawMessage(`"`+strings.Repeat("x", 1<<16)+`"`), uint64(10000+i))
				}
			}

			if reason := <-left; !strings.HasPrefix(reason, "slow consumer") && reason != "went away: stopped polling" {
				t.Errorf("reason %q", reason)
			}
		})
	}
}

// TestAbsentPollerIsNotSlow: one that stopped polling has gone; it is no slow consumer, in the count and in the log.
func TestAbsentPollerIsNotSlow(t *testing.T) {
	joined, left := make(chan *Conn, 1), make(chan string, 1)
	var log syncBuffer
	s := serve(t, Options{StallTimeout: 100 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(s *Server) {
		s.Namespace("/", Handler{
			Connect:    func(c *Conn, _ map[string]any) error { joined <- c; return nil },
			Disconnect: func(_ *Conn, reason string) { left <- reason },
		})
	})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	s.poll("GET", sid, "")

	conn := <-joined
	// On a busy machine it may have gone before its GET.
	eventually(t, "the client is live", func() bool { return conn.isLive.Load() || len(left) > 0 })
	if err := conn.Emit("x", nil); err != nil && !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}

	if reason := <-left; reason != "went away: stopped polling" {
		t.Errorf("reason %q", reason)
	}
	if st := s.Stats(); st.SlowConsumers != 0 || strings.Contains(log.String(), "slow") {
		t.Errorf("%d slow consumers; log: %s", st.SlowConsumers, log.String())
	}
}

// TestEndBeforeANamespaceIsLogged: what becomes of a client is in the log, with the reason, also when it never joined.
func TestEndBeforeANamespaceIsLogged(t *testing.T) {
	var log syncBuffer
	s := serve(t, Options{connectTimeout: 50 * time.Millisecond, MaxPayload: 4096, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(s *Server) {
		s.Namespace("/closed", Handler{Connect: func(*Conn, map[string]any) error { return fmt.Errorf("members only") }})
	})
	for what, do := range map[string]func(c *client){
		"asked for no namespace that is there in time": func(*client) {},
		"parse error":                     func(c *client) { c.write("44") },
		"message of more than 4096 bytes": func(c *client) { c.write(strings.Repeat("4", 5000)) },
		"transport close":                 func(c *client) { _ = c.ws.Close() },
		"members only":                    func(c *client) { c.write("40/closed,") },
	} {
		do(s.dial())
		eventually(t, what, func() bool { return strings.Contains(log.String(), what) })
	}
}

// TestSecondConnect: a client that leaves and comes back before it was answered says CONNECT twice. It is a new one then.
func TestSecondConnect(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, what)
	}
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/n", Handler{
			Connect:    func(c *Conn, _ map[string]any) error { note("in"); c.Join("r"); return c.Emit("hello", nil) },
			Event:      func(c *Conn, name string, _ []any, _ func(any)) { note(name); _ = c.Emit("back", nil) },
			Disconnect: func(_ *Conn, reason string) { note(reason) },
		})
	})
	for _, packets := range [][]string{{"40/n,", "40/n,"}, {"40/n,", "41/n,", "40/n,"}, {"40/n,", `42/n,["first"]`, "40/n,"}} {
		c := s.dial()
		c.write(packets...)
		seen := map[string]bool{}
		for len(seen) < 2 {
			if sid, ok := strings.CutPrefix(c.read(), "40/n,"); ok {
				seen[sid] = true
			}
		}

		c.expect(`42/n,["hello"]`)
		c.write(`42/n,["again"]`)
		c.expect(`42/n,["back"]`)
		if n := s.namespaces["/n"].Members("r"); n != 1 {
			t.Errorf("%q: %d members", packets, n)
		}

		_ = c.ws.Close()
		want := "again, client namespace disconnect, in, in, transport close"
		if strings.Contains(packets[1], "first") {
			want = strings.Replace(want, "disconnect,", "disconnect, first,", 1)
		}

		eventually(t, want, func() bool { // two clients, whose calls have no order among each other
			mu.Lock()
			defer mu.Unlock()
			return strings.Join(slices.Sorted(slices.Values(calls)), ", ") == want
		})
		mu.Lock()
		calls = nil
		mu.Unlock()
	}
}

// TestAttachmentsTooLarge: attachments that are too large together end the connection like one message that is.
func TestAttachmentsTooLarge(t *testing.T) {
	s := suite(t, Options{MaxPayload: 4096})
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	c.write(`453-["message",{"_placeholder":true,"num":0}]`)
	for range 2 {
		if err := c.ws.WriteMessage(websocket.BinaryMessage, make([]byte, 3000)); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := c.next(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("ended with %v", err)
	}
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	s.poll("POST", sid, `452-["message",{"_placeholder":true,"num":0}]`)
	s.poll("POST", sid, "b"+strings.Repeat("AAAA", 1000))
	if status, _ := s.poll("POST", sid, "b"+strings.Repeat("AAAA", 1000)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("by polling: %d", status)
	}
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
