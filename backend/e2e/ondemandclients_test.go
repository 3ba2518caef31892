package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

// seconds are the candles that a reader has.
func (v *heard) seconds(t *testing.T) (all []minute) {
	t.Helper()
	for _, candle := range v.candles {
		text, err := json.Marshal(candle)
		if err != nil {
			t.Fatal(err)
		}
		var one minute
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// live reports whether a reader of a coin was told that its history is whole.
func (r *reader) live() bool {
	for _, line := range r.out.lines() {
		var u struct {
			Type   string      `json:"type"`
			State  string      `json:"state"`
			Status watchStatus `json:"status"` // as Node.js says it
		}
		if json.Unmarshal([]byte(line), &u) == nil && u.Type == "watch" && (u.State == "live" || u.Status.State == "live") {
			return true
		}
	}
	return false
}

// TestClientsFollowCoinsOnDemand: each client is installed from its package and follows a coin that nobody follows. It has the
// whole history and what is traded after it, equal to the ledger, also when the server was killed meanwhile. What is no coin ends
// it with the reason.
func TestClientsFollowCoinsOnDemand(t *testing.T) {
	t.Parallel()
	const none = "So11111111111111111111111111111111111111112"
	market := startCluster(t, "--coins", "6", "--coin-share", "0.8", "--rate", "30", "--slot", "200ms", "--mints", "1", "--history", "3m", "--seed", "17",
		"--fault-drop", "0.03", "--fault-duplicate", "0.03", "--fault-truncate", "0.02")
	_, mints, _ := market.coins()
	clients := slices.Clone(exampleClients)
	clients = append(clients, struct {
		name    string
		install func(t *testing.T) runner
	}{"python, asyncio", pythonExamples})
	if len(mints) < len(clients) {
		t.Fatalf("%d coins", len(mints))
	}

	dir, port := t.TempDir(), porttest.Free(t)
	serve := func() *server {
		return startServer(t, dir, append(market.flags(), "--listen", port, "--config", configured(t, fmt.Sprintf("[watch]\non_demand = %d\n", len(clients))))...)
	}
	s := serve()

	var readers []*reader
	follow := func(name string, run runner, mint string) *reader {
		args := []string{mint, "s1", "--from", "1", "--url", "http://" + port, "--json"}
		if strings.HasSuffix(name, "asyncio") {
			args = append(args, "--asyncio")
		}
		out, command := &capture{}, run("follow", args...)
		return &reader{out: out, process: launchIn(t, command.Dir, name, environment(t), out, command.Args...)}
	}
	for i, c := range clients {
		run := c.install(t)
		readers = append(readers, follow(c.name, run, mints[i]))

		wrong := follow(c.name, run, none)
		if code := wrong.wait(); code != 1 || !strings.Contains(wrong.stderr.String(), "pump has no curve of it") {
			t.Errorf("%s: of what is no coin: exit code %d, %s", c.name, code, wrong.stderr.String())
		}
	}

	var before []int
	for _, r := range readers {
		await(t, r.name+" to have the whole coin", func() error {
			if !r.live() || r.heard().updates == 0 {
				return errNotYet
			}
			return nil
		})
		before = append(before, r.heard().updates)
	}

	s.kill()
	s = serve()
	for i, r := range readers {
		await(t, r.name+" to go on after the crash", func() error {
			if now := r.heard().updates; now < before[i]+5 {
				return fmt.Errorf("%d updates, %d before", now, before[i])
			}
			return nil
		})
	}

	market.rest()
	long := 0
	for i, r := range readers {
		var v *heard
		await(t, r.name+" to have what the ledger has", func() error {
			facts, _, _ := market.coins()
			var err error
			if v, err = heardFrom(r.out.lines()); err != nil { // to the last line, as there may be no further one
				return err
			}
			if err := sameMinutes(s, mints[i], facts[mints[i]]); err != nil {
				return errors.Join(errors.New("the server"), err)
			}
			return compareCandles(v.seconds(t), facts[mints[i]], 1)
		})
		for _, reset := range v.resets {
			if reset.Cause != "history" && reset.Cause != "gap" {
				t.Errorf("%s: reset %+v", r.name, reset)
			}
		}
		t.Logf("%s: %d candles, %d updates, %d resets", r.name, len(v.candles), v.updates, len(v.resets))
		long = max(long, len(v.candles))
		r.kill()
	}
	if long <= 100 {
		t.Errorf("no coin has more than %d candles: too few for several pages", long)
	}
	s.end()
}
