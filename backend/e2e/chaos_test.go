package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// soak asks for the long versions of the tests of trouble; make soak sets it.
var soak = os.Getenv("SPINSCOPE_SOAK") != ""

// trouble is every fault at once, most of them many times a minute.
var trouble = simnet.Faults{
	Drop: 0.06, Duplicate: 0.06, Reorder: 0.06, Truncate: 0.02, Fork: 0.06, Disconnect: 0.03, Silent: 0.03, Refuse: 0.2,
	Null: 0.03, Limit: 0.01, Fail: 0.02, Slow: 0.03, SlowBy: 300 * time.Millisecond,
}

// faultKinds are the faults of trouble by the names they are counted under.
var faultKinds = []string{
	"drop", "duplicate", "reorder", "truncate", "fork", "disconnect", "silent", "refuse", "null", "limit", "fail", "slow",
}

// TestChaos reads a cluster that does everything wrong that a cluster can do. Once the trouble is over, events, candles,
// orders and gaps must be those of the ledger, and the client that watched all along must have been told so, with seq
// never going back.
func TestChaos(t *testing.T) {
	seeds, size := []int64{1}, extent{rate: 25, transactions: 2000, faults: 1}
	if soak {
		seeds, size = []int64{1, 2, 3, 4, 5, 6, 7, 8}, extent{rate: 8, transactions: 3000, faults: 26}
	}
	total, counted := 0, map[string]int{}
	t.Run("seeds", func(t *testing.T) { // returns when all of them have
		results := make(chan func(), len(seeds))
		t.Cleanup(func() {
			for range len(results) {
				(<-results)()
			}
		})
		for _, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				n, faults := chaos(t, seed, size)
				results <- func() {
					total += n
					for kind, count := range faults {
						counted[kind] += count
					}
				}
			})
		}
	})
	t.Logf("%d transactions, faults %v", total, counted)
}

// extent is how long a market goes on: until there are so many transactions and so many faults of each kind.
type extent struct {
	rate                 float64 // transactions per second of chain time, which is eight times the wall's
	transactions, faults int
}

// reached tells what is still missing.
func (e extent) reached(transactions int, faults map[string]int) error {
	if transactions < e.transactions {
		return fmt.Errorf("%d transactions of %d", transactions, e.transactions)
	}
	for _, kind := range faultKinds {
		if faults[kind] < e.faults {
			return fmt.Errorf("%d faults %q of %d", faults[kind], kind, e.faults)
		}
	}
	return nil
}

