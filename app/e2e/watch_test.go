package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

// TestWatchedCoin pastes a link to a coin into the window: its history is read in sight of the person, its chart comes, and it
// graduates on the screen.
func TestWatchedCoin(t *testing.T) {
	need(t)
	d := newDesk(t)
	at := porttest.Free(t)
	d.start("simnet", os.Getenv("SPINSCOPE_DESKTOP"), "simnet", "--listen", at, "--mints", "1", "--history", "10s", "--seed", "8",
		"--coins", "4", "--coin-share", "0.95", "--rate", "60", "--slot", "200ms",
		"--fault-slow", "0.3", "--fault-slow-by", "300ms") // so that there is progress to see

	a := d.open("--rpc-url", "http://"+at, "--ws-url", "ws://"+at)
	a.ready()

	a.ask(`(window.shown = new Set(), new MutationObserver(() => {
		const banner = document.querySelector('[data-testid="banner"][data-kind="watch"] .selectable')
		if (banner) shown.add(banner.textContent.replace(/\s/g, ' '))
	}).observe(document.body, { subtree: true, childList: true, characterData: true }), 1)`, new(int))
	mint := nextToGraduate(t, at)
	link := "https://pump.fun/coin/" + mint
	a.enter("token-search", link)
	d.key("ctrl+a", "ctrl+x")
	d.until("the link is cut out", func() bool { return a.value("token-search") == "" })
	d.key("ctrl+v")
	d.until("the coin is offered", func() bool { return a.value("token-search") == link && a.has("tokens-pasted") })
	d.key("Return")
	d.until("it is shown", func() bool {
		now, ok := a.view()
		return ok && now.Mint == mint && now.Phase == "ready" && now.Bars > 0
	})
	d.until("its history is whole", func() bool { return a.count(`[data-testid="banner"][data-kind="watch"]`) == 0 })

	var shown []string
	a.ask(`[...shown]`, &shown)
	if !slices.ContainsFunc(shown, regexp.MustCompile(`^Reading history: \d+ of \d+ transactions\.$`).MatchString) {
		t.Errorf("no progress was shown: %q", shown)
	}

	if shown := a.paint(); shown.up+shown.down < 50 {
		t.Errorf("hardly any pixel has a candle's colour: %+v", shown)
	}
	a.keepShot("curve")

	d.untilWithin(3*patience, "its candle is marked", func() bool { return a.count(`[data-testid="chart"][data-graduated]`) == 1 })
	d.until("the badge names the pool's program", func() bool { return a.count(`[data-testid="program"][data-program="pumpswap"]`) == 1 })
	d.until("the tape says it", func() bool { return a.holds("tape", "graduated") })
	d.focus(title)
	a.interval("1", "s1")
	d.until("the series goes on in the pool", func() bool {
		var goesOn bool
		err := a.page.eval(`window.__spinscope.candles.at(-1).time >
			Number(document.querySelector('[data-testid="chart"]').dataset.graduated)`, &goesOn)
		return err == nil && goesOn
	})
	a.keepShot("pool")
	d.key("ctrl+q")
	a.endsCleanly()
}

// nextToGraduate is the coin with the most trades among those of a simulated cluster that trade on their curve.
func nextToGraduate(t *testing.T, at string) (mint string) {
	t.Helper()
	trades, completed := map[string]int{}, map[string]bool{}
	for next := ""; ; {
		request := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"simnet_ledger","params":[{"after":%q,"limit":5000,"commitment":"processed"}]}`, next)
		client := http.Client{Timeout: patience}
		response, err := client.Post("http://"+at, "application/json", strings.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}

		var answer struct {
			Result struct {
				Transactions []struct {
					Coins []struct{ Mint, Kind string }
				}
				Next string
			}
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}

		for _, tx := range answer.Result.Transactions {
			for _, fact := range tx.Coins {
				switch fact.Kind {
				case "trade":
					trades[fact.Mint]++
				case "completed":
					completed[fact.Mint] = true
				}
			}
		}

		if next = answer.Result.Next; next == "" {
			break
		}
	}

	for one, count := range trades {
		if !completed[one] && count > trades[mint] {
			mint = one
		}
	}

	if mint == "" {
		t.Fatal("no coin trades on its curve")
	}
	return mint
}
