package cli

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/offline"
	"spinscope/backend/polltest"
	"spinscope/backend/simnet"
	"spinscope/backend/store"
)

const backupToken = "letmeinplease"

// serving runs a server of a live market, with a token, until stop is called; more waits until it has stored more.
func serving(t *testing.T, o backend.Options) (stop func(), more func(since uint64) uint64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	running := backend.New(o)
	go func() { ended <- running.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}

	var address string
	polltest.Until(t, "the server", func() (ok bool) { address, ok = running.Address(); return ok })
	return stop, func(since uint64) (seq uint64) {
		polltest.Until(t, "commits", func() bool {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+backupToken)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}

			defer answer.Body.Close()
			seq = metric(t, answer, "spinscope_store_seq")
			return seq > since
		})

		return seq
	}
}

// A market is backed up while its server commits, and once it has stopped; each backup is restored, proved, and served again.
func TestBackupAndRestore(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	net := simnet.New(simnet.Config{Seed: 3, Mints: 3, SlotTime: 20 * time.Millisecond, History: time.Hour, HistoryTransactions: 300})
	ctx, cancel := context.WithCancel(t.Context())
	netEnded := make(chan error, 1)
	go func() { netEnded <- net.Run(ctx) }()
	<-net.Ready()
	defer func() {
		cancel()
		if err := <-netEnded; err != nil {
			t.Error(err)
		}
	}()

	cfg := config.Default()
	cfg.Server.Listen, cfg.Server.Token = "127.0.0.1:0", backupToken
	cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL = "custom", net.RPCURL(), net.WSURL()
	cfg.Metadata.Enabled = false
	o := backend.Options{Config: cfg, Assets: fstest.MapFS{}, Logger: slog.New(slog.DiscardHandler), DataDir: t.TempDir(), Version: "test"}
	file := filepath.Join(t.TempDir(), "live.backup")
	of := []string{"--cluster", "custom", "--data-dir", o.DataDir}

	stop, more := serving(t, o)
	before := more(3)
	if code, _, stderr := run(t, append([]string{"backup", file}, of...)...); code != 1 || !strings.Contains(stderr, "401") {
		t.Errorf("without the token: exit %d, %q", code, stderr)
	}

	if _, err := os.Stat(file); err == nil {
		t.Error("a file without the token")
	}
	code, stdout, stderr := run(t, append([]string{"backup", file, "--token", backupToken}, of...)...)
	if code != 0 || !strings.HasPrefix(stdout, file+": custom to commit ") {
		t.Fatalf("exit %d, %q, %q", code, stdout, stderr)
	}

	if code, _, stderr := run(t, "backup", file, "--token", backupToken, "--cluster", "custom", "--data-dir", o.DataDir, "--program-id", "11111111111111111111111111111111"); code != 1 || stderr == "" {
		t.Errorf("another program's: exit %d, %q", code, stderr)
	}
	more(before)
	stop()

	stopped := filepath.Join(t.TempDir(), "stopped.backup")
	if code, _, stderr := run(t, append([]string{"backup", stopped}, of...)...); code != 0 {
		t.Fatalf("stopped: exit %d, %q", code, stderr)
	}
	for _, one := range []string{file, stopped} {
		again := o
		again.DataDir = t.TempDir()
		code, stdout, stderr := run(t, "restore", one, "--data-dir", again.DataDir)
		if code != 0 || !strings.HasPrefix(stdout, filepath.Join(again.DataDir, "custom")+": custom to commit ") {
			t.Fatalf("restore: exit %d, %q, %q", code, stdout, stderr)
		}

		report, err := offline.Verify(t.Context(), again.Offline(), false, func(int, int) {})
		if err != nil || report.Differences > 0 || report.Events == 0 {
			t.Errorf("%+v, %v", report, err)
		}
		copied, err := store.Open(store.Options{Dir: filepath.Join(again.DataDir, "custom"), ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}

		at := uint64(copied.Seq())
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}

		stop, more := serving(t, again)
		more(at)
		stop()
		if report, err := offline.Verify(t.Context(), again.Offline(), false, func(int, int) {}); err != nil || report.Differences > 0 {
			t.Errorf("after it was served: %+v, %v", report, err)
		}

		if code, _, stderr := run(t, "restore", one, "--data-dir", again.DataDir); code != 1 || !strings.Contains(stderr, "something is there already: move it away") {
			t.Errorf("into what is there: exit %d, %q", code, stderr)
		}
	}
}

// What is no whole backup is refused by name and leaves nothing, as is what no backup can be made of.
func TestBackupRefusals(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir, other := t.TempDir(), t.TempDir()
	file := filepath.Join(other, "no.backup")
	if err := os.WriteFile(file, []byte("spinback\x01\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}

	text := filepath.Join(other, "text")
	if err := os.WriteFile(text, []byte("something else altogether"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"backup", filepath.Join(other, "x"), "--data-dir", dir}, 1, "the demo market is made anew"},
		{[]string{"backup", filepath.Join(other, "x"), "--data-dir", dir, "--cluster", "mainnet"}, 1, "no market is stored there"},
		{[]string{"backup", filepath.Join(other, "x"), "--url", "127.0.0.1:1"}, 1, "is it running there?"},
		{[]string{"backup", filepath.Join(other, "x"), "--url", "http://a b"}, 2, "--url http://a b: write it as"},
		{[]string{"backup"}, 2, "<file>"},
		{[]string{"restore", filepath.Join(other, "none"), "--data-dir", dir}, 1, "no such file"},
		{[]string{"restore", file, "--data-dir", dir}, 1, file + ": the backup is cut short"},
		{[]string{"restore", text, "--data-dir", dir}, 1, text + ": it is not a backup"},
	} {
		if code, _, stderr := run(t, c.args...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, %q", c.args, code, stderr)
		}
	}

	for _, where := range []string{dir, other} {
		left, err := os.ReadDir(where)
		if want := map[string]int{dir: 0, other: 2}[where]; err != nil || len(left) != want {
			t.Errorf("%s: %v, %v", where, left, err)
		}
	}
}

// metric reads one number of an answer of /metrics.
func metric(t *testing.T, answer *http.Response, name string) uint64 {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return uint64(number)
		}
	}
	return 0
}
