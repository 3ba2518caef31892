package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// command runs a command to its end and returns its output and exit code.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	out := &capture{}
	p := launch(t, args[0], environment(t), out, append([]string{binary}, args...)...)
	code = p.wait()
	return out.String(), p.stderr.String(), code
}

// recorded lets a market trade on dir for a while and stops it. It returns the mints.
func recorded(t *testing.T, dir string, seed int) (mints []string) {
	t.Helper()
	market := startCluster(t, "--rate", "20", "--slot", "100ms", "--mints", "3", "--history", "20m", "--seed", fmt.Sprint(seed))
	s := startServer(t, dir, market.flags()...)
	await(t, "a market", func() error {
		if now := s.status(); now.Total < 600 || now.ConnectionStatus != "connected" {
			return errNotYet
		}
		return nil
	})
	if out, errs, code := command(t, "import", os.DevNull, "--format", "jsonl", "--cluster", "custom", "--rpc-url", market.rpc, "--data-dir", dir); code != 1 || !strings.Contains(errs, fmt.Sprint(s.cmd.Process.Pid)) {
		t.Errorf("import into a store in use: exit code %d, %s%s", code, out, errs)
	}
	mints = market.readLedger().busiest(3)
	s.end()
	market.end()
	return mints
}

// customConfig names a file with which offline commands find a custom cluster's market.
func customConfig(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte("[solana]\ncluster = \"custom\"\nrpc_url = \"http://127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--config", path}
}

// TestImportOfAnExport exports a market, imports it into a fresh directory, with an end in between, and expects the same
// events and orders, the same candles but for those that the origin's clock closed later, and nothing to verify.
func TestImportOfAnExport(t *testing.T) {
	t.Parallel()
	origin, copied := t.TempDir(), t.TempDir()
	recorded(t, origin, 41)
	config := customConfig(t)
	run := func(args ...string) (string, string, int) {
		t.Helper()
		return command(t, append(args, config...)...)
	}
	path := filepath.Join(t.TempDir(), "all.jsonl")
	if _, errs, code := run("export", "events", "--data-dir", origin, "-o", path); code != 0 {
		t.Fatal(errs)
	}

	interrupted := launch(t, "import", environment(t), nil, append([]string{binary, "import", path, "--data-dir", copied, "--cluster", "mainnet"}, "--log-level", "info")...)
	await(t, "the import's store", func() error {
		if _, err := os.Stat(filepath.Join(copied, "mainnet", "MANIFEST")); err != nil && interrupted.running() {
			return errNotYet
		}
		return nil
	})
	_ = interrupted.cmd.Process.Signal(syscall.SIGINT)
	if code := interrupted.wait(); code == 1 && !strings.Contains(interrupted.stderr.String(), "goes on from there") {
		t.Errorf("interrupted: %s", interrupted.stderr)
	}

	if _, errs, code := command(t, "import", path, "--data-dir", copied, "--cluster", "mainnet"); code != 0 || !strings.Contains(errs, "events read") {
		t.Fatalf("import: exit code %d: %s", code, errs)
	}
	if out, errs, code := command(t, "verify", "--data-dir", copied, "--cluster", "mainnet"); code != 0 {
		t.Fatalf("verify: exit code %d: %s%s", code, out, errs)
	}

	for _, kind := range []string{"events", "orders", "candles"} {
		var both [2][]byte
		for i, flags := range [][]string{append([]string{"--data-dir", origin}, config...), {"--data-dir", copied, "--cluster", "mainnet"}} {
			file := filepath.Join(t.TempDir(), "out.csv")
			if _, errs, code := command(t, append([]string{"export", kind, "--interval", "s5", "-o", file}, flags...)...); code != 0 {
				t.Fatalf("export %s: %s", kind, errs)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}

			if kind == "events" { // the origin's own beginning is no gap of the copy
				first, rest, _ := bytes.Cut(text, []byte("\nGap,"))
				_, rest, _ = bytes.Cut(rest, []byte("\n"))
				if i == 0 && len(rest) == 0 {
					t.Error("the origin's export tells of no gap")
				}
				if i == 0 {
					text = append(append(first, '\n'), rest...)
				}
			}

			if kind == "candles" { // the market's clock went on after its last trade
				text = bytes.ReplaceAll(text, []byte(",false\n"), []byte(",true\n"))
			}
			both[i] = sortedByMint(text)
		}

		if !bytes.Equal(both[0], both[1]) || len(both[0]) < 500 {
			t.Errorf("%s: %d bytes from the origin, %d from the import, or others", kind, len(both[0]), len(both[1]))
		}
	}

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.jsonl")
	if err := os.WriteFile(damaged, bytes.Replace(text, []byte("\n{"), []byte("\nx{"), 1), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, errs, code := command(t, "import", damaged, "--data-dir", copied, "--cluster", "mainnet"); code != 1 || !strings.Contains(errs, "line 2: ") || strings.Count(strings.TrimSpace(errs), "\n") > 0 {
		t.Errorf("a bad line: exit code %d: %s", code, errs)
	}
	if _, errs, code := command(t, "import", damaged, "--data-dir", copied, "--cluster", "mainnet", "--skip-bad"); code != 0 || !strings.Contains(errs, "1 bad lines were left out") {
		t.Errorf("--skip-bad: exit code %d: %s", code, errs)
	}

	if _, errs, code := command(t, "import", path, "--data-dir", copied); code != 1 || !strings.Contains(errs, "--cluster") {
		t.Errorf("into the demo: exit code %d: %s", code, errs)
	}
}

// sortedByMint sorts the lines: stores number their mints by first appearance, which an import may change.
func sortedByMint(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, []byte("\n"))
}