// chaos runs one market and returns its transactions and the faults that struck.
func chaos(t *testing.T, seed int64, size extent) (int, map[string]int) {
	began := time.Now()
	net := startNet(t, simnet.Config{
		Seed: seed, Rate: size.rate, Mints: 4, History: 10 * time.Minute, HistoryTransactions: 300, NewMintEvery: 10 * time.Second, MaxMints: 8,
		SlotTime: 50 * time.Millisecond, Speed: 8, Faults: trouble,
	})
	market := &cluster{process: &process{t: t}, rpc: net.RPCURL(), ws: net.WSURL()}
	s := startInside(t, market, func(c *solana.Config) {
		c.ReconnectInterval, c.SilenceTimeout, c.RescanInterval = 20*time.Millisecond, 700*time.Millisecond, time.Second
	})
	c := startNode(t, s)
	c.connect(nil, open)

	var mints []string
	await(t, "two mints", func() error {
		var data struct {
			Mints []string `json:"mints"`
		}
		if s.get("/api/mints?sort_by=created_asc", &data); len(data.Mints) < 2 {
			return errNotYet
		}
		mints = data.Mints[:2]
		return nil
	})
	if r := c.ask(open, "subscribe_events", map[string]any{"since_seq": 1}); !r.Success {
		t.Fatalf("not subscribed: %+v", r)
	}

	f := newFollower()
	for _, mint := range mints {
		f.late[mint] = 1 // candles may change after all
		for _, interval := range []string{"s1", "s15", "m1", "h1"} {
			if r := c.ask(open, "subscribe_kline", map[string]any{"symbol": mint, "interval": interval}); !r.Success {
				t.Fatalf("not subscribed: %+v", r)
			}
		}
	}

	deadline := time.Now().Add(15 * time.Minute)
	states := map[string]int{}
	var seq uint64
	transactions := 0
	for {
		missing := size.reached(transactions, net.FaultCounts())
		if missing == nil {
			break
		}

		now := s.status()
		if now.Seq < seq {
			t.Fatalf("seq went back from %d to %d", seq, now.Seq)
		}
		seq = now.Seq
		states[now.ConnectionStatus]++

		var status struct {
			Transactions int `json:"transactions"`
		}
		if market.ask("simnet_status", map[string]any{}, &status) == nil {
			transactions = status.Transactions
		}

		if transactions >= size.transactions {
			net.SetRate(size.rate / 8) // a busy machine catches up, and meets the faults of what is recent
		}
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}

		if time.Now().After(deadline) {
			t.Fatal(missing)
		}
		time.Sleep(50 * time.Millisecond) // between looks
	}

	calm := time.Now()
	net.SetFaults(simnet.Faults{})
	l := market.rested()
	l.compare(t, s)
	took := time.Since(calm)
	await(t, "the client to be told", func() error {
		if err := f.follow(c); err != nil {
			t.Fatal(err)
		}
		return agrees(t, c, l.ledger)
	})
	compareStreamed(t, c, l)

	corrected := sameMarks(t, s, c)
	corrections := 0
	for _, m := range c.all(0) {
		if m.Event == "kline_data" && strings.Contains(string(m.Args[0]), `"correction"`) {
			corrections++
		}
	}

	faults := net.FaultCounts()
	kinds := slices.Sorted(maps.Keys(faults))
	list := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		list = append(list, fmt.Sprintf("%s %d", kind, faults[kind]))
	}

	t.Logf("seed %d: %d transactions, %d events, %d mints, %d open orders, %d cut logs; faults: %s; %d corrections pushed for %d candle streams, %d candles corrected in history; looks by state %v; equal %v after the trouble ended, %v in all",
		seed, l.transactions, len(l.records), len(l.mints()), len(l.orders), len(l.cut), strings.Join(list, ", "), corrections,
		len(f.topics), corrected, states, took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	return l.transactions, faults
}

// startNet runs a simulated cluster within the test.
func startNet(t *testing.T, cfg simnet.Config) *simnet.Net {
	t.Helper()
	net := simnet.New(cfg)
	within(t, "simnet", net.Run)
	<-net.Ready()
	return net
}

// startInside runs the backend within the test, through real sockets and on a real store, so that feed may change the
// times it waits.
func startInside(t *testing.T, market *cluster, feed func(*solana.Config)) *server {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL = "custom", market.rpc, market.ws
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}

	log := &capture{}
	dir := t.TempDir()
	logger := func(level slog.Level) *slog.Logger {
		return slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: level}))
	}
	b := backend.New(backend.Options{
		Config: cfg, DataDir: dir, Version: "test", Logger: logger(slog.LevelInfo),
		Feed: func(c *solana.Config) {
			c.Logger = logger(slog.LevelDebug)
			feed(c)
		},
	})
	t.Cleanup(func() {
		if text := log.String(); t.Failed() {
			t.Logf("end of the log:\n%s", text[max(0, len(text)-6000):])
		}
	})
	t.Cleanup(func() { audit(t, filepath.Join(dir, cfg.Solana.Cluster)) }) // after the backend has stopped
	within(t, "backend", b.Run)

	s := &server{process: &process{t: t, name: "serve", stderr: log}, dir: dir}
	await(t, "the server's address", func() error {
		address, ok := b.Address()
		if s.addr = address; !ok {
			return errNotYet
		}
		return nil
	})

	return s
}

// audit expects a store that nobody has open to be sound: every index and every counter as the records have it.
func audit(t *testing.T, dir string) {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Errorf("open the store again: %v", err)
		return
	}
	problems, err := opened.Audit(context.Background())
	if err != nil || len(problems) > 0 {
		t.Errorf("audit of the store: %v, %d problems: %.2000q", err, len(problems), problems)
	}
	if err := opened.Close(); err != nil {
		t.Errorf("close the store: %v", err)
	}
}

