package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

// fails runs the program to its end and expects an exit code and exactly one line for people, which holds the texts.
func fails(t *testing.T, code int, env, args []string, texts ...string) {
	t.Helper()
	out := &capture{}
	p := launch(t, "spinscope", environment(t, env...), out, append([]string{binary}, args...)...)
	if got := p.wait(); got != code {
		t.Errorf("%v: exit code %d, want %d", args, got, code)
	}

	var said []string
	for _, line := range p.stderr.lines() {
		if !json.Valid([]byte(line)) { // the rest is the log
			said = append(said, line)
		}
	}

	if len(said) != 1 || !strings.HasPrefix(said[0], "spinscope: ") {
		t.Fatalf("%v says %d lines: %q", args, len(said), said)
	}
	for _, text := range texts {
		if !strings.Contains(said[0], text) {
			t.Errorf("%v says %q, without %q", args, said[0], text)
		}
	}

	if code == 2 && len(p.stderr.lines()) != 1 {
		t.Errorf("%v: something was started before the usage was checked:\n%s", args, p.stderr)
	}
	if out.String() != "" {
		t.Errorf("%v writes to standard output: %q", args, out)
	}
}

func TestUsageAndConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		texts []string
	}{
		{"unknown command", nil, []string{"swerve"}, []string{"swerve"}},
		{"unknown flag", nil, []string{"serve", "--nope"}, []string{"--nope"}},
		{"flag of the other command", nil, []string{"simnet", "--data-dir", dir}, []string{"--data-dir"}},
		{"bad cluster", nil, []string{"serve", "--cluster", "mars"}, []string{"solana.cluster", "mars", "devnet"}},
		{"bad listen", nil, []string{"serve", "--listen", "5051"}, []string{"server.listen", "5051", "HOST:PORT"}},
		{"bad port", nil, []string{"serve", "--listen", "127.0.0.1:70000"}, []string{"server.listen", "70000"}},
		{"open to the network", nil, []string{"serve", "--listen", "0.0.0.0:0"}, []string{"server.token"}},
		{"bad program", nil, []string{"serve", "--program-id", "0OIl"}, []string{"solana.program_id"}},
		{"bad commitment", nil, []string{"serve", "--commitment", "maybe"}, []string{"solana.commitment", "confirmed"}},
		{"custom without url", nil, []string{"serve", "--cluster", "custom"}, []string{"--rpc-url"}},
		{"bad log level", nil, []string{"serve", "--log-level", "loud"}, []string{"logging.level", "loud"}},
		{"value out of range", nil, []string{"serve", "--config", file("retention.toml", "[store]\nretention_days = -1\n")}, []string{"store.retention_days", "retention.toml", "line 2"}},
		{"misspelt variable", []string{"SPINSCOPE_SREVER_LISTEN=127.0.0.1:0"}, []string{"serve"}, []string{"SPINSCOPE_SREVER_LISTEN", "SPINSCOPE_SERVER_LISTEN"}},
		{"unknown key", nil, []string{"serve", "--config", file("key.toml", "[server]\nlissten = \"127.0.0.1:0\"\n")}, []string{"server.lissten", "key.toml"}},
		{"unknown section", nil, []string{"serve", "--config", file("section.toml", "[sever]\nlisten = \"127.0.0.1:0\"\n")}, []string{"sever"}},
		{"wrong type", nil, []string{"serve", "--config", file("type.toml", "[websocket]\nmax_payload = \"big\"\n")}, []string{"websocket.max_payload"}},
		{"out of range", nil, []string{"serve", "--config", file("range.toml", "[websocket]\nmax_connections = 0\n")}, []string{"websocket.max_connections", "0"}},
		{"no TOML", nil, []string{"serve", "--config", file("broken.toml", "[server\n")}, []string{"broken.toml"}},
		{"no file", nil, []string{"serve", "--config", filepath.Join(dir, "none.toml")}, []string{"none.toml"}},
		{"unknown variable", []string{"SPINSCOPE_SERVER_LISSTEN=x"}, []string{"serve"}, []string{"SPINSCOPE_SERVER_LISSTEN"}},
		{"bad variable", []string{"SPINSCOPE_STORE_RETENTION_DAYS=ten"}, []string{"serve"}, []string{"SPINSCOPE_STORE_RETENTION_DAYS"}},
		{"simnet open to the network", nil, []string{"simnet", "--listen", "0.0.0.0:0"}, []string{"--listen", "loopback"}},
		{"simnet rate", nil, []string{"simnet", "--rate", "fast"}, []string{"--rate"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if args[0] == "serve" {
				args = append(args, "--data-dir", filepath.Join(dir, "untouched"))
			}
			fails(t, 2, c.env, args, c.texts...)
		})
	}

	if _, err := os.Stat(filepath.Join(dir, "untouched")); err == nil {
		t.Error("a refused start has made a data directory")
	}
}

// offline are flags for a server that needs no cluster: nobody answers there.
func offline(t *testing.T) []string {
	t.Helper()
	address := porttest.Free(t)
	return []string{"--cluster", "custom", "--rpc-url", "http://" + address, "--ws-url", "ws://" + address}
}

