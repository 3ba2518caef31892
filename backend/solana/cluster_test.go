package solana

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
)

// A scripted cluster: real HTTP and WebSocket, with a ledger that tests write and faults that tests choose.

const (
	testStart     = int64(1_700_000_000) // block time of slot 0
	testFinalized = 8                    // slots that finalized is behind
)

func testTime(slot market.Slot) int64 { return testStart + int64(slot)*2/5 }

type ledgerTx struct {
	signature market.Signature
	slot      market.Slot
	index     int // in its block, with foreign transactions between
	failed    bool
	logs      []string
	names     []market.Pubkey // what it names; nil: the program
	inner     string          // innerInstructions of a transaction of one account, the program; "" when the node keeps none
}

type rpcRequest struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// fault may answer an HTTP request in the cluster's stead; false lets it pass.
type fault func(w http.ResponseWriter, requests []rpcRequest) bool

type cluster struct {
	t      testing.TB
	server *httptest.Server

	mu       sync.Mutex
	slot     market.Slot
	txs      []ledgerTx     // ascending
	index    map[string]int // into txs, by signature
	serial   uint64
	subs     uint64 // of subscriptions
	fault    fault
	override func(request rpcRequest) (result any, problem *rpcError, ok bool)
	refuse   bool // subscriptions
	mute     bool // no slot is announced
	limit    int  // subscriptions to logs on a connection, at most; 0: any number
	drop     func(ledgerTx) bool
	repeat   func(ledgerTx, market.Pubkey) int // how often a subscription is told; nil: once
	arrival  func([]ledgerTx) []ledgerTx       // order of notification
	noTimes  bool
	hidden   bool                   // getTransaction answers null
	grows    int                    // transactions that come after every list of signatures, of which nobody is told
	first    market.Slot            // where its ledger begins
	forgets  market.Slot            // slots that it forgets after every list of signatures
	undated  func(market.Slot) bool // slots without block time
	peers    map[*peer]bool
	dials    int
	calls    map[string]int
	posts    int
	biggest  int // largest batch seen
}

type peer struct {
	conn *websocket.Conn
	logs map[uint64]market.Pubkey // by the number of the subscription
	slot bool
}

// mentions reports whether a transaction names an address.
func (tx *ledgerTx) mentions(address market.Pubkey) bool {
	if tx.names == nil {
		return address == testProgram
	}
	return slices.Contains(tx.names, address)
}

func newCluster(t testing.TB) *cluster {
	c := &cluster{t: t, slot: 1000, peers: map[*peer]bool{}, calls: map[string]int{}}
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(func() {
		c.cut()
		c.server.Close()
	})
	return c
}

func (c *cluster) endpoint() Endpoint {
	return Endpoint{RPC: c.server.URL, WS: "ws" + strings.TrimPrefix(c.server.URL, "http")}
}

// lock runs edit under the cluster's lock.
func (c *cluster) lock(edit func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	edit()
}

// writeLocked puts n transactions into the current slot without telling anyone.
func (c *cluster) writeLocked(n int) []ledgerTx {
	index := 3
	if last := len(c.txs) - 1; last >= 0 && c.txs[last].slot == c.slot {
		index = c.txs[last].index + 5
	}
	var added []ledgerTx
	for range n {
		c.serial++
		tx := ledgerTx{slot: c.slot, index: index, signature: testSignature(c.serial)}
		tx.logs = []string{"Program " + testProgram.String() + " invoke [1]", fmt.Sprintf("Program data: %d", c.serial)}
		index += 5
		added = append(added, tx)
	}
	c.txs = append(c.txs, added...)
	return added
}

// writeAt puts a transaction into a slot of the past, as a fork does that wins.
func (c *cluster) writeAt(slot market.Slot) ledgerTx {
	c.mu.Lock()
	defer c.mu.Unlock()
	tx := c.writeLocked(1)[0]
	tx.slot, tx.index = slot, 1000
	c.txs = c.txs[:len(c.txs)-1]
	place := slices.IndexFunc(c.txs, func(other ledgerTx) bool { return other.slot > slot })
	c.txs, c.index = slices.Insert(c.txs, place, tx), nil
	return tx
}

