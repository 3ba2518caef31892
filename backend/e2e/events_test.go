package e2e

import (
	"fmt"
	"testing"
)

// streamed is a pushed event.
type streamed struct {
	Symbol    string `json:"symbol"`
	EventType string `json:"event_type"`
	EventData struct {
		EventType   string `json:"event_type"`
		Mint        string `json:"mint_account"`
		LatestPrice string `json:"latest_price"`
		Provisional bool   `json:"provisional"`
	} `json:"event_data"`
	Timestamp int64  `json:"timestamp"`
	Signature string `json:"signature"`
	Ordinal   int    `json:"ordinal"`
	Slot      uint64 `json:"slot"`
	Seq       uint64 `json:"seq"`
}

func (e *streamed) id() string { return fmt.Sprintf("%s/%d", e.Signature, e.Ordinal) }

// streamedEvents compares the stream of all events, asked for from the first commit on, with the ledger: the chain's
// order and nothing missing. Repeats are told apart by signature and ordinal, as clients are asked to do; within one
// connection there are none, but of events whose block time was an estimate.
func streamedEvents(t *testing.T, c *client, l *ledger) {
	t.Helper()
	place := map[string]int{}
	for i := range l.records {
		place[l.records[i].id()] = i
	}

	var last []*streamed // by place, the newest word on it
	here := map[string]bool{}
	var seq uint64
	for _, m := range c.all(0) {
		if m.Event == "@disconnect" {
			clear(here)
			seq = 0
		}
		if m.Event != "event_data" {
			continue
		}

		e := new(streamed)
		if err := m.read(e); err != nil {
			t.Fatal(err)
		}
		id := e.id()
		i, known := place[id]
		switch {
		case !known:
			t.Fatalf("%s is not on the ledger", m.Args[0])
		case e.Seq < seq:
			t.Fatalf("seq %d after %d: %s", e.Seq, seq, m.Args[0])
		case here[id] && !last[i].EventData.Provisional:
			t.Fatalf("came again: %s after %+v", m.Args[0], *last[i])
		case i > len(last):
			t.Fatalf("event %d comes after %d others: %s", i, len(last), m.Args[0])
		case i == len(last):
			last = append(last, e)
		default:
			last[i] = e
		}

		here[id], seq = true, e.Seq
	}

	if len(last) != len(l.records) {
		t.Errorf("%d events came, the ledger has %d", len(last), len(l.records))
	}
	for i, e := range last {
		w := &l.records[i]
		if e.Symbol != w.Mint || e.EventData.Mint != w.Mint || e.Slot != w.slot || e.Timestamp != w.time*1000 || e.EventType != w.Kind ||
			e.EventData.EventType != w.Kind || e.EventData.LatestPrice != w.PriceRaw || e.EventData.Provisional {
			t.Fatalf("event %d is %+v, want %+v", i, e, w)
		}
	}
}

// newestEvent is the seq of the last event that came.
func newestEvent(t *testing.T, c *client) uint64 {
	t.Helper()
	var e streamed
	for _, m := range c.all(0) {
		if m.Event == "event_data" {
			if err := m.read(&e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if e.Seq == 0 {
		t.Fatal("no event came")
	}
	return e.Seq
}
