package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// gapOnWire is one of GET /api/gaps.
type gapOnWire struct {
	From    uint64 `json:"from_slot"`
	To      uint64 `json:"to_slot"`
	Cause   string `json:"cause"`
	State   string `json:"state"`
	Mint    string `json:"mint"`
	Address string `json:"address"`
}

// programAddresses are those of the two programs that coins of the launchpad trade on.
var programAddresses = []string{"6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P", "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"}

// programGaps are the gaps of those two programs.
func (s *server) programGaps(query string) (list []gapOnWire) {
	s.t.Helper()
	var data struct {
		Gaps []gapOnWire `json:"gaps"`
	}
	s.get("/api/gaps"+query, &data)
	for _, gap := range data.Gaps {
		if slices.Contains(programAddresses, gap.Address) {
			list = append(list, gap)
		}
	}
	return list
}

// awaitPrograms waits until both programs are told of live.
func (s *server) awaitPrograms() {
	s.t.Helper()
	await(s.t, "both programs to be live", func() error {
		var status struct {
			Programs []struct {
				Program string `json:"program"`
				State   string `json:"state"`
				Message string `json:"message"`
			} `json:"followed_programs"`
		}
		s.get("/api/events/status", &status)
		if len(status.Programs) != 2 || status.Programs[0].State != "live" || status.Programs[1].State != "live" {
			return fmt.Errorf("%+v", status.Programs)
		}
		return nil
	})
}

// trade waits until the chain has gone on by so many slots while everybody trades.
func (c *cluster) trade(slots uint64) {
	c.t.Helper()
	_, _, from := c.coins()
	await(c.t, "trades", func() error {
		if _, _, now := c.coins(); now < from+slots {
			return errNotYet
		}
		return nil
	})
}

// sameSeconds compares a coin's candles of seconds with the ledger, but for the seconds of slots that a gap covers.
func sameSeconds(s *server, mint string, facts []coinFact, gaps []gapOnWire, uncertain map[int64]bool) (compared int, err error) {
	s.t.Helper()
	var covered []coinFact
	for _, f := range facts {
		if f.Kind == "trade" && !uncertain[f.time] {
			covered = append(covered, f)
		}
	}
	if len(covered) == 0 {
		return 0, nil
	}
	var data struct {
		Klines []minute `json:"klines"`
	}
	s.get("/api/kline?interval=s1&limit=5000&mint="+mint, &data)
	data.Klines = slices.DeleteFunc(data.Klines, func(k minute) bool { return uncertain[k.Time] })
	if err := compareCandles(data.Klines, covered, 1); err != nil {
		return 0, fmt.Errorf("%s %w, outside of %+v", mint, err, gaps)
	}
	return len(covered), nil
}

// TestAllCoins has a server keep all coins of pump and PumpSwap while nobody watches one. What is told arrives: each coin's candles
// of seconds are those of the cluster's ledger from the first moment on, those that complete their curve and those that are created
// meanwhile too. What is not told, before the first start, while the connection is gone and while the server is killed, lies in
// gaps. A coin that is watched later is whole, those stretches included, and no gap is told of it.
func TestAllCoins(t *testing.T) {
	market := startCluster(t, "--coins", "6", "--coin-share", "0.85", "--rate", "40", "--slot", "200ms", "--mints", "2", "--history", "5m", "--seed", "5",
		"--new-every", "15s", "--fault-duplicate", "0.05", "--fault-truncate", "0.03")
	_, old, _ := market.coins()
	file := configured(t, "[programs]\npump = \"all\"\npumpswap = \"all\"\n[watch]\non_demand = 0\n")
	dir := t.TempDir()
	s := startServer(t, dir, append(market.flags(), "--config", file)...)
	s.awaitPrograms()
	market.trade(100)

	var status any
	market.call("simnet_control", map[string]any{"outage_ms": 4000}, &status)
	await(t, "gaps of the connection that ended", func() error {
		if gaps := s.programGaps(""); len(gaps) < 4 {
			return fmt.Errorf("%+v", gaps)
		}
		return nil
	})
	s.awaitPrograms()
	market.trade(60)
	s.kill()
	market.trade(10)
	s = startServer(t, dir, append(market.flags(), "--config", file)...)
	s.awaitPrograms()
	market.trade(60)
	market.rest()

	// Everything outside of the gaps is there, and something is missing inside.
	var gaps []gapOnWire
	await(t, "the coins to be those of the ledger outside of the gaps", func() error {
		gaps = s.programGaps("")
		facts, _, _ := market.coins()
		uncertain := map[int64]bool{}
		for _, list := range facts {
			for _, f := range list {
				if slices.ContainsFunc(gaps, func(gap gapOnWire) bool { return gap.From <= f.slot && f.slot <= gap.To }) {
					uncertain[f.time] = true
				}
			}
		}
		total := 0
		for mint, list := range facts {
			n, err := sameSeconds(s, mint, list, gaps, uncertain)
			if err != nil {
				return err
			}
			total += n
		}
		if total < 1000 {
			return fmt.Errorf("%d trades compared", total)
		}
		return nil
	})
	facts, mints, _ := market.coins()
	if len(mints) == len(old) {
		t.Error("no coin was created meanwhile: too little to say anything")
	}
	for _, address := range programAddresses {
		var own []gapOnWire
		for _, gap := range gaps {
			if gap.Address == address {
				own = append(own, gap)
			}
			if gap.State != "unfillable" || !strings.Contains(gap.Cause, "live only") {
				t.Errorf("%+v", gap)
			}
		}
		if len(own) != 3 || own[0].From != 0 {
			t.Errorf("gaps of %s: %+v", address, own)
		}
	}

	// One that traded before the start and in the gaps is watched now.
	mint, missed := "", 0
	for _, other := range old {
		n := 0
		for _, f := range facts[other] {
			if f.Kind == "trade" && slices.ContainsFunc(gaps, func(gap gapOnWire) bool { return gap.From > 0 && gap.From <= f.slot && f.slot <= gap.To }) {
				n++
			}
		}
		if n > missed {
			mint, missed = other, n
		}
	}
	if missed == 0 {
		t.Fatal("nothing was traded in the gaps")
	}
	if len(s.programGaps("?mint="+mint)) != len(gaps) {
		t.Errorf("of a coin that nobody watches %+v are told", s.programGaps("?mint="+mint))
	}
	if err := sameMinutes(s, mint, facts[mint]); err == nil {
		t.Error("the coin is whole before anybody watches it")
	}
	if out, problem, code := command(t, "watch", "add", "--data-dir", dir, mint); code != 0 {
		t.Fatalf("watch add: exit code %d, %q, %q", code, out, problem)
	}
	await(t, "the coin to be whole", func() error {
		var list watchedOnWire
		if s.get("/api/watch", &list); len(list.Coins) != 1 || list.Coins[0].State != "live" || len(list.Coins[0].Holes) > 0 {
			return fmt.Errorf("%+v", list.Coins)
		}
		return sameMinutes(s, mint, facts[mint])
	})
	if rest := s.programGaps("?mint=" + mint); len(rest) > 0 {
		t.Errorf("of a coin that is whole %+v are told", rest)
	}
	s.end()
}
