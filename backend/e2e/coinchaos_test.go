package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/porttest"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
)

// coinTrouble is trouble for a server that is killed all the time: connections last long enough for some history to be read.
var coinTrouble = simnet.Faults{
	Drop: 0.06, Duplicate: 0.06, Reorder: 0.06, Truncate: 0.03, Fork: 0.06, Disconnect: 0.01, Silent: 0.006, Refuse: 0.03,
	Null: 0.03, Limit: 0.01, Fail: 0.02, Slow: 0.03, SlowBy: 300 * time.Millisecond,
}

// TestCoinChaos follows coins of pump and PumpSwap on a cluster that does everything wrong that a cluster can do, by a server
// that is killed again and again. Coins are added before that, in the middle of it, with and without a server, and after it. In
// the end every coin that is followed is the ledger's, event by event and candle by candle, and no other is stored.
func TestCoinChaos(t *testing.T) {
	t.Parallel()
	seeds, kills, faults := []int64{1}, 5, 1
	if soak {
		seeds, kills, faults = []int64{1, 2, 3, 4}, 30, 12
	}
	for _, seed := range seeds { // until every fault has struck, or twice as many kills have
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			coinChaos(t, seed, kills, faults)
		})
	}
}

// coinsOfChaos says which of the coins are added when; those after them nobody follows.
const (
	addedBefore = 3
	addedDuring = 6
	addedAfter  = 8
	chaosCoins  = 9
)

func coinChaos(t *testing.T, seed int64, kills, faults int) {
	began := time.Now()
	net := startNet(t, simnet.Config{
		Seed: seed, Rate: 10, Mints: 2, History: 10 * time.Minute, HistoryTransactions: 8000, Coins: chaosCoins, CoinShare: 0.9,
		Derive: solana.ProgramAddress, SlotTime: 50 * time.Millisecond, Speed: 8, Faults: coinTrouble,
	})
	market := &cluster{process: &process{t: t, name: "simnet"}, rpc: net.RPCURL(), ws: net.WSURL()}
	mints := chaosMints(market)

	dir, port := t.TempDir(), porttest.Free(t)
	config := configured(t, fmt.Sprintf("[watch]\nmints = [\"%s\"]\n", strings.Join(mints[:addedBefore], `", "`)))
	arguments := append(market.flags(), "--listen", port, "--config", config)
	add := func(mint string) {
		t.Helper()
		if out, problem, code := command(t, "watch", "add", "--data-dir", dir, mint); code != 0 {
			t.Fatalf("watch add: exit code %d, %q, %q", code, out, problem)
		}
	}

	random := rand.New(rand.NewPCG(uint64(seed), 14)) //nolint:gosec // any bits
	added, struck := addedBefore, 0
	var seq uint64
	states := map[string]int{}
	for struck < kills || struck < 2*kills && !enough(net.FaultCounts(), faults) {
		s := launchServer(t, dir, arguments...)
		if struck%4 > 0 { // every fourth is killed whatever it does
			await(t, "the server", func() error {
				if err := s.alive(); err != nil {
					t.Fatal(err)
				}
				_, err := s.look()
				return err
			})
		}

		var state string
		seq, state = s.watched(time.Duration(random.Int64N(int64(2500*time.Millisecond))), seq)
		if added < addedDuring && struck%2 == 0 { // while it runs
			add(mints[added])
			added++
		}

		if err := s.alive(); err != nil {
			t.Fatal(err)
		}
		s.kill()
		states[state]++
		struck++
		if added < addedDuring && struck%2 == 0 { // while none does
			add(mints[added])
			added++
		}
	}

	s := startServer(t, dir, arguments...)
	net.SetFaults(simnet.Faults{})
	for ; added < addedAfter; added++ {
		add(mints[added])
	}

	market.rest()
	facts := finalCoins(market)
	await(t, "the coins to be live and those of the ledger", func() error {
		var list watchedOnWire
		s.get("/api/watch", &list)
		if len(list.Coins) != addedAfter {
			return fmt.Errorf("%d coins are watched", len(list.Coins))
		}
		return list.whole(s, facts)
	})
	if now := s.status().Seq; now < seq {
		t.Fatalf("seq went back from %d to %d", seq, now)
	}

	for _, mint := range mints[addedAfter:] {
		if list := s.events(mint); len(list) > 0 {
			t.Errorf("%d events of a coin that nobody follows are stored", len(list))
		}
	}

	s.end()
	audit(t, filepath.Join(dir, "custom"))

	trades, graduated := countCoins(mints[:addedAfter], facts)
	if graduated < 2 {
		t.Errorf("%d coins graduated: too few to say anything", graduated)
	}
	counts := net.FaultCounts()
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%s %d", kind, counts[kind]))
	}

	t.Logf("seed %d: %d kills, when the server was %v; %d trades of %d coins, %d graduated; faults: %s; %v in all",
		seed, struck, states, trades, addedAfter, graduated, strings.Join(list, ", "), time.Since(began).Round(time.Millisecond))
}

