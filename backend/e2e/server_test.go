package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

// cluster is a running `spinscope simnet`.
type cluster struct {
	*process
	rpc, ws string
}

var clusterAddresses = regexp.MustCompile(`(http://\S+).*(ws://\S+)`)

func startCluster(t *testing.T, args ...string) *cluster {
	t.Helper()
	out := &capture{}
	argv := append([]string{binary, "simnet"}, args...)
	if !slices.Contains(args, "--listen") {
		argv = append(argv, "--listen", porttest.Free(t)) // which it keeps when it is started again
	}
	c := &cluster{process: launch(t, "simnet", environment(t), out, argv...)}
	c.awaitAddresses(out)
	return c
}

// awaitAddresses reads the addresses that a cluster prints.
func (c *cluster) awaitAddresses(out *capture) {
	c.t.Helper()
	await(c.t, c.name+"'s address", func() error {
		if err := c.alive(); err != nil {
			c.t.Fatal(err)
		}
		found := clusterAddresses.FindStringSubmatch(out.String())
		if found == nil {
			return errNotYet
		}
		c.rpc, c.ws = found[1], found[2]
		return nil
	})
}

// flags point serve at the cluster.
func (c *cluster) flags() []string {
	return []string{"--cluster", "custom", "--rpc-url", c.rpc, "--ws-url", c.ws}
}

// call does one JSON-RPC call.
func (c *cluster) call(method string, parameter, result any) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": []any{parameter}})
	if err != nil {
		c.t.Fatal(err)
	}

	var reply struct {
		Result json.RawMessage
		Error  json.RawMessage
	}
	await(c.t, method, func() error { // a faulty cluster refuses requests of the test too
		status, answer, err := try(http.MethodPost, c.rpc, map[string]string{"Content-Type": "application/json"}, body)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("HTTP %d: %.300s", status, answer)
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, &reply)
	})
	if reply.Error != nil {
		c.t.Fatalf("%s: %s", method, reply.Error)
	}

	if err := json.Unmarshal(reply.Result, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

// rest stops all trading; slots go on.
func (c *cluster) rest() {
	c.t.Helper()
	var status json.RawMessage
	c.call("simnet_control", map[string]any{"rate": 0}, &status)
}

// server is a running `spinscope serve`.
type server struct {
	*process
	dir  string
	addr string
}

// startServer starts serve on dir and waits until it is ready.
func startServer(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	argv := append([]string{binary, "serve", "--data-dir", dir, "--log-format", "json"}, args...)
	if !slices.Contains(args, "--listen") {
		argv = append(argv, "--listen", porttest.Free(t)) // which it keeps when it is started again
	}

	verifyAfter(t, dir)
	s := &server{process: launch(t, "serve", environment(t), nil, argv...), dir: dir}
	await(t, "readiness", func() error {
		if err := s.alive(); err != nil {
			t.Fatal(err)
		}
		line, err := os.ReadFile(filepath.Join(dir, "server.addr"))
		if err != nil {
			return err
		}

		s.addr = strings.TrimSpace(string(line))
		status, _, err := try(http.MethodGet, s.url("/readyz"), nil, nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("readyz says %d", status)
		}

		return err
	})

	return s
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// get reads data of a successful answer.
func (s *server) get(path string, data any) {
	s.t.Helper()
	status, body := request(s.t, http.MethodGet, s.url(path), nil, nil)
	if err := envelope(status, body, data); err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
}

// envelope takes data out of a successful answer.
func envelope(status int, body []byte, data any) error {
	var e struct {
		Success bool
		Data    json.RawMessage
		Message string
	}
	if err := json.Unmarshal(body, &e); err != nil || status != http.StatusOK || !e.Success {
		return fmt.Errorf("HTTP %d: %.300s", status, body)
	}
	return json.Unmarshal(e.Data, data)
}

// feedStatus is what /api/events/status says.
type feedStatus struct {
	IsRunning        bool   `json:"is_running"`
	ConnectionStatus string `json:"connection_status"`
	Total            uint64 `json:"total_events_processed"`
	Seq              uint64 `json:"seq"`
	Store            string `json:"store"`
	Slot             uint64 `json:"slot"`
	ChainTime        int64  `json:"chain_time"`
	LastError        string `json:"last_error"`
	Failures         uint64 `json:"failures"`
	Cluster          string `json:"cluster"`
	Endpoint         string `json:"endpoint"`
}

func (s *server) status() feedStatus {
	s.t.Helper()
	var status feedStatus
	s.get("/api/events/status", &status)
	return status
}

// logged returns the log's entries that hold the text in message or error.
func (s *server) logged(text string) []map[string]any {
	var found []map[string]any
	for _, line := range s.stderr.lines() {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && strings.Contains(line, text) {
			found = append(found, entry)
		}
	}
	return found
}

// awaitLogged waits until the log holds so many entries with the text. What the log says comes after what the status says.
func (s *server) awaitLogged(text string, entries int) {
	s.t.Helper()
	await(s.t, fmt.Sprintf("%q in the log, %d times", text, entries), func() error {
		if n := len(s.logged(text)); n < entries {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
}

var web = &http.Client{
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// try does one HTTP request. The header "Host" sets the host asked for.
func try(method, url string, header map[string]string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}

	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}

	response, err := web.Do(r)
	if err != nil {
		return 0, nil, err
	}

	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response.StatusCode, nil, nil // the rest is no answer
	}
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func request(t *testing.T, method, url string, header map[string]string, body []byte) (int, []byte) {
	t.Helper()
	status, answer, err := try(method, url, header, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return status, answer
}

// listen takes a free port of the loopback address.
func listen(t *testing.T) net.Listener {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
