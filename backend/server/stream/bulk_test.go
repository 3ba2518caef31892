package stream

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/socketio"
	"spinscope/examples/exampletest"
)

// bulkLine is one line of testdata/bulk.mjs and its kin.
type bulkLine struct {
	Connected    bool            `json:"connected"`
	Events       int             `json:"events"`
	History      int             `json:"history"`
	Acknowledged int             `json:"acknowledged"`
	Back         market.Seq      `json:"back"`
	Gap          json.RawMessage `json:"gap"`
	Disconnected string          `json:"disconnected"`
}

// bulkClient starts a program that speaks as told.
type bulkClient func(ctx context.Context, t *testing.T, url, transports string) *exec.Cmd

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// rawClient knows no other transport than WebSocket.
const rawClient = "a bare WebSocket"

// results are how long each client took for each trial, in the order of trials; they are a table at the end.
type results map[string]map[string]time.Duration

// trials are what every client goes through, in this order.
var steps = []string{"bulk", "live", "restart", "kill", "resume", "slow"}

// slowRate is what the link lets through in the last trial, in bytes a second, unless every trial is slow.
const slowRate = 1_000_000

// log writes the table as docs/protocol.md has it.
func (r results) log(t *testing.T) {
	t.Helper()
	var text strings.Builder
	text.WriteString("\n| client | " + strings.Join(steps, " | ") + " |\n|" + strings.Repeat("---|", 1+len(steps)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(r)) {
		text.WriteString("| " + name + " |")
		for _, step := range steps {
			if took, ok := r[name][step]; ok {
				fmt.Fprintf(&text, " %.1f s |", took.Seconds())
			} else {
				text.WriteString(" **no** |")
			}
		}
		text.WriteString("\n")
	}
	t.Log(text.String())
}

// bulkClients are those that every run tries. SPINSCOPE_BULK_CLIENTS names others instead, by hand: NAME=COMMAND;NAME=COMMAND,
// a command that is given URL and TRANSPORTS. SPINSCOPE_BULK_RATE makes the link a slow one.
func bulkClients(t *testing.T) map[string]bulkClient {
	t.Helper()
	clients := map[string]bulkClient{
		"node": func(ctx context.Context, t *testing.T, url, transports string) *exec.Cmd {
			return exampletest.Node(ctx, t, script(t, "bulk.mjs"), exampletest.Dir(t, "node"), url, transports)
		},
		"node, the oldest that is served": func(ctx context.Context, t *testing.T, url, transports string) *exec.Cmd {
			dir := script(t, "clients")
			return exampletest.NodeIn(ctx, t, dir, script(t, "bulk.mjs"), dir, url, transports)
		},
		"python": func(ctx context.Context, t *testing.T, url, transports string) *exec.Cmd {
			return exampletest.PythonIn(ctx, t, script(t, "clients"), script(t, "bulk.py"), url, transports)
		},
		"python, asyncio": func(ctx context.Context, t *testing.T, url, transports string) *exec.Cmd {
			return exampletest.PythonIn(ctx, t, script(t, "clients"), script(t, "bulk.py"), url, transports, "asyncio")
		},
	}
	clients[rawClient] = func(ctx context.Context, t *testing.T, url, _ string) *exec.Cmd {
		return exampletest.Node(ctx, t, script(t, "bulk_raw.mjs"), exampletest.Dir(t, "node"), url)
	}
	others := os.Getenv("SPINSCOPE_BULK_CLIENTS")
	if others != "" {
		clear(clients)
	}
	for entry := range strings.SplitSeq(others, ";") {
		if name, command, ok := strings.Cut(entry, "="); ok {
			clients[name] = func(ctx context.Context, _ *testing.T, url, transports string) *exec.Cmd {
				return exec.CommandContext(ctx, "sh", "-c", "exec "+command+` "$0" "$1"`, url, transports)
			}
		}
	}
	return clients
}

// restarting is a stream behind a link, whose server can be stopped in good order and started again.
type restarting struct {
	b        *bench
	wire     *link
	server   *socketio.Server
	listener *httptest.Server
	done     context.CancelFunc
}

func (r *restarting) start(t *testing.T) {
	t.Helper()
	r.server = socketio.New(socketio.Options{
		PingInterval: 30 * time.Second, PingTimeout: time.Minute, // as the program has it
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	r.b.Mount(r.server)
	r.listener = httptest.NewServer(r.server)
	ctx, cancel := context.WithCancel(t.Context())
	r.done = cancel
	go func() { _ = r.server.Run(ctx) }()
	if address := strings.TrimPrefix(r.listener.URL, "http://"); r.wire == nil {
		r.wire = newLink(t, address)
	} else {
		r.wire.aim(address)
	}
}

// kill ends the server as SIGKILL does: the connections go first, without a word, and nothing of the sessions is left.
func (r *restarting) kill(t *testing.T) {
	t.Helper()
	r.wire.refuse(true)
	r.wire.cut()
	now, cancel := context.WithCancel(t.Context())
	cancel()
	_ = r.server.Close(now) // it says that it did not wait
	r.gone()
}

func (r *restarting) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.server.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	r.gone()
}

func (r *restarting) gone() {
	r.wire.refuse(true)
	r.listener.Close()
	r.done()
}

// bulkPatience is how long a client may take at so many bytes a second: all that it is sent is less than 64 MB.
func bulkPatience(rate int) time.Duration {
	if rate == 0 {
		return clientPatience
	}
	return clientPatience + 64_000_000*time.Second/time.Duration(rate)
}

// Clients of every kind get a history of 5,000 candles and commits of 2,400 events without being cut, be it a replay or
// live; they come back after an orderly stop, a crash and a cut, and then have each event; and a slow link cuts none.
func TestEveryClientTakesBulkAndComesBack(t *testing.T) {
	const candles, large = 5000, 2400
	rate, _ := strconv.Atoi(os.Getenv("SPINSCOPE_BULK_RATE")) // bytes a second, 0: as fast as it goes
	table := results{}
	defer func() { table.log(t) }()
	for name, client := range bulkClients(t) {
		for _, transports := range []string{"websocket", "polling", "polling,websocket"} {
			if name == rawClient && transports != "websocket" {
				continue
			}
			t.Run(name+" by "+transports, func(t *testing.T) {
				row := map[string]time.Duration{}
				table[name+" by "+strings.ReplaceAll(transports, ",", ", then ")] = row
				b := newBench(t, nil)
				b.run(t)
				total := 0
				for minute := range int64(candles) {
					c := b.tradeCommit(testMints[0], startTime+60*minute, 1e18)
					c.Events = nil
					b.publish(c)
				}
				commit := func() {
					c := &market.Commit{ChainTime: startTime}
					for i := range large {
						b.writer.trade(c, i%3)
					}
					c.Candles = nil
					b.publish(c)
					total += large
				}
				commit()
				commit()
				site := &restarting{b: b}
				site.start(t)
				site.wire.slow(rate)
				defer func() { site.stop(t) }()

				ctx, cancel := context.WithCancel(t.Context())
				cmd := client(ctx, t, site.wire.url(), transports)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				start(t, cmd, cancel, bulkPatience(rate))
				lines := bufio.NewScanner(out)
				next := func() (line bulkLine) {
					t.Helper()
					if !lines.Scan() {
						t.Fatalf("it ended: %v", lines.Err())
					}
					if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
						t.Fatalf("%v in %s", err, lines.Text())
					}
					if line.Back != 0 || line.Gap != nil {
						t.Errorf("it got %s", lines.Text())
					}
					return line
				}
				// all waits until the client has everything; cut says that its connection may be lost on the way. Who is
				// greeted anew asks for the history again. A poller whose connection is cut between two requests is not.
				all := func(what string, greeted, cut bool) {
					t.Helper()
					began := time.Now()
					events, history, acknowledged := 0, !greeted, !greeted
					for events != total || !history || !acknowledged {
						line := next()
						if line.Connected {
							history, acknowledged = false, false
						}
						if line.Disconnected != "" && !cut {
							t.Fatalf("%s: cut with %d of %d events: %s", what, events, total, line.Disconnected)
						}
						if line.Events > total {
							t.Fatalf("%s: %d events of %d", what, line.Events, total)
						}
						events = max(events, line.Events)
						history = history || line.History == candles
						acknowledged = acknowledged || line.Acknowledged == candles
					}
					row[what] = time.Since(began)
					t.Logf("%s: %v", what, row[what].Round(time.Millisecond))
				}

				all("bulk", true, false)
				commit()
				all("live", false, false)

				for _, ended := range []struct {
					what string
					by   func(*testing.T)
				}{{"restart", site.stop}, {"kill", site.kill}} {
					ended.by(t)
					commit()
					site.start(t)
					site.wire.refuse(false)
					all(ended.what, true, true)
				}

				site.wire.refuse(true)
				site.wire.cut()
				commit()
				site.wire.refuse(false)
				all("resume", false, true)

				if rate == 0 {
					site.wire.slow(slowRate)
				}
				site.wire.refuse(true)
				site.wire.cut() // the rate is that of new connections
				commit()
				site.wire.refuse(false)
				all("slow", false, true)
				// Whose session outlives its connection, as a poller's does, is told of what is committed meanwhile, and may
				// be cut for not reading it.
				allowed := int64(0)
				if strings.HasPrefix(transports, "polling") {
					allowed = 1
				}
				if n := site.server.Stats().SlowConsumers; n > allowed {
					t.Errorf("%d slow consumers", n)
				}
				cancel()
				_ = cmd.Wait()
			})
		}
	}
}
