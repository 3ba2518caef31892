package simnet

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
)

// client is a PubSub connection of a test.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

// message is anything the PubSub service sends.
type message struct {
	ID     *int            `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
	Method string          `json:"method"`
	Params struct {
		Result       json.RawMessage `json:"result"`
		Subscription uint64          `json:"subscription"`
	} `json:"params"`
}

type logs struct {
	Context struct{ Slot market.Slot }
	Value   struct {
		Signature string
		Err       json.RawMessage
		Logs      []string
	}
}

func dial(t *testing.T, n *Net) *client {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), n.WSURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		resp.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t, conn}
}

func (c *client) write(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() (m message, err error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}

func (c *client) next() message {
	c.t.Helper()
	m, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// reply reads on until the answer to a request.
func (c *client) reply() message {
	c.t.Helper()
	for {
		if m := c.next(); m.Method == "" {
			return m
		}
	}
}

func request1(method string, params ...any) string {
	if params == nil {
		params = []any{}
	}
	text, err := json.Marshal(obj{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (c *client) subscribe(method string, params ...any) uint64 {
	c.t.Helper()
	c.write(request1(method, params...))
	m := c.reply()
	var id uint64
	if m.Error != nil || json.Unmarshal(m.Result, &id) != nil {
		c.t.Fatalf("%s: %+v", method, m)
	}
	return id
}

func readLogs(t *testing.T, m message) (l logs) {
	t.Helper()
	if err := json.Unmarshal(m.Params.Result, &l); err != nil || m.Method != "logsNotification" {
		t.Fatalf("%v: %+v", err, m)
	}
	return l
}

func TestSubscribeErrors(t *testing.T) {
	n := start(t, still())
	program := n.cfg.Program.String()
	c := dial(t, n)
	for _, e := range []struct {
		name, request string
		code          int
		text          string
	}{
		{"two addresses", request1("logsSubscribe", obj{"mentions": []string{program, program}}), -32602, "Invalid Request: Only 1 address supported"},
		{"no address", request1("logsSubscribe", obj{"mentions": []string{}}), -32602, "Invalid Request: Only 1 address supported"},
		{"bad address", request1("logsSubscribe", obj{"mentions": []string{"x"}}), -32602, "Invalid pubkey: Invalid"},
		{"bad filter", request1("logsSubscribe", 5), -32602, "Invalid params: expected a filter"},
		{"bad word", request1("logsSubscribe", "some"), -32602, "Invalid params: unknown variant `some`, expected one of `all`, `allWithVotes`, `mentions`."},
		{"no filter", request1("logsSubscribe"), -32602, "`params` should have at least 1 argument(s)"},
		{"bad commitment", request1("logsSubscribe", "all", obj{"commitment": "max"}), -32602, "Invalid params: unknown variant `max`, expected one of `processed`, `confirmed`, `finalized`."},
		{"unknown subscription", request1("logsUnsubscribe", 99), -32602, "Invalid subscription id."},
		{"RPC method", request1("getSlot"), -32601, "Method not found"},
		{"garbage", `{{`, -32700, "Parse error"},
	} {
		c.write(e.request)
		if m := c.reply(); m.Error == nil || m.Error.Code != e.code || m.Error.Message != e.text {
			t.Errorf("%s: %+v", e.name, m.Error)
		}
	}

	if id := c.subscribe("slotSubscribe"); id != 0 {
		t.Errorf("the first subscription is %d, the real cluster counts from 0", id)
	}
	c.write(request1("logsUnsubscribe", 0))
	if m := c.reply(); m.Error == nil {
		t.Error("a slot subscription was ended as a logs subscription")
	}

	c.write(request1("slotUnsubscribe", 0))
	if m := c.reply(); string(m.Result) != "true" {
		t.Errorf("slotUnsubscribe: %+v", m)
	}
}

// TestLive: what is notified at each commitment is the ledger, in order, once, and not before its time.
func TestLive(t *testing.T) {
	cfg := quick()
	cfg.Rate = 20
	n := start(t, cfg)
	for _, level := range []string{"processed", "confirmed", "finalized"} {
		t.Run(level, func(t *testing.T) {
			c := dial(t, n)
			id := c.subscribe("logsSubscribe", obj{"mentions": []any{n.cfg.Program}}, obj{"commitment": level})
			var got []logs
			for len(got) < 150 {
				m := c.next()
				if m.Params.Subscription != id {
					t.Fatalf("notification for %d", m.Params.Subscription)
				}
				got = append(got, readLogs(t, m))
			}

			last := got[len(got)-1].Context.Slot
			if reached := ask[market.Slot](t, n, "getSlot", obj{"commitment": level}); last > reached {
				t.Errorf("told of slot %d at %s %d", last, level, reached)
			}
			waitFor(t, "the end of the stretch to be final", func() bool { return ask[market.Slot](t, n, "getSlot") > last })
			ledger, _ := ledgerAfter(t, n, "finalized", got[0].Value.Signature) // not from the oldest on, which it forgets meanwhile
			reader := program.NewReader(spinpet.New(n.cfg.Program))
			for i, l := range got[1:] {
				want := ledger[i]
				if l.Value.Signature != want.Signature.String() || l.Context.Slot != want.Slot || (string(l.Value.Err) != "null") != want.Failed {
					t.Fatalf("notification %d is %s in %d, the ledger says %s in %d", i, l.Value.Signature, l.Context.Slot, want.Signature, want.Slot)
				}
				if !want.Failed {
					events, _ := reader.Read(nil, &market.Transaction{Signature: want.Signature, Slot: want.Slot, Logs: l.Value.Logs})
					compare(t, n, events, want)
				}
			}
		})
	}
}

func TestSlots(t *testing.T) {
	n := start(t, quick())
	c := dial(t, n)
	id := c.subscribe("slotSubscribe")
	var last market.Slot
	for range 100 {
		m := c.next()
		var s struct{ Slot, Parent, Root market.Slot }
		if err := json.Unmarshal(m.Params.Result, &s); err != nil || m.Method != "slotNotification" || m.Params.Subscription != id {
			t.Fatalf("%v: %+v", err, m)
		}
		if s.Slot <= last || s.Parent >= s.Slot || s.Root+20 > s.Slot || last > 0 && s.Parent != last {
			t.Fatalf("slot %+v after %d", s, last)
		}
		last = s.Slot
	}

	c.write(request1("slotUnsubscribe", id))
	if m := c.reply(); string(m.Result) != "true" {
		t.Errorf("unsubscribe: %+v", m)
	}

	// Nothing but the answer comes from now on.
	c.write(request1("nothing"))
	if m := c.next(); m.Method != "" {
		t.Errorf("told %s after the unsubscription", m.Method)
	}
}

// TestMentions: a subscription to a mint is told of that mint only.
func TestMentions(t *testing.T) {
	n := start(t, quick())
	page := ask[LedgerPage](t, n, "simnet_ledger", obj{"limit": 10, "commitment": "finalized"})
	mint := page.Transactions[0].Events[0].Mint
	c := dial(t, n)
	c.subscribe("logsSubscribe", obj{"mentions": []any{mint}}, obj{"commitment": "confirmed"})
	reader := program.NewReader(spinpet.New(n.cfg.Program))
	for range 20 {
		l := readLogs(t, c.next())
		events, _ := reader.Read(nil, &market.Transaction{Logs: l.Value.Logs})
		for _, e := range events {
			if e.Mint() != mint {
				t.Fatalf("told of %s", e.Mint())
			}
		}
	}
}

// TestLagging: a client that does not read is disconnected, the market goes on.
func TestLagging(t *testing.T) {
	cfg := quick()
	cfg.Rate, cfg.QueuedMessages = 50, 8
	n := start(t, cfg)
	c := dial(t, n)
	for range 20 {
		c.write(request1("logsSubscribe", "all", obj{"commitment": "processed"}))
	}
	waitFor(t, "the slow client to be cut off", func() bool { return len(n.sockets.all()) == 0 })
	for {
		if _, err := c.read(); err != nil {
			break // what the kernel had buffered comes first
		}
	}
	before := ask[market.Slot](t, n, "getSlot", obj{"commitment": "processed"})
	waitFor(t, "more slots", func() bool {
		return ask[market.Slot](t, n, "getSlot", obj{"commitment": "processed"}) > before
	})
}

// TestRest: at rate 0 nothing is traded and slots go on; the control method changes the rate.
func TestRest(t *testing.T) {
	cfg := quick()
	cfg.NewMintEvery = 0
	n := start(t, cfg)
	ask[obj](t, n, "simnet_control", obj{"rate": 0})
	rest := func() int { return int(ask[obj](t, n, "simnet_status")["transactions"].(float64)) }
	slot := ask[market.Slot](t, n, "getSlot", obj{"commitment": "processed"})
	waitFor(t, "two more slots", func() bool {
		return ask[market.Slot](t, n, "getSlot", obj{"commitment": "processed"}) > slot+2
	})

	count := rest()
	waitFor(t, "more slots", func() bool {
		return ask[market.Slot](t, n, "getSlot", obj{"commitment": "processed"}) > slot+20
	})
	if now := rest(); now != count {
		t.Errorf("%d transactions at rest, %d before", now, count)
	}

	ask[obj](t, n, "simnet_control", obj{"rate": 50})
	waitFor(t, "trading", func() bool { return rest() > count })
}

func TestPortInUse(t *testing.T) {
	n := start(t, still())
	cfg := still()
	cfg.Listen = n.Addr()
	if err := New(cfg).Run(t.Context()); err == nil {
		t.Error("two clusters on one port")
	}
}

func TestOutage(t *testing.T) {
	n := start(t, quick())
	c := dial(t, n)
	c.subscribe("slotSubscribe")
	n.Outage(time.Hour)
	for {
		if _, err := c.read(); err != nil {
			break
		}
	}

	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, n.RPCURL()+"health", nil)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("answered %s during an outage", resp.Status)
	} else if !errors.Is(err, io.EOF) {
		t.Log(err) // a reset is as good
	}

	n.Outage(0)
	if got := ask[string](t, n, "getHealth"); got != "ok" {
		t.Errorf("after the outage: %q", got)
	}
	n.RefuseRPC(time.Hour)
	if status, _, _ := post(t, n, call("getHealth")); status != http.StatusServiceUnavailable {
		t.Errorf("status %d while refusing", status)
	}
}
