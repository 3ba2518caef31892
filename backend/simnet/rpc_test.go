package simnet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
)

type entry struct {
	Signature          string          `json:"signature"`
	Slot               market.Slot     `json:"slot"`
	Err                json.RawMessage `json:"err"`
	BlockTime          int64           `json:"blockTime"`
	ConfirmationStatus string          `json:"confirmationStatus"`
}

type fullTransaction struct {
	Slot        market.Slot `json:"slot"`
	BlockTime   int64       `json:"blockTime"`
	Version     int         `json:"version"`
	Transaction [2]string   `json:"transaction"`
	Meta        struct {
		Err  json.RawMessage `json:"err"`
		Logs []string        `json:"logMessages"`
	} `json:"meta"`
}

// still is a cluster whose slots follow each other so slowly that none comes during a test.
func still() Config {
	cfg := quick()
	cfg.SlotTime, cfg.Speed = time.Hour, 400.0/3.6e6
	return cfg
}

// TestErrors: what goes wrong is said with the codes of the real cluster.
func TestErrors(t *testing.T) {
	n := start(t, still())
	program := n.cfg.Program.String()
	n.chain.mu.RLock()
	var skipped, head market.Slot
	for slot := n.chain.base; slot <= n.chain.finalized; slot++ {
		if n.chain.at(slot).skipped {
			skipped = slot
		}
	}

	head = n.chain.next()
	base := n.chain.base
	var v1 string
	for _, tx := range n.chain.transactions {
		if tx.version == 1 && tx.slot <= n.chain.finalized {
			v1 = tx.signature.String()
		}
	}

	n.chain.mu.RUnlock()
	if skipped == 0 || v1 == "" {
		t.Fatal("the history lacks a skipped slot or a version 1 transaction")
	}
	for _, c := range []struct {
		name, body string
		code       int
		text       string
	}{
		{"no JSON", `{"jsonrpc":`, -32700, "Parse error"},
		{"no request", `17`, -32600, "Invalid request"},
		{"wrong version", `{"jsonrpc":"1.0","id":1,"method":"getSlot"}`, -32600, "Invalid request"},
		{"no method", `{"jsonrpc":"2.0","id":1}`, -32600, "Invalid request"},
		{"empty batch", `[]`, -32600, "Invalid request"},
		{"unknown method", call("getNothing"), -32601, "Method not found"},
		{"subscription over HTTP", call("slotSubscribe"), -32601, "Method not found"},
		{"params no array", `{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}`, -32602, "array"},
		{"unknown commitment", call("getSlot", obj{"commitment": "soon"}), -32602, "unknown variant `soon`"},
		{"context slot ahead", call("getSlot", obj{"minContextSlot": head + 5}), -32016, "Minimum context slot has not been reached"},
		{"missing parameter", call("getBlockTime"), -32602, "at least 1"},
		{"block time of the future", call("getBlockTime", head+100), -32004, "Block not available for slot " + fmtSlot(head+100)},
		{"block time of a skipped slot", call("getBlockTime", skipped), -32009, "was skipped"},
		{"block time before all", call("getBlockTime", 5), -32009, "was skipped"},
		{"skipped block", call("getBlock", skipped, obj{"transactionDetails": "signatures"}), -32009, "was skipped"},
		{"future block", call("getBlock", head+100, obj{"transactionDetails": "signatures"}), -32004, "Block not available"},
		{"processed block", call("getBlock", base, obj{"transactionDetails": "signatures", "commitment": "processed"}), -32602, "below `confirmed`"},
		{"whole block", call("getBlock", base), -32602, "transactionDetails"},
		{"bad address", call("getSignaturesForAddress", "0OIl"), -32602, "Invalid param"},
		{"limit 0", call("getSignaturesForAddress", program, obj{"limit": 0}), -32602, "Invalid limit; max 1000"},
		{"limit 1001", call("getSignaturesForAddress", program, obj{"limit": 1001}), -32602, "Invalid limit; max 1000"},
		{"processed signatures", call("getSignaturesForAddress", program, obj{"commitment": "processed"}), -32602, "below `confirmed`"},
		{"signatures ahead", call("getSignaturesForAddress", program, obj{"minContextSlot": head + 5}), -32016, "Minimum"},
		{"bad signature", call("getTransaction", "abc", obj{"encoding": "base64"}), -32602, "Invalid param"},
		{"version 1 to a client that knows 0", call("getTransaction", v1, obj{"encoding": "base64", "maxSupportedTransactionVersion": 0}), -32015, "Transaction version (1)"},
		{"no version given", call("getTransaction", v1, obj{"encoding": "base64"}), -32015, "is not supported"},
		{"257 statuses", call("getSignatureStatuses", make([]string, 257)), -32602, "max 256"},
		{"ledger limit", call("simnet_ledger", obj{"limit": 0}), -32602, "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, body := post(t, n, c.body)
			var r reply
			if err := json.Unmarshal(body, &r); err != nil || status != http.StatusOK {
				t.Fatalf("status %d, %v: %s", status, err, body)
			}
			if r.Error == nil || r.Error.Code != c.code || !strings.Contains(r.Error.Message, c.text) {
				t.Errorf("got %s, want %d %q", body, c.code, c.text)
			}
		})
	}
}