// testSignature scatters: neighbours do not sort alike.
func testSignature(n uint64) (s market.Signature) {
	x := n * 0x9E3779B97F4A7C15
	for i := range s {
		s[i] = byte(x >> (8 * (i % 8)))
		if i%8 == 7 {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
	return s
}

var testProgram = market.MustPubkey("JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ")

// history writes slots of n transactions each, in the past.
func (c *cluster) history(slots, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range slots {
		c.writeLocked(n)
		c.slot++
	}
}

// tick ends the current slot with n new transactions: notifies them and announces the next slot.
func (c *cluster) tick(n int) []ledgerTx { return c.tickWith(n, nil) }

// tickWith is tick with transactions that edit changes before anybody sees them.
func (c *cluster) tickWith(n int, edit func(*ledgerTx)) []ledgerTx {
	c.mu.Lock()
	defer c.mu.Unlock()

	added := c.writeLocked(n)
	for i := range added {
		if edit != nil {
			edit(&added[i])
			c.txs[len(c.txs)-n+i] = added[i]
		}
	}

	c.slot++
	if !c.mute {
		c.broadcast(func(p *peer) bool { return p.slot }, slotFrame(c.slot))
	}
	order := added
	if c.arrival != nil {
		order = c.arrival(added)
	}

	for _, tx := range order {
		if c.drop == nil || !c.drop(tx) {
			c.notify(tx)
		}
	}

	return added
}

// notify tells every subscription that a transaction concerns; the lock is held.
func (c *cluster) notify(tx ledgerTx) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for p := range c.peers {
		for number, address := range p.logs {
			times := 1
			if c.repeat != nil {
				times = c.repeat(tx, address)
			}
			for n := 0; tx.mentions(address) && n < times; n++ {
				_ = p.conn.Write(ctx, websocket.MessageText, logsFrameOf(tx, number))
			}
		}
	}
}

func slotFrame(slot market.Slot) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"slotNotification","params":{"result":{"parent":%d,"root":1,"slot":%d},"subscription":0}}`, slot-1, slot)
}

func logsFrame(tx ledgerTx) []byte { return logsFrameOf(tx, firstSubscription) }

const firstSubscription = 7 // of the program, which is subscribed to first

func logsFrameOf(tx ledgerTx, number uint64) []byte {
	logs, _ := json.Marshal(tx.logs)
	failure := "null"
	if tx.failed {
		failure = `{"InstructionError":[0,{"Custom":1}]}`
	}
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"logsNotification","params":{"result":{"context":{"slot":%d},"value":{"signature":"%s","err":%s,"logs":%s}},"subscription":%d}}`,
		tx.slot, tx.signature, failure, logs, number)
}

// broadcast sends to the peers chosen; the lock is held.
func (c *cluster) broadcast(chosen func(*peer) bool, frame []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for p := range c.peers {
		if chosen(p) {
			_ = p.conn.Write(ctx, websocket.MessageText, frame)
		}
	}
}

// send writes a raw frame to every subscriber of logs.
func (c *cluster) send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broadcast(func(p *peer) bool { return len(p.logs) > 0 }, frame)
}

// cut ends every connection.
func (c *cluster) cut() {
	c.mu.Lock()
	peers := c.peers
	c.peers = map[*peer]bool{}
	c.mu.Unlock()
	for p := range peers {
		_ = p.conn.CloseNow()
	}
}

// run ticks in the background, every 10 ms with up to n transactions, until stop is called; it keeps the slot moving.
func (c *cluster) run(n int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for turn := 0; ; turn++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				c.tick(turn % (n + 1))
			}
		}
	})
	return sync.OnceFunc(func() { cancel(); group.Wait() })
}

func (c *cluster) ledger() []ledgerTx {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]ledgerTx(nil), c.txs...)
}

func (c *cluster) called(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[method]
}

func (c *cluster) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		c.pubsub(w, r)
		return
	}

	body, _ := io.ReadAll(r.Body)
	var requests []rpcRequest
	batch := len(body) > 0 && body[0] == '['
	if batch {
		_ = json.Unmarshal(body, &requests)
	} else {
		requests = make([]rpcRequest, 1)
		_ = json.Unmarshal(body, &requests[0])
	}

	c.mu.Lock()
	chosen := c.fault
	c.posts++
	c.biggest = max(c.biggest, len(requests))
	c.mu.Unlock()
	if chosen != nil && chosen(w, requests) {
		return
	}

	answers := make([]json.RawMessage, 0, len(requests))
	for _, request := range requests {
		answers = append(answers, c.answer(request))
	}

	w.Header().Set("Content-Type", "application/json")
	if batch {
		_ = json.NewEncoder(w).Encode(answers)
		return
	}
	_, _ = w.Write(answers[0])
}

