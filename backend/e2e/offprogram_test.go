package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// programStates are what the status says of programs.
func (s *server) programStates() (states map[string]string) {
	s.t.Helper()
	var status struct {
		Programs []struct {
			Program string `json:"program"`
			State   string `json:"state"`
		} `json:"followed_programs"`
	}
	s.get("/api/events/status", &status)
	states = map[string]string{}
	for _, one := range status.Programs {
		states[one.Program] = one.State
	}
	return states
}

// storedPrograms are how many events of each program are stored of a coin, the newest thousand, in slots from one on.
func (s *server) storedPrograms(mint string, from uint64) (programs map[string]int) {
	s.t.Helper()
	var answer struct {
		Events []struct {
			Program string `json:"program"`
			Slot    uint64 `json:"slot"`
		} `json:"events"`
	}
	s.get("/api/events?limit=1000&order_by=slot_desc&mint="+mint, &answer)
	programs = map[string]int{}
	for _, event := range answer.Events {
		if event.Slot >= from {
			programs[event.Program]++
		}
	}
	return programs
}

// TestAProgramThatIsOff has a server keep all of PumpSwap and nothing of pump, after a run that followed a coin of both: no event
// of pump is stored any more, though the cluster tells of both. A watched coin is refused with the reason, and so is one that a
// client asks for; of one that is stored the client gets what there is, with the word that nothing more comes.
func TestAProgramThatIsOff(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--coins", "6", "--coin-share", "0.9", "--rate", "40", "--slot", "200ms", "--mints", "2", "--history", "2m", "--seed", "7",
		"--new-every", "10s")
	_, mints, _ := market.coins()
	dir := t.TempDir()
	first := startServer(t, dir, append(market.flags(), "--config", configured(t, fmt.Sprintf("[watch]\nmints = [%q]\n", mints[0])))...)
	await(t, "the watched coin to be live", func() error {
		var list watchedOnWire
		if first.get("/api/watch", &list); len(list.Coins) != 1 || list.Coins[0].State != "live" {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	first.end()

	file := configured(t, fmt.Sprintf("[programs]\npump = \"off\"\npumpswap = \"all\"\n[watch]\nmints = [%q, %q]\n", mints[0], mints[1]))
	s := startServer(t, dir, append(market.flags(), "--config", file)...)
	before := s.storedPrograms(mints[0], 0)
	_, _, since := market.coins()
	await(t, "PumpSwap to be live and pump to be off", func() error {
		if states := s.programStates(); states["pumpswap"] != "live" || states["pump"] != "off" || len(states) != 2 {
			return fmt.Errorf("%v", states)
		}
		return nil
	})

	const reason = "pump is switched off in the configuration: programs.pump"
	await(t, "both watched coins to be refused", func() error {
		var list watchedOnWire
		s.get("/api/watch", &list)
		for _, one := range list.Coins {
			if one.State != "refused" || !strings.Contains(one.Message, reason) {
				return fmt.Errorf("%+v", one)
			}
		}
		if len(list.Coins) != 2 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})

	c := startNode(t, s)
	c.connect(nil, open)
	facts, mints, _ := market.coins()
	young := mints[len(mints)-1]
	if countKind(facts[young], "completed") > 0 {
		t.Fatalf("%s has left its curve", young)
	}
	if r := c.ask(open, "subscribe_kline", map[string]any{"symbol": young, "interval": "m1"}); r.Success || r.Code != 1001 || !strings.Contains(r.Message, reason) {
		t.Errorf("a coin of which nothing is stored: %+v", r)
	}
	if r := c.ask(open, "subscribe_kline", map[string]any{"symbol": mints[0], "interval": "m1"}); !r.Success {
		t.Errorf("the stored coin: %+v", r)
	}
	c.find(0, "what is stored of the coin", func(m *message) bool {
		var history struct {
			Symbol string            `json:"symbol"`
			Data   []json.RawMessage `json:"data"`
		}
		return m.Event == "history_data" && m.read(&history) == nil && history.Symbol == mints[0] && len(history.Data) > 0
	})
	c.find(0, "the word that nothing more comes", func(m *message) bool {
		var status watchStatus
		return m.Event == "watch_status" && m.read(&status) == nil && status.Symbol == mints[0] && status.State == "refused" && strings.Contains(status.Message, reason)
	})
	c.close()

	await(t, "trades on a curve, and of PumpSwap, meanwhile", func() error {
		facts, _, _ := market.coins()
		trades := 0
		for mint, list := range facts {
			programs := s.storedPrograms(mint, since)
			if programs["pump"] > 0 && mint != mints[0] {
				t.Fatalf("of %s events are stored of %v", mint, programs)
			}
			if mint == young && len(list) > 0 && countKind(list, "completed") == 0 && len(programs) > 0 {
				t.Fatalf("a coin on its curve has events of %v", programs)
			}
			trades += programs["pumpswap"]
		}
		if n := countKind(facts[young], "trade"); n < 5 || trades < 100 {
			return fmt.Errorf("%d trades on a curve, %d events of PumpSwap", n, trades)
		}
		return nil
	})
	if after := s.storedPrograms(mints[0], 0); before["pump"] == 0 || after["pump"] != before["pump"] {
		t.Errorf("of the coin that was followed there were events of %v, there are of %v", before, after)
	}
	s.end()
}

// countKind is how many facts of a coin are of a kind.
func countKind(list []coinFact, kind string) (n int) {
	for _, f := range list {
		if f.Kind == kind {
			n++
		}
	}
	return n
}
