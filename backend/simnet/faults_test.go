package simnet

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"spinscope/backend/market"
)

// watch subscribes to all logs and reads so many notifications.
func watch(t *testing.T, n *Net, level string, count int) (got []logs) {
	t.Helper()
	c := dial(t, n)
	c.subscribe("logsSubscribe", obj{"mentions": []any{n.cfg.Program}}, obj{"commitment": level})
	for len(got) < count {
		got = append(got, readLogs(t, c.next()))
	}
	return got
}

func TestNotificationFaults(t *testing.T) {
	cfg := quick()
	cfg.Rate = 20
	cfg.Faults = Faults{Drop: 0.1, Duplicate: 0.1, Reorder: 0.1}
	n := start(t, cfg)
	got := watch(t, n, "confirmed", 500)
	seen := map[string]int{}
	var twice, back int
	var newest market.Slot
	for _, l := range got {
		if seen[l.Value.Signature]++; seen[l.Value.Signature] > 1 {
			twice++
		}
		if l.Context.Slot < newest {
			back++
		}
		newest = max(newest, l.Context.Slot)
	}

	n.SetRate(0) // a busy machine never reaches the end of a ledger that grows faster than it reads
	ledger, _ := wholeLedger(t, n, "confirmed")
	from := slices.IndexFunc(ledger, func(tx LedgerTransaction) bool { return tx.Slot >= got[0].Context.Slot+2 })
	missing := 0
	for _, tx := range ledger[from:] {
		if tx.Slot+10 < newest && seen[tx.Signature.String()] == 0 {
			missing++
		}
	}

	counts := n.FaultCounts()
	if twice < 15 || back < 10 || missing < 15 || counts["drop"] < missing || counts["duplicate"] < twice {
		t.Errorf("%d twice, %d going back, %d missing, counted %v", twice, back, missing, counts)
	}
}

func TestRPCFaults(t *testing.T) {
	cfg := still()
	cfg.Faults = Faults{Limit: 0.2, Fail: 0.2, Null: 0.5, Slow: 0.05, SlowBy: time.Millisecond}
	n := start(t, cfg)
	n.chain.mu.RLock()
	young := n.chain.transactions[n.chain.upTo(n.chain.confirmed)-1].signature
	old := n.chain.transactions[0].signature
	n.chain.mu.RUnlock()

	statuses := map[int]int{}
	nulls := map[market.Signature]int{}
	for i := range 300 {
		signature := []market.Signature{young, old}[i%2]
		status, header, body := post(t, n, call("getTransaction", signature, obj{"encoding": "base64", "commitment": "confirmed", "maxSupportedTransactionVersion": 1}))
		statuses[status]++
		switch status {
		case http.StatusTooManyRequests:
			if after, err := strconv.Atoi(header.Get("Retry-After")); err != nil || after < 1 {
				t.Fatalf("Retry-After %q", header.Get("Retry-After"))
			}
		case http.StatusOK:
			var r reply
			if err := json.Unmarshal(body, &r); err != nil {
				t.Fatal(err)
			}
			if string(r.Result) == "null" {
				nulls[signature]++
			}
		}
	}

	if statuses[429] < 30 || statuses[500] < 25 || nulls[young] < 20 || nulls[old] > 0 {
		t.Errorf("statuses %v, null %d times for a young and %d times for an old one", statuses, nulls[young], nulls[old])
	}
	counts := n.FaultCounts()
	if counts["limit"] != statuses[429] || counts["fail"] != statuses[500] || counts["null"] != nulls[young] || counts["slow"] == 0 {
		t.Errorf("counted %v", counts)
	}
}

func TestRateLimit(t *testing.T) {
	cfg := still()
	cfg.RateLimit = 1
	n := start(t, cfg)
	for i := range 10 {
		if status, _, _ := post(t, n, call("getHealth")); status != http.StatusOK {
			t.Fatalf("request %d: status %d", i, status)
		}
	}
	status, header, _ := post(t, n, call("getHealth"))
	if after, err := strconv.Atoi(header.Get("Retry-After")); status != http.StatusTooManyRequests || err != nil || after < 1 || after > 11 {
		t.Errorf("status %d, Retry-After %q", status, header.Get("Retry-After"))
	}
}

