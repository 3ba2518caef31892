package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"spinscope/backend/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// TestChurn lets many clients come, talk, upgrade and go in every rude way at
// once, while others broadcast. At the end every registry is empty; TestMain
// checks that no goroutine is left.
func TestChurn(t *testing.T) {
	const rounds = 6
	clients := 100
	if n, err := strconv.Atoi(os.Getenv("SPINSCOPE_CHURN")); err == nil { // make soak
		clients = n
	}

	var in, out atomic.Int64
	opts := plenty
	opts.StallTimeout = 2 * time.Second
	opts.PingInterval = 50 * time.Millisecond // so that no GET waits long
	opts.PingTimeout = patience / 2           // longer than a goroutine waits for its turn among all these
	var ns *Namespace
	s := serve(t, opts, func(s *Server) {
		ns = s.Namespace("/c", Handler{
			Connect: func(c *Conn, auth map[string]any) error {
				c.Join("all")
				if auth["refuse"] == true {
					return fmt.Errorf("refused")
				}
				in.Add(1)
				c.SetData(int(in.Load()))
				_ = c.Emit("hello", c.Data()) // it may have gone already
				return nil
			},
			Event: func(c *Conn, name string, args []any, ack func(any)) {
				switch name {
				case "join":
					c.Join(fmt.Sprint(args...))
				case "leave":
					c.Leave(fmt.Sprint(args...))
				case "close":
					c.Close("asked to")
				case "panic":
					panic("churn")
				}

				if ack != nil {
					ack(c.Rooms())
				}
			},
			Disconnect: func(*Conn, string) { out.Add(1) },
		})
	})
	ctx, stop := context.WithCancel(t.Context())
	var background, all sync.WaitGroup
	for i := range 2 {
		background.Go(func() {
			for ctx.Err() == nil {
				ns.Broadcast([]string{"all", "r1"}[i], "tick", json.RawMessage(`{"x":1}`), 0)
				s.Stats()
				s.Clients()
			}
		})
	}

	for i := range clients {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 7))
			for range rounds {
				s.rudeVisit(rnd)
			}
		})
	}

	all.Wait()
	stop()
	background.Wait()
	defer func() {
		if t.Failed() {
			t.Logf("in %d out %d, %+v, members %d, rooms %v, sockets %d, engine %d, free %d", in.Load(), out.Load(), s.Stats(),
				ns.Members(""), ns.Rooms(), ns.nsp.Sockets().Len(), s.io.Engine().ClientsCount(), s.free())
		}
	}()

	eventually(t, "everybody is gone", func() bool {
		return s.Stats().Connections == 0 && in.Load() == out.Load() && ns.Members("") == 0 && len(ns.Rooms()) == 0 &&
			ns.nsp.Sockets().Len() == 0 && s.io.Engine().ClientsCount() == 0 && s.free() == s.opts.MaxConnections
	})
	if in.Load() == 0 {
		t.Error("nobody connected")
	}

	if st := s.Stats(); st.Ghosts != 0 {
		t.Errorf("stats %+v", st)
	}
	http.DefaultClient.CloseIdleConnections()

	// The library may set a timer for a session that ends in the same moment: it runs out, and does nothing.
	eventually(t, "no timer is left", func() bool { return !running("utils.SetTimeout") })
}

// running reports whether a goroutine has a function in its stack.
func running(function string) bool {
	stacks := make([]byte, 4<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte(function))
}

// rudeVisit is one client with no manners. Errors do not matter, they are meant.
func (s *site) rudeVisit(rnd *rand.Rand) {
	var ws *websocket.Conn
	write := func(msgs ...string) {
		for _, m := range msgs {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(m))
		}
	}
	query := "transport=websocket"
	if rnd.IntN(3) == 0 {
		sid, err := s.pollHello()
		if err != nil {
			s.t.Error(err)
			return
		}

		s.poll("POST", sid, "40/c,")
		s.poll("GET", sid, "")
		if rnd.IntN(2) == 0 {
			s.poll("POST", sid, []string{"1", "abc", "41/c,", `42/c,["close"]`}[rnd.IntN(4)])
			s.poll("GET", sid, "")
			s.poll("POST", sid, "1")
			return
		}
		query += "&sid=" + sid
	}

	ws, resp, err := websocket.DefaultDialer.Dial(s.url("ws", query), nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		return
	}

	defer func() { _ = ws.Close() }()
	if strings.Contains(query, "sid") {
		write("2probe", "5")
	}
	write([]string{"40/c,", "40", `40/c,{"refuse":true}`, "40/none,"}[rnd.IntN(4)])
	for range rnd.IntN(20) {
		write([]string{
			`42/c,["join","r1"]`, `42/c,["leave","r1"]`, `42/c,1["join",2]`, `42/c,["panic"]`,
			`42/c,["close"]`, "41/c,", "40/c,", "3", `42/c,["x",{"a":[1,2,3]}]`, "40",
		}[rnd.IntN(10)])
	}

	_ = ws.SetReadDeadline(time.Now().Add(time.Duration(rnd.IntN(20)) * time.Millisecond))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}

	switch rnd.IntN(4) {
	case 0:
		write("1")
	case 1:
		_ = ws.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Second))
	case 2:
		write("garbage")
	}
}
