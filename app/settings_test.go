//go:build desktop

package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wailsapp/wails/v2/pkg/options/linux"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/simnet"
)

// running is an app without a window whose server runs until the test ends. It reads no cluster.
func running(t *testing.T, fixed map[string]string) *App {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Listen, cfg.Solana.Cluster, cfg.Solana.EnableEventListener = "127.0.0.1:0", "devnet", false
	dir := t.TempDir()
	file := filepath.Join(dir, "config.toml")
	text := "# mine\n[server]\nlisten = \"127.0.0.1:0\"\n[solana]\ncluster = \"devnet\"\nenable_event_listener = false\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	o := backend.Options{
		Config: cfg, DataDir: filepath.Join(dir, "data"), Logger: slog.New(slog.DiscardHandler),
		Origin: config.Origin{File: file, Found: true, Fixed: fixed},
	}
	a := &App{options: o, log: o.Logger, server: newService(o)}
	a.server.start(func(err error) { t.Errorf("the server fell: %v", err) })
	t.Cleanup(func() {
		if !a.server.stop(time.Minute) {
			t.Error("the server does not stop")
		}
	})
	polltest.Until(t, "the server", func() bool {
		now := a.Server()
		if now.Error != "" {
			t.Fatal(now.Error)
		}
		return now.Ready
	})

	return a
}

// save changes values as the dialog would.
func save(a *App, values map[string]string) SaveResult {
	return a.SaveSettings(SettingsChange{Revision: a.Settings().Revision, Form: config.Form{Values: values}})
}

func TestSaveSettings(t *testing.T) {
	a := running(t, nil)
	before := a.Server()
	result := save(a, map[string]string{"solana.cluster": "mainnet", "server.token": "0123456789secret"})
	if len(result.Problems) > 0 || result.Error != "" || !result.Restarted || result.AppOnly {
		t.Fatalf("%+v", result)
	}

	after := a.Server()
	if !after.Ready || after.Base == before.Base || after.Token != "0123456789secret" || after.First {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	text, err := os.ReadFile(a.options.Origin.File)
	if err != nil || !strings.HasPrefix(string(text), "# mine\n") || !strings.Contains(string(text), `cluster = "mainnet"`) {
		t.Fatalf("%s %v", text, err)
	}

	shown := a.Settings()
	if shown.Form.Values["server.token"] != "••••cret" || strings.Join(shown.Stored, " ") != "devnet mainnet" {
		t.Fatalf("%+v", shown)
	}
	old, err := http.Get(before.Base + "/readyz")
	if err == nil {
		_ = old.Body.Close()
		t.Error("the server before still answers")
	}

	if result = save(a, map[string]string{"window.gpu": "always"}); result.Restarted || !result.AppOnly || a.Server() != after {
		t.Errorf("the window's own: %+v", result)
	}
	if result = save(a, map[string]string{}); result.Restarted || result.Error != "" {
		t.Errorf("nothing: %+v", result)
	}
}

func TestSaveSettingsThatCannotStart(t *testing.T) {
	a := running(t, nil)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	defer taken.Close()
	before, _ := os.ReadFile(a.options.Origin.File)
	result := save(a, map[string]string{"server.listen": taken.Addr().String()})
	if !strings.Contains(result.Error, "in use") || !result.Restarted {
		t.Fatalf("%+v", result)
	}

	after, _ := os.ReadFile(a.options.Origin.File)
	left, _ := os.ReadDir(filepath.Dir(a.options.Origin.File))
	if string(after) != string(before) || len(left) != 2 { // the file and the data
		t.Errorf("the file became %s; the directory holds %v", after, left)
	}

	if now := a.Server(); !now.Ready {
		t.Errorf("the old settings are not back: %+v", now)
	}
	response, err := http.Get(a.Server().Base + "/readyz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the server does not answer: %v", err)
	}

	_ = response.Body.Close()
}

func TestSaveSettingsRefused(t *testing.T) {
	a := running(t, map[string]string{"solana.cluster": "--cluster"})
	before := a.Server()
	result := save(a, map[string]string{"solana.cluster": "mainnet", "store.retention_days": "-1", "solana.commitment": "maybe"})
	if len(result.Problems) != 3 || result.Restarted || a.Server() != before {
		t.Fatalf("%+v", result)
	}

	for _, problem := range result.Problems {
		if problem.Text == "" || strings.Contains(problem.Text, problem.Key+" =") {
			t.Errorf("%+v", problem)
		}
	}

	stale := a.SaveSettings(SettingsChange{Revision: "another"})
	if !strings.Contains(stale.Error, "changed") {
		t.Errorf("a stale form: %+v", stale)
	}
	if err := os.WriteFile(a.options.Origin.File, []byte("[server"), 0o600); err != nil {
		t.Fatal(err)
	}

	if shown := a.Settings(); !strings.Contains(shown.Problem, "line 1") || shown.File == "" {
		t.Errorf("a broken file: %+v", shown)
	}
}

