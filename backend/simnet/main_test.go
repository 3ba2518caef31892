package simnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spinscope/backend/market"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testStart = time.Unix(1_760_000_000, 0)

// quick is a small and fast cluster.
func quick() Config {
	return Config{
		Seed: 7, Rate: 4, Mints: 3, History: 10 * time.Minute, SlotTime: 10 * time.Millisecond, Speed: 40, Start: testStart,
		NewMintEvery: time.Minute,
	}
}

// start runs a cluster for the length of the test.
func start(t *testing.T, cfg Config) *Net {
	t.Helper()
	n := New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	select {
	case <-n.Ready():
	case err := <-done:
		done <- nil
		t.Fatalf("Run: %v", err)
	}

	return n
}

// past writes a history without opening a port.
func past(t *testing.T, cfg Config) *producer {
	t.Helper()
	if cfg.Start.IsZero() {
		cfg.Start = testStart
	}
	cfg = cfg.withDefaults()
	p, err := newProducer(&cfg, cfg.Start, func(*token) {})
	if err != nil {
		t.Fatal(err)
	}
	p.history(t.Context())
	return p
}

// post sends a body and returns status and answer.
func post(t *testing.T, n *Net, body string) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.RPCURL(), bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, out.Bytes()
}

type reply struct {
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
	ID     any             `json:"id"`
}

// ask calls a method and decodes its result into T.
func ask[T any](t *testing.T, n *Net, method string, params ...any) T {
	t.Helper()
	if params == nil {
		params = []any{}
	}
	text, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}

	status, _, body := post(t, n, string(text))
	var r reply
	if err := json.Unmarshal(body, &r); err != nil || status != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", method, status, err, body)
	}

	if r.Error != nil {
		t.Fatalf("%s%v: %+v", method, params, *r.Error)
	}
	var result T
	if err := json.Unmarshal(r.Result, &result); err != nil {
		t.Fatalf("%s: %v: %s", method, err, r.Result)
	}

	return result
}

// wholeLedger pages through simnet_ledger up to a commitment.
func wholeLedger(t *testing.T, n *Net, level string) (list []LedgerTransaction, last LedgerPage) {
	t.Helper()
	return ledgerAfter(t, n, level, "")
}

// ledgerAfter is the ledger after a transaction. Pages are large: on a busy machine the chain grows faster than small ones
// are read.
func ledgerAfter(t *testing.T, n *Net, level, after string) (list []LedgerTransaction, last LedgerPage) {
	t.Helper()
	for {
		last = ask[LedgerPage](t, n, "simnet_ledger", map[string]any{"after": after, "limit": 5000, "commitment": level})
		list = append(list, last.Transactions...)
		if after = last.Next; after == "" {
			return list, last
		}
	}
}

type obj = map[string]any

// waitFor polls until ok; the test ends if that takes absurdly long.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("waited in vain for " + what)
		}
	}
}

func fmtSlot(s market.Slot) string { return fmt.Sprint(uint64(s)) }
