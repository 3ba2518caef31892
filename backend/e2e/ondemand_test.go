package e2e

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"spinscope/examples/exampletest"
)

// watchStatus is a watch_status.
type watchStatus struct {
	Symbol  string `json:"symbol"`
	State   string `json:"state"`
	Done    int64  `json:"done"`
	Total   int64  `json:"total"`
	Message string `json:"message"`
}

// coinView is what a client that keeps to the protocol has of a coin's candles: the last history, and what was pushed after it.
func (c *client) coinView(ns, mint string, from int) []minute {
	c.t.Helper()
	view, seq := map[int64]minute{}, uint64(0)
	for _, m := range c.all(from) {
		var data struct {
			Symbol string `json:"symbol"`
			Seq    uint64 `json:"seq"`
		}
		if m.NS != ns || m.Event != "history_data" && m.Event != "kline_data" || m.read(&data) != nil || data.Symbol != mint {
			continue
		}
		if m.Event == "history_data" {
			var history struct {
				Data []minute `json:"data"`
			}
			if err := m.read(&history); err != nil {
				c.t.Fatal(err)
			}

			clear(view)
			for _, candle := range history.Data {
				view[candle.Time] = candle
			}

			seq = data.Seq
			continue
		}

		var push struct {
			Data minute `json:"data"`
		}
		if err := m.read(&push); err != nil {
			c.t.Fatal(err)
		}

		if data.Seq <= seq {
			c.t.Errorf("%s: a push of commit %d after a history as of %d", mint, data.Seq, seq)
		}
		view[push.Data.Time] = push.Data
	}

	return slices.Collect(maps.Values(view))
}

// live waits until the client was told that a coin is whole, and answered again.
func (c *client) live(ns, mint string, from int) {
	c.t.Helper()
	at, _ := c.find(from, mint+" to be live", func(m *message) bool {
		var s watchStatus
		return m.NS == ns && m.Event == "watch_status" && m.read(&s) == nil && s.Symbol == mint && s.State == "live"
	})
	c.find(at, "the whole history of "+mint, func(m *message) bool {
		var h struct {
			Symbol string   `json:"symbol"`
			Data   []minute `json:"data"`
		}
		return m.NS == ns && m.Event == "history_data" && m.read(&h) == nil && h.Symbol == mint && len(h.Data) > 0
	})
	for range 3 { // and it goes on
		at, _ = c.find(at+1, mint+" to trade on", func(m *message) bool {
			var push struct {
				Symbol string `json:"symbol"`
				Data   struct {
					Type string `json:"update_type"`
				} `json:"data"`
			}
			return m.NS == ns && m.Event == "kline_data" && m.read(&push) == nil && push.Symbol == mint && push.Data.Type == "realtime"
		})
	}
}