// within runs something until the end of the test and expects it to end well.
func within(t *testing.T, name string, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// words are the newest ones on every candle of a stream.
type words struct {
	oldest  int64 // first candle of the first answer
	candles map[int64]candle
}

// view reads the candle streams as a chart does that believes the newest word.
func view(t *testing.T, c *client) map[topic]*words {
	t.Helper()
	streams := map[topic]*words{}
	for _, m := range c.all(0) {
		switch m.Event {
		case "history_data":
			var h historyData
			if err := m.read(&h); err != nil {
				t.Fatal(err)
			}
			w := &words{candles: map[int64]candle{}}
			for _, c := range h.Data {
				w.candles[c.Time] = c
			}
			if len(h.Data) > 0 {
				w.oldest = h.Data[0].Time
			}
			streams[topic{m.NS, h.Symbol, h.Interval}] = w
		case "kline_data":
			var k klineData
			if err := m.read(&k); err != nil {
				t.Fatal(err)
			}
			w := streams[topic{m.NS, k.Symbol, k.Interval}]
			if w.candles[k.Data.Time] = k.Data; k.Data.Trades == 0 { // a rollback emptied it
				delete(w.candles, k.Data.Time)
			}
		}
	}

	return streams
}

// agrees reports whether the client's newest words are what the ledger gives.
func agrees(t *testing.T, c *client, l *ledger) error {
	t.Helper()
	for name, w := range view(t, c) {
		list := l.buckets(name.mint, name.interval)
		for i := range list {
			b := &list[i]
			got, known := w.candles[b.time]
			if !known && b.time >= w.oldest {
				return fmt.Errorf("%s: no candle at %d", name, b.time)
			}
			want := b.after(len(b.trades))
			want.IsFinal, want.UpdateType, want.Corrected = got.IsFinal, got.UpdateType, got.Corrected
			if known && got != want {
				return fmt.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
			}
		}

		for at := range w.candles {
			if _, err := byTime(list, at); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}

	return nil
}

// sameMarks expects history to say of each candle that was streamed whether it was corrected as the newest word on it did,
// and returns how many were.
func sameMarks(t *testing.T, s *server, c *client) (corrected int) {
	t.Helper()
	for name, w := range view(t, c) {
		all, _ := s.candles(name.mint, name.interval, "time_asc")
		for _, stored := range all {
			said, known := w.candles[stored.Time]
			if known && stored.Corrected != said.Corrected {
				t.Errorf("%s: history holds %+v, the stream said %+v", name, stored, said)
			}
			if stored.Corrected {
				corrected++
			}
		}
	}
	return corrected
}

// compareStreamed expects the newest word on every event of the ledger to be the ledger's. A client is not told of an event's end:
// rolled back ones are known by their candles only.
func compareStreamed(t *testing.T, c *client, l *truth) {
	t.Helper()
	last := map[string]*streamed{}
	repeats, idle, seq := 0, 0, uint64(0)
	for _, m := range c.all(0) {
		if m.Event != "event_data" {
			continue
		}
		e := new(streamed)
		if err := m.read(e); err != nil {
			t.Fatal(err)
		}

		if e.Seq < seq {
			t.Fatalf("seq went back from %d to %d", seq, e.Seq)
		}
		seq = e.Seq
		if old := last[e.id()]; old != nil {
			if e.Seq <= old.Seq {
				t.Errorf("came twice in commit %d: %s", e.Seq, m.Args[0])
			}
			// A replay tells an event that was corrected once for each commit, both times as it is now.
			if repeats++; old.Slot == e.Slot && old.Timestamp == e.Timestamp && old.EventData.Provisional == e.EventData.Provisional {
				idle++
			}
		}

		last[e.id()] = e
	}

	for i := range l.records {
		w := &l.records[i]
		e := last[w.id()]
		if e == nil || e.Slot != w.slot || e.Timestamp != w.time*1000 || e.EventType != w.Kind || e.EventData.Provisional {
			t.Errorf("%s: the client was told %+v, want %+v", w.id(), e, w)
			return
		}
		delete(last, w.id())
	}

	t.Logf("%d events streamed, %d told again with another place or time, %d as before, %d of forks", len(l.records)+repeats+len(last), repeats-idle, idle, len(last))
}