func TestSocketFaults(t *testing.T) {
	cfg := quick()
	cfg.Faults = Faults{Refuse: 1}
	n := start(t, cfg)
	c := dial(t, n)
	c.write(request1("slotSubscribe"))
	if m := c.reply(); m.Error == nil || m.Error.Code != -32603 {
		t.Errorf("refused with %+v", m)
	}

	n.SetFaults(Faults{})
	c.subscribe("slotSubscribe")
	c.next()
	n.SetFaults(Faults{Silent: 1})
	waitFor(t, "silence", func() bool { return n.FaultCounts()["silent"] == 1 })
	n.SetFaults(Faults{})
	c.write(request1("slotUnsubscribe", 1))
	c.reply() // whatever was sent before the silence comes first; then nothing does
	c.subscribe("slotSubscribe")
	if list := n.sockets.all(); len(list) != 1 {
		t.Fatalf("%d sockets, a silent one stays open", len(list))
	}

	n.SetFaults(Faults{Disconnect: 1})
	for {
		if _, err := c.read(); err != nil {
			break
		}
	}

	if n.FaultCounts()["disconnect"] == 0 {
		t.Error("the disconnection was not counted")
	}
}

// TestForks: transactions that were told vanish or move, before they are final and never after.
func TestForks(t *testing.T) {
	cfg := quick()
	cfg.Rate = 10
	cfg.Faults = Faults{Fork: 0.2}
	n := start(t, cfg)
	got := watch(t, n, "confirmed", 800)
	last := got[len(got)-1].Context.Slot
	waitFor(t, "the end of the stretch to be final", func() bool { return ask[market.Slot](t, n, "getSlot") > last+5 })

	ledger, page := wholeLedger(t, n, "finalized")
	truth := map[string]LedgerTransaction{}
	var before market.Position
	for _, tx := range ledger {
		if at := (market.Position{Slot: tx.Slot, Index: tx.Index}); before.Slot > 0 && at.Compare(before) <= 0 {
			t.Fatalf("the ledger goes from %+v to %+v", before, at)
		} else {
			before = at
		}
		truth[tx.Signature.String()] = tx
	}

	var vanished, moved int
	for _, l := range got {
		switch tx, ok := truth[l.Value.Signature]; {
		case !ok:
			vanished++
			text := ask[json.RawMessage](t, n, "getTransaction", l.Value.Signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1})
			if string(text) != "null" {
				t.Fatal("a vanished transaction can be fetched")
			}
		case tx.Slot != l.Context.Slot:
			moved++
			if tx.Slot < l.Context.Slot {
				t.Fatalf("moved from %d to %d", l.Context.Slot, tx.Slot)
			}
		}
	}

	if vanished < 10 || moved < 10 || n.FaultCounts()["fork"] == 0 {
		t.Errorf("%d vanished, %d moved, counted %v", vanished, moved, n.FaultCounts())
	}

	// What is final agrees with every other view of the chain, and stays.
	c := newTally(t, 28)
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()

	for _, tx := range n.chain.transactions[:n.chain.upTo(page.Finalized)] {
		if tx.ghost {
			t.Fatalf("a ghost in slot %d, final is %d", tx.slot, page.Finalized)
		}
		if tx.failed || tx.shape == spoofed {
			continue
		}
		for _, body := range tx.events {
			c.event("slot "+fmtSlot(tx.slot), body)
		}
	}

	for slot := n.chain.base; slot < n.chain.next(); slot++ {
		b := n.chain.at(slot)
		for _, tx := range n.chain.in(b) {
			if tx.slot != slot || tx.time != b.time {
				t.Fatalf("a transaction of slot %d stands in block %d", tx.slot, slot)
			}
		}
	}
}
