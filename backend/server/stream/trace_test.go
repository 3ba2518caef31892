package stream

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// At level debug the log tells each step of a request, with the client, and above it nothing.
func TestDebugTracesOneRequestWhole(t *testing.T) {
	steps := func(level slog.Level, ask func(b *bench, s *session)) (list []string) {
		var text bytes.Buffer
		b := newBench(t, func(o *Options) {
			o.Logger = slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: level}))
		})
		b.trade(testMints[0], startTime, 1e18)
		s, _ := b.client(t, openSpace, "one")
		text.Reset()
		ask(b, s)
		for line := range strings.Lines(text.String()) {
			var record struct{ Msg, Client, Event string }
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			if record.Client != "one" {
				t.Errorf("of no client: %s", line)
			}
			list = append(list, strings.TrimSuffix(record.Msg+" "+record.Event, " "))
		}

		return list
	}
	for name, test := range map[string]struct {
		ask  func(b *bench, s *session)
		want []string
	}{
		"candles": {
			func(_ *bench, s *session) { ask(t, s, "subscribe_kline", klineOf(testMints[0])) },
			[]string{
				"request received subscribe_kline", "answer read", "message queued history_data",
				"message queued subscription_confirmed", "request served subscribe_kline",
			},
		},
		"replay": {
			func(_ *bench, s *session) {
				ask(t, s, "subscribe_events", object{"symbol": testMints[0].String(), "since_seq": 1.0})
			},
			[]string{
				"request received subscribe_events", "message queued subscription_confirmed", "answer read",
				"message queued event_data", "request served subscribe_events",
			},
		},
		"refusal": {
			func(_ *bench, s *session) { ask(t, s, "subscribe_kline", object{"symbol": "?"}) },
			[]string{"request received subscribe_kline", "request refused", "message queued error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := steps(slog.LevelDebug, test.ask); !slices.Equal(got, test.want) {
				t.Errorf("the log tells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if got := steps(slog.LevelInfo, test.ask); len(got) > 0 {
				t.Errorf("at level info it tells %s", got)
			}
		})
	}
}

// A client that goes away in the middle of an answer is nobody's error.
func TestGoneClientIsNoError(t *testing.T) {
	var text bytes.Buffer
	b := newBench(t, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	for i := range int64(2 * replayPage) {
		b.trade(testMints[0], startTime+i, 1e18)
	}

	s, p := b.client(t, openSpace, "one")
	text.Reset()
	p.gone = true
	s.request("subscribe_events", []any{object{"since_seq": 1.0}}, nil)
	for range 10 { // until what was answered is more than may wait
		s.request("get_history", []any{with(klineOf(testMints[0]), "limit", 5000.0)}, nil)
	}

	if text.Len() > 0 {
		t.Errorf("logged: %s", text.String())
	}
	if m := b.Metrics(); m.Errors != 0 {
		t.Errorf("%d errors counted", m.Errors)
	}
}
