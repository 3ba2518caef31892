package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"spinscope/bench/fanout/serve"
)

const (
	resumeOffline  = time.Second     // between the cut and the first connects, in which the market goes on
	resumePatience = 2 * time.Minute // until everybody has what there was
)

// program is the product itself, following a simulated cluster.
type program struct {
	dir       string
	processes []*exec.Cmd
	address   string
	store     string
}

// startProgram builds the product and starts it with room for n clients, and waits until it has events.
func startProgram(ctx context.Context, binaries string, n int) (p *program, err error) {
	p = &program{}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "fanout-resume"); err != nil {
		return p, err
	}
	binary := filepath.Join(binaries, "program")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", binary, ".") //nolint:gosec // fixed arguments
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return p, fmt.Errorf("build the program: %w\n%s", err, out)
	}

	cluster := exec.CommandContext(ctx, binary, "simnet", "--listen", "127.0.0.1:0", "--rate", "20", "--slot", "100ms", "--mints", "4", "--history", "10s") //nolint:gosec // fixed arguments
	out, err := cluster.StdoutPipe()
	if err != nil {
		return p, err
	}
	if err := p.run(cluster, "simnet"); err != nil {
		return p, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`(http://\S+) \(RPC\) and (ws://\S+) `).FindStringSubmatch(line)
	if err != nil || found == nil {
		return p, fmt.Errorf("the simulated cluster said %q: %w", line, errors.Join(err, errHandshake))
	}

	server := exec.CommandContext(ctx, binary, "serve", "--cluster", "custom", "--rpc-url", found[1], "--ws-url", found[2], "--data-dir", filepath.Join(p.dir, "data"), "--listen", "127.0.0.1:0") //nolint:gosec // the addresses are ours
	server.Env = append(os.Environ(), "XDG_CONFIG_HOME="+p.dir, "SPINSCOPE_METADATA_ENABLED=false", fmt.Sprintf("SPINSCOPE_WEBSOCKET_MAX_CONNECTIONS=%d", 2*n+100))                                // who is cut is still counted for a while
	if err := p.run(server, "serve"); err != nil {
		return p, err
	}
	for deadline := time.Now().Add(resumePatience); ; time.Sleep(50 * time.Millisecond) {
		if p.find(); p.address != "" {
			if at, err := p.status(ctx); err == nil && at.Total > 0 && at.Connection == "connected" {
				p.store = at.Store
				return p, nil
			}
		}
		if time.Now().After(deadline) {
			return p, fmt.Errorf("the program is not ready: see %s", p.dir)
		}
	}
}

// run starts a process whose errors go to a file.
func (p *program) run(cmd *exec.Cmd, name string) error {
	errs, err := os.Create(filepath.Join(p.dir, name+".log"))
	if err != nil {
		return err
	}
	defer errs.Close()
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		return err
	}
	p.processes = append(p.processes, cmd)
	return nil
}

// find looks for the address that the server wrote.
func (p *program) find() {
	_ = filepath.WalkDir(p.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "server.addr" {
			text, _ := os.ReadFile(path) //nolint:gosec // ours
			p.address = strings.TrimSpace(string(text))
		}
		return nil
	})
}

// stop ends what was started, the last first, and removes its files.
func (p *program) stop() {
	for i := range p.processes {
		one := p.processes[len(p.processes)-1-i]
		_ = one.Process.Kill()
		_ = one.Wait()
	}
	_ = os.RemoveAll(p.dir)
}

// processor is the processor time in seconds that the server has taken, 0 where Linux is not there to tell.
func (p *program) processor() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.processes[len(p.processes)-1].Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	words := strings.Fields(rest)
	if len(words) < 13 {
		return 0
	}
	const ticks = 100 // a second
	return float64(digits([]byte(words[11]))+digits([]byte(words[12]))) / ticks
}

// feedState is what the server says of itself.
type feedState struct {
	Seq        uint64 `json:"seq"`
	Store      string `json:"store"`
	Total      int64  `json:"total_events_processed"`
	Connection string `json:"connection_status"`
}

func (p *program) status(ctx context.Context) (feedState, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/api/events/status", nil)
	if err != nil {
		return feedState{}, err
	}
	answer, err := (&http.Client{Timeout: 30 * time.Second}).Do(r)
	if err != nil {
		return feedState{}, err
	}
	defer answer.Body.Close()
	var body struct{ Data feedState }
	return body.Data, errors.Join(json.NewDecoder(answer.Body).Decode(&body), nil)
}

// listener is a client that follows all events and resumes where it was.
type listener struct {
	conn *client
	seq  uint64            // newest commit seen
	seen map[string]uint64 // events, and their commits
	gaps int
}

// connect opens a connection and asks for what came after the newest commit seen.
func (l *listener) connect(ctx context.Context, p *program) error {
	c, err := dial(ctx, p.address, dialects["socketio"].path, 4096, 0)
	if err != nil {
		return err
	}
	l.conn = c
	prefix := serve.Namespace + ","
	if err := c.until(`0{"`); err != nil {
		return err
	}
	if err := c.send(opText, "40"+prefix); err != nil {
		return err
	}
	if err := c.until("connection_success"); err != nil {
		return err
	}
	return c.send(opText, fmt.Sprintf(`42%s["subscribe_events",{"since_seq":%d,"store":%q}]`, prefix, l.seq, p.store))
}

// follow reads until it has a commit.
func (l *listener) follow(to uint64) error {
	for l.seq < to {
		op, payload, err := l.conn.frame()
		if err != nil {
			return err
		}
		if op != opText || !strings.HasPrefix(string(payload), "42") {
			if err := l.conn.answer(op, payload); err != nil {
				return err
			}
			continue
		}
		if err := l.take(string(payload)); err != nil {
			return err
		}
	}
	return nil
}