func serveArgs(t *testing.T, dir, listen string) []string {
	t.Helper()
	return append([]string{"serve", "--log-format", "json", "--data-dir", dir, "--listen", listen}, offline(t)...)
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	l := listen(t)
	defer l.Close()
	address := l.Addr().String()
	fails(t, 1, nil, serveArgs(t, t.TempDir(), address), address, "--listen", "in use")
	fails(t, 1, nil, []string{"simnet", "--log-format", "json", "--history", "1s", "--listen", address}, address, "in use")
}

func TestDataDirectoryThatCannotBe(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}

	fails(t, 1, nil, serveArgs(t, plain, "127.0.0.1:0"), plain, "--data-dir")
	fails(t, 1, nil, serveArgs(t, filepath.Join(plain, "below"), "127.0.0.1:0"), plain, "--data-dir")
	if text, err := os.ReadFile(plain); err != nil || string(text) != "precious" {
		t.Errorf("the file there was changed: %q %v", text, err)
	}

	if os.Geteuid() == 0 {
		t.Log("running as root: nothing is unwritable but the likes of /proc")
		if _, err := os.Stat("/proc/self"); err == nil {
			fails(t, 1, nil, serveArgs(t, "/proc/spinscope", "127.0.0.1:0"), "/proc/spinscope", "--data-dir")
		}
		return
	}

	locked := t.TempDir()
	if err := os.Chmod(locked, 0o500); err != nil { //nolint:gosec // must be unwritable
		t.Fatal(err)
	}
	fails(t, 1, nil, serveArgs(t, filepath.Join(locked, "data"), "127.0.0.1:0"), locked, "--data-dir")
	fails(t, 1, nil, serveArgs(t, locked, "127.0.0.1:0"), locked, "--data-dir")
}

func TestDataDirectoryInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startServer(t, dir, offline(t)...)
	fails(t, 1, nil, serveArgs(t, dir, "127.0.0.1:0"), dir, strconv.Itoa(s.cmd.Process.Pid))
	line, err := os.ReadFile(filepath.Join(dir, "server.addr"))
	if err != nil || strings.TrimSpace(string(line)) != s.addr || strings.Count(string(line), "\n") > 1 {
		t.Errorf("the second start changed server.addr: %q %v", line, err)
	}
	if status, _ := request(t, "GET", s.url("/healthz"), nil, nil); status != 200 {
		t.Errorf("the first server says %d", status)
	}
	s.end()
	again := startServer(t, dir, offline(t)...) // a clean stop leaves no lock
	again.kill()
	last := startServer(t, dir, offline(t)...) // nor does a crash
	last.end()
}

// TestUnreachableCluster starts with nobody at the RPC address, which holds a key. The server serves, says what is
// wrong, once, and goes on when the cluster is there.
func TestUnreachableCluster(t *testing.T) {
	t.Parallel()
	address := porttest.Free(t)
	const secret = "hunter2hunter2"
	s := startServer(t, t.TempDir(), "--cluster", "custom",
		"--rpc-url", "http://"+address+"/?api-key="+secret, "--ws-url", "ws://"+address+"/?api-key="+secret)
	var status feedStatus
	await(t, "a few attempts", func() error {
		status = s.status()
		if status.Failures < 3 {
			return fmt.Errorf("%d failures", status.Failures)
		}
		return nil
	})
	if status.ConnectionStatus != "reconnecting" || !strings.Contains(status.LastError, "refused") {
		t.Errorf("status: %+v", status)
	}

	if code, _ := request(t, "GET", s.url("/readyz"), nil, nil); code != 200 {
		t.Errorf("readyz says %d without a cluster", code)
	}
	s.awaitLogged("unreachable", 1)
	said := 0
	for _, entry := range s.logged("unreachable") {
		if entry["level"] == "WARN" || entry["level"] == "ERROR" {
			said++
		}
	}

	if said < 1 || said > 2 { // one for each reason: the two sockets may word it differently
		t.Errorf("%d log lines about %d failures:\n%s", said, status.Failures, s.stderr)
	}

	startCluster(t, "--listen", address, "--rate", "20", "--history", "10s", "--mints", "2")
	await(t, "the connection", func() error {
		if status = s.status(); status.ConnectionStatus != "connected" || status.Total == 0 {
			return fmt.Errorf("%+v", status)
		}
		return nil
	})
	s.awaitLogged("connected again", 1)
	if n := len(s.logged("connected again")); status.LastError != "" || n != 1 {
		t.Errorf("recovered, but %+v, and %d times in the log:\n%s", status, n, s.stderr)
	}

	var served strings.Builder
	for _, path := range []string{"/api/events/status", "/api/kline/status", "/metrics", "/api/gaps"} {
		_, body := request(t, "GET", s.url(path), nil, nil)
		served.Write(body)
	}

	s.end()
	if strings.Contains(s.stderr.String()+served.String(), secret) {
		t.Errorf("the key of the RPC address is out:\n%s", s.stderr)
	}
}
