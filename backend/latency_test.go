package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet"
)

// live is a server on a trading cluster.
type live struct {
	net     *simnet.Net
	address string
	stop    func()
}

// trading starts both. window is the batch window in milliseconds.
func trading(tb testing.TB, rate float64, slot time.Duration, window int) *live {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	net := simnet.New(simnet.Config{Seed: 5, Rate: rate, SlotTime: slot})
	ended := make(chan error, 2)
	go func() { ended <- net.Run(ctx) }()
	<-net.Ready()

	cfg := config.Default()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL = "custom", net.RPCURL(), net.WSURL()
	cfg.Metadata.Enabled = false
	cfg.Websocket.MessageBatchTimeoutMS = window
	b := backend.New(backend.Options{Config: cfg, Assets: fstest.MapFS{}, Logger: slog.New(slog.DiscardHandler), DataDir: tb.TempDir()})
	go func() { ended <- b.Run(ctx) }()

	l := &live{net: net, stop: func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				tb.Error(err)
			}
		}
	}}
	for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
		if address, ready := b.Address(); ready {
			l.address = address
			tick.Stop()
			return l
		}
	}
}

// seen is when a signature arrived.
type seen struct {
	signature string
	at        time.Time
}

// watchSocket opens a WebSocket, says what opens the stream, and reports the signature in each message that has one.
func watchSocket(tb testing.TB, url string, say func(send func(string), message string), signature *regexp.Regexp) <-chan seen {
	tb.Helper()
	conn, _, err := websocket.Dial(tb.Context(), url, nil) //nolint:bodyclose // websocket keeps it
	if err != nil {
		tb.Fatal(err)
	}

	conn.SetReadLimit(1 << 22)
	tb.Cleanup(func() { _ = conn.CloseNow() })
	send := func(text string) {
		if err := conn.Write(tb.Context(), websocket.MessageText, []byte(text)); err != nil && tb.Context().Err() == nil {
			tb.Error(err)
		}
	}
	say(send, "")

	arrived := make(chan seen, 1<<14)
	go func() {
		defer close(arrived)
		for {
			_, data, err := conn.Read(tb.Context())
			if err != nil {
				return
			}
			now := time.Now()
			if found := signature.FindSubmatch(data); found != nil {
				arrived <- seen{string(found[1]), now}
				continue
			}
			say(send, string(data))
		}
	}()

	return arrived
}

// notifications are the cluster's, as another subscriber sees them.
func (l *live) notifications(tb testing.TB) <-chan seen {
	return watchSocket(tb, l.net.WSURL(), func(send func(string), message string) {
		if message == "" {
			send(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"logsSubscribe","params":[{"mentions":["%s"]},{"commitment":"confirmed"}]}`, spinpet.ProgramID))
		}
	}, regexp.MustCompile(`"signature":"(\w+)".*Program data`))
}

// pushes are what a Socket.IO subscriber to all events gets.
func (l *live) pushes(tb testing.TB) <-chan seen {
	return watchSocket(tb, "ws://"+l.address+"/socket.io/?EIO=4&transport=websocket", func(send func(string), message string) {
		switch {
		case strings.HasPrefix(message, "0"):
			send("40/ws/kline,")
		case message == "2":
			send("3")
		case strings.HasPrefix(message, "40/ws/kline"):
			send(`42/ws/kline,["subscribe_events",{}]`)
		}
	}, regexp.MustCompile(`^42/ws/kline,\["event_data".*"signature":"(\w+)"`))
}

// BenchmarkLatency measures from the arrival of the cluster's notification at a bystander to the arrival of the push at a
// Socket.IO client, at about 100 transactions a second in slots of 400 ms.
func BenchmarkLatency(b *testing.B) {
	for _, window := range []int{1, 50} {
		b.Run(fmt.Sprintf("window=%dms", window), func(b *testing.B) {
			l := trading(b, 100, 400*time.Millisecond, window)
			defer l.stop()

			pushes := l.pushes(b)
			<-pushes // subscribed
			notified := l.notifications(b)
			sent := map[string]time.Time{}
			var took []time.Duration
			note := func(n seen) { sent[n.signature] = n.at }
			for range 30 * 100 { // half a minute, whatever b.N
				push := <-pushes
				for len(notified) > 0 {
					note(<-notified)
				}

				at, known := sent[push.signature]
				if !known {
					select { // the push was faster than the bystander
					case next := <-notified:
						note(next)
						at, known = sent[push.signature]
					case <-time.After(50 * time.Millisecond):
					}
				}

				if known {
					took = append(took, max(0, push.at.Sub(at)))
				}
			}

			slices.Sort(took)
			at := func(share float64) float64 {
				return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
			}
			b.ReportMetric(at(.5), "p50-ms")
			b.ReportMetric(at(.99), "p99-ms")
			b.ReportMetric(float64(len(took)), "pushes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// TestStagesAreMeasured follows trades to a subscriber and finds them in every stage's histogram.
func TestStagesAreMeasured(t *testing.T) {
	l := trading(t, 40, 50*time.Millisecond, 50)
	defer l.stop()

	pushes := l.pushes(t)
	for range 20 {
		if _, open := <-pushes; !open {
			t.Fatal("the subscriber was cut")
		}
	}

	text := metricsOf(t, l.address)
	for _, stage := range []string{"receive_to_apply", "apply_to_commit", "commit_to_publish", "publish_to_queue", "receive_to_queue"} {
		pattern := regexp.MustCompile(`(?m)^spinscope_stage_seconds_count\{stage="` + stage + `"\} (\d+)$`)
		found := pattern.FindStringSubmatch(text)
		var count int
		if found == nil || json.Unmarshal([]byte(found[1]), &count) != nil || count == 0 {
			t.Errorf("stage %s: %q", stage, found)
		}
	}

	for _, name := range []string{
		"ingest_events_total", "ingest_price_breaks_total", "store_gaps_open", "hub_commits_total", "socketio_messages_out_total",
		"feed_transactions_total", "stream_topics", "stream_conflated_total", "socketio_queued_messages", "socketio_dropped_total",
	} {
		if !strings.Contains(text, "\nspinscope_"+name+" ") {
			t.Errorf("no %s in /metrics", name)
		}
	}
}
