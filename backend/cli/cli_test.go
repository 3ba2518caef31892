package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/config"
)

// run runs a command line as the program would, with no environment and no window.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Main(args, Program{
		Assets: fstest.MapFS{}, Stdout: &out, Stderr: &err,
		Window: func(context.Context, backend.Options) error { return nil },
	})
	return code, out.String(), err.String()
}

func TestExitCodes(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, c := range []struct {
		args []string
		code int
		want string // in the one line on standard error, or on standard output when the code is 0
	}{
		{[]string{"--help"}, 0, "simnet"},
		{[]string{"version"}, 0, "spinscope"},
		{[]string{"version", "--check"}, 2, "nobody is asked: set updates.url"},
		{[]string{"version", "--check", "--config", updates(t, "https://127.0.0.1:1/release.json?key=hunter2")}, 1, "127.0.0.1: not a public address"},
		{[]string{"version", "--check", "--config", updates(t, "http://x.example/release.json")}, 2, "updates.url"},
		{[]string{"serve", "--nonsense"}, 2, "--nonsense"},
		{[]string{"dance"}, 2, "dance"},
		{[]string{"serve", "--cluster", "moon"}, 2, "solana.cluster"},
		{[]string{"serve", "--cluster", "custom"}, 2, "solana.rpc_url"},
		{[]string{"serve", "--listen", "0.0.0.0:1"}, 2, "server.token"},
		{[]string{"serve", "--bus", "nats://me:secret@127.0.0.1:1"}, 2, "--bus: bus.url holds a login"},
		{[]string{"serve", "--bus", "http://127.0.0.1:1"}, 2, "nats://HOST:4222"},
		{[]string{"serve", "--bus", "nats://127.0.0.1:1", "--data-dir", t.TempDir()}, 1, "demo"},
		{[]string{"serve", "--bus", "nats://127.0.0.1:1", "--cluster", "devnet", "--data-dir", t.TempDir()}, 1, "connect to the bus at nats://127.0.0.1:1"},
		{[]string{"edge"}, 2, "--bus"},
		{[]string{"serve", "--config", "/nonexistent/x.toml"}, 2, "/nonexistent/x.toml"},
		{[]string{"simnet", "--listen", "0.0.0.0:0"}, 2, "loopback"},
		{[]string{"simnet", "--program-id", "0"}, 2, "--program-id"},
		{[]string{"export", "--url", "http://127.0.0.1:1"}, 1, "is it running there?"},
		{[]string{"export", "--from", "2026-11-02", "--to", "2026-11-01"}, 2, "--from 2026-11-02 is after --to"},
		{[]string{"export", "--cluster", "custom", "--data-dir", t.TempDir()}, 1, "--cluster"},
		{[]string{"verify", "--cluster", "custom", "--data-dir", t.TempDir()}, 1, "--cluster"},
		{[]string{"export", "--mint", "x"}, 2, "--mint"},
		{[]string{"export", "--mint", "11111111111111111111111111111111", "--data-dir", t.TempDir()}, 1, "--data-dir"},
		{[]string{"export", "--mint", "11111111111111111111111111111111", "--interval", "m2"}, 2, "m2"},
		{[]string{"export", "--mint", "11111111111111111111111111111111", "--from", "soon"}, 2, "--from"},
		{[]string{"export", "--mint", "11111111111111111111111111111111", "--format", "xls"}, 2, "xls"},
		{[]string{"export", "-o", "x.xlsx"}, 2, ".xlsx is no format that is known: end it in .csv, .jsonl"},
		{[]string{"export", "-o", "x.csv", "--format", "parquet"}, 2, "its name says csv"},
		{[]string{"export", "-o", "x.parquet.gz"}, 2, "compressed inside"},
		{[]string{"import", "x.xlsx"}, 2, ".xlsx"},
		{[]string{"import", "x"}, 2, "give --format"},
		{[]string{"export", "--to", "1795384061000"}, 2, "looks like milliseconds: write Unix seconds, such as 1795384061"},
		{[]string{"replay", "--from", "1795384061000"}, 2, "looks like milliseconds"},
		{[]string{"backfill", "--since", "1795384061000"}, 2, "looks like milliseconds"},
		{[]string{"simnet", "--start", "1795384061000"}, 2, "looks like milliseconds"},
		{[]string{"export", "--to", "20261101"}, 2, "would be Unix seconds, 1970-08-23: write a date as"},
		{[]string{"serve", "--data-dir", ""}, 2, "--data-dir is empty: give it a value or leave it out"},
		{[]string{"export", "--data-dir="}, 2, "--data-dir is empty"},
		{[]string{"export", "-o", ""}, 2, "-o is empty"},
		{[]string{"import", ""}, 2, "argument 2 is empty"},
		{[]string{"backfill"}, 2, "--since"},
		{[]string{"backfill", "--from-slot", "5", "--since", "7d"}, 2, "--since"},
		{[]string{"backfill", "--since", "soon"}, 2, "--since"},
		{[]string{"backfill", "--from-slot", "-3"}, 2, "--from-slot"},
		{[]string{"backfill", "--since", "7d", "--data-dir", t.TempDir()}, 1, "demo"},
		{[]string{"serve", "--backfill-from", "x"}, 2, "--backfill-from"},
		{nil, 0, ""},
	} {
		code, stdout, stderr := run(t, c.args...)
		text := stderr
		if c.code == 0 {
			text = stdout
		} else if strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: not one line: %q", c.args, stderr)
		}
		if strings.Contains(stdout+stderr, "hunter2") {
			t.Errorf("%v: an address with its key is told: %q", c.args, stderr)
		}
		if code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%v: exit %d with %q; want %d with %q", c.args, code, text, c.code, c.want)
		}
	}
}

