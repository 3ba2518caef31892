package stream

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/socketio"
	"spinscope/examples/exampletest"
)

// line is one candle as the examples print it.
type line struct {
	time time.Time
	ohlc [4]float64
	kind string
}

func parseLine(t *testing.T, text string) line {
	t.Helper()
	fields := strings.Split(text, "\t")
	if len(fields) != 7 {
		t.Fatalf("printed %q", text)
	}
	at, err := time.Parse(time.RFC3339, fields[0])
	if err != nil {
		t.Fatal(err)
	}
	l := line{time: at, kind: fields[6]}
	for i := range l.ohlc {
		if l.ohlc[i], err = strconv.ParseFloat(fields[1+i], 64); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// clientPatience bounds how long a client program may take. It is counted from the program's start: what it took to
// install and build it does not count, which on a busy machine is the longer part.
const clientPatience = 5 * time.Minute

// start runs a client program until the test ends.
func start(t *testing.T, cmd *exec.Cmd, cancel context.CancelFunc, patience time.Duration) {
	t.Helper()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(patience, cancel)
	t.Cleanup(func() {
		watchdog.Stop()
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("it said: %s", complaints.String())
		}
	})
}

// The examples print the history and then what happens, and go on after the connection was lost.
func TestExamplesPrintLiveCandles(t *testing.T) {
	type maker = func(ctx context.Context, t testing.TB, script string, args ...string) *exec.Cmd
	unnamed := func(run func(ctx context.Context, t testing.TB, args ...string) *exec.Cmd) maker {
		return func(ctx context.Context, t testing.TB, _ string, args ...string) *exec.Cmd {
			return run(ctx, t, args...)
		}
	}
	for name, make := range map[string]maker{
		"candles.mjs": exampletest.Node, "candles.py": exampletest.Python, "main.go": unnamed(exampletest.Go),
		"candles.ts": unnamed(exampletest.TypeScript),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
			wire := newLink(t, b.serve(t, socketio.Options{}))
			b.trade(testMints[0], startTime, 1e18)
			b.trade(testMints[0], startTime+60, 2e18)

			cmd := make(ctx, t, name, "--url", wire.url(), "--token", "secret") // the mint traded last, m1
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}

			start(t, cmd, cancel, clientPatience)
			printed := bufio.NewScanner(out)
			var again string // a resume starts with the last commit seen, and on a busy machine it may take two
			expect := func(minute int64, price float64) {
				t.Helper()
				for {
					if !printed.Scan() {
						t.Fatalf("nothing printed: %v", printed.Err())
					}
					if again == "" || printed.Text() != again {
						break
					}
				}

				got := parseLine(t, printed.Text())
				if got.time.Unix() != market.M1.Floor(startTime)+60*minute || math.Abs(got.ohlc[3]-price) > 1e-20 || got.kind != "realtime" {
					t.Fatalf("printed %+v, want minute %d at %g", got, minute, price)
				}
			}
			expect(0, 1e-10)
			expect(1, 2e-10)
			b.trade(testMints[0], startTime+120, 3e18)
			expect(2, 3e-10)
			wire.cut()
			b.trade(testMints[0], startTime+180, 4e18) // while it is away
			expect(2, 3e-10)                           // since_seq includes the last commit seen
			again = printed.Text()
			expect(3, 4e-10)
			again = printed.Text()
			b.trade(testMints[0], startTime+240, 5e18)
			expect(4, 5e-10)
		})
	}
}

// The example page shows the same, from another origin.
func TestExamplePageShowsLiveCandles(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
	wire := newLink(t, b.serve(t, socketio.Options{}))
	static := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(exampletest.Dir(t, "browser")))))
	defer static.Close()

	b.trade(testMints[0], startTime, 1e18)
	b.trade(testMints[0], startTime+60, 2e18)

	cmd := exampletest.Browser(ctx, t, static.URL+"/browser/?url="+url.QueryEscape(wire.url())+"#secret")
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

	until := func(status string, closes ...string) {
		t.Helper()
		var shown struct {
			Status string
			Rows   [][]string // newest first
		}
		for changes.Scan() {
			if err := json.Unmarshal(changes.Bytes(), &shown); err != nil {
				t.Fatal(err)
			}
			got := make([]string, len(shown.Rows))
			for i, row := range shown.Rows {
				got[i] = row[4]
			}
			if slices.Equal(got, closes) && strings.Contains(shown.Status, status) {
				return
			}
		}

		t.Fatalf("the page never showed %s %v, at last %+v", status, closes, shown)
	}
	until("from the start", "2e-10", "1e-10")
	b.trade(testMints[0], startTime+120, 3e18)
	until("from the start", "3e-10", "2e-10", "1e-10")
	wire.cut()
	b.trade(testMints[0], startTime+180, 4e18) // while it is away
	until("resumed after commit 3", "4e-10", "3e-10", "2e-10", "1e-10")
	b.trade(testMints[0], startTime+240, 5e18)
	until("resumed after commit 3", "5e-10", "4e-10", "3e-10", "2e-10", "1e-10")
}

// The real socket.io-client asks for everything that both namespaces have.
func TestNodeClientConformance(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	b := newBench(t, func(o *Options) { o.MaxSubscriptions = 6 })
	address := b.serve(t, socketio.Options{})
	for minute := range int64(150) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}

	script, err := filepath.Abs(filepath.Join("testdata", "conformance.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exampletest.Node(ctx, t, script, "http://"+address, testMints[0].String())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}

	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	defer time.AfterFunc(clientPatience, cancel).Stop()
	// The script asks for a commit with a line, and is told when it is made.
	minute := int64(150)
	for asked := bufio.NewScanner(out); asked.Scan(); {
		switch asked.Text() {
		case "trade":
			b.trade(testMints[0], startTime+60*minute, 2e18)
			minute++
		case "create":
			b.publish(&market.Commit{Events: []market.Event{b.writer.event(&spinpet.TokenCreated{Mint: market.Pubkey{5}, Name: "New"}, 0)}})
		}
		if _, err := fmt.Fprintln(in, b.memory.Seq()); err != nil {
			break
		}
	}

	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, complaints.String())
	}
}

// Whatever the real client sends is answered, and refused with a word where it is wrong. SPINSCOPE_SOAK makes it longer,
// with another seed each time.
func TestNodeClientSendsAnything(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	seed, count := uint32(1), 600
	if os.Getenv("SPINSCOPE_SOAK") != "" {
		seed, count = rand.Uint32(), 20_000
	}
	b := newBench(t, nil)
	address := b.serve(t, socketio.Options{RequestsPerSecond: 1e6})
	for minute := range int64(50) {
		b.trade(testMints[0], startTime+60*minute, 1e18)
	}

	script, err := filepath.Abs(filepath.Join("testdata", "fuzz.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exampletest.Node(ctx, t, script, "http://"+address, testMints[0].String(), fmt.Sprint(seed), fmt.Sprint(count))
	defer time.AfterFunc(clientPatience, cancel).Stop()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("seed %d: %v\n%s", seed, err, out)
	}
}
