package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"
)

// The namespaces.
const (
	open = "/ws/kline"
	spin = "/kline"
)

// TestCandlesEqualTheLedger is the main job: a market, the server, and the npm client on both namespaces. Everything
// the client sees, live or as history, and everything REST says must be what the ledger gives.
func TestCandlesEqualTheLedger(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "40", "--slot", "100ms", "--mints", "3", "--history", "1m", "--seed", "7")
	s := startServer(t, t.TempDir(), market.flags()...)
	c := startNode(t, s)
	c.connect(nil, open, spin)
	greetings(t, c)

	mints := market.readLedger().busiest(2)
	for _, r := range []reply{
		c.ask(open, "subscribe_events", map[string]any{"since_seq": 1}),
		c.ask(open, "subscribe_price", map[string]any{"symbol": mints[0]}),
		c.ask(open, "subscribe_token_events"),
	} {
		if !r.Success {
			t.Fatalf("not subscribed: %+v", r)
		}
	}

	var live []topic // those that end within the test
	pending := map[int]topic{}
	for _, mint := range mints {
		for ns, intervals := range map[string][]string{open: {"s1", "s5", "s15", "m1", "h1"}, spin: {"s1", "s5", "m1"}} {
			for _, interval := range intervals {
				event := "subscribe_kline"
				if ns == spin {
					event = "subscribe"
				}
				name := topic{ns, mint, interval}
				id := c.askLater(ns, event, map[string]any{"symbol": mint, "interval": interval, "subscription_id": name.String(), "extra": 1})
				pending[id] = name
				if interval == "s1" || interval == "s5" {
					live = append(live, name)
				}
			}
		}
	}

	for id, name := range pending {
		if r := c.answer(0, id); !r.Success {
			t.Fatalf("%s: %+v", name, r)
		}
		confirmed(t, c, name)
	}

	now := caughtUp(t, s)
	f := newFollower()
	await(t, "live candles", func() error {
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}
		for _, name := range live {
			if got, want := f.live(name, now), map[string]int{"s1": 6, "s5": 1}[name.interval]; got < want {
				return fmt.Errorf("%s: %d finals", name, got)
			}
		}
		return nil
	})
	market.rest()

	l := awaitLedger(t, market, s)
	await(t, "the last candles' end, without another trade", func() error {
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}
		return f.complete(l, "s1", "s5", "s15")
	})
	f.compare(t, l)
	t.Logf("%d interim candles, %d events on the ledger, late commits: %v", interims(t, c, l, f.late), len(l.records), f.late)
	for _, name := range live {
		for bucket, times := range f.topics[name].pushed {
			if times != 1 {
				t.Errorf("%s: the final candle of %d came %d times", name, bucket, times)
			}
		}
	}

	streamedEvents(t, c, l)
	prices(t, c, l, mints[0], f.late[mints[0]] != 0)
	for _, mint := range mints {
		for interval := range intervalSeconds {
			restCandles(t, s, l, mint, interval)
		}
		restEvents(t, s, l, mint)
	}

	if n := sameMarks(t, s, c); n > 0 && len(f.late) == 0 {
		t.Errorf("%d candles are marked as corrected, in a market without faults", n)
	}
	histories(t, c, l, mints[0])
	unsubscribed(t, c, mints[0])
	if err := c.dropped(0); err != nil {
		t.Error(err)
	}

	c.close()
	s.end()
	market.end()
}

// caughtUp waits until history is read, and returns the chain's time.
func caughtUp(t *testing.T, s *server) int64 {
	t.Helper()
	var status feedStatus
	await(t, "the end of history", func() error {
		if status = s.status(); status.ConnectionStatus != "connected" || !status.IsRunning {
			return fmt.Errorf("%+v", status)
		}
		return nil
	})
	return status.ChainTime
}

