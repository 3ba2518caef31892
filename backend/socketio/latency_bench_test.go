package socketio

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// latencies reads rounds events of every client; the last argument is the
// nanotime of sending.
func latencies(b *testing.B, clients []*websocket.Conn, rounds int, send func(at string)) []time.Duration {
	late := make([][]time.Duration, len(clients))
	var done sync.WaitGroup
	for i, c := range clients {
		_ = c.SetReadDeadline(time.Time{})
		done.Go(func() {
			for range rounds {
				_, m, err := c.ReadMessage()
				if err != nil {
					b.Errorf("read: %v", err)
					return
				}
				_, at, _ := strings.Cut(string(m), "#")
				at, _, _ = strings.Cut(at, "#")
				sent, _ := strconv.ParseInt(at, 10, 64)
				late[i] = append(late[i], time.Duration(nanotime()-sent))
			}
		})
	}

	tick := time.NewTicker(time.Duration(len(clients)) * time.Second / 20000)
	defer tick.Stop()

	for range rounds {
		<-tick.C
		send("#" + strconv.FormatInt(nanotime(), 10) + "#" + strings.Repeat("x", 250))
	}

	done.Wait()
	all := slices.Concat(late...)
	slices.Sort(all)
	return all
}

// BenchmarkLatency measures how late broadcasts arrive at 20,000 deliveries a
// second to 1,000 clients, beside a plain broadcaster, in turns.
func BenchmarkLatency(b *testing.B) {
	const n, rounds = 1000, 40
	var ns *Namespace
	s := serve(b, Options{PingInterval: time.Hour}, func(s *Server) {
		ns = s.Namespace("/x", Handler{Connect: func(c *Conn, _ map[string]any) error { c.Join("r"); return nil }})
	})
	var ours []*websocket.Conn
	for range n {
		ours = append(ours, s.join("/x").ws)
	}

	plain, theirs := floor(b, n)
	var us, them []time.Duration
	for b.Loop() {
		us = append(us, latencies(b, ours, rounds, func(at string) {
			payload, _ := json.Marshal(at)
			ns.Broadcast("r", "t", payload, 0)
		})...)
		them = append(them, latencies(b, theirs.clients, rounds, func(at string) {
			pm, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(at))
			plain(pm)
		})...)
	}

	slices.Sort(us)
	slices.Sort(them)
	ms := func(all []time.Duration, q int) float64 { return float64(all[len(all)*q/100].Microseconds()) / 1000 }
	b.ReportMetric(ms(us, 50), "p50-ms")
	b.ReportMetric(ms(us, 99), "p99-ms")
	b.ReportMetric(ms(them, 50), "floor-p50-ms")
	b.ReportMetric(ms(them, 99), "floor-p99-ms")
}

// BenchmarkIdle measures what one idle connection costs. Both ends are in this
// process; a plain gorilla client is about 10 KB of it.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		const n = 2000
		s := serve(b, Options{PingInterval: time.Hour}, func(s *Server) {
			s.Namespace("/x", Handler{Connect: func(c *Conn, _ map[string]any) error { c.Join("r"); return nil }})
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)

		start := time.Now()
		for range n {
			s.join("/x")
		}

		took := time.Since(start)
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-B/conn")
		b.ReportMetric(float64(after.StackInuse-before.StackInuse)/n, "stack-B/conn")
		b.ReportMetric(took.Seconds()*1000/n, "ms/connect")
		if c := s.Stats().Connections; c != n {
			b.Fatal(fmt.Sprint(c, " connections"))
		}
	}
}
