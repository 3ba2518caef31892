package socketio

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// benchPayload is about 300 bytes, a candle push.
var benchPayload = json.RawMessage(`{"symbol":"JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ","interval":"s1","subscription_id":null,"data":{"time":1700000000,"open":1.25,"high":1.5,"low":1.125,"close":1.375,"volume":1234.5,"is_final":false,"update_type":"realtime","update_count":7},"timestamp":1700000000123,"seq":123456,"slot":234567}`)

// readers counts the bytes every client receives.
type readers struct {
	conns   []net.Conn
	clients []*websocket.Conn
	done    sync.WaitGroup
}

// expect starts one reader per client that ends after n bytes.
func (r *readers) expect(b *testing.B, n int64) {
	for _, c := range r.conns {
		_ = c.SetReadDeadline(time.Time{})
		r.done.Go(func() {
			buf := make([]byte, 32<<10)
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(c, n), buf); err != nil {
				b.Errorf("reader: %v", err)
			}
		})
	}
}

// floor is a plain gorilla server that writes one PreparedMessage to each.
func floor(b *testing.B, n int) (broadcast func(*websocket.PreparedMessage), r *readers) {
	var up websocket.Upgrader
	accepted := make(chan *websocket.Conn)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		c, err := up.Upgrade(w, q, nil)
		if err != nil {
			b.Error(err)
			return
		}
		accepted <- c
	}))
	b.Cleanup(srv.Close)
	r = &readers{}

	var conns []*websocket.Conn
	for range n {
		ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		conns = append(conns, <-accepted)
		r.conns = append(r.conns, ws.NetConn())
		r.clients = append(r.clients, ws)
		b.Cleanup(func() { _ = ws.Close() })
	}

	return func(pm *websocket.PreparedMessage) {
		for _, c := range conns {
			if err := c.WritePreparedMessage(pm); err != nil {
				b.Error(err)
			}
		}
	}, r
}

// BenchmarkBroadcast measures saturated fan-out and prints its ratio to a plain
// broadcaster in the same run.
func BenchmarkBroadcast(b *testing.B) {
	for _, n := range []int{200, 1000} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) {
			var kline *Namespace
			s := serve(b, Options{PingInterval: time.Hour}, func(s *Server) {
				kline = s.Namespace("/bench", Handler{Connect: func(c *Conn, _ map[string]any) error { c.Join("r"); return nil }})
			})
			ours := &readers{}
			for range n {
				ours.conns = append(ours.conns, s.join("/bench").ws.NetConn())
			}

			eventually(b, "all joined", func() bool { return kline.Members("r") == n })
			plain, theirs := floor(b, n)
			frames, _ := encodeEvent("/bench", "kline_data", benchPayload)
			pm, err := websocket.NewPreparedMessage(websocket.TextMessage, frames[0].payload())
			if err != nil {
				b.Fatal(err)
			}

			const perRound = 200
			size := int64(len(frames[0]))
			var us, them time.Duration
			b.ResetTimer()
			for range b.N {
				ours.expect(b, perRound*size)
				start := time.Now()
				for range perRound {
					kline.Broadcast("r", "kline_data", benchPayload, 0)
				}

				ours.done.Wait()
				us += time.Since(start)

				theirs.expect(b, perRound*size)
				start = time.Now()
				for range perRound {
					plain(pm)
				}

				theirs.done.Wait()
				them += time.Since(start)
			}

			total := float64(b.N * perRound * n)
			b.ReportMetric(total/us.Seconds(), "deliveries/s")
			b.ReportMetric(total/them.Seconds(), "floor/s")
			b.ReportMetric(them.Seconds()/us.Seconds(), "ratio")
			if st := s.Stats(); st.SlowConsumers > 0 {
				b.Fatalf("%d clients cut", st.SlowConsumers)
			}
		})
	}
}
