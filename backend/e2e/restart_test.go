package e2e

import (
	"fmt"
	"testing"
)

// TestCrashesLeaveNoGap kills the server twice, once while it reads history and once in the middle of the stream,
// while the market goes on. A client that comes back with since_seq misses nothing and gets nothing twice, and in the
// end the store is what the ledger gives.
func TestCrashesLeaveNoGap(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "30", "--slot", "100ms", "--mints", "2", "--history", "1m", "--seed", "11")
	dir := t.TempDir()
	s := startServer(t, dir, market.flags()...)
	var early feedStatus
	await(t, "the first commit", func() error {
		if early = s.status(); early.Seq == 0 {
			return errNotYet
		}
		return nil
	})
	s.kill()

	s = startServer(t, dir, market.flags()...)
	if now := s.status(); now.Seq < early.Seq || now.Total < early.Total {
		t.Fatalf("after a crash seq is %d and total %d, they were %d and %d", now.Seq, now.Total, early.Seq, early.Total)
	}
	c := startNode(t, s)
	c.connect(nil, open, spin)

	mints := market.readLedger().busiest(2)
	var topics []topic
	for _, mint := range mints {
		for _, interval := range []string{"s1", "s5", "m1", "d1"} {
			topics = append(topics, topic{open, mint, interval}, topic{spin, mint, interval})
		}
	}

	events := map[string]any{"since_seq": 1}
	subscribe := func(since map[topic]uint64) {
		t.Helper()
		from := len(c.all(0))
		ids := []int{c.askLater(open, "subscribe_events", events)}
		for _, name := range topics {
			request := map[string]any{"symbol": name.mint, "interval": name.interval}
			if seq, ok := since[name]; ok {
				request["since_seq"] = seq
			}
			event := map[string]string{open: "subscribe_kline", spin: "subscribe"}[name.ns]
			ids = append(ids, c.askLater(name.ns, event, request))
		}

		for _, id := range ids {
			if r := c.answer(from, id); !r.Success {
				t.Fatalf("not subscribed: %+v", r)
			}
		}
	}
	subscribe(nil)

	first := newFollower()
	liveFinals(t, c, first, mints, caughtUp(t, s))

	s.kill()
	lost, _ := c.find(0, "the loss of the connection", func(m *message) bool { return m.Event == "@disconnect" })
	if err := first.followTo(c, lost); err != nil {
		t.Fatal(err)
	}

	missed := len(market.readLedger().records)
	await(t, "the market to go on", func() error {
		if now := len(market.readLedger().records); now < missed+60 {
			return fmt.Errorf("%d more events", now-missed)
		}
		return nil
	})
	s = startServer(t, dir, append(market.flags(), "--listen", s.addr)...)
	if now := s.status(); now.Seq < first.newest() {
		t.Fatalf("seq went back to %d, a client had %d", now.Seq, first.newest())
	}

	back, _ := c.next(lost, open, "connection_success")
	other, _ := c.next(lost, spin, "connection_success")
	since := map[topic]uint64{}
	for name, topic := range first.topics {
		since[name] = topic.seq
	}

	events["since_seq"] = newestEvent(t, c)
	subscribe(since)
	second := first.resume()
	second.place = min(back, other)
	liveFinals(t, c, second, mints, caughtUp(t, s))

	market.rest()
	l := awaitLedger(t, market, s)
	await(t, "the last candles' end", func() error {
		if err := second.follow(c); err != nil {
			t.Fatal(err)
		}
		return second.complete(l, "s1", "s5")
	})
	second.compare(t, l)
	interims(t, c, l, second.late)
	streamedEvents(t, c, l)

	check := func() {
		t.Helper()
		for _, mint := range mints {
			for interval := range intervalSeconds {
				restCandles(t, s, l, mint, interval)
			}
			restEvents(t, s, l, mint)
		}
	}
	check()
	c.close()

	before := s.status().Seq
	s.end()

	s = startServer(t, dir, market.flags()...)
	if now := s.status(); now.Seq < before {
		t.Errorf("after a clean stop seq is %d, it was %d", now.Seq, before)
	}
	check()
}

// liveFinals follows until two final s1 candles since the time were pushed for each mint on both namespaces.
func liveFinals(t *testing.T, c *client, f *follower, mints []string, since int64) {
	t.Helper()
	await(t, "live candles", func() error {
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}
		for _, mint := range mints {
			for _, ns := range []string{open, spin} {
				if got := f.live(topic{ns, mint, "s1"}, since); got < 2 {
					return fmt.Errorf("%s %s: %d finals", ns, mint, got)
				}
			}
		}
		return nil
	})
}