func (c *cluster) answer(request rpcRequest) json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.calls[request.Method]++
	result, problem := any(nil), (*rpcError)(nil)
	done := false
	if c.override != nil {
		result, problem, done = c.override(request)
	}

	if !done {
		result, problem = c.result(request)
	}
	out := map[string]any{"jsonrpc": "2.0", "id": request.ID}
	if problem != nil {
		out["error"] = map[string]any{"code": problem.code, "message": problem.message}
	} else {
		out["result"] = result
	}

	text, _ := json.Marshal(out)
	return text
}

func (c *cluster) at(commitment string) market.Slot {
	if commitment == Finalized {
		return c.slot - testFinalized
	}
	return c.slot
}

type options struct {
	Commitment string `json:"commitment"`
	Limit      int    `json:"limit"`
	Before     string `json:"before"`
	Until      string `json:"until"`
	Version    *int   `json:"maxSupportedTransactionVersion"`
}

func (c *cluster) result(request rpcRequest) (any, *rpcError) {
	var opts options
	var text string
	var number market.Slot
	if n := len(request.Params); n > 0 {
		_ = json.Unmarshal(request.Params[n-1], &opts)
		_ = json.Unmarshal(request.Params[0], &text)
		_ = json.Unmarshal(request.Params[0], &number)
	}

	switch request.Method {
	case "getSlot":
		return c.at(opts.Commitment), nil
	case "getBlockTime":
		if number > c.slot || c.noTimes || c.isUndated(number) {
			return nil, &rpcError{-32004, "Block not available for slot"}
		}
		return testTime(number), nil
	case "getBlock":
		if number < c.first {
			return nil, &rpcError{-32001, "Block cleaned up, does not exist on node"}
		}
		signatures := []string{}
		first, _ := slices.BinarySearchFunc(c.txs, number, func(tx ledgerTx, slot market.Slot) int { return cmp.Compare(tx.slot, slot) })
		for _, tx := range c.txs[first:] {
			if tx.slot != number {
				break
			}
			for len(signatures) < tx.index {
				signatures = append(signatures, "1") // other programs'
			}
			signatures = append(signatures, tx.signature.String())
		}

		return map[string]any{"signatures": signatures, "blockTime": testTime(number), "blockhash": "x", "parentSlot": number - 1}, nil
	case "getFirstAvailableBlock":
		return c.first, nil
	case "getGenesisHash":
		return "genesis", nil
	case "getSignaturesForAddress":
		return c.signatures(text, opts), nil
	case "getTransaction":
		if opts.Version == nil || *opts.Version < 1 {
			return nil, &rpcError{-32015, "Transaction version (1) is not supported"}
		}
		n, ok := c.find(text)
		if !ok || c.hidden || c.txs[n].slot > c.at(opts.Commitment) {
			return nil, nil
		}

		tx := c.txs[n]
		meta := map[string]any{"err": failureOf(tx), "fee": 5000, "preBalances": []int{}, "postBalances": []int{}, "logMessages": tx.logs}
		if tx.inner != "" {
			meta["innerInstructions"] = json.RawMessage(tx.inner)
		}

		body := (&made{keys: []market.Pubkey{testProgram}, tops: []int{0}}).encode(1, 1)
		return map[string]any{
			"slot": tx.slot, "blockTime": c.timeOf(tx.slot), "transaction": []string{base64.StdEncoding.EncodeToString(body), "base64"}, "version": 1,
			"meta": meta,
		}, nil
	case "getSignatureStatuses":
		var list []string
		_ = json.Unmarshal(request.Params[0], &list)
		value := make([]any, len(list))
		for i, one := range list {
			if n, ok := c.find(one); ok {
				value[i] = map[string]any{"slot": c.txs[n].slot, "confirmationStatus": "finalized"}
			}
		}
		return map[string]any{"context": map[string]any{"slot": c.slot}, "value": value}, nil
	}

	return nil, &rpcError{-32601, "Method not found"}
}