func call(method string, params ...any) string {
	if params == nil {
		params = []any{}
	}
	text, err := json.Marshal(obj{"jsonrpc": "2.0", "id": "x", "method": method, "params": params})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestSimpleMethods(t *testing.T) {
	n := start(t, still())
	if got := ask[string](t, n, "getHealth"); got != "ok" {
		t.Errorf("getHealth: %q", got)
	}
	if got := ask[map[string]any](t, n, "getVersion"); got["solana-core"] == "" {
		t.Errorf("getVersion: %v", got)
	}

	if _, err := market.ParsePubkey(ask[string](t, n, "getGenesisHash")); err != nil {
		t.Error(err)
	}
	slots := map[string]market.Slot{}
	for _, level := range []string{"processed", "confirmed", "finalized"} {
		slots[level] = ask[market.Slot](t, n, "getSlot", obj{"commitment": level})
	}

	if slots["processed"] <= slots["confirmed"] || slots["confirmed"] < slots["finalized"]+30 || slots["finalized"] != ask[market.Slot](t, n, "getSlot") {
		t.Errorf("slots %v", slots)
	}
	last := ask[int64](t, n, "getBlockTime", slots["processed"])
	if now := testStart.Unix(); last > now || last < now-3 {
		t.Errorf("the newest block is of %d, the clock says %d", last, now)
	}

	blocks := ask[[]market.Slot](t, n, "getBlocks", slots["finalized"]-100, slots["finalized"])
	if len(blocks) < 90 || len(blocks) > 101 || !slices.IsSorted(blocks) {
		t.Errorf("getBlocks gave %d", len(blocks))
	}

	// The slot that is announced but not produced has a time already.
	n.chain.mu.RLock()
	announced, produced := n.chain.announced, n.chain.processed
	n.chain.mu.RUnlock()
	if announced > produced {
		if got := ask[int64](t, n, "getBlockTime", announced); got < last || got > last+1 {
			t.Errorf("the announced slot's time is %d after %d", got, last)
		}
	}
}

func TestBatch(t *testing.T) {
	n := start(t, still())
	_, _, body := post(t, n, `[{"jsonrpc":"2.0","id":3,"method":"getHealth"},{"jsonrpc":"2.0","method":"getHealth"},{"jsonrpc":"2.0","id":"b","method":"nope"},5]`)
	var list []reply
	if err := json.Unmarshal(body, &list); err != nil || len(list) != 3 {
		t.Fatalf("%v: %s", err, body)
	}

	if string(list[0].Result) != `"ok"` || list[0].ID != 3.0 || list[1].Error.Code != -32601 || list[1].ID != "b" || list[2].Error.Code != -32600 {
		t.Errorf("got %s", body)
	}
	for _, c := range []struct {
		method, kind string
		status       int
	}{{http.MethodGet, "", 405}, {http.MethodPost, "text/plain", 415}} {
		req, _ := http.NewRequestWithContext(t.Context(), c.method, n.RPCURL(), strings.NewReader("{}"))
		req.Header.Set("Content-Type", c.kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: status %d", c.method, c.kind, resp.StatusCode)
		}
	}
}

// TestBackfill: paging signatures and reading each transaction's log with the production reader gives the ledger.
func TestBackfill(t *testing.T) {
	cfg := still()
	cfg.HistoryTransactions = 2500
	cfg.Faults.Truncate = 0.05
	n := start(t, cfg)
	ledger, _ := wholeLedger(t, n, "finalized")
	truth := map[string]LedgerTransaction{}
	for _, tx := range ledger {
		truth[tx.Signature.String()] = tx
	}

	var all []entry
	before := ""
	for {
		query := obj{"limit": 999}
		if before != "" {
			query["before"] = before
		}
		page := ask[[]entry](t, n, "getSignaturesForAddress", n.cfg.Program, query)
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
		before = page[len(page)-1].Signature
	}

	if len(all) != len(ledger) || len(all) < 2000 {
		t.Fatalf("paged %d signatures, the ledger has %d", len(all), len(ledger))
	}
	reader := program.NewReader(spinpet.New(n.cfg.Program))
	places := map[market.Slot][]string{}
	var failed, foreign, cut, routes int
	for i, e := range all {
		want := ledger[len(ledger)-1-i]
		if e.Signature != want.Signature.String() || e.Slot != want.Slot || e.BlockTime != want.BlockTime || e.ConfirmationStatus != "finalized" {
			t.Fatalf("entry %d is %+v, the ledger says %+v", i, e, want)
		}
		got := ask[fullTransaction](t, n, "getTransaction", e.Signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1})
		if got.Slot != want.Slot || got.BlockTime != want.BlockTime || (string(got.Meta.Err) != "null") != want.Failed {
			t.Fatalf("transaction %+v, the ledger says %+v", got, want)
		}

		size := 0
		for _, line := range got.Meta.Logs {
			if line != truncated {
				size += len(line)
			}
		}

		if size > logLimit {
			t.Fatalf("%d bytes of log", size)
		}
		signature, _ := market.ParseSignature(e.Signature)
		events, report := reader.Read(nil, &market.Transaction{Signature: signature, Slot: got.Slot, BlockTime: got.BlockTime, Logs: got.Meta.Logs})
		if want.Failed {
			failed++
			if len(events) == 0 {
				t.Error("a failed transaction without an event to ignore")
			}
			continue
		}

		foreign += report.Foreign
		if strings.Contains(strings.Join(got.Meta.Logs, "\n"), "Instruction: Route") {
			routes++
		}
		if report.Truncated != want.Truncated {
			t.Errorf("%s: truncated %v, the ledger says %v", e.Signature, report.Truncated, want.Truncated)
		}

		if want.Truncated {
			cut++
			if len(want.Lost) == 0 {
				t.Error("a cut log that lost nothing")
			}
		}

		compare(t, n, events, want)
		if got := places[e.Slot]; got == nil {
			block := ask[struct {
				Signatures []string `json:"signatures"`
				BlockTime  int64    `json:"blockTime"`
			}](t, n, "getBlock", e.Slot, obj{"transactionDetails": "signatures", "rewards": false, "maxSupportedTransactionVersion": 1})
			if places[e.Slot] = block.Signatures; block.BlockTime != want.BlockTime {
				t.Fatalf("block time %d", block.BlockTime)
			}
		}

		if at := slices.Index(places[e.Slot], e.Signature); at != int(want.Index) {
			t.Fatalf("stands at %d in its block, the ledger says %d", at, want.Index)
		}
	}

	if failed == 0 || foreign == 0 || cut == 0 || routes == 0 {
		t.Errorf("%d failed, %d foreign, %d cut, %d routed transactions", failed, foreign, cut, routes)
	}
}

