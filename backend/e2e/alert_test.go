package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// alertPush is an alert as every way out gives it.
type alertPush struct {
	ID        string `json:"id"`
	Rule      string `json:"rule"`
	Kind      string `json:"kind"`
	Symbol    string `json:"symbol"`
	Message   string `json:"message"`
	Timestamp int64  `json:"timestamp"`
	Seq       uint64 `json:"seq"`
	Signature string `json:"signature"`
	Late      bool   `json:"late"`
}

// hook is somebody's webhook.
type hook struct {
	*httptest.Server
	mu    sync.Mutex
	posts []alertPush
}

func startHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var a alertPush
		if err := json.Unmarshal(body, &a); err != nil || r.Method != http.MethodPost || r.URL.Path != "/secret-key" {
			t.Errorf("the webhook got %s %s %q: %v", r.Method, r.URL.Path, body, err)
		}
		h.mu.Lock()
		h.posts = append(h.posts, a)
		h.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) all() []alertPush {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts)
}

// storedAlerts are those of GET /api/alerts, oldest first.
func (s *server) storedAlerts() []alertPush {
	s.t.Helper()
	var answer struct{ Alerts []alertPush }
	s.get("/api/alerts?limit=1000", &answer)
	slices.Reverse(answer.Alerts)
	return answer.Alerts
}

// alertCommand runs spinscope alert, as a person would while the server runs.
func alertCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, append([]string{"alert", args[0], "--data-dir", dir}, args[1:]...)...)
	command.Env = environment(t)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("alert %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestAlerts adds rules on the command line while the server runs, kills it in the middle, and wants every price that the
// ledger says was crossed: once in the list, once at the webhook at most, and on the socket.
func TestAlerts(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "6", "--history", "2m", "--seed", "21")
	webhook := startHook(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(config, []byte("[alerts]\nwebhook = \""+webhook.URL+"/secret-key\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	flags := append(market.flags(), "--config", config)
	s := startServer(t, dir, flags...)
	caughtUp(t, s)
	c := startNode(t, s)
	c.connect(nil, open)
	if r := c.ask(open, "subscribe_alerts", map[string]any{}); !r.Success {
		t.Fatalf("%+v", r)
	}

	l := market.readLedger()
	mint := l.restless()
	records := l.trades[mint]
	level := records[len(records)-1].price()
	price := strings.TrimRight(level.FloatString(28), "0")
	above := alertCommand(t, dir, "add", "--kind", "price_above", "--symbol", mint, "--price", price)
	below := alertCommand(t, dir, "add", "--kind", "price_below", "--symbol", mint, "--price", price, "--id", "below")
	alertCommand(t, dir, "add", "--kind", "percent_move", "--percent", "0.01", "--window", "10", "--id", "jump")

	var answer struct {
		Rules []struct {
			ID        string
			Price     string
			CreatedAt int64 `json:"created_at"`
		}
	}
	s.get("/api/alerts", &answer)
	if len(answer.Rules) != 3 || answer.Rules[0].ID != above || answer.Rules[0].Price != price || answer.Rules[1].ID != below {
		t.Fatalf("%+v", answer.Rules)
	}

	created := map[string]int64{}
	for _, rule := range answer.Rules {
		created[rule.ID] = rule.CreatedAt
	}

	pushed := func(from int) (list []alertPush) {
		for _, m := range c.all(from) {
			var a alertPush
			if m.NS == open && m.Event == "alert" && m.read(&a) == nil {
				list = append(list, a)
			}
		}
		return list
	}
	of := func(list []alertPush, rules ...string) (n int) {
		for i := range list {
			if slices.Contains(rules, list[i].Rule) {
				n++
			}
		}
		return n
	}
	await(t, "alerts on the socket and at the webhook", func() error {
		if prices, moves, posts := of(pushed(0), above, below), of(pushed(0), "jump"), len(webhook.all()); prices < 2 || moves < 2 || posts < 4 {
			return fmt.Errorf("%d prices crossed, %d moves, %d posted", prices, moves, posts)
		}
		return nil
	})
	s.kill()

	lost, _ := c.find(0, "the loss of the connection", func(m *message) bool { return m.Event == "@disconnect" })
	seen := pushed(0)
	since := seen[len(seen)-1].Seq
	s = startServer(t, dir, append(flags, "--listen", s.addr)...)
	back, _ := c.next(lost, open, "connection_success")
	if r := c.ask(open, "subscribe_alerts", map[string]any{"since_seq": since}); !r.Success {
		t.Fatalf("%+v", r)
	}

	await(t, "alerts after the crash", func() error {
		if moves := of(pushed(back), "jump"); moves < 2 {
			return fmt.Errorf("%d moves", moves)
		}
		return nil
	})
	market.rest()
	l = awaitLedger(t, market, s)

	const rest = 300 // seconds in which a price that is crossed again is no news
	var want []string
	fired := map[string]int64{}
	records = l.trades[mint]
	for i := range records[1:] {
		was, is := records[i].price(), records[i+1].price()
		for rule, crossed := range map[string]bool{
			above: was.Cmp(level) < 0 && is.Cmp(level) >= 0, below: was.Cmp(level) > 0 && is.Cmp(level) <= 0,
		} {
			now := records[i+1].time
			if at, before := fired[rule]; crossed && now*1000 >= created[rule] && (!before || now >= at+rest) {
				fired[rule] = now
				want = append(want, rule+" "+records[i+1].signature)
			}
		}
	}

	await(t, "all alerts to be stored and pushed", func() error {
		stored := s.storedAlerts()
		var got []string
		ids := map[string]bool{}
		last := uint64(0)
		for _, a := range stored {
			if ids[a.ID] || a.Seq < last || a.Message == "" {
				t.Fatalf("stored twice, or out of order: %+v", a)
			}
			ids[a.ID], last = true, a.Seq
			if a.Kind != "percent_move" {
				got = append(got, a.Rule+" "+a.Signature)
			}
		}

		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("prices crossed %v, the ledger says %v", got, want)
		}

		for _, a := range pushed(0) {
			delete(ids, a.ID)
		}
		if len(ids) > 0 {
			return fmt.Errorf("%d of %d alerts not pushed", len(ids), len(stored))
		}
		return nil
	})

	times := map[string]int{}
	for i, a := range pushed(0) {
		if times[a.ID]++; times[a.ID] > 1 && (a.Seq != since || i < len(seen)) {
			t.Errorf("pushed twice: %+v", a)
		}
	}

	posts := map[string]bool{}
	for _, a := range webhook.all() {
		if posts[a.ID] || times[a.ID] == 0 || a.Late {
			t.Errorf("posted twice, late, or never pushed: %+v", a)
		}
		posts[a.ID] = true
	}

	if _, body := request(t, http.MethodGet, s.url("/metrics"), nil, nil); !strings.Contains(string(body), `spinscope_alerts_fired_total{kind="price_above"}`) ||
		strings.Contains(string(body), "secret-key") {
		t.Error("no count of alerts in /metrics, or a secret")
	}
	if len(s.logged("secret-key")) > 0 {
		t.Error("the webhook's address is in the log")
	}

	alertCommand(t, dir, "remove", "jump")
	await(t, "the rule to be gone", func() error {
		if s.get("/api/alerts", &answer); len(answer.Rules) != 2 {
			return errNotYet
		}
		return nil
	})
	t.Logf("%d alerts, %d of prices, %d posted", len(times), len(want), len(posts))
	c.close()
	s.end()
}
