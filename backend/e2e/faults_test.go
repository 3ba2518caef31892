package e2e

import (
	"fmt"
	"testing"
)

// TestFaultyCluster reads a cluster where everything goes wrong: notifications lost, doubled and out of order, sockets
// cut or silent, forks, transactions not shown yet, requests refused or failed. Candles may be wrong for a while, never
// in the end: the last word on each of them, pushed or asked for, is the ledger's.
func TestFaultyCluster(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "30", "--slot", "100ms", "--mints", "2", "--history", "10s", "--seed", "23",
		"--fault-drop", "0.05", "--fault-duplicate", "0.05", "--fault-reorder", "0.05", "--fault-truncate", "0.03", "--fault-fork", "0.05",
		"--fault-disconnect", "0.01", "--fault-silent", "0.005", "--fault-refuse", "0.1", "--fault-null", "0.1", "--fault-limit", "0.02", "--fault-fail", "0.02")
	s := startServer(t, t.TempDir(), market.flags()...)
	c := startNode(t, s)
	c.connect(nil, open, spin)

	mints := market.readLedger().busiest(2)
	for _, mint := range mints {
		for _, interval := range []string{"s1", "s5", "m1"} {
			for ns, event := range map[string]string{open: "subscribe_kline", spin: "subscribe"} {
				if r := c.ask(ns, event, map[string]any{"symbol": mint, "interval": interval}); !r.Success {
					t.Fatalf("%+v", r)
				}
			}
		}
	}

	before := len(market.readLedger().records)
	await(t, "a stretch of bad market", func() error {
		if now := len(market.readLedger().records) - before; now < 300 {
			return fmt.Errorf("%d events", now)
		}
		return nil
	})

	var state struct{ Processed, Finalized uint64 }
	market.call("simnet_control", map[string]any{"rate": 0, "faults": map[string]any{}}, &state)
	end := state.Processed
	await(t, "the end of the last fork", func() error {
		if market.call("simnet_status", map[string]any{}, &state); state.Finalized < end {
			return fmt.Errorf("%+v", state)
		}
		return nil
	})
	market.call("simnet_control", map[string]any{"close_sockets": true}, &state) // what was missed is read back on connecting

	l := awaitLedger(t, market, s)
	f := newFollower()
	f.rough = true
	await(t, "the last word on each candle", func() error {
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}
		return f.right(l, "s1", "s5")
	})
	for _, mint := range mints {
		for interval := range intervalSeconds {
			restCandles(t, s, l, mint, interval)
		}
		restEvents(t, s, l, mint)
	}

	corrections := 0
	for _, m := range c.all(0) {
		var k klineData
		if m.Event == "kline_data" && m.read(&k) == nil && k.Data.UpdateType == "correction" {
			corrections++
		}
	}

	t.Logf("%d events, %d corrections pushed, %d candles corrected in history", len(l.records), corrections, sameMarks(t, s, c))
	c.close()
	s.end()
}

// right reports whether the last word on every candle is the ledger's, and on no others.
func (f *follower) right(l *ledger, intervals ...string) error {
	if err := f.complete(l, intervals...); err != nil {
		return err
	}
	for name, s := range f.topics {
		list := l.buckets(name.mint, name.interval)
		for time, c := range s.finals {
			b, err := byTime(list, time)
			if err == nil {
				err = b.check(c)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
