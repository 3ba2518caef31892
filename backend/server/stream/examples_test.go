package stream

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/socketio"
	"spinscope/examples/exampletest"
)

// examples are the programs of examples/ that print.
var examples = map[string]func(ctx context.Context, t testing.TB, args ...string) *exec.Cmd{
	"candles.mjs": func(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
		return exampletest.Node(ctx, t, "candles.mjs", args...)
	},
	"candles.py": func(ctx context.Context, t testing.TB, args ...string) *exec.Cmd {
		return exampletest.Python(ctx, t, "candles.py", args...)
	},
	"candles.ts": exampletest.TypeScript,
	"main.go":    exampletest.Go,
}

// A stranger whose program cannot work is told why, in words, and the program ends.
func TestExamplesSayWhyTheyEnd(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Authorize = func(token string) bool { return token == "secret" } })
	url := "http://" + b.serve(t, socketio.Options{})
	mint := testMints[0].String()
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				name string
				args []string
				want []string
			}{
				{"wrong token", []string{"--url", url, "--token", "wrong"}, []string{"refused", "unauthorized"}},
				{"unknown interval", []string{"--url", url, "--token", "secret", mint, "m7"}, []string{"refused", `unknown interval "m7"`}},
				{"no address", []string{"--url", "127.0.0.1:5051"}, []string{"http://"}},
			} {
				ctx, cancel := context.WithTimeout(t.Context(), clientPatience)
				out, err := example(ctx, t, c.args...).CombinedOutput()
				if _, ended := errors.AsType[*exec.ExitError](err); !ended || ctx.Err() != nil {
					t.Errorf("%s: %v, it said: %s", c.name, err, out)
				}

				cancel()
				for _, want := range c.want {
					if !strings.Contains(string(out), want) {
						t.Errorf("%s: it said: %s, without %s", c.name, out, want)
					}
				}

				if lines := strings.Count(string(out), "\n"); lines > 2 {
					t.Errorf("%s: %d lines: %s", c.name, lines, out)
				}
			}
		})
	}
}

// A program that was started before its server says what it waits for, takes the first mint of a market in which nothing
// was traded yet, and ends well when it is interrupted.
func TestExamplesWaitForServerAndMarket(t *testing.T) {
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			b := newBench(t, nil)
			wire := newLink(t, b.serve(t, socketio.Options{}))
			wire.refuse(true)
			cmd := example(ctx, t, "--url", wire.url())
			said, out := pipes(t, cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}

			defer cancel()
			defer time.AfterFunc(clientPatience, cancel).Stop()

			until(t, said, "is Spinscope running there?")
			wire.refuse(false)
			b.publish(&market.Commit{Events: []market.Event{b.writer.event(&spinpet.TokenCreated{Mint: testMints[0], Name: "First"}, 0)}})
			until(t, said, "0 candles of history")
			b.trade(testMints[0], startTime, 1e18)
			until(t, out, "realtime")
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}

			for said.Scan() {
				t.Errorf("interrupted, it said %s", said.Text())
			}
			for out.Scan() {
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("interrupted, it ended with %v", err)
			}
		})
	}
}

// A program that comes back to a server with another store is told, however far that store has come.
func TestExamplesLearnOfAnotherStore(t *testing.T) {
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			defer time.AfterFunc(clientPatience, cancel).Stop()

			b := newBench(t, nil)
			wire := newLink(t, b.serve(t, socketio.Options{}))
			b.trade(testMints[0], startTime, 1e18)
			cmd := example(ctx, t, "--url", wire.url())
			said, out := pipes(t, cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}

			until(t, said, "1 candles of history")
			b.trade(testMints[0], startTime+60, 2e18)
			until(t, out, "realtime") // of history
			until(t, out, "realtime")
			b.memory.another.Store(true)
			wire.cut()
			until(t, said, "another store") // before or after the history: Python's handlers run side by side
			cancel()
			_ = cmd.Wait()
		})
	}
}

// until reads what a command writes up to a line that has want in it.
func until(t *testing.T, from *bufio.Scanner, want string) {
	t.Helper()
	for from.Scan() {
		if strings.Contains(from.Text(), want) {
			return
		}
	}
	t.Fatalf("it never said %q", want)
}

// pipes are what a command says and prints.
func pipes(t *testing.T, cmd *exec.Cmd) (said, out *bufio.Scanner) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(stderr), bufio.NewScanner(stdout)
}
