package simnet

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func BenchmarkHistory(b *testing.B) {
	cfg := Default()
	cfg.Start = testStart
	cfg = cfg.withDefaults()
	for b.Loop() {
		p, err := newProducer(&cfg, cfg.Start, func(*token) {})
		if err != nil {
			b.Fatal(err)
		}
		p.history(b.Context())
		b.ReportMetric(float64(len(p.chain.transactions)), "transactions")
	}
}

// unplugged is a cluster with a history and without a port.
func unplugged(tb testing.TB) *Net {
	n := New(Config{Seed: 1, Rate: 1, Mints: 8, History: time.Hour, HistoryTransactions: 2000, Start: testStart})
	p, err := newProducer(&n.cfg, testStart, func(*token) {})
	if err != nil {
		tb.Fatal(err)
	}
	p.history(tb.Context())
	n.chain, n.scribe, n.foreign = p.chain, newScribe(n.cfg.Program, p.world.foreign, p.router()), p.world.foreign
	close(n.ready)
	return n
}

// BenchmarkTransactions is the serving side of a backfill: batches of 100 without the network.
func BenchmarkTransactions(b *testing.B) {
	n := unplugged(b)
	var batch []string
	for _, tx := range n.chain.transactions[:100] {
		text, _ := json.Marshal(obj{"jsonrpc": "2.0", "id": 1, "method": "getTransaction", "params": []any{tx.signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1}}})
		batch = append(batch, string(text))
	}
	body := []byte("[" + strings.Join(batch, ",") + "]")
	for b.Loop() {
		b.SetBytes(int64(len((&access{Net: n}).answer(b.Context(), body, nil))))
	}
}

// FuzzAnswer: whatever is asked, the answer is JSON or nothing.
func FuzzAnswer(f *testing.F) {
	n := unplugged(f)
	tx := n.chain.transactions[5]
	for _, seed := range []string{
		"", "[", "[]", "{}", "[1,null,{}]", `{"jsonrpc":"2.0","id":{"a":1},"method":"getHealth"}`,
		call("getBlockTime", -1), call("getBlockTime", tx.slot), call("getBlocks", 0, 1<<62), call("getBlocks", tx.slot, obj{"commitment": "confirmed"}),
		call("getBlock", tx.slot, obj{"transactionDetails": "signatures"}), call("getBlockHeight"), call("simnet_status"),
		call("getSignaturesForAddress", n.cfg.Program, obj{"before": tx.signature, "until": tx.signature, "limit": 3}),
		call("getTransaction", tx.signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1}),
		call("getSignatureStatuses", []any{tx.signature, "x"}), call("simnet_ledger", obj{"after": tx.signature, "limit": 2}),
		call("simnet_control", obj{"rate": -1e300, "faults": obj{"drop": 2}}),
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		if reply := (&access{Net: n}).answer(t.Context(), body, nil); reply != nil && !json.Valid(reply) {
			t.Errorf("%q is answered with %q", body, reply)
		}
	})
}
