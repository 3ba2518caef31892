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
		p := newProducer(&cfg, cfg.Start, func(*token) {})
		p.history(b.Context())
		b.ReportMetric(float64(len(p.chain.transactions)), "transactions")
	}
}

// BenchmarkTransactions is the serving side of a backfill: batches of 100 without the network.
func BenchmarkTransactions(b *testing.B) {
	cfg := Config{Seed: 1, Rate: 1, Mints: 8, History: time.Hour, HistoryTransactions: 2000, Start: testStart}
	n := New(cfg)
	p := newProducer(&n.cfg, testStart, func(*token) {})
	p.history(b.Context())
	n.chain, n.scribe = p.chain, newScribe(n.cfg.Program, p.world.foreign)
	var batch []string
	for _, tx := range p.chain.transactions[:100] {
		text, _ := json.Marshal(obj{"jsonrpc": "2.0", "id": 1, "method": "getTransaction", "params": []any{tx.signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1}}})
		batch = append(batch, string(text))
	}
	body := []byte("[" + strings.Join(batch, ",") + "]")
	for b.Loop() {
		b.SetBytes(int64(len(n.answer(b.Context(), body, nil))))
	}
}
