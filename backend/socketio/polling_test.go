package socketio

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/types"
)

// TestCure8Polling: a POST above 64 KB fails in the stock library and an invalid
// packet does not end the session.
func TestCure8Polling(t *testing.T) {
	s := suite(t, Options{MaxPayload: 1 << 20})
	sid := s.pollOpen()
	post := func(body string, want int) {
		t.Helper()
		if status, answer := s.poll("POST", sid, body); status != want || want == 200 && answer != "ok" {
			t.Fatalf("POST: %d %q", status, answer)
		}
	}
	get := func(want string) {
		t.Helper()
		if status, body := s.poll("GET", sid, ""); status != 200 || body != want {
			t.Fatalf("GET: %d %.80q, want %.80q", status, body, want)
		}
	}
	post("40", 200)
	if status, body := s.poll("GET", sid, ""); status != 200 || !strings.HasPrefix(body, `40{"sid":`) {
		t.Fatalf("GET: %d %q", status, body)
	}

	long := strings.Repeat("x", 300_000)
	post(`42["message",1]`+"\x1e"+`42["message","`+long+`"]`+"\x1e"+`421["message-with-ack"]`, 200)
	var got string
	for !strings.HasSuffix(got, "431[]") {
		_, body := s.poll("GET", sid, "")
		got += "\x1e" + body
	}

	if want := "\x1e" + `42["message-back",1]` + "\x1e" + `42["message-back","` + long + `"]` + "\x1e431[]"; !strings.HasSuffix(got, want) {
		t.Fatalf("got %.100q", got)
	}
	post(`451-["message",{"_placeholder":true,"num":0}]`+"\x1ebAQID", 200)
	get(`451-["message-back",{"_placeholder":true,"num":0}]` + "\x1ebAQID")

	// More packets than python-engineio takes at once come in several payloads.
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf(`42["message",%d]`, i))
	}

	post(strings.Join(many, "\x1e"), 200)
	for i := 0; i < 40; {
		status, body := s.poll("GET", sid, "")
		packets := strings.Split(body, "\x1e")
		if status != 200 || len(packets) > 16 {
			t.Fatalf("GET: %d with %d packets", status, len(packets))
		}
		for _, p := range packets {
			if p != fmt.Sprintf(`42["message-back",%d]`, i) {
				t.Fatalf("got %q", p)
			}
			i++
		}
	}

	post(strings.Repeat("x", 1<<20+1), http.StatusRequestEntityTooLarge)

	post("abc", 400)
	if status, _ := s.poll("GET", sid, ""); status != 400 {
		t.Fatalf("session lives on after an invalid packet: %d", status)
	}
	for _, body := range []string{"42", "4", "", "b!!", "7", "42[]\x1e3"} {
		sid = s.pollOpen()
		post("40", 200)
		post(body, 400)
		if status, _ := s.poll("GET", sid, ""); status != 400 {
			t.Errorf("%q: session lives on: %d", body, status)
		}
	}
}

type answer struct {
	status int
	body   string
}

// pending sends a GET and returns when the server holds it.
func (s *site) pending(sid string) <-chan answer {
	s.t.Helper()
	done := make(chan answer, 1)
	go func() {
		status, body := s.poll("GET", sid, "")
		done <- answer{status, body}
	}()
	eventually(s.t, "GET waits", func() bool {
		conn, ok := s.io.Engine().Clients().Load(sid)
		if !ok {
			return false
		}
		p, ok := conn.Transport().(*polling)
		if !ok {
			return false
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.poll != nil
	})

	return done
}

func TestPollingOverlapAndClose(t *testing.T) {
	s := suite(t, Options{})
	sid := s.pollOpen()
	first := s.pending(sid)
	if status, _ := s.poll("GET", sid, ""); status != 400 {
		t.Errorf("second GET: %d", status)
	}

	if a := <-first; a != (answer{200, "1"}) {
		t.Errorf("first GET: %+v", a)
	}
	if status, _ := s.poll("GET", sid, ""); status != 400 {
		t.Errorf("GET after overlap: %d", status)
	}

	sid = s.pollOpen()
	first = s.pending(sid)
	if status, body := s.poll("POST", sid, "1"); status != 200 || body != "ok" {
		t.Errorf("POST close: %d %q", status, body)
	}

	if a := <-first; a != (answer{200, "6"}) {
		t.Errorf("GET at close: %+v", a)
	}
	if status, _ := s.poll("GET", sid, ""); status != 400 {
		t.Errorf("GET after close: %d", status)
	}
}

// TestPollAbandoned: a client that gives its GET up has gone.
func TestPollAbandoned(t *testing.T) {
	left := make(chan string, 1)
	s := serve(t, Options{}, func(s *Server) {
		s.Namespace("/", Handler{Disconnect: func(_ *Conn, reason string) { left <- reason }})
	})
	sid := s.pollOpen()
	s.poll("POST", sid, "40")
	s.poll("GET", sid, "")

	poller, ok := s.all()[0].conn.Transport().(*polling)
	if !ok {
		t.Fatal("no poller")
	}
	nc := s.request("GET", sid)
	eventually(t, "the GET waits", func() bool {
		poller.mu.Lock()
		defer poller.mu.Unlock()
		return poller.poll != nil
	})
	_ = nc.Close()
	if reason := <-left; reason != "transport error" {
		t.Errorf("reason %q", reason)
	}

	for _, method := range []string{"GET", "POST"} {
		if status, _ := s.poll(method, sid, "3"); status != http.StatusBadRequest {
			t.Errorf("%s afterwards: %d", method, status)
		}
	}
}

// TestCure4OpenHeld: OPEN may not leave before the session is known everywhere,
// or the client's answer finds nobody.
func TestCure4OpenHeld(t *testing.T) {
	answer := httptest.NewRecorder()
	ctx := types.NewHttpContext(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/socket.io/?EIO=4", nil))
	p := newPolling(&request{server: New(Options{}), fresh: true})
	p.OnRequest(ctx)
	p.Send([]*packet.Packet{{Type: packet.OPEN, Data: strings.NewReader("{}")}})
	if p.claim(nil) != ctx {
		t.Fatal("OPEN left early")
	}
	p.OnRequest(ctx)
	p.release()
	<-ctx.Done()
	if err := p.session.server.tasks.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if answer.Body.String() != "0{}" {
		t.Errorf("answered %q", answer.Body)
	}
}
