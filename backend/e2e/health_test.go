package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

// TestHealthTellsTroubleAndNoSecrets reads a cluster that fails now and then, at addresses with keys in every place, and
// looks at what the server tells about it.
func TestHealthTellsTroubleAndNoSecrets(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "30s", "--seed", "5")
	secrets := []string{"PathKey4711", "QueryKey0815", "UserName99", "PassWord42", "SocketKey77", "ServerToken-31337", "WrongToken-666"}
	rpc := strings.Replace(market.rpc, "http://", "http://UserName99:PassWord42@", 1) + "/v2/PathKey4711?api-key=QueryKey0815"
	ws := market.ws + "/SocketKey77?api-key=QueryKey0815"
	dead := "http://UserName99:PassWord42@" + porttest.Free(t) + "/PathKey4711?api-key=QueryKey0815"
	file := configured(t, fmt.Sprintf(`[server]
token = "ServerToken-31337"
[solana]
cluster = "custom"
rpc_url = %q
fallback = [{rpc_url = %q, ws_url = %q}]
[logging]
level = "debug"
`, dead, rpc, ws))
	s := startServer(t, t.TempDir(), "--config", file)
	header := map[string]string{"Authorization": "Bearer ServerToken-31337"}

	type endpoint struct {
		Name, State, LastError string
		InUse                  bool    `json:"in_use"`
		Latency                float64 `json:"latency_ms"`
		Slot, Errors           uint64
		Lag                    *uint64 `json:"lag_slots"`
		Reconnects             uint64
	}
	var list struct{ Endpoints []endpoint }
	output := ""
	get := func(path string, data any) error {
		status, body := request(t, http.MethodGet, s.url(path), header, nil)
		output += string(body)
		return envelope(status, body, data)
	}
	await(t, "the fallback in use", func() error {
		if err := get("/api/endpoints", &list); err != nil {
			return err
		}
		if len(list.Endpoints) != 2 || !list.Endpoints[1].InUse || list.Endpoints[1].State != "connected" || list.Endpoints[1].Latency <= 0 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	if first, second := list.Endpoints[0], list.Endpoints[1]; first.State != "down" || first.InUse || first.Errors == 0 || first.Lag != nil ||
		second.Lag == nil || second.Slot == 0 {
		t.Errorf("%+v", list)
	}

	var faults any
	market.call("simnet_control", map[string]any{"faults": map[string]any{"fail": 0.3, "limit": 0.2}, "close_sockets": true}, &faults)
	await(t, "trouble of the second one", func() error {
		if err := get("/api/endpoints", &list); err != nil {
			return err
		}
		if second := list.Endpoints[1]; second.Errors == 0 || second.Reconnects == 0 {
			return fmt.Errorf("%+v", second)
		}
		return nil
	})
	for _, bearer := range []string{"", "Bearer WrongToken-666"} { // and what a stranger leaves in the log
		if status, _ := request(t, http.MethodGet, s.url("/api/log?token=WrongToken-666"), map[string]string{"Authorization": bearer}, nil); status != http.StatusUnauthorized {
			t.Errorf("/api/log with %q says %d", bearer, status)
		}
	}

	stranger := startNode(t, s)
	stranger.dial(map[string]any{"auth": map[string]any{"token": "WrongToken-666"}}, open)
	stranger.next(0, open, "@connect_error")
	stranger.close()

	var log struct {
		Records []struct {
			Seq     uint64
			Level   string
			Message string
		}
		Newest uint64
	}
	await(t, "trouble in the log", func() error {
		if err := get("/api/log?level=warn", &log); err != nil {
			return err
		}
		if len(log.Records) == 0 {
			return errNotYet
		}
		return nil
	})
	for _, r := range log.Records {
		if r.Level != "warn" && r.Level != "error" {
			t.Errorf("%+v", r)
		}
	}

	for _, path := range []string{"/api/log", "/api/events/status", "/api/kline/subscriptions", "/api/endpoints"} {
		if err := get(path, new(map[string]any)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}

	output += s.stderr.String() // the log itself
	for _, secret := range secrets {
		if at := strings.Index(output, secret); at >= 0 {
			t.Errorf("%s is told: …%s…", secret, output[max(0, at-200):min(len(output), at+100)])
		}
	}

	s.end()
}
