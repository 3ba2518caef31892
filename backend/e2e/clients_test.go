package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"spinscope/examples/exampletest"
)

// TestClientsOfEveryKind does the same short visit with the libraries and transports that people use.
func TestClientsOfEveryKind(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "30s", "--seed", "3")
	s := startServer(t, t.TempDir(), market.flags()...)
	mint := market.readLedger().busiest(1)[0]
	for _, visitor := range []struct {
		name       string
		start      func(*testing.T, *server) *client
		transports []string
	}{
		{"node by websocket", startNode, []string{"websocket"}},
		{"node by polling", startNode, []string{"polling"}},
		{"node, upgrading", startNode, []string{"polling", "websocket"}},
		{"python by websocket", startPython, []string{"websocket"}},
		{"python by polling", startPython, []string{"polling"}},
		{"python, upgrading", startPython, []string{"polling", "websocket"}},
	} {
		t.Run(visitor.name, func(t *testing.T) {
			c := visitor.start(t, s)
			c.connect(map[string]any{"transports": visitor.transports}, open, spin)
			greetings(t, c)
			for ns, events := range map[string][4]string{
				open: {"subscribe_kline", "unsubscribe_kline", "get_history", "s5"},
				spin: {"subscribe", "unsubscribe", "history", "s1"},
			} {
				from := len(c.all(0))
				name := topic{ns, mint, events[3]}
				request := map[string]any{"symbol": mint, "interval": events[3], "subscription_id": name.String()}
				if r := c.ask(ns, events[0], request); !r.Success {
					t.Errorf("%s: %+v", events[0], r)
				}

				confirmed(t, c, name)
				c.next(from, ns, "kline_data")
				if r := c.ask(ns, events[2], map[string]any{"symbol": mint, "interval": "m1", "limit": 1}); !r.Success {
					t.Errorf("%s: %+v", events[2], r)
				}

				if r := c.ask(ns, events[0], map[string]any{"symbol": "nobody", "interval": "s1"}); r.Success || r.Code != 1001 {
					t.Errorf("%s of nobody: %+v", events[0], r)
				}
				if r := c.ask(ns, events[1], request); !r.Success {
					t.Errorf("%s: %+v", events[1], r)
				}

				c.next(from, ns, "unsubscribe_confirmed")
			}

			c.emit(spin, "ping")
			c.next(0, spin, "pong")
			if err := c.dropped(0); err != nil {
				t.Error(err)
			}
			c.close()
		})
	}

	s.end()
}

// TestExamples runs the programs of examples/ as their README says, once with a mint and once without, and wants
// history and live candles from each.
func TestExamples(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "20", "--slot", "200ms", "--mints", "2", "--history", "30s", "--seed", "5")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	mint := market.readLedger().busiest(1)[0]
	for _, example := range []struct {
		name string
		args []string
		run  func(t *testing.T, args ...string) *exec.Cmd
	}{
		{"node", []string{mint, "s1"}, func(t *testing.T, args ...string) *exec.Cmd {
			return exampletest.Node(t.Context(), t, "candles.mjs", args...)
		}},
		{"typescript", []string{mint, "s1"}, func(t *testing.T, args ...string) *exec.Cmd {
			return exampletest.TypeScript(t.Context(), t, args...)
		}},
		{"python", nil, func(t *testing.T, args ...string) *exec.Cmd {
			return exampletest.Python(t.Context(), t, "candles.py", args...)
		}},
	} {
		t.Run(example.name, func(t *testing.T) {
			command := example.run(t, append(example.args, "--url", s.url(""))...)
			out := &capture{}
			p := launchIn(t, command.Dir, example.name, environment(t), out, command.Args...)
			await(t, "candles from the example", func() error {
				if err := p.alive(); err != nil {
					t.Fatal(err)
				}
				lines := out.lines()
				for _, line := range lines {
					if fields := strings.Split(line, "\t"); len(fields) != 7 {
						return fmt.Errorf("not a candle: %q", line)
					}
				}

				text := out.String()
				if !strings.Contains(text, "\trealtime") || example.args != nil && !strings.Contains(text, "\tfinal") || len(lines) < 5 {
					return fmt.Errorf("%d lines", len(lines))
				}
				return nil
			})
			p.kill()
		})
	}

	s.end()
}