// updates is a configuration in which an address is asked about newer versions.
func updates(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	text := fmt.Sprintf("[updates]\nurl = %q\npublic_key = \"RWTVqbWXfeSPzmHL0iCJEHdwIiwkCLgdsmlFofNWVFtpG09IdTjTn4cH\"\n", url)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseTime(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for text, want := range map[string]int64{
		"": -5, "0": 0, "2026": 1767225600, "2026-11": 1793491200, "1795384061": 1795384061, "2026-11-22": 1795305600, "2026-11-22T21:47:41Z": 1795384061,
		"7d": 1_800_000_000 - 7*86400, "36h": 1_800_000_000 - 36*3600, "0.5d": 1_800_000_000 - 43200,
	} {
		if got, err := parseTime("--from", text, now, -5); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}

	for text, want := range map[string]int64{
		"": -5, "2026-11-22": 1795305600 + 86399, "2026": 1798761599, "2026-11": 1796083199, "2026-12": 1798761599, "2026-11-22T21:47:41Z": 1795384061,
	} {
		if got, err := parseEnd("--to", text, now, -5); err != nil || got != want {
			t.Errorf("--to %q: %d, %v; want %d", text, got, err, want)
		}
	}

	for _, text := range []string{"soon", "-3h", "-1d", "d", "2026-13-01", "202611", "20261101", "-5", "1795384061000", "26"} {
		if got, err := parseTime("--from", text, now, 0); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// The flag counts before SPINSCOPE_DATA_DIR; what looks like a setting and is none is said in the log.
func TestDataDirVariable(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var got string
	run := func(env []string, args ...string) string {
		t.Helper()
		var log strings.Builder
		code := Main(args, Program{
			Assets: fstest.MapFS{}, Stdout: io.Discard, Stderr: &log, Env: env,
			Window: func(_ context.Context, o backend.Options) error {
				got = o.DataDir
				return nil
			},
		})
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, &log)
		}

		return log.String()
	}

	if log := run([]string{"SPINSCOPE_DATA_DIR=/somewhere"}); got != "/somewhere" || log != "" {
		t.Errorf("%q, logged %q", got, log)
	}
	if run([]string{"SPINSCOPE_DATA_DIR=/somewhere"}, "--data-dir", "/elsewhere"); got != "/elsewhere" {
		t.Errorf("with the flag %q", got)
	}

	if log := run([]string{"SPINSCOPE_HOMEWORK=1"}); !strings.Contains(log, "SPINSCOPE_HOMEWORK") || !strings.Contains(log, "level=WARN") {
		t.Errorf("logged %q", log)
	}
}

// The window is told which values the file cannot change.
func TestFlagsAndEnvironmentAreFixed(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var got config.Origin
	code := Main([]string{"--listen", "127.0.0.1:0", "--rpc-url", "http://127.0.0.1:1", "--data-dir", t.TempDir()}, Program{
		Assets: fstest.MapFS{}, Stdout: io.Discard, Stderr: io.Discard, Env: []string{"SPINSCOPE_STORE_RETENTION_DAYS=3"},
		Window: func(_ context.Context, o backend.Options) error {
			got = o.Origin
			return nil
		},
	})
	want := map[string]string{
		"server.listen": "--listen", "solana.rpc_url": "--rpc-url", "solana.cluster": "--rpc-url", "store.retention_days": "SPINSCOPE_STORE_RETENTION_DAYS",
	}
	if code != 0 || !maps.Equal(got.Fixed, want) || got.Found || got.File != config.DefaultFile() {
		t.Fatalf("exit %d: %+v", code, got)
	}
}

// TestMistypedProxyIsRefused: a server that was to go through a proxy does not go past it because of a typing error.
func TestMistypedProxyIsRefused(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, name := range []string{"HTTP_PROXY", "https_proxy", "ALL_PROXY"} {
		var stderr bytes.Buffer
		code := Main([]string{"serve", "--data-dir", t.TempDir(), "--listen", "127.0.0.1:0"}, Program{
			Assets: fstest.MapFS{}, Stdout: io.Discard, Stderr: &stderr, Env: []string{name + "=htp://user:secret@proxy:3128"},
		})
		if text := stderr.String(); code != exitUsage || !strings.Contains(text, "environment variable "+name) || !strings.Contains(text, "http://HOST:PORT") || strings.Contains(text, "secret") {
			t.Errorf("%s: exit code %d, %s", name, code, text)
		}
	}
}
