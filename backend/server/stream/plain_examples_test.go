package stream

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/plain"
	"spinscope/examples/exampletest"
)

// The ten lines of Python show candles, go on after a lost connection, and say why they end.
func TestPlainPythonExample(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
	_, address, _ := b.servePlain(t, plain.Options{Token: true})
	wire := newLink(t, address)
	b.trade(testMints[0], startTime, 1e18)
	cmd := exampletest.Python(ctx, t, "plain.py", testMints[0].String())
	cmd.Env = append(os.Environ(), "SPINSCOPE_URL="+wire.url(), "SPINSCOPE_TOKEN=secret")
	said, out := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(clientPatience, cancel).Stop()
	defer func() {
		cancel()
		_ = cmd.Wait()
	}()
	until(t, out, "1 candles")
	b.trade(testMints[0], startTime+60, 2e18)
	until(t, out, "2e-10 realtime")
	wire.cut()
	until(t, said, "lost the connection")
	b.trade(testMints[0], startTime+120, 3e18)
	until(t, out, "candles") // what changed since
	b.trade(testMints[0], startTime+180, 4e18)
	until(t, out, "4e-10 realtime")

	for _, c := range []struct{ mint, token, says string }{{"wallet", "secret", "symbol"}, {testMints[0].String(), "wrong", "missing or wrong token"}} {
		cmd := exampletest.Python(t.Context(), t, "plain.py", c.mint)
		cmd.Env = append(os.Environ(), "SPINSCOPE_URL="+wire.url(), "SPINSCOPE_TOKEN="+c.token)
		text, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(text), c.says) || strings.Contains(string(text), "Traceback") {
			t.Errorf("%s: %v, it said %s", c.says, err, text)
		}
	}
}

// The page without a library does too.
func TestPlainExamplePage(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
	_, address, _ := b.servePlain(t, plain.Options{Token: true})
	wire := newLink(t, address)
	static := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(exampletest.Dir(t, "browser")))))
	defer static.Close()
	b.trade(testMints[0], startTime, 1e18)
	cmd := exampletest.Browser(ctx, t, static.URL+"/browser/plain.html?url="+url.QueryEscape(wire.url())+"&mint="+testMints[0].String()+"#secret")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd, cancel, clientPatience)
	changes := bufio.NewScanner(out)
	defer func() { // the browser ends with its input
		_ = in.Close()
		for changes.Scan() {
		}
	}()
	until := func(closes ...string) {
		t.Helper()
		var shown struct {
			Status string
			Rows   [][]string // newest first
		}
		for changes.Scan() {
			if err := json.Unmarshal(changes.Bytes(), &shown); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range shown.Rows {
				got = append(got, row[1])
			}
			if slices.Equal(got, closes) {
				return
			}
		}
		t.Fatalf("the page never showed %v, at last %+v", closes, shown)
	}
	until("1e-10")
	b.trade(testMints[0], startTime+60, 2e18)
	until("2e-10", "1e-10")
	wire.cut()
	b.trade(testMints[0], startTime+120, 3e18) // while it is away
	until("3e-10", "2e-10", "1e-10")
}

// The command of the docs shows events with curl alone.
func TestCurlShowsEvents(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("SKIPPED: curl is not installed, so the command of docs/protocol.md was not tried")
	}
	docs, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	const command = `curl -N 'http://127.0.0.1:5051/sse?topic=kline:MINT:m1&topic=events/types=BuySell/min_size=0.5'`
	if !strings.Contains(string(docs), command) {
		t.Fatalf("docs/protocol.md has no %s", command)
	}

	b := newBench(t, nil)
	_, address, _ := b.servePlain(t, plain.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, curl, "-sN", "http://"+address+"/sse?topic=kline:"+testMints[0].String()+":m1&topic=events/types=BuySell/min_size=0.000000001")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	shown := bufio.NewScanner(out)
	start(t, cmd, cancel, clientPatience)
	until(t, shown, "id: "+testStore+":0")
	b.publish(&market.Commit{ChainTime: startTime})
	b.trade(testMints[0], startTime, 1e18)
	until(t, shown, "id: "+testStore+":2")
	until(t, shown, "event_data")
	until(t, shown, "kline_data")
}
