package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var replayAddress = regexp.MustCompile(`on http://(\S+)/`)

// startReplay starts a replay and waits for its address.
func startReplay(t *testing.T, tmp string, args ...string) *server {
	t.Helper()
	out := &capture{}
	argv := append([]string{binary, "replay", "--listen", "127.0.0.1:0"}, args...)
	s := &server{process: launch(t, "replay", environment(t, "TMPDIR="+tmp), out, argv...)}
	await(t, "the replay's address", func() error {
		if err := s.alive(); err != nil {
			t.Fatal(err)
		}
		found := replayAddress.FindStringSubmatch(out.String())
		if found == nil {
			return errNotYet
		}
		s.addr = found[1]
		return nil
	})
	return s
}

// TestReplay replays the second half of a market, from its data directory and from an export. A client sees each candle
// of that time closed once, as the market had it; what lies before is history; everything says that it is a replay; it
// ends by itself, or when told to, and leaves no file.
func TestReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mints := recorded(t, dir, 42)
	config := customConfig(t)
	file := filepath.Join(t.TempDir(), "all.csv")
	if _, errs, code := command(t, append([]string{"export", "events", "--data-dir", dir, "-o", file}, config...)...); code != 0 {
		t.Fatal(errs)
	}

	path := filepath.Join(t.TempDir(), "s5.jsonl")
	if _, errs, code := command(t, append([]string{"export", "candles", "--mint", mints[0], "--interval", "s5", "--data-dir", dir, "-o", path}, config...)...); code != 0 {
		t.Fatal(errs)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	var want []candle
	for line := range strings.Lines(string(text)) {
		var c candle
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		want = append(want, c)
	}

	from := want[len(want)/2].Time
	for name, source := range map[string][]string{"store": append([]string{"--data-dir", dir}, config...), "file": {file}} {
		tmp := t.TempDir()
		s := startReplay(t, tmp, append(source, "--from", fmt.Sprint(from), "--speed", "300", "--wait")...)
		if now := s.status(); now.Cluster != "replay" || now.ConnectionStatus != "replay_waiting" {
			t.Errorf("%s: status %+v", name, now)
		}

		c := startNode(t, s)
		c.connect(nil, open)
		if r := c.ask(open, "subscribe_kline", map[string]any{"symbol": mints[0], "interval": "s5"}); !r.Success {
			t.Fatalf("%s: %+v", name, r)
		}

		_, first := c.next(0, open, "history_data")
		var history historyData
		if err := first.read(&history); err != nil {
			t.Fatal(err)
		}

		for _, old := range history.Data {
			if old.Time > from {
				t.Errorf("%s: candle %d is there before its time", name, old.Time)
			}
		}

		if len(history.Data) == 0 {
			t.Errorf("%s: no history", name)
		}
		c.find(0, "the end", func(m *message) bool { return m.Event == "@disconnect" })
		if code := s.wait(); code != 0 || !strings.Contains(s.stderr.String(), "the recording is over") {
			t.Fatalf("%s: exit code %d: %s", name, code, s.stderr)
		}

		finals := map[int64]candle{}
		for _, m := range c.all(0) {
			var push klineData
			if m.Event != "kline_data" || m.read(&push) != nil || !push.Data.IsFinal {
				continue
			}
			if _, twice := finals[push.Data.Time]; twice {
				t.Errorf("%s: candle %d closed twice", name, push.Data.Time)
			}
			finals[push.Data.Time] = push.Data
		}

		missing := 0
		for _, w := range want[len(want)/2+1:] {
			got, ok := finals[w.Time]
			if !ok {
				missing++
				continue
			}
			if got.Open != w.Open || got.Close != w.Close || got.High != w.High || got.Low != w.Low || got.Volume != w.Volume || got.Trades != w.Trades {
				t.Errorf("%s: candle %d:\n got %+v\nwant %+v", name, w.Time, got, w)
			}
		}

		if missing > 1 { // the last one may still have been open
			t.Errorf("%s: %d of %d candles were not closed", name, missing, len(want)/2)
		}
		c.close()
		if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
			t.Errorf("%s: files left: %v", name, left)
		}
	}

	tmp := t.TempDir()
	s := startReplay(t, tmp, file, "--speed", "1", "--stay")
	await(t, "playing", func() error {
		if now := s.status(); now.ConnectionStatus != "replaying" || now.Total == 0 {
			return errNotYet
		}
		return nil
	})
	s.wanted = true
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}

	if code := s.wait(); code != 0 {
		t.Errorf("after Ctrl+C: exit code %d: %s", code, s.stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
}
