package socketio

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

const subscribeRequest = `["subscribe_kline",{"symbol":"So11111111111111111111111111111111111111112","interval":"m1"}]`

// BenchmarkRequests measures requests with an acknowledgement, each sent when the one before is answered, by one client
// and by 50 at once: this package, the library as it ships and a bare gorilla/websocket echo, in turns. The ratios are
// medians over the turns.
func BenchmarkRequests(b *testing.B) {
	for _, clients := range []int{1, 50} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			ours := serve(b, Options{PingInterval: time.Hour, RequestsPerSecond: 1e9, Burst: 1 << 30}, func(s *Server) {
				s.Namespace("/x", Handler{Event: func(c *Conn, _ string, _ []any, ack func(any)) {
					c.Join("r")
					ack(map[string]bool{"success": true})
				}})
			})
			kinds := []struct {
				name    string
				sockets []*websocket.Conn
				rates   []float64
			}{
				{name: "ours", sockets: joinAll(b, ours.http.URL, clients)},
				{name: "stock", sockets: joinAll(b, stockServer(b), clients)},
				{name: "echo", sockets: dialAll(b, echoServer(b), clients)},
			}
			const requests = 2000
			for b.Loop() {
				for i := range kinds {
					k := &kinds[i]
					k.rates = append(k.rates, requestRate(b, k.sockets, requests/clients))
				}
			}

			middle := func(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }
			for i, k := range kinds {
				b.ReportMetric(middle(k.rates), k.name+"/s")
				if i > 0 {
					ratios := slices.Clone(kinds[0].rates)
					for j := range ratios {
						ratios[j] /= k.rates[j]
					}
					b.ReportMetric(middle(ratios), "of-"+k.name)
				}
			}

			b.ReportMetric(0, "ns/op")
		})
	}
}

// requestRate sends each socket's requests one after the other and returns how many were answered in a second.
func requestRate(b *testing.B, sockets []*websocket.Conn, each int) float64 {
	begun := time.Now()
	var all sync.WaitGroup
	for _, ws := range sockets {
		all.Go(func() {
			for i := range each {
				if err := ws.WriteMessage(websocket.TextMessage, []byte("42/x,"+strconv.Itoa(i)+subscribeRequest)); err != nil {
					b.Error(err)
					return
				}

				for {
					_, m, err := ws.ReadMessage()
					if err != nil {
						b.Error(err)
						return
					}
					if text := string(m); strings.HasPrefix(text, "43/x,"+strconv.Itoa(i)) || strings.HasPrefix(text, "42/x,"+strconv.Itoa(i)) {
						break
					}
				}
			}
		})
	}

	all.Wait()
	return float64(each*len(sockets)) / time.Since(begun).Seconds()
}

func dialAll(b *testing.B, url string, n int) (sockets []*websocket.Conn) {
	for range n {
		ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		b.Cleanup(func() { _ = ws.Close() })
		sockets = append(sockets, ws)
	}
	return sockets
}

func joinAll(b *testing.B, url string, n int) []*websocket.Conn {
	sockets := dialAll(b, url, n)
	for _, ws := range sockets {
		for _, step := range []string{"0{", "40/x,{"} {
			_, m, err := ws.ReadMessage()
			if err != nil || !strings.HasPrefix(string(m), step) {
				b.Fatal(fmt.Errorf("%s: %w", m, err))
			}
			if step == "0{" {
				_ = ws.WriteMessage(websocket.TextMessage, []byte("40/x,"))
			}
		}
	}
	return sockets
}

// stockServer is the library with its own transports and parser.
func stockServer(b *testing.B) (url string) {
	o := socket.DefaultServerOptions()
	o.SetServeClient(false)
	o.SetTransports(types.NewSet("polling", "websocket"))
	o.SetPingInterval(time.Hour)
	io := socket.NewServer(nil, o)
	_ = io.Of("/x", nil).On("connection", func(args ...any) {
		client, _ := args[0].(*socket.Socket)
		_ = client.On("subscribe_kline", func(args ...any) {
			client.Join("r")
			if ack, ok := args[len(args)-1].(socket.Ack); ok {
				ack([]any{map[string]bool{"success": true}}, nil)
			}
		})
	})

	server := httptest.NewServer(io.ServeHandler(nil))
	b.Cleanup(func() {
		io.Close(nil)
		server.Close()
	})
	return server.URL
}

// echoServer answers every message with itself.
func echoServer(b *testing.B) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var up websocket.Upgrader
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		for {
			kind, m, err := ws.ReadMessage()
			if err != nil || ws.WriteMessage(kind, m) != nil {
				return
			}
		}
	}))
	b.Cleanup(server.Close)
	return server.URL
}
