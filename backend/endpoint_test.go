package backend

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

// cluster runs a simulated one until the test ends.
func cluster(t *testing.T) *simnet.Net {
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

func choice(e config.Endpoint) EndpointChoice {
	return EndpointChoice{Cluster: "custom", Endpoint: e, ProgramID: config.DefaultProgramID, Commitment: "confirmed"}
}

func TestTryEndpoint(t *testing.T) {
	net := cluster(t)
	o := &Options{DataDir: t.TempDir(), Config: config.Default()}
	report, err := o.TryEndpoint(t.Context(), choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()}))
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
	if err := os.WriteFile(filepath.Join(o.DataDir, "custom.chain"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err = o.TryEndpoint(t.Context(), choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()}))
	if err != nil || !report.Works || !strings.Contains(report.Note, "another chain") {
		t.Errorf("another chain is stored: %+v %v", report, err)
	}
	named := choice(config.Endpoint{RPCURL: net.RPCURL(), WSURL: net.WSURL()})
	named.Cluster = "mainnet"
	if report, err = o.TryEndpoint(t.Context(), named); err != nil || !strings.Contains(report.Note, "not of mainnet") {
		t.Errorf("a fallback of another chain: %+v %v", report, err)
	}
}

func TestTryEndpointFailures(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer refusing.Close()
	const key = "0123456789-secret"
	bad := choice(config.Endpoint{RPCURL: refusing.URL})
	bad.ProgramID = "0"
	for name, c := range map[string]struct {
		choice EndpointChoice
		want   string
	}{
		"no address":  {choice(config.Endpoint{}), "no address"},
		"scheme":      {choice(config.Endpoint{RPCURL: "ftp://" + key + "@x"}), "rpc_url is not a URL"},
		"program":     {bad, "program id"},
		"key refused": {choice(config.Endpoint{RPCURL: refusing.URL + "/" + key}), "wants a key"},
	} {
		report, err := (&Options{DataDir: t.TempDir()}).TryEndpoint(t.Context(), c.choice)
		text, _ := json.Marshal(report)
		if err != nil || report.Works || !strings.Contains(string(text), c.want) || strings.Contains(string(text), key) {
			t.Errorf("%s: %s %v", name, text, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Options{}).TryEndpoint(ctx, choice(config.Endpoint{RPCURL: refusing.URL})); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// A market of another program gets a place of its own, and the first one finds its again.
func TestStoreDirs(t *testing.T) {
	dir := t.TempDir()
	at := func(cluster, program string) string {
		o := Options{DataDir: dir, Config: config.Default()}
		o.Config.Solana.Cluster, o.Config.Solana.ProgramID = cluster, program
		return filepath.Base(o.storeDir())
	}
	const other = "11111111111111111111111111111112"
	if got := at("devnet", other); got != "devnet" {
		t.Errorf("a first market is in %s", got)
	}
	o := Options{DataDir: dir, Config: config.Default()}
	o.Config.Solana.Cluster = "devnet"
	if err := o.admit("GENESIS"); err != nil {
		t.Fatal(err)
	}
	o.Config.Solana.ProgramID = other
	if err := o.checkProgram(); err != nil {
		t.Fatal(err)
	}
	if err := o.admit("GENESIS"); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"devnet", config.DefaultProgramID, "devnet"}, {"devnet", other, "devnet-11111111"}, {"mainnet", other, "mainnet"}, {"demo", other, "demo"},
	} {
		if got := at(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s is in %s, want %s", c[0], c[1], got, c[2])
		}
	}
	if err := o.admit("OTHER"); !errors.Is(err, ErrOtherChain) {
		t.Errorf("another chain: %v", err)
	}
}