func TestTestEndpoint(t *testing.T) {
	a := running(t, nil)
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") == "0123456789secret" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer refusing.Close()

	result := save(a, map[string]string{"solana.cluster": "custom", "solana.rpc_url": refusing.URL + "/?key=0123456789secret"})
	if result.Error != "" || len(result.Problems) > 0 {
		t.Fatalf("%+v", result)
	}
	masked := a.Settings().Form.Values["solana.rpc_url"]
	question := EndpointQuestion{
		Cluster: "custom", Endpoint: config.FormEndpoint{RPCURL: masked, Stored: config.Preferred},
		ProgramID: config.DefaultProgramID, Commitment: "confirmed",
	}
	text, _ := json.Marshal(a.TestEndpoint(question))
	if !strings.Contains(string(text), "418") || strings.Contains(string(text), "secret") {
		t.Errorf("the stored address was not tried: %s", text)
	}

	question.Endpoint.Stored = 0
	if report := a.TestEndpoint(question); !strings.Contains(report.Problem, "hidden") {
		t.Errorf("a mask of nothing: %+v", report)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()

	question.Endpoint = config.FormEndpoint{RPCURL: "http://" + listener.Addr().String()}
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			a.StopTests()
			_ = conn.Close()
		}
	}()
	if report := a.TestEndpoint(question); report.Problem != "stopped" {
		t.Errorf("%+v", report)
	}
}

func TestRestartOfAClosingApp(t *testing.T) {
	a := running(t, nil)
	a.server.stop(time.Minute)
	if err := a.server.restart(a.server.settings(), nil); !errors.Is(err, errStopping) {
		t.Errorf("got %v", err)
	}
}

func TestFirstStart(t *testing.T) {
	for name, c := range map[string]struct {
		origin config.Origin
		want   bool
	}{
		"no file":    {config.Origin{File: "x", Fixed: map[string]string{"server.listen": "--listen"}}, true},
		"a file":     {config.Origin{File: "x", Found: true}, false},
		"no place":   {config.Origin{}, false},
		"a cluster":  {config.Origin{File: "x", Fixed: map[string]string{"solana.cluster": "--cluster"}}, false},
		"an address": {config.Origin{File: "x", Fixed: map[string]string{"solana.rpc_url": "SPINSCOPE_SOLANA_RPC_URL"}}, false},
	} {
		if got := firstStart(c.origin); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestGPUPolicy(t *testing.T) {
	for text, want := range map[string]linux.WebviewGpuPolicy{
		"never": linux.WebviewGpuPolicyNever, "on_demand": linux.WebviewGpuPolicyOnDemand, "always": linux.WebviewGpuPolicyAlways,
	} {
		if got := gpuPolicy(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// What is stored survives a restart, and a stay with another cluster.
func TestSaveSettingsKeepsTheData(t *testing.T) {
	cfg := simnet.Default()
	var err error
	if cfg.Program, err = market.ParsePubkey(config.DefaultProgramID); err != nil {
		t.Fatal(err)
	}

	cfg.HistoryTransactions = 50
	net := simnet.New(cfg)
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_ = net.Run(ctx)
	}()
	defer func() { cancel(); <-ended }()

	<-net.Ready()

	a := running(t, nil)
	mustSave := func(values map[string]string) {
		t.Helper()
		if result := save(a, values); result.Error != "" || len(result.Problems) > 0 || !result.Restarted {
			t.Fatalf("%+v", result)
		}
	}
	text := "[server]\nlisten = \"127.0.0.1:0\"\n[solana]\ncluster = \"localnet\"\n" // it reads clusters from now on
	if err := os.WriteFile(a.options.Origin.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	custom := map[string]string{"solana.cluster": "custom", "solana.rpc_url": net.RPCURL(), "solana.ws_url": net.WSURL()}
	mustSave(custom)
	polltest.Until(t, "events", func() bool { return events(t, a) >= 50 })
	stored := events(t, a)
	mustSave(map[string]string{"store.retention_days": "3650"})
	if now := events(t, a); now < stored {
		t.Errorf("%d events after a restart, %d before", now, stored)
	}

	mustSave(map[string]string{"solana.cluster": "localnet"})
	if now := events(t, a); now != 0 {
		t.Errorf("another cluster shows %d events", now)
	}
	mustSave(map[string]string{"solana.cluster": "custom"}) // its addresses were kept
	if now := events(t, a); now < stored {
		t.Errorf("%d events after a stay elsewhere, %d before", now, stored)
	}
}

// events is how many events the server has stored.
func events(t *testing.T, a *App) int {
	t.Helper()
	response, err := http.Get(a.Server().Base + "/api/events/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Data struct{ Total int } }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.Total
}