// enough reports whether every kind of fault has struck so often.
func enough(counts map[string]int, each int) bool {
	return !slices.ContainsFunc(faultKinds, func(kind string) bool { return counts[kind] < each })
}

// chaosMints are the coins of the cluster's history.
func chaosMints(market *cluster) []string {
	market.t.Helper()
	_, mints, _ := market.coins()
	if len(mints) != chaosCoins {
		market.t.Fatalf("%d coins", len(mints))
	}
	return mints
}

// finalCoins are the facts of the coins of a market at rest, once all of it is final.
func finalCoins(market *cluster) (byMint map[string][]coinFact) {
	market.t.Helper()
	await(market.t, "the coins' transactions to be final", func() error {
		var status struct {
			Finalized uint64 `json:"finalized"`
		}
		market.call("simnet_status", map[string]any{}, &status)
		facts, _, newest := market.coins()
		if status.Finalized < newest {
			return errNotYet
		}
		byMint = facts
		return nil
	})
	return byMint
}

// whole reports what is missing of the coins of a list that are to be live and the ledger's, each candle and each trade.
func (w *watchedOnWire) whole(s *server, facts map[string][]coinFact) error {
	s.t.Helper()
	for _, c := range w.Coins {
		if c.State != "live" || len(c.Holes) > 0 {
			return fmt.Errorf("%s is %s: %s, missing %s", c.Mint, c.State, c.Message, c.Holes)
		}
		if err := errors.Join(sameMinutes(s, c.Mint, facts[c.Mint]), sameTrades(s, c.Mint, facts[c.Mint])); err != nil {
			return err
		}
	}
	return nil
}

// countCoins counts the trades of coins, and those that graduated.
func countCoins(mints []string, facts map[string][]coinFact) (trades, graduated int) {
	for _, mint := range mints {
		for _, f := range facts[mint] {
			switch f.Kind {
			case "trade":
				trades++
			case "migrated":
				graduated++
			}
		}
	}
	return trades, graduated
}

// sameTrades compares the transactions of a coin's trades with the ledger's facts of it: those on its curve and in its own pool.
func sameTrades(s *server, mint string, facts []coinFact) error {
	s.t.Helper()
	trades := map[string]int{} // by signature
	for _, f := range facts {
		if f.Kind == "trade" {
			trades[f.signature]++
		}
	}

	for _, e := range s.events(mint) {
		if e.Provisional {
			return fmt.Errorf("%s is provisional", e.Signature)
		}
		switch e.EventType {
		case "Trade", "PostCompleteBuy", "Buy", "Sell":
			if trades[e.Signature]--; trades[e.Signature] == 0 {
				delete(trades, e.Signature)
			}
		}
	}

	if len(trades) > 0 {
		return fmt.Errorf("%s: transactions with more trades than the ledger has (negative) or fewer: %v", mint, trades)
	}
	return nil
}