// TestCoinsOnDemand: the npm client subscribes to coins that nobody follows, and has their whole history and live candles, equal
// to the ledger, also when the server was killed meanwhile. What is no coin, or one too many, is refused.
func TestCoinsOnDemand(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--coins", "6", "--coin-share", "0.8", "--rate", "30", "--slot", "200ms", "--mints", "2", "--history", "6m", "--seed", "11",
		"--fault-drop", "0.03", "--fault-duplicate", "0.03", "--fault-truncate", "0.02")
	facts, mints, _ := market.coins()
	if len(mints) < 6 {
		t.Fatalf("%d coins", len(mints))
	}

	venue := facts[mints[0]][0].Venue

	dir := t.TempDir()
	flags := append(market.flags(), "--config", configured(t, "[watch]\non_demand = 2\n"))
	s := startServer(t, dir, append(flags, "--log-level", "debug")...)
	c := startNode(t, s)
	c.connect(nil, open, spin)
	want := map[string]string{open: mints[0], spin: mints[1]}
	subscribe := func(c *client) {
		t.Helper()
		for ns, event := range map[string]string{open: "subscribe_kline", spin: "subscribe"} {
			if r := c.ask(ns, event, map[string]any{"symbol": want[ns], "interval": "m1"}); !r.Success {
				t.Fatalf("%s of a coin that nobody follows: %+v", event, r)
			}
		}
	}
	subscribe(c)

	// Wrong addresses hold up nobody, neither does a coin that is one too many.
	for symbol, says := range map[string]string{
		"So11111111111111111111111111111111111111112": "pump has no curve of it", venue: "is an account of the program",
		"4fYNw3dojWmQ4dXtSGE9epjRGy9pFSx62YypT7avPYvA": "there is nothing at this address",
		mints[2]: "watch.on_demand is 2",
	} {
		r := c.ask(open, "subscribe_events", map[string]any{"symbol": symbol})
		if r.Success || r.Code != 1001 || !strings.Contains(r.Message, says) {
			t.Errorf("%s: %+v, want %q", symbol, r, says)
		}
	}

	for ns, mint := range want {
		c.live(ns, mint, 0)
	}

	var list watchedOnWire
	s.get("/api/watch", &list)
	if len(list.Coins) != 2 || !list.Coins[0].OnDemand || !list.Coins[1].OnDemand || list.Coins[0].State != "live" {
		t.Errorf("%+v", list)
	}

	// What was read is there after a crash, and is read on when somebody asks again.
	before := c.coinView(open, mints[0], 0)
	s.kill()
	s = startServer(t, dir, append(flags, "--log-level", "debug")...)
	c = startNode(t, s)
	c.connect(nil, open, spin)
	subscribe(c)
	if got := c.coinView(open, mints[0], 0); len(got) < len(before)-1 {
		t.Errorf("%d candles are there at once, there were %d", len(got), len(before))
	}

	for ns, mint := range want {
		c.live(ns, mint, 0)
	}
	market.rest()
	await(t, "the client to have what the ledger has", func() error {
		facts, _, _ := market.coins()
		for ns, mint := range want {
			if err := compareMinutes(c.coinView(ns, mint, 0), facts[mint]); err != nil {
				return fmt.Errorf("%s %w", mint, err)
			}
			if err := sameMinutes(s, mint, facts[mint]); err != nil {
				return err
			}
		}
		return nil
	})

	// A graduation is told once, with the pool that the ledger has.
	facts, _, _ = market.coins()
	graduated := 0
	for _, mint := range want {
		var answer struct {
			Events []struct {
				Type  string `json:"event_type"`
				Mint  string `json:"mint_account"`
				Curve string `json:"curve"`
				Pool  string `json:"pool"`
				Quote string `json:"quote_mint"`
			} `json:"events"`
		}
		s.get("/api/events?limit=1000&order_by=slot_asc&mint="+mint, &answer)

		var curve, pool string
		for _, f := range facts[mint] {
			switch f.Kind {
			case "created":
				curve = f.Venue
			case "migrated":
				pool = f.Venue
			}
		}

		graduations := 0
		for _, e := range answer.Events {
			if e.Type == "Graduated" {
				graduations++
				if e.Mint != mint || e.Curve != curve || pool != "" && e.Pool != pool || e.Quote != facts[mint][0].QuoteMint {
					t.Errorf("%+v, in the ledger %s moves from %s to %s", e, mint, curve, pool)
				}
			}
		}

		if graduations > 1 || pool != "" && len(answer.Events) < 1000 && graduations != 1 {
			t.Errorf("%s graduated %d times", mint, graduations)
		}
		graduated += graduations
	}

	if graduated == 0 {
		t.Error("no coin graduated: too little to say anything")
	}
	c.close()
	s.end()
}