// find is a transaction's place in the ledger.
func (c *cluster) find(text string) (int, bool) {
	if len(c.index) != len(c.txs) {
		c.index = make(map[string]int, len(c.txs))
		for i, tx := range c.txs {
			c.index[tx.signature.String()] = i
		}
	}
	n, ok := c.index[text]
	return n, ok && c.txs[n].slot >= c.first
}

func (c *cluster) isUndated(slot market.Slot) bool { return c.undated != nil && c.undated(slot) }

// timeOf is a slot's block time, nil when it has none.
func (c *cluster) timeOf(slot market.Slot) any {
	if c.isUndated(slot) {
		return nil
	}
	return testTime(slot)
}

// twin is another node of the same chain, with all of its ledger.
func (c *cluster) twin() *cluster {
	other := newCluster(c.t)
	other.txs, other.slot = c.ledger(), c.slot
	return other
}

func failureOf(tx ledgerTx) any {
	if tx.failed {
		return map[string]any{"InstructionError": []any{0, map[string]int{"Custom": 1}}}
	}
	return nil
}

func (c *cluster) signatures(program string, opts options) any {
	list := []any{}
	address, err := market.ParsePubkey(program)
	if err != nil {
		return list
	}

	from := len(c.txs) - 1
	if opts.Before != "" {
		n, ok := c.find(opts.Before)
		if !ok {
			return list
		}
		from = n - 1
	}

	for i := from; i >= 0 && len(list) < opts.Limit && c.txs[i].slot >= c.first; i-- {
		tx := c.txs[i]
		if !tx.mentions(address) {
			continue
		}
		if tx.slot > c.at(opts.Commitment) || tx.slot == c.slot && c.slot != 0 && opts.Commitment == Finalized {
			continue
		}
		list = append(list, map[string]any{
			"signature": tx.signature.String(), "slot": tx.slot, "err": failureOf(tx), "blockTime": c.timeOf(tx.slot), "memo": nil, "confirmationStatus": "confirmed",
		})
	}

	if c.grows > 0 {
		c.writeLocked(c.grows)
		c.slot++
	}
	c.first += c.forgets
	return list
}

func (c *cluster) pubsub(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}

	p := &peer{conn: conn, logs: map[uint64]market.Pubkey{}}
	c.lock(func() {
		c.peers[p] = true
		c.dials++
	})
	defer func() {
		c.lock(func() { delete(c.peers, p) })
		_ = conn.CloseNow()
	}()

	for {
		_, data, err := conn.Read(r.Context())
		if err != nil {
			return
		}

		var request rpcRequest
		_ = json.Unmarshal(data, &request)
		c.lock(func() {
			answer := ""
			switch {
			case c.refuse, request.Method == "logsSubscribe" && c.limit > 0 && len(p.logs) >= c.limit:
				answer = fmt.Sprintf(`{"jsonrpc":"2.0","error":{"code":-32602,"message":"no more subscriptions"},"id":%s}`, request.ID)
			case request.Method == "logsSubscribe":
				number, query := uint64(firstSubscription), struct {
					Mentions []market.Pubkey `json:"mentions"`
				}{}
				_ = json.Unmarshal(request.Params[0], &query)
				if len(p.logs) > 0 || query.Mentions[0] != testProgram {
					c.subs++
					number = 1000 + c.subs
				}
				p.logs[number] = query.Mentions[0]
				answer = fmt.Sprintf(`{"jsonrpc":"2.0","result":%d,"id":%s}`, number, request.ID)
			case request.Method == "logsUnsubscribe":
				var number uint64
				_ = json.Unmarshal(request.Params[0], &number)
				_, known := p.logs[number]
				delete(p.logs, number)
				answer = fmt.Sprintf(`{"jsonrpc":"2.0","result":%v,"id":%s}`, known, request.ID)
			case request.Method == "slotSubscribe":
				p.slot = true
				answer = fmt.Sprintf(`{"jsonrpc":"2.0","result":0,"id":%s}`, request.ID)
			}

			_ = conn.Write(r.Context(), websocket.MessageText, []byte(answer))
		})
	}
}