func (l *listener) take(frame string) error {
	_, body, _ := strings.Cut(frame, ",")
	var event []json.RawMessage
	if err := json.Unmarshal([]byte(body), &event); err != nil || len(event) < 2 {
		return fmt.Errorf("%w: %.80q", errHandshake, frame)
	}
	switch string(event[0]) {
	case `"gap"`, `"error"`:
		l.gaps++
	case `"event_data"`:
		var data struct {
			Signature string `json:"signature"`
			Ordinal   int    `json:"ordinal"`
			Seq       uint64 `json:"seq"`
		}
		if err := json.Unmarshal(event[1], &data); err != nil {
			return err
		}
		l.seen[fmt.Sprintf("%s/%d", data.Signature, data.Ordinal)] = data.Seq
		l.seq = max(l.seq, data.Seq)
	}
	return nil
}

// cut ends a connection as a lost network does, without a word.
func cut(c *client) {
	_ = c.nc.(*net.TCPConn).SetLinger(0)
	_ = c.nc.Close()
}

// everybody does something for each of n at once, and returns the first error.
func everybody(n int, do func(i int) error) error {
	var group sync.WaitGroup
	failed := make(chan error, n)
	for i := range n {
		group.Go(func() {
			if err := do(i); err != nil {
				failed <- fmt.Errorf("client %d: %w", i, err)
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

// enoughFiles says whether this process may open a connection for each of n clients; the servers have the same limit.
func enoughFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("look how many files may be open: %w", err)
	}
	if limit.Cur < uint64(n)+500 {
		return fmt.Errorf("%d clients need as many open files, and %d are allowed: ulimit -n", n, limit.Cur)
	}
	return nil
}

// resuming cuts all clients of the product at once, lets the market go on for a moment, and has all come back at once and get what they
// missed. The floor's clients, who get nothing, connect again in the same run: their time is the machine's.
func (p *plan) resuming(ctx context.Context) error {
	n := p.resumes
	fmt.Printf("\n%d clients of the program cut at once, back after %v, until the last has what it missed, %d runs\n\n", n, resumeOffline, p.runs)
	if err := enoughFiles(n); err != nil {
		return err
	}
	server, err := startProgram(ctx, p.binaries, n)
	if err != nil {
		return err
	}
	defer server.stop()
	from, err := server.status(ctx)
	if err != nil {
		return err
	}

	clients := make([]*listener, n)
	for i := range clients {
		clients[i] = &listener{seq: from.Seq, seen: map[string]uint64{}}
	}
	var took, again, bare, worked []float64
	to := from.Seq + 1 // something is to come first
	for run := range p.runs + 1 {
		begun, worksFrom := time.Now(), server.processor()
		if run > 0 {
			at, err := server.status(ctx)
			if err != nil {
				return err
			}
			to = at.Seq
			again = append(again, float64(to-clients[0].seq))
		}
		err := everybody(n, func(i int) error {
			if err := clients[i].connect(ctx, server); err != nil {
				return err
			}
			return clients[i].follow(to)
		})
		if err != nil {
			return err
		}
		if run > 0 {
			took, worked = append(took, time.Since(begun).Seconds()), append(worked, server.processor()-worksFrom)
		}
		for _, one := range clients {
			cut(one.conn)
		}
		time.Sleep(resumeOffline)
		if run == 0 || !p.has("floor") {
			continue
		}

		seconds, err := p.reconnects(ctx, n)
		if err != nil {
			return err
		}
		bare = append(bare, seconds)
	}

	missing, gaps := lost(clients, from.Seq, to)
	table([][]string{
		{"", "s", "each run", "processor s of the server", "commits missed meanwhile"},
		{"the program: connected, subscribed, what was missed replayed", fmt.Sprintf("%.2f", median(took)), join(took), join(worked), join(again)},
		{"the floor: connected", fmt.Sprintf("%.2f", median(append(bare, 0)[:max(1, len(bare))])), join(bare), "", ""},
	})
	fmt.Printf("\n%d events lost of all clients together, %d gaps told\n", missing, gaps)
	if missing > 0 || gaps > 0 {
		return errors.New("clients that resume should lose nothing")
	}
	return nil
}

// reconnects is how many seconds the floor's clients take to connect again.
func (p *plan) reconnects(ctx context.Context, n int) (seconds float64, err error) {
	floor, err := start(ctx, "floor", p.binaries)
	if err != nil {
		return 0, err
	}
	defer floor.stop()
	list := make([]*client, n)
	for range 2 {
		begun := time.Now()
		err := everybody(n, func(i int) (err error) {
			list[i], err = dial(ctx, floor.address, floor.dialect.path, 4096, 0)
			return err
		})
		seconds = time.Since(begun).Seconds()
		for _, one := range list {
			if one != nil {
				cut(one)
			}
		}
		if err != nil {
			return 0, err
		}
		time.Sleep(resumeOffline)
	}
	return seconds, nil
}

// lost counts what single clients have not of all that any has of the commits after one, up to another.
func lost(clients []*listener, after, to uint64) (missing, gaps int) {
	all := map[string]bool{}
	for _, one := range clients {
		gaps += one.gaps
		for id, seq := range one.seen {
			if seq > after && seq <= to {
				all[id] = true
			}
		}
	}
	for _, one := range clients {
		for id := range all {
			if _, ok := one.seen[id]; !ok {
				missing++
			}
		}
	}
	return missing, gaps
}
