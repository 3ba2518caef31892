package socketio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// probe offers a WebSocket for a polling session.
func (s *site) probe(sid string) *client {
	s.t.Helper()
	c := s.dialRaw("transport=websocket&sid=" + sid)
	c.write("2probe")
	c.expect("3probe")
	return c
}

func TestUpgrade(t *testing.T) {
	s := suite(t, Options{})
	sid := s.pollOpen()
	if status, _ := s.poll("POST", sid, "40"); status != 200 {
		t.Fatal(status)
	}

	for got := ""; !strings.Contains(got, "auth"); {
		_, got = s.poll("GET", sid, "")
	}
	c := s.probe(sid)
	if status, body := s.poll("GET", sid, ""); status != 200 || body != "6" {
		t.Fatalf("GET while upgrading: %d %q", status, body)
	}

	c.write("5", `42["message","up"]`)
	c.expect(`42["message-back","up"]`)
	if info := s.Clients(); len(info) != 1 || info[0].Transport != "websocket" {
		t.Errorf("clients %+v", info)
	}

	// A polling request with the sid of an upgraded session is answered 400.
	for _, method := range []string{"GET", "POST"} {
		if status, _ := s.poll(method, sid, "3"); status != http.StatusBadRequest {
			t.Errorf("%s after upgrade: %d", method, status)
		}
	}

	s.dialRaw("transport=websocket&sid=" + sid).expectClosed()
	c.write(`42["message","still"]`)
	c.expect(`42["message-back","still"]`)
}

// TestUpgradeAtOnce sends a GET together with the upgrade: it must be answered.
func TestUpgradeAtOnce(t *testing.T) {
	s := suite(t, Options{})
	for range 30 {
		sid := s.pollOpen()
		c := s.dialRaw("transport=websocket&sid=" + sid)
		c.write("2probe", "5")
		if status, _ := s.poll("GET", sid, ""); status != http.StatusBadRequest {
			t.Fatalf("GET with the upgrade: %d", status)
		}
		c.expect("3probe")
		c.write("40")
		if got := c.read(); !strings.HasPrefix(got, `40{"sid":`) {
			t.Fatalf("got %q", got)
		}
		_ = c.ws.Close()
	}
}

func TestUpgradeAbandoned(t *testing.T) {
	s := suite(t, Options{})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	for _, m := range []string{"4x", "2", "3probe", "abc", "2nope"} {
		c := s.offer(sid)
		c.write(m)
		c.expectClosed()
	}

	gone := s.offer(sid)
	gone.write("2probe")
	gone.expect("3probe")
	_ = gone.ws.Close()
	s.poll("GET", sid, "")
	s.poll("POST", sid, `42["message","polling still"]`)
	eventually(t, "the answer arrives by polling", func() bool {
		status, body := s.poll("GET", sid, "")
		if status != 200 {
			t.Fatalf("GET: %d", status)
		}
		return strings.Contains(body, "polling still")
	})
}

// TestOrderAcrossUpgrade sends without a pause while the client moves from
// polling to WebSocket.
func TestOrderAcrossUpgrade(t *testing.T) {
	const total = 2000
	var ns *Namespace
	joined := make(chan *Conn, 1)
	s := serve(t, Options{MaxQueuedMessages: 64}, func(s *Server) {
		ns = s.Namespace("/", Handler{Connect: func(c *Conn, _ map[string]any) error {
			c.Join("r")
			joined <- c
			return nil
		}})
	})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")

	conn := <-joined
	next := 0
	take := func(msg string) {
		t.Helper()
		if want := fmt.Sprintf(`42["n",%d]`, next); msg == want {
			next++
		} else if msg != "6" && msg != "2" && !strings.HasPrefix(msg, "40{") {
			t.Fatalf("got %q, want %q", msg, want)
		}
	}
	poll := func() {
		_, body := s.poll("GET", sid, "")
		for msg := range strings.SplitSeq(body, "\x1e") {
			take(msg)
		}
	}
	poll()                                                // the CONNECT answer
	eventually(t, "the client is live", conn.isLive.Load) // before that nothing drains

	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range total {
			if i%2 == 0 {
				ns.Broadcast("r", "n", json.RawMessage(strconv.Itoa(i)), 0)
			} else if err := conn.Emit("n", i); err != nil {
				t.Errorf("emit %d: %v", i, err)
				return
			}

			if i%8 == 0 { // so that there is always something under way
				if err := conn.Drain(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	poll()

	c := s.probe(sid)
	for range 10 {
		poll()
	}

	if next == total {
		t.Fatal("nothing left for the WebSocket")
	}
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte("5")); err != nil {
		t.Fatal(err)
	}

	for next < total {
		take(c.read())
	}
	<-sent
}

// TestUpgradeStartsNoInterval looks for the library's interval, whose goroutine stays for ever when it is stopped in the
// moment it fires.
func TestUpgradeStartsNoInterval(t *testing.T) {
	s := suite(t, Options{})
	s.probe(s.pollOpen())
	if running("utils.SetInterval") {
		t.Error("the probe was answered by the library, which started its interval")
	}
}