// compare checks what the reader found against the ledger.
func compare(t *testing.T, n *Net, events []market.Event, want LedgerTransaction) {
	t.Helper()
	if len(events) != len(want.Events) {
		t.Fatalf("%s: read %d events, the ledger has %d", want.Signature, len(events), len(want.Events))
	}
	for i := range events {
		events[i].Price = market.Price{Lo: 1}
		got := LedgerEvent{Kind: events[i].Kind().String(), Mint: events[i].Mint(), Buy: want.Events[i].Buy}
		if raw, ok := spinpet.RawPrice(events[i].Body); ok {
			trade, _ := events[i].Trade()
			got.TokenAmount, got.SolAmount, _ = events[i].Body.(market.Trader).Amounts()
			got.Price, got.Buy, got.Decimals = raw.String(), trade.Buy, n.cfg.Decimals
		}

		ledger := want.Events[i]
		ledger.User, ledger.Order, ledger.OrderType, ledger.Profit, ledger.Symbol, ledger.Terms = "", "", 0, 0, "", nil
		if got != ledger {
			t.Fatalf("%s: event %d is %+v, the ledger says %+v", want.Signature, i, got, ledger)
		}
	}
}

func TestSignaturesForAddress(t *testing.T) {
	n := start(t, still())
	program := n.cfg.Program
	all := ask[[]entry](t, n, "getSignaturesForAddress", program, obj{"commitment": "confirmed"})
	if len(all) < 100 || !slices.IsSortedFunc(all, func(a, b entry) int { return int(b.Slot) - int(a.Slot) }) {
		t.Fatalf("%d entries, newest first", len(all))
	}

	final := ask[[]entry](t, n, "getSignaturesForAddress", program)
	if final[0].Slot >= all[0].Slot || final[0].ConfirmationStatus != "finalized" || all[0].ConfirmationStatus != "confirmed" {
		t.Errorf("newest finalized %+v, confirmed %+v", final[0], all[0])
	}
	window := ask[[]entry](t, n, "getSignaturesForAddress", program, obj{"commitment": "confirmed", "before": all[9].Signature, "until": all[20].Signature})
	if len(window) != 10 || window[0].Signature != all[10].Signature || window[9].Signature != all[19].Signature {
		t.Errorf("before and until gave %d entries", len(window))
	}

	unknown := market.Signature{1, 2, 3}
	if got := ask[[]entry](t, n, "getSignaturesForAddress", program, obj{"before": unknown}); len(got) != 0 {
		t.Errorf("an unknown before gave %d entries", len(got))
	}
	if got := ask[[]entry](t, n, "getSignaturesForAddress", program, obj{"until": unknown, "limit": 10}); len(got) != 10 {
		t.Errorf("an unknown until gave %d entries, the newest page is expected", len(got))
	}

	// Another address sees its own transactions only.
	ledger, _ := wholeLedger(t, n, "finalized")
	counts := map[market.Pubkey]int{}
	for _, tx := range ledger {
		named := map[market.Pubkey]bool{}
		for _, e := range tx.Events {
			named[e.Mint] = true
		}
		for mint := range named {
			counts[mint]++
		}
	}

	var mint market.Pubkey // the one with the fewest, which fit one answer
	for one, count := range counts {
		if mint.IsZero() || count < counts[mint] {
			mint = one
		}
	}

	count := counts[mint]
	own := ask[[]entry](t, n, "getSignaturesForAddress", mint)
	if len(own) < count || len(own) >= len(final) {
		t.Errorf("%d transactions of a mint with %d, of %d", len(own), count, len(final))
	}
}

