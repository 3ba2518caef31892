package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/simnet"
)

// simulated runs a simulated one until the test ends.
func simulated(t *testing.T) *simnet.Net {
	t.Helper()
	cfg := simnet.Default()
	cfg.HistoryTransactions = 0
	net := simnet.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = net.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	select {
	case <-net.Ready():
	case <-ended:
		t.Fatal("the simulated cluster ended")
	}
	return net
}

func choice(e config.Endpoint) Choice {
	return Choice{Cluster: "custom", Endpoint: e, ProgramID: config.DefaultProgramID, Commitment: "confirmed"}
}

func TestTry(t *testing.T) {
	net := simulated(t)
	dir := t.TempDir()
	report, err := Try(t.Context(), dir, choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()}))
	if err != nil || !report.Works || report.Version == "" || report.LatencyMS <= 0 || report.Chain != "another chain" || report.Note != "" {
		t.Fatalf("%+v %v", report, err)
	}

	names := []string{}
	for _, check := range report.Checks {
		if !check.OK || check.Text == "" {
			t.Errorf("%+v", check)
		}
		names = append(names, check.Name)
	}

	if got := strings.Join(names, ", "); got != "JSON-RPC, getSlot, Logs subscription, Slot announcements" {
		t.Errorf("checks: %s", got)
	}

	line := "OTHERGENESIS " + config.DefaultProgramID + "\n"
	if err := os.WriteFile(filepath.Join(dir, "custom.chain"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err = Try(t.Context(), dir, choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()}))
	if err != nil || !report.Works || !strings.Contains(report.Note, "another chain") {
		t.Errorf("another chain is stored: %+v %v", report, err)
	}

	named := choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()})
	named.Cluster = "mainnet"
	if report, err = Try(t.Context(), dir, named); err != nil || !strings.Contains(report.Note, "not of mainnet") {
		t.Errorf("a fallback of another chain: %+v %v", report, err)
	}
}

func TestTryFailures(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer refusing.Close()

	const key = "0123456789-secret"
	bad := choice(config.Endpoint{RPCURL: refusing.URL})
	bad.ProgramID = "0"
	for name, c := range map[string]struct {
		choice Choice
		want   string
	}{
		"no address":  {choice(config.Endpoint{}), "no address"},
		"scheme":      {choice(config.Endpoint{RPCURL: "ftp://" + key + "@x"}), "rpc_url is not a URL"},
		"program":     {bad, "program id"},
		"key refused": {choice(config.Endpoint{RPCURL: refusing.URL + "/" + key}), "wants a key"},
	} {
		report, err := Try(t.Context(), t.TempDir(), c.choice)
		text, _ := json.Marshal(report)
		if err != nil || report.Works || !strings.Contains(string(text), c.want) || strings.Contains(string(text), key) {
			t.Errorf("%s: %s %v", name, text, err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Try(ctx, "", choice(config.Endpoint{RPCURL: refusing.URL})); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
