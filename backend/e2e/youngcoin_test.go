package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestYoungCoins follows coins on a node that keeps three minutes of the chain: one that is older, of which the beginning is
// missing and said so, one whose creation the node still has, and one that is created while the server runs and is added at
// once. Of the latter two nothing is missing: neither of the curve nor of the pool, which the node lists nothing of.
func TestYoungCoins(t *testing.T) {
	market := startCluster(t, "--coins", "2", "--coin-share", "0.8", "--rate", "40", "--slot", "200ms", "--mints", "2", "--seed", "3",
		"--history", "5m", "--keep", "3m", "--new-every", "15s")
	facts, mints, newest := market.coins()
	old, young := mints[0], ""
	for _, mint := range mints {
		if created := facts[mint][0].slot; created+slotsOf(150) > newest && created+slotsOf(20) < newest {
			young = mint
		}
	}

	if young == "" {
		t.Fatalf("none of %d coins was created in the last minutes", len(mints))
	}

	dir := t.TempDir()
	s := startServer(t, dir, append(market.flags(), "--config", configured(t, fmt.Sprintf("[watch]\nmints = [%q, %q]\n", old, young)))...)
	live := func(count int) (list watchedOnWire) {
		t.Helper()
		await(t, "the coins to be live", func() error {
			s.get("/api/watch", &list)
			for _, c := range list.Coins {
				if c.State != "live" {
					return fmt.Errorf("%s is %s: %s", c.Mint, c.State, c.Message)
				}
			}
			if len(list.Coins) != count {
				return errNotYet
			}
			return nil
		})

		return list
	}
	live(2)

	var newborn string
	known := len(mints)
	await(t, "a coin to be created", func() error {
		if _, mints, _ = market.coins(); len(mints) == known {
			return errNotYet
		}
		newborn = mints[len(mints)-1]
		return nil
	})
	if _, problem, code := command(t, "watch", "add", "--data-dir", dir, newborn); code != 0 {
		t.Fatalf("watch add: exit code %d, %q", code, problem)
	}

	list := live(3)
	for i, want := range []int{2, 0, 0} { // of the old coin's curve and pool
		c := list.Coins[i]
		var begin []string // whose beginning is missing
		for _, text := range c.Holes {
			var gap struct {
				From    uint64 `json:"from_slot"`
				Address string `json:"address"`
				Cause   string `json:"cause"`
			}
			addresses := []string{c.Addresses.Curve, c.Addresses.Pool}
			if json.Unmarshal(text, &gap) != nil || !slices.Contains(addresses, gap.Address) || !strings.Contains(gap.Cause, "no longer on the endpoint") {
				t.Errorf("%s", text)
			}
			if gap.From == 0 {
				begin = append(begin, gap.Address)
			} else if want == 0 {
				t.Errorf("%s, created in slot %d: %s", c.Mint, facts[c.Mint][0].slot, text)
			} // on a busy machine the node drops more of the old one while it is read
		}
		if len(begin) != want || want > 0 && begin[0] == begin[1] {
			t.Errorf("%s, created in slot %d: the beginning of %d addresses is missing, want %d: %s", c.Mint, facts[c.Mint][0].slot, len(begin), want, c.Holes)
		}
	}

	market.rest()
	await(t, "the young coins to be those of the ledger", func() error {
		facts, _, _ := market.coins()
		for _, mint := range []string{young, newborn} {
			if err := sameMinutes(s, mint, facts[mint]); err != nil {
				return err
			}
		}
		return nil
	})
	s.end()
}

// slotsOf is how many slots of 200 ms so many seconds have.
func slotsOf(seconds uint64) uint64 { return seconds * 5 }