func TestStatuses(t *testing.T) {
	n := start(t, still())
	all := ask[[]entry](t, n, "getSignaturesForAddress", n.cfg.Program, obj{"commitment": "confirmed"})
	old := all[len(all)-1].Signature
	type status struct {
		Slot               market.Slot
		Confirmations      *int
		ConfirmationStatus string
	}
	type answer struct{ Value []*status }
	got := ask[answer](t, n, "getSignatureStatuses", []string{all[0].Signature, old, market.Signature{9}.String()})
	if got.Value[0] == nil || got.Value[0].ConfirmationStatus != "confirmed" || got.Value[0].Confirmations == nil || got.Value[1] != nil || got.Value[2] != nil {
		t.Errorf("without the history: %+v", got.Value)
	}
	got = ask[answer](t, n, "getSignatureStatuses", []string{old}, obj{"searchTransactionHistory": true})
	if got.Value[0] == nil || got.Value[0].ConfirmationStatus != "finalized" || got.Value[0].Confirmations != nil {
		t.Errorf("with the history: %+v", got.Value[0])
	}
}

// TestCommitments: a transaction is served at the commitments that its block has reached.
func TestCommitments(t *testing.T) {
	n := start(t, still())
	n.chain.mu.RLock()
	young := n.chain.transactions[n.chain.upTo(n.chain.confirmed)-1].signature
	n.chain.mu.RUnlock()
	for level, served := range map[string]bool{"confirmed": true, "finalized": false} {
		got := ask[*fullTransaction](t, n, "getTransaction", young, obj{"encoding": "base64", "commitment": level, "maxSupportedTransactionVersion": 1})
		if (got != nil) != served {
			t.Errorf("served at %s: %v", level, got != nil)
		}
	}
}