// TestACoinThatMadeRoomIsReadOn: with room for one coin, the first one goes when nobody wants it and a client wants another. What
// happened to it meanwhile is there when a client asks for it again, and no candle was final before that without it.
func TestACoinThatMadeRoomIsReadOn(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--coins", "4", "--coin-share", "0.9", "--rate", "30", "--slot", "200ms", "--mints", "1", "--history", "3m", "--seed", "13")
	_, mints, _ := market.coins()
	s := startServer(t, t.TempDir(), append(market.flags(), "--config", configured(t, "[watch]\non_demand = 1\n"))...)
	c := startNode(t, s)
	c.connect(nil, open)

	payload := func(mint string) map[string]any { return map[string]any{"symbol": mint, "interval": "m1"} }
	from := 0
	for i, mint := range []string{mints[0], mints[1], mints[0]} {
		await(t, "room for "+mint, func() error {
			from = len(c.all(0))
			if r := c.ask(open, "subscribe_kline", payload(mint)); !r.Success {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
		c.live(open, mint, from)

		var list watchedOnWire
		s.get("/api/watch", &list)
		if len(list.Coins) != 1 || list.Coins[0].Mint != mint {
			t.Errorf("%+v are followed, want %s alone", list.Coins, mint)
		}

		if i == 2 {
			break
		}
		if r := c.ask(open, "unsubscribe_kline", payload(mint)); !r.Success {
			t.Fatalf("%+v", r)
		}
	}

	market.rest()
	await(t, "the client to have what the ledger has", func() error {
		facts, _, _ := market.coins()
		if err := compareMinutes(c.coinView(open, mints[0], from), facts[mints[0]]); err != nil {
			return err
		}
		return sameMinutes(s, mints[0], facts[mints[0]])
	})
	for _, m := range c.all(0) {
		var push struct {
			Symbol string `json:"symbol"`
			Data   struct {
				Time int64  `json:"time"`
				Type string `json:"update_type"`
			} `json:"data"`
		}
		if m.Event == "kline_data" && m.read(&push) == nil && push.Data.Type == "correction" {
			t.Errorf("the candle of %s at %d was final too early", push.Symbol, push.Data.Time)
		}
	}

	c.close()
	s.end()
}

// TestCoinExamples runs the programs that follow a coin in ten lines, of a coin that nobody follows, and of what is none.
func TestCoinExamples(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--coins", "3", "--coin-share", "0.8", "--rate", "20", "--slot", "200ms", "--mints", "1", "--history", "1m", "--seed", "12")
	_, mints, _ := market.coins()
	s := startServer(t, t.TempDir(), market.flags()...)
	for i, example := range []struct {
		name, script string
		run          func(t *testing.T, args ...string) *exec.Cmd
	}{
		{"node", "coin.mjs", func(t *testing.T, args ...string) *exec.Cmd {
			return exampletest.Node(t.Context(), t, "coin.mjs", args...)
		}},
		{"python", "coin.py", func(t *testing.T, args ...string) *exec.Cmd {
			return exampletest.Python(t.Context(), t, "coin.py", args...)
		}},
	} {
		t.Run(example.name, func(t *testing.T) {
			start := func(mint string) (*process, *capture) {
				command := example.run(t, mint)
				out := &capture{}
				return launchIn(t, command.Dir, example.name, environment(t, "SPINSCOPE_URL="+s.url("")), out, command.Args...), out
			}
			p, out := start(mints[i])
			defer func() {
				if t.Failed() {
					t.Logf("it wrote:\n%s", out)
				}
			}()
			await(t, "the whole coin from the example", func() error {
				if err := p.alive(); err != nil {
					t.Fatal(err)
				}
				_, after, live := strings.Cut(out.String(), "live ")
				if !live || !strings.Contains(after, " candles\n") || strings.Contains(after, "\n0 candles\n") || !strings.Contains(after, " realtime\n") {
					return errNotYet
				}
				return nil
			})
			p.kill()

			p, _ = start("So11111111111111111111111111111111111111112")
			p.wait()
			if !strings.Contains(p.stderr.String(), "pump has no curve of it") {
				t.Errorf("it said %q", p.stderr.String())
			}
		})
	}

	s.end()
}