// awaitLedger waits until the server has everything that the market, now at rest, had.
func awaitLedger(t *testing.T, market *cluster, s *server) *ledger {
	t.Helper()
	var l *ledger
	await(t, "the server to have the whole ledger", func() error {
		l = market.readLedger()
		if total := s.status().Total; total != uint64(len(l.records)) {
			return fmt.Errorf("%d events stored, %d on the ledger", total, len(l.records))
		}
		return nil
	})

	var stats struct {
		BuySell      int `json:"buy_sell"`
		LongShort    int `json:"long_short"`
		TokenCreated int `json:"token_created"`
		Total        int `json:"total"`
	}
	s.get("/api/events/stats", &stats)

	kinds := map[string]int{}
	for _, r := range l.records {
		kinds[r.Kind]++
	}

	if stats.BuySell != kinds["BuySell"] || stats.LongShort != kinds["LongShort"] || stats.TokenCreated != kinds["TokenCreated"] || stats.Total != len(l.records) {
		t.Errorf("stats say %+v, the ledger %v", stats, kinds)
	}
	return l
}

func greetings(t *testing.T, c *client) {
	t.Helper()
	var hello struct {
		ClientID   string    `json:"clientId"`
		ServerTime int64     `json:"serverTime"`
		Symbols    *[]string `json:"supportedSymbols"`
		Intervals  []string  `json:"supportedIntervals"`
	}
	if _, m := c.next(0, open, "connection_success"); m.read(&hello) != nil ||
		hello.ClientID == "" || hello.ServerTime == 0 || hello.Symbols == nil || len(hello.Intervals) != len(intervalSeconds) {
		t.Errorf("%s greets with %s", open, m.Args)
	}

	var spun struct {
		ClientID   string    `json:"client_id"`
		ServerTime int64     `json:"server_time"`
		Symbols    *[]string `json:"supported_symbols"`
		Intervals  []string  `json:"supported_intervals"`
	}
	if _, m := c.next(0, spin, "connection_success"); m.read(&spun) != nil ||
		spun.ClientID == "" || spun.ServerTime == 0 || spun.Symbols == nil || len(*spun.Symbols) != 0 || len(spun.Intervals) != len(intervalSeconds) {
		t.Errorf("%s greets with %s", spin, m.Args)
	}
}

// confirmed looks for the answers to a subscription: first the history, then the confirmation.
func confirmed(t *testing.T, c *client, name topic) {
	t.Helper()
	history, _ := c.find(0, name.String()+" history", func(m *message) bool {
		var h historyData
		return m.NS == name.ns && m.Event == "history_data" && m.read(&h) == nil && h.Symbol == name.mint && h.Interval == name.interval
	})
	var reply struct {
		Symbol   string `json:"symbol"`
		Interval string `json:"interval"`
		ID       string `json:"subscription_id"`
		Success  bool   `json:"success"`
		Message  string `json:"message"`
	}
	place, m := c.find(0, name.String()+" confirmation", func(m *message) bool {
		return m.NS == name.ns && m.Event == "subscription_confirmed" && m.read(&reply) == nil && reply.ID == name.String()
	})
	if place < history || reply.Symbol != name.mint || reply.Interval != name.interval || !reply.Success || reply.Message == "" {
		t.Errorf("%s: confirmation at %d, history at %d: %s", name, place, history, m.Args)
	}
}

