package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestOldClientsLearnOfANewDataDirectory starts the server anew on another data directory, at the same address, and lets
// its seq pass the one that a client knows. Clients of either namespace that name the store they knew are told; after a
// restart on the same directory they are not.
func TestOldClientsLearnOfANewDataDirectory(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "30s", "--seed", "17")
	s := startServer(t, t.TempDir(), market.flags()...)
	mint := market.readLedger().busiest(1)[0]
	old := know(t, s, mint)

	s.end()
	dir := t.TempDir()
	s = startServer(t, dir, append(market.flags(), "--listen", s.addr)...)
	await(t, "the new store to pass the old one's seq", func() error {
		if now := s.status(); now.Seq <= old.seq {
			return fmt.Errorf("%d, was %d", now.Seq, old.seq)
		}
		return nil
	})

	now := know(t, s, mint)
	if now.store == old.store {
		t.Errorf("both stores are called %s", now.store)
	}
	resumes(t, s, mint, old, true)
	resumes(t, s, mint, known{seq: old.seq}, false) // who does not say cannot be told
	resumes(t, s, mint, now, false)

	s.kill()
	s = startServer(t, dir, append(market.flags(), "--listen", s.addr)...)
	if again := know(t, s, mint); again.store != now.store {
		t.Errorf("after a crash the store is called %s, before %s", again.store, now.store)
	}

	resumes(t, s, mint, now, false)
	resumes(t, s, mint, old, true)
	s.end()
}

// known is where a client can resume from.
type known struct {
	seq   uint64
	store string
}

// know reads candles on every way there is, which all name the same store.
func know(t *testing.T, s *server, mint string) (k known) {
	t.Helper()
	await(t, "the first commit", func() error {
		if s.status().Seq == 0 {
			return errNotYet
		}
		return nil
	})

	c := startNode(t, s)
	c.connect(nil, open, spin)
	request := map[string]any{"symbol": mint, "interval": "s1"}
	stores := map[string]string{"status": s.status().Store}
	for ns, event := range map[string]string{open: "subscribe_kline", spin: "subscribe"} {
		if r := c.ask(ns, event, request); !r.Success {
			t.Fatalf("%s: %+v", event, r)
		}
		for _, event := range []string{"connection_success", "history_data", "subscription_confirmed"} {
			_, m := c.next(0, ns, event)
			var said struct {
				Seq   uint64
				Store string
			}
			if err := m.read(&said); err != nil {
				t.Fatal(err)
			}

			stores[ns+" "+event] = said.Store
			if said.Seq > 0 {
				k.seq = said.Seq
			}
		}
	}

	var page struct{ Store string }
	s.get("/api/kline?interval=s1&mint="+mint, &page)
	stores["/api/kline"] = page.Store
	k.store = page.Store
	for where, store := range stores {
		if len(store) != 32 || store != k.store {
			t.Errorf("%s names the store %q, others %q", where, store, k.store)
		}
	}

	c.close()
	return k
}

// resumes subscribes from what is known on, and expects to be told of a gap or not.
func resumes(t *testing.T, s *server, mint string, from known, wantsGap bool) {
	t.Helper()
	c := startNode(t, s)
	c.connect(nil, open, spin)
	request := func(fields map[string]any) map[string]any {
		if fields["since_seq"] = from.seq; from.store != "" {
			fields["store"] = from.store
		}
		return fields
	}
	for _, one := range []struct {
		ns, event, topic string
		fields           map[string]any
	}{
		{open, "subscribe_kline", "kline:" + mint + ":s1", map[string]any{"symbol": mint, "interval": "s1"}},
		{spin, "subscribe", "kline:" + mint + ":s1", map[string]any{"symbol": mint, "interval": "s1"}},
		{open, "subscribe_price", "price:" + mint, map[string]any{"symbol": mint}},
		{open, "subscribe_events", "events:" + mint, map[string]any{"symbol": mint}},
		{open, "subscribe_events", "events", map[string]any{}},
		{open, "subscribe_token_events", "token_events", map[string]any{}},
		{open, "subscribe_alerts", "alerts", map[string]any{}},
	} {
		at := len(c.all(0))
		if r := c.ask(one.ns, one.event, request(one.fields)); !r.Success {
			t.Fatalf("%s: %+v", one.event, r)
		}

		// The acknowledgement comes after all that was answered.
		gaps, whole := 0, false
		for _, m := range c.all(at) {
			var gap struct {
				Topic  string
				Data   []candle
				Reason string
			}
			switch m.Event {
			case "gap":
				if err := m.read(&gap); err != nil || gap.Topic != one.topic || gap.Reason == "" {
					t.Errorf("%s: gap %s %v", one.event, m.Args, err)
				}
				gaps++
			case "history_data":
				if err := m.read(&gap); err != nil {
					t.Error(err)
				}
				whole = gaps > 0 && len(gap.Data) > 0
			}
		}

		want := 0
		if wantsGap {
			want = 1
		}
		if gaps != want {
			t.Errorf("%s %s from %+v: %d gaps, want %d", one.ns, one.topic, from, gaps, want)
		}

		if wantsGap && !whole && strings.HasPrefix(one.topic, "kline:") {
			t.Errorf("%s %s from %+v: no history after the gap", one.ns, one.topic, from)
		}
	}

	c.close()
}