func TestMetadata(t *testing.T) {
	n := start(t, still())
	n.chain.mu.RLock()
	created, _ := n.chain.transactions[0].events[0].(*spinpet.TokenCreated)
	n.chain.mu.RUnlock()
	id, ok := strings.CutPrefix(created.URI, "ipfs://")
	if !ok || len(id) != 59 {
		t.Fatalf("uri %q", created.URI)
	}

	get := func(id string) (int, string, []byte) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, n.GatewayURL()+id, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body := make([]byte, 10_000)
		size, _ := resp.Body.Read(body)
		return resp.StatusCode, resp.Header.Get("Content-Type"), body[:size]
	}
	_, kind, body := get(id)
	var data struct{ Name, Symbol, Image string }
	if err := json.Unmarshal(body, &data); err != nil || kind != "application/json" || data.Name != created.Name || data.Symbol != created.Symbol {
		t.Errorf("%s %v: %s", kind, err, body)
	}

	if _, kind, body = get(strings.TrimPrefix(data.Image, "ipfs://")); kind != "image/png" || !strings.HasPrefix(string(body), "\x89PNG") {
		t.Errorf("the picture is %s", kind)
	}
	if status, _, _ := get("nothing"); status != http.StatusNotFound {
		t.Errorf("status %d for unknown content", status)
	}
}

// TestEarlyProgram: the build of July 2025 has its own layout of TokenCreated; and a cluster without a past has a block.
func TestEarlyProgram(t *testing.T) {
	cfg := still()
	cfg.Program, cfg.History = spinpet.EarlyProgramID, 0
	n := start(t, cfg)
	slot := ask[market.Slot](t, n, "getSlot")
	if got := ask[uint64](t, n, "getBlockHeight"); got != 1 || slot == 0 {
		t.Errorf("height %d, slot %d", got, slot)
	}

	ledger, _ := wholeLedger(t, n, "processed")
	if len(ledger) == 0 {
		t.Fatal("no token was created")
	}
	got := ask[fullTransaction](t, n, "getTransaction", ledger[0].Signature, obj{"encoding": "base64", "maxSupportedTransactionVersion": 1})
	events, _ := program.NewReader(spinpet.New(spinpet.EarlyProgramID)).Read(nil, &market.Transaction{Logs: got.Meta.Logs})
	if len(events) == 0 {
		t.Fatal("nothing to read")
	}

	if created, ok := events[0].Body.(*spinpet.TokenCreated); !ok || !created.Early {
		t.Errorf("read %+v", events[0].Body)
	}
}

// TestPruning: memory is bounded, and what was pruned is said to be gone.
func TestPruning(t *testing.T) {
	cfg := still()
	cfg.HistoryTransactions, cfg.MaxTransactions = 3000, 500
	n := start(t, cfg)
	n.chain.mu.RLock()
	kept, known, pruned := len(n.chain.transactions), len(n.chain.bySignature), n.chain.pruned
	base := n.chain.base
	n.chain.mu.RUnlock()
	if kept < 450 || kept > 560 || known != kept || pruned < 2000 {
		t.Errorf("%d transactions kept, %d known, %d pruned", kept, known, pruned)
	}

	if got := ask[market.Slot](t, n, "getFirstAvailableBlock"); got != base {
		t.Errorf("first block %d, want %d", got, base)
	}
	ledger, _ := wholeLedger(t, n, "confirmed")
	if len(ledger) < 400 || ledger[0].Slot < base {
		t.Errorf("the ledger begins at %d with %d transactions", ledger[0].Slot, len(ledger))
	}

	_, _, body := post(t, n, call("getBlock", base-1, obj{"transactionDetails": "signatures"}))
	if !strings.Contains(string(body), fmt.Sprint(-32001)) {
		t.Errorf("a pruned block: %s", body)
	}
}

func TestBase58Text(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for length := range 500 {
		data := make([]byte, length)
		for i := min(length, length%7); i < length; i++ {
			data[i] = byte(r.Uint32())
		}
		if back, err := market.DecodeBase58(nil, base58Text(data)); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%x came back as %x, %v", data, back, err)
		}
	}
}