// prices compares the price stream with the ledger. It may leave prices out, not the last one.
func prices(t *testing.T, c *client, l *ledger, mint string, late bool) {
	t.Helper()
	trades := map[string][]record{}
	for _, r := range l.trades[mint] {
		trades[r.signature] = append(trades[r.signature], r)
	}

	last := l.trades[mint][len(l.trades[mint])-1]
	var newest string
	for _, m := range c.all(0) {
		if m.Event != "price_update" {
			continue
		}
		var p struct {
			Symbol     string  `json:"symbol"`
			Price      float64 `json:"price"`
			PriceExact string  `json:"price_exact"`
			Timestamp  int64   `json:"timestamp"`
			Side       string  `json:"side"`
			Slot       uint64  `json:"slot"`
			Signature  string  `json:"signature"`
		}
		if err := m.read(&p); err != nil {
			t.Fatal(err)
		}

		exact, ok := new(big.Rat).SetString(p.PriceExact)
		if !ok || nearest(exact) != p.Price || !slices.ContainsFunc(trades[p.Signature], func(r record) bool {
			side := map[bool]string{true: "buy", false: "sell"}[r.Buy]
			return r.price().Cmp(exact) == 0 && (late || r.time == p.Timestamp) && r.slot == p.Slot && side == p.Side
		}) {
			t.Fatalf("%s is no price of the ledger", m.Args[0])
		}

		newest = p.Signature
	}

	if newest != last.signature {
		t.Errorf("the last price is from %s, want %s", newest, last.signature)
	}
}

// candles reads all candles page by page, and how many there are said to be.
func (s *server) candles(mint, interval, order string) (all []candle, total int) {
	s.t.Helper()
	for page := 1; ; page++ {
		query := url.Values{"mint": {mint}, "interval": {interval}, "order_by": {order}, "limit": {"1000"}, "page": {strconv.Itoa(page)}}
		var data struct {
			Klines  []candle `json:"klines"`
			Total   int      `json:"total"`
			HasNext bool     `json:"has_next"`
		}
		s.get("/api/kline?"+query.Encode(), &data)
		if all = append(all, data.Klines...); !data.HasNext {
			return all, data.Total
		}
	}
}

// restCandles compares all candles with the ledger, in both orders.
func restCandles(t *testing.T, s *server, l *ledger, mint, interval string) {
	t.Helper()
	list := l.buckets(mint, interval)
	for _, order := range []string{"time_asc", "time_desc"} {
		all, total := s.candles(mint, interval, order)
		if total != len(list) {
			t.Errorf("%s %s: total is %d, the ledger has %d", mint, interval, total, len(list))
		}
		if order == "time_desc" {
			slices.Reverse(all)
		}

		if len(all) != len(list) {
			t.Errorf("%s %s: %d candles, the ledger has %d", mint, interval, len(all), len(list))
			return
		}

		for i := range list {
			if all[i].Time != list[i].time || all[i].Trades != len(list[i].trades) {
				t.Errorf("%s %s: candle %d is %+v, the ledger has %d trades at %d", mint, interval, i, all[i], len(list[i].trades), list[i].time)
			} else if err := list[i].check(all[i]); err != nil {
				t.Errorf("%s %s: %v", mint, interval, err)
			}
		}
	}
}

// restEvents reads all events of a mint, oldest first.
func restEvents(t *testing.T, s *server, l *ledger, mint string) {
	t.Helper()
	want := l.of(mint)
	n := 0
	for page := 1; ; page++ {
		var data struct {
			Events []struct {
				EventType   string `json:"event_type"`
				Signature   string `json:"signature"`
				Slot        uint64 `json:"slot"`
				Ordinal     int    `json:"ordinal"`
				Timestamp   string `json:"timestamp"`
				Mint        string `json:"mint_account"`
				LatestPrice string `json:"latest_price"`
				Order       string `json:"order_pda"`
			} `json:"events"`
			Total   int  `json:"total"`
			HasNext bool `json:"has_next"`
		}
		s.get(fmt.Sprintf("/api/events?mint=%s&order_by=slot_asc&limit=1000&page=%d", mint, page), &data)
		if data.Total != len(want) {
			t.Fatalf("%s: %d events, the ledger has %d", mint, data.Total, len(want))
		}

		for _, e := range data.Events {
			w := want[n]
			n++
			if e.Signature != w.signature || e.Ordinal != w.ordinal || e.Slot != w.slot || e.EventType != w.Kind || e.Mint != mint ||
				e.LatestPrice != w.PriceRaw || w.Order != "" && e.Order != w.Order ||
				e.Timestamp != time.Unix(w.time, 0).UTC().Format("2006-01-02T15:04:05Z") {
				t.Fatalf("%s: event %d is %+v, want %+v", mint, n-1, e, w)
			}
		}

		if !data.HasNext {
			break
		}
	}

	if n != len(want) {
		t.Errorf("%s: %d events came, the ledger has %d", mint, n, len(want))
	}
}

