package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestMoreCoinsThanSubscriptions watches more coins than the cluster grants subscriptions for on a connection, a hundred. Those
// beyond are refused, which the log, GET /api/watch and a client's watch_status say, with how it goes on; every coin, those too, has
// the candles of the cluster's ledger, nothing is missing and nothing is there twice. When coins are taken off the list the others
// get their places.
func TestMoreCoinsThanSubscriptions(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--coins", "60", "--coin-share", "0.9", "--rate", "40", "--slot", "200ms", "--mints", "2", "--history", "3m", "--seed", "17",
		"--new-every", "0")
	_, mints, _ := market.coins()
	if len(mints) != 60 {
		t.Fatalf("%d coins", len(mints))
	}

	dir := t.TempDir()
	change := func(args ...string) {
		t.Helper()
		if out, problem, code := command(t, args...); code != 0 {
			t.Fatalf("%v: exit code %d, %q, %q", args[:2], code, out, problem)
		}
	}
	change(append([]string{"watch", "add", "--data-dir", dir}, mints...)...)

	s := startServer(t, dir, market.flags()...)
	states := func() map[string][]string {
		var list watchedOnWire
		s.get("/api/watch", &list)
		byState := map[string][]string{}
		for _, one := range list.Coins {
			byState[one.State] = append(byState[one.State], one.Mint)
			if one.State == "refused" && (!strings.Contains(one.Message, "subscription") || !strings.Contains(one.Message, "read by lists instead")) {
				t.Fatalf("%+v", one)
			}
			if len(one.Holes) > 0 {
				t.Fatalf("something is missing: %+v", one)
			}
		}
		return byState
	}
	// Two of the hundred are the program's and the slots'.
	await(t, "the coins that fit to be live, and the others to be refused", func() error {
		if now := states(); len(now["live"]) < 39 || len(now["refused"])+len(now["live"]) != 60 {
			return fmt.Errorf("%d live, %d refused, %d read", len(now["live"]), len(now["refused"]), len(now["reading"]))
		}
		return nil
	})
	refused := states()["refused"]
	if len(refused) < 11 || len(s.logged("an address is refused")) < len(refused) {
		t.Fatalf("%d coins are refused, told %d times", len(refused), len(s.logged("an address is refused")))
	}

	c := startNode(t, s)
	c.connect(nil, open)
	if r := c.ask(open, "subscribe_kline", map[string]any{"symbol": refused[0], "interval": "m1"}); !r.Success {
		t.Fatalf("%+v", r)
	}
	c.find(0, "the word that the endpoint refuses it", func(m *message) bool {
		var status watchStatus
		return m.Event == "watch_status" && m.read(&status) == nil && status.Symbol == refused[0] && status.State == "refused" &&
			strings.Contains(status.Message, "read by lists instead")
	})

	market.rest()
	await(t, "all coins to be the ledger's", func() error {
		facts, _, _ := market.coins()
		for _, mint := range mints {
			if err := sameMinutes(s, mint, facts[mint]); err != nil {
				return err
			}
		}
		return compareMinutes(c.coinView(open, refused[0], 0), facts[refused[0]])
	})
	facts, _, _ := market.coins()
	trades := 0
	for mint := range maps.Keys(facts) {
		if slices.Contains(refused, mint) {
			trades += countKind(facts[mint], "trade")
			if err := sameTrades(s, mint, facts[mint]); err != nil {
				t.Error(err)
			}
		}
	}
	if trades < 50 {
		t.Errorf("%d trades of refused coins: too little to say anything", trades)
	}

	gone := states()["live"][:20]
	change(append([]string{"watch", "remove", "--data-dir", dir}, gone...)...)
	await(t, "the others to be live in their places", func() error {
		if now := states(); len(now["live"]) != 40 {
			return fmt.Errorf("%d live, %d refused", len(now["live"]), len(now["refused"]))
		}
		return nil
	})
	c.close()
	s.end()
}