// histories asks for stretches of history on both namespaces.
func histories(t *testing.T, c *client, l *ledger, mint string) {
	t.Helper()
	list := l.buckets(mint, "s5")
	n := len(list)
	for _, q := range []struct {
		ns, event string
		more      map[string]any
		from, to  int // of list
		newest    bool
		hasMore   bool
		total     int
	}{
		{open, "get_history", map[string]any{"limit": 7}, n - 7, n, false, true, n},
		{open, "get_history", map[string]any{"limit": 7, "order": "desc"}, n - 7, n, true, true, n},
		{open, "get_history", map[string]any{"limit": 5000, "from": list[3].time, "to": list[9].time}, 3, 10, false, false, 7},
		{open, "get_history", map[string]any{"limit": 2, "from": list[3].time, "to": list[9].time}, 8, 10, false, true, 7},
		{spin, "history", map[string]any{"limit": 7}, n - 7, n, true, true, n},
	} {
		from := len(c.all(0))
		request := map[string]any{"symbol": mint, "interval": "s5"}
		maps.Copy(request, q.more)
		if r := c.ask(q.ns, q.event, request); !r.Success {
			t.Errorf("%s %v: %+v", q.event, q.more, r)
		}

		_, m := c.next(from, q.ns, "history_data")
		var h historyData
		if err := m.read(&h); err != nil {
			t.Fatal(err)
		}

		if q.newest {
			slices.Reverse(h.Data)
		}
		if len(h.Data) != q.to-q.from || h.HasMore != q.hasMore || h.TotalCount != q.total {
			t.Errorf("%s %v: %d candles, has_more %v, total_count %d", q.event, q.more, len(h.Data), h.HasMore, h.TotalCount)
			continue
		}

		for i, got := range h.Data {
			if b := &list[q.from+i]; got.Time != b.time || got.Trades != len(b.trades) {
				t.Errorf("%s %v: candle %d is %+v", q.event, q.more, i, got)
			} else if err := b.check(got); err != nil {
				t.Errorf("%s %v: %v", q.event, q.more, err)
			}
		}
	}

	for _, bad := range []map[string]any{
		{"symbol": "O0", "interval": "s5"}, {"symbol": mint, "interval": "s7"}, {"symbol": mint}, {"interval": "s5"}, {},
	} {
		from := len(c.all(0))
		if r := c.ask(open, "subscribe_kline", bad); r.Success || r.Code != 1001 || r.Message == "" {
			t.Errorf("subscribe_kline %v: %+v", bad, r)
		}
		var e struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		}
		if _, m := c.next(from, open, "error"); m.read(&e) != nil || e.Code != 1001 || e.Message == "" {
			t.Errorf("subscribe_kline %v: error %s", bad, m.Args)
		}
	}
}

func unsubscribed(t *testing.T, c *client, mint string) {
	t.Helper()
	for ns, event := range map[string]string{open: "unsubscribe_kline", spin: "unsubscribe"} {
		from := len(c.all(0))
		if r := c.ask(ns, event, map[string]any{"symbol": mint, "interval": "s1"}); !r.Success {
			t.Errorf("%s: %+v", event, r)
		}
		_, m := c.next(from, ns, "unsubscribe_confirmed")
		var reply struct {
			Symbol  string          `json:"symbol"`
			ID      json.RawMessage `json:"subscription_id"`
			Success bool            `json:"success"`
		}
		if m.read(&reply) != nil || reply.Symbol != mint || !reply.Success {
			t.Errorf("%s: %s", event, m.Args)
		}
	}

	from := len(c.all(0))
	c.emit(spin, "ping")
	c.next(from, spin, "pong")
}
