package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"spinscope/backend/porttest"

	"github.com/gorilla/websocket"
)

// fenced is the block of a document of ours that begins with a text.
func fenced(t *testing.T, document, start string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", document))
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```") {
		if _, body, _ := strings.Cut(block, "\n"); i%2 == 1 && strings.HasPrefix(body, start) {
			return body
		}
	}
	t.Fatalf("docs/%s has no block that begins with %q", document, start)
	return ""
}

// site is what docs/nodes.md sets up, on one machine: three NATS servers, nodes that may write, and edges.
type site struct {
	t       *testing.T
	program string // nats-server
	dir     string
	clients [3]string // addresses of the servers
	routes  [3]string
	looks   [3]string // where they tell of themselves
	servers [3]*process
	market  *cluster
}

// place puts this machine's addresses in the place of those of the document.
func (s *site) place(text string) string {
	for i := range s.clients {
		text = strings.ReplaceAll(text, fmt.Sprintf("10.0.0.%d:4222", i+1), s.clients[i])
		text = strings.ReplaceAll(text, fmt.Sprintf("10.0.0.%d:6222", i+1), s.routes[i])
	}
	return strings.NewReplacer("/etc/spinscope", s.dir, "/etc/nats", s.dir, "/var/lib", s.dir).Replace(text)
}

// newSite is a site with its secrets and certificates, of which nothing runs yet.
func newSite(t *testing.T) *site {
	t.Helper()
	needs(t, "openssl")
	s := &site{t: t, dir: t.TempDir()}
	for i := range s.clients {
		s.clients[i], s.routes[i], s.looks[i] = porttest.Free(t), porttest.Free(t), porttest.Free(t)
	}
	for name, text := range map[string]string{"bus": "market:secret-of-the-market\n", "bus-system": "admin:secret-of-the-system\n"} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// All machines of the document are this one.
	commands := strings.ReplaceAll(fenced(t, "nodes.md", "openssl req"), "IP:10.0.0.$n", "IP:127.0.0.1")
	tool(t, s.dir, "bash", "-euo", "pipefail", "-c", commands)
	return s
}

func startSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.program = filepath.Join(t.TempDir(), "nats-server")
	build := exec.Command("go", "build", "-o", s.program, "github.com/nats-io/nats-server/v2") //nolint:gosec,noctx // fixed arguments
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build nats-server: %v\n%s", err, out)
	}

	for i := range s.servers {
		s.startServer(i)
	}
	return s
}

// startServer starts a NATS server as the document has it. Its cluster does not tell clients of the others, so that a proxy is not gone round.
func (s *site) startServer(i int) {
	s.t.Helper()
	text := fenced(s.t, "nodes.md", "server_name: nats-1")
	text = strings.NewReplacer("nats-1", fmt.Sprint("nats-", i+1), "listen: 10.0.0.1:", fmt.Sprintf("listen: 10.0.0.%d:", i+1),
		"/var/lib/nats", filepath.Join(s.dir, fmt.Sprint("nats-", i+1)), "cluster {", "cluster {\n  no_advertise: true").Replace(text)
	path := filepath.Join(s.dir, fmt.Sprintf("nats-%d.conf", i+1))
	if err := os.WriteFile(path, fmt.Appendf(nil, "%s\nhttp: %s\n", s.place(text), s.looks[i]), 0o600); err != nil {
		s.t.Fatal(err)
	}
	env := environment(s.t, "MARKET_PASSWORD=secret-of-the-market", "ADMIN_PASSWORD=secret-of-the-system")
	s.servers[i] = launch(s.t, fmt.Sprint("nats-", i+1), env, nil, s.program, "-c", path)
}

// leader waits until the log has a leader and each of its other servers is up to date, and returns the leader's number.
func (s *site) leader() (number int) {
	s.t.Helper()
	await(s.t, "the log to be on three servers", func() error {
		for i, address := range s.looks {
			leads, behind, err := s.leads(address)
			if err != nil {
				return err
			}
			if !leads {
				continue
			}
			if behind != 0 {
				return fmt.Errorf("%d servers are not up to date", behind)
			}
			number = i
			return nil
		}
		return errNotYet
	})
	return number
}

// leads asks a server whether it leads the log of commits, and how many of the two others have not all of it.
func (s *site) leads(address string) (leads bool, behind int, err error) {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get("http://" + address + "/jsz?accounts=true&streams=true") //nolint:noctx // bounded
	if err != nil {
		return false, 0, err
	}
	defer answer.Body.Close()
	var all struct {
		Accounts []struct {
			Streams []struct {
				Name    string `json:"name"`
				Cluster struct {
					Leader   string `json:"leader"`
					Replicas []struct {
						Current bool `json:"current"`
						Offline bool `json:"offline"`
					} `json:"replicas"`
				} `json:"cluster"`
			} `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return false, 0, err
	}

	own := fmt.Sprint("nats-", slices.Index(s.looks[:], address)+1)
	for _, account := range all.Accounts {
		for _, stream := range account.Streams {
			if stream.Name != "spinscope" || stream.Cluster.Leader != own {
				continue
			}
			current := 0
			for _, r := range stream.Cluster.Replicas {
				if r.Current && !r.Offline {
					current++
				}
			}
			return true, 2 - current, nil
		}
	}
	return false, 0, nil
}

// siteNode is one of the programs that share the market.
type siteNode struct {
	*server
	name string
	argv []string
}

// node starts a program with the configuration of the document. urls are those of the bus, empty for the document's.
func (s *site) node(name, urls string, command ...string) *siteNode {
	s.t.Helper()
	text := s.place(fenced(s.t, "nodes.md", "[bus]\nurl"))
	if urls != "" {
		line, _, _ := strings.Cut(text[strings.Index(text, "url"):], "\n")
		text = strings.Replace(text, line, fmt.Sprintf("url = %q", urls), 1)
	}
	return s.run(name, text+fmt.Sprintf("node = %q\n", name), command...)
}

// run starts a program with a configuration.
func (s *site) run(name, text string, command ...string) *siteNode {
	s.t.Helper()
	config := filepath.Join(s.dir, name+".toml")
	if err := os.WriteFile(config, []byte(text+"[metadata]\nenabled = false\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}

	dir, port := filepath.Join(s.dir, name), porttest.Free(s.t)
	argv := slices.Concat([]string{binary}, command, []string{"--config", config, "--data-dir", dir, "--listen", port, "--log-format", "json"})
	n := &siteNode{server: &server{dir: dir, addr: port}, name: name, argv: argv}
	n.start(s.t)
	return n
}

func (n *siteNode) start(t *testing.T) { n.process = launch(t, n.name, environment(t), nil, n.argv...) }

// nodeState is what a node says of itself.
type nodeState struct {
	Seq  uint64 `json:"seq"`
	Node struct {
		Role    string `json:"role"`
		Trouble string `json:"trouble"`
	} `json:"node"`
}

// state is zero while it does not serve, as between two roles.
func (n *siteNode) state() (state nodeState) {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(n.url("/api/events/status")) //nolint:noctx // bounded
	if err != nil {
		return nodeState{}
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || envelope(answer.StatusCode, body, &state) != nil {
		return nodeState{}
	}
	return state
}

// becomes waits until a node has one of some roles.
func (n *siteNode) becomes(roles ...string) {
	n.t.Helper()
	await(n.t, n.name+" to be "+strings.Join(roles, " or "), func() error {
		if err := n.alive(); err != nil {
			n.t.Fatal(err)
		}
		if state := n.state(); !slices.Contains(roles, state.Node.Role) {
			return fmt.Errorf("it is %q at %d", state.Node.Role, state.Seq)
		}
		return nil
	})
}

// gate is a way to a server that can be closed.
type gate struct {
	to       string
	listener net.Listener
	mu       sync.Mutex
	shut     bool
	open     map[net.Conn]bool
}

func newGate(t *testing.T, to string) *gate {
	g := &gate{to: to, listener: listen(t), open: map[net.Conn]bool{}}

	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := g.listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { g.carry(conn) })
		}
	})

	t.Cleanup(func() {
		_ = g.listener.Close()
		g.set(true)
		running.Wait()
	})
	return g
}

func (g *gate) carry(from net.Conn) {
	to, err := net.Dial("tcp", g.to) //nolint:noctx // loopback
	if err != nil {
		_ = from.Close()
		return
	}

	g.mu.Lock()
	shut := g.shut
	g.open[from], g.open[to] = true, true
	g.mu.Unlock()

	closeBoth := func() { _, _ = from.Close(), to.Close() }
	if shut {
		closeBoth()
	}

	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			closeBoth()
		})
	}
	both.Wait()

	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, from)
	delete(g.open, to)
}

// set shuts the gate, which cuts what is open, or opens it.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for conn := range g.open {
		if shut {
			_ = conn.Close()
		}
	}
}

// hopper is a client that goes from edge to edge, with what it saw last.
type hopper struct {
	from    *string // the store
	seq     uint64
	seen    sights
	gaps    []string
	hops    int
	stay    time.Duration // on one edge
	waiting []string      // addresses
}

// numbering gives each event a number, the same for all who ask.
type numbering struct {
	mu sync.Mutex
	of map[string]int
}

func (n *numbering) number(id string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	at, known := n.of[id]
	if !known {
		at = len(n.of)
		n.of[id] = at
	}
	return at
}

// sights are the events that one client saw, a bit each: many clients look at the same.
type sights struct {
	all  *numbering
	bits []uint64
}

func (s *sights) add(id string) {
	at := s.all.number(id)
	for len(s.bits) <= at/64 {
		s.bits = append(s.bits, 0)
	}
	s.bits[at/64] |= 1 << (at % 64)
}

func (s *sights) has(id string) bool {
	at := s.all.number(id)
	return at/64 < len(s.bits) && s.bits[at/64]&(1<<(at%64)) != 0
}

// run hops when it has stayed long enough, until stop is closed, and then once more, until done says that it has all.
func (h *hopper) run(stop <-chan struct{}, done func(*hopper) bool) {
	for {
		ended := false
		select {
		case <-stop:
			ended = true
		default:
		}
		h.visit(h.waiting[h.hops%len(h.waiting)], time.Now().Add(h.stay))
		h.hops++
		if ended && done(h) {
			return
		}
	}
}

// visit follows all events on one edge until a time, or until the connection fails.
func (h *hopper) visit(address string, until time.Time) {
	ws, answer, err := websocket.DefaultDialer.Dial("ws://"+address+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		time.Sleep(50 * time.Millisecond) // before the next edge
		return
	}
	_ = answer.Body.Close()
	defer ws.Close()

	_ = ws.SetReadDeadline(until)
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return
		}

		switch {
		case string(frame) == "2":
			err = ws.WriteMessage(websocket.TextMessage, []byte("3"))
		case bytes.HasPrefix(frame, []byte("0{")):
			err = ws.WriteMessage(websocket.TextMessage, []byte("40/ws/kline,"))
		case bytes.HasPrefix(frame, []byte("40/ws/kline,")):
			request, _ := json.Marshal(map[string]any{"since_seq": max(h.seq, 1), "store": h.from})
			err = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `42/ws/kline,["subscribe_events",%s]`, request))
		case bytes.HasPrefix(frame, []byte("42/ws/kline,")):
			h.take(frame[len("42/ws/kline,"):])
		}
		if err != nil {
			return
		}
	}
}

func (h *hopper) take(frame []byte) {
	var event []json.RawMessage
	var name string
	if json.Unmarshal(frame, &event) != nil || len(event) < 2 || json.Unmarshal(event[0], &name) != nil {
		return
	}

	var data struct {
		Store     string `json:"store"`
		Seq       uint64 `json:"seq"`
		Signature string `json:"signature"`
		Ordinal   int    `json:"ordinal"`
	}
	if json.Unmarshal(event[1], &data) != nil {
		return
	}

	switch name {
	case "connection_success":
		h.from = &data.Store
	case "gap":
		h.gaps = append(h.gaps, string(event[1]))
	case "event_data":
		h.seq = max(h.seq, data.Seq)
		h.seen.add(fmt.Sprintf("%s/%d", data.Signature, data.Ordinal))
	}
}

// pause is the longest time between two commits that an edge saw, from now until stop is closed.
func (n *siteNode) pause(stop <-chan struct{}) time.Duration {
	longest, last, seq := time.Duration(0), time.Now(), n.state().Seq
	for {
		select {
		case <-stop:
			return longest
		case <-time.After(10 * time.Millisecond): // between looks
		}
		if now := n.state().Seq; now > seq {
			longest, last, seq = max(longest, time.Since(last)), time.Now(), now
		}
	}
}

// crowd is many hoppers, which go on until each has all.
type crowd struct {
	list []*hopper
	stop chan struct{}
	all  sync.WaitGroup
	mu   sync.Mutex
	want []string // known when stop is closed
}

// gather begins one hopper that stays a second on each edge, and more that stay ten.
func gather(edges []*siteNode, more int) *crowd {
	c := &crowd{stop: make(chan struct{})}
	var addresses []string
	for _, n := range edges {
		addresses = append(addresses, n.addr)
	}
	numbers := &numbering{of: map[string]int{}}
	for i := range more + 1 {
		h := &hopper{seen: sights{all: numbers}, hops: i, stay: time.Second, waiting: addresses}
		if i > 0 {
			h.stay = 10*time.Second + time.Duration(i)*time.Millisecond // they are to hop in turns
		}
		c.list = append(c.list, h)
		c.all.Go(func() {
			deadline := time.Time{}
			h.run(c.stop, func(h *hopper) bool {
				if deadline.IsZero() {
					deadline = time.Now().Add(patience)
				}
				return c.missing(h) == 0 || time.Now().After(deadline)
			})
		})
	}
	return c
}

func (c *crowd) missing(h *hopper) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.want {
		if !h.seen.has(id) {
			n++
		}
	}
	return n
}

// finish waits until all have seen what is wanted, and reports who has not.
func (c *crowd) finish(t *testing.T, want []string) {
	t.Helper()
	c.mu.Lock()
	c.want = want
	c.mu.Unlock()
	close(c.stop)
	c.all.Wait()
	hops := 0
	for i, h := range c.list {
		hops += h.hops - i // each began at an edge of its own
		if n := c.missing(h); n > 0 || len(h.gaps) > 0 {
			t.Errorf("client %d hopped %d times, misses %d of %d events, and was told of gaps: %v", i, h.hops-i, n, len(want), h.gaps)
		}
	}
	t.Logf("%d clients hopped %d times, the first %d times; wanted are %d events", len(c.list), hops, c.list[0].hops, len(want))
}

// setting is a number of the environment, or else what it usually is.
func setting(t *testing.T, name string, usual int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestNodesFail follows docs/nodes.md with real servers and processes, and has what can fail of them fail: the node that writes and the
// log's leader are killed; a writer is stopped for longer than its lease and goes on, is cut from the bus; the bus stops for a while. Clients
// that hop from edge to edge see every event of the ledger; and in the end every node has the same commits.
//
// With SPINSCOPE_SOAK there are 30 rounds of kills (SPINSCOPE_ROUNDS), stops of 20 seconds and a minute in every tenth, a third edge and
// 1,000 clients more (SPINSCOPE_HOPPERS).
func TestNodesFail(t *testing.T) {
	t.Parallel()
	rounds, hoppers, writerStop, busStop := 1, 0, time.Duration(0), time.Duration(0)
	if soak {
		rounds, hoppers, writerStop, busStop = 30, 1000, 20*time.Second, time.Minute
	}
	rounds, hoppers = setting(t, "SPINSCOPE_ROUNDS", rounds), setting(t, "SPINSCOPE_HOPPERS", hoppers)

	s := startSite(t)
	s.market = startCluster(t, "--rate", "20", "--slot", "100ms", "--mints", "4", "--history", "20s", "--seed", "11")
	var gates [3]*gate
	var through []string
	for i, address := range s.clients {
		gates[i] = newGate(t, address)
		through = append(through, "tls://"+gates[i].listener.Addr().String())
	}

	serve := append([]string{"serve"}, s.market.flags()...)
	one, two := s.node("one", strings.Join(through, ","), serve...), s.node("two", "", serve...)
	one.becomes("writer", "standby")
	two.becomes("writer", "standby")
	edges := []*siteNode{s.node("edge-1", "", "edge"), s.node("edge-2", "", "edge")}
	if soak {
		edges = append(edges, s.node("edge-3", "", "edge"))
	}
	for _, n := range edges {
		n.becomes("edge")
	}
	clients := gather(edges, hoppers)

	roles := func() (writer, other *siteNode) {
		await(t, "one to write and the other to stand by", func() error {
			first, second := one.state().Node.Role, two.state().Node.Role
			switch {
			case first == "writer" && second == "standby":
				writer, other = one, two
			case second == "writer" && first == "standby":
				writer, other = two, one
			default:
				return fmt.Errorf("one is %q, two is %q", first, second)
			}
			return nil
		})
		return writer, other
	}

	during := func(what string, do func()) {
		ended, paused := make(chan struct{}), make(chan time.Duration)
		go func() { paused <- edges[1].pause(ended) }()
		do()

		at := uint64(0)
		await(t, "the next commits after "+what, func() error {
			now := edges[1].state().Seq
			if at == 0 { // it may be too busy to say
				at = now
			}
			if at != 0 && now >= at+10 {
				return nil
			}
			var said strings.Builder
			for _, n := range append([]*siteNode{one, two}, edges...) {
				fmt.Fprintf(&said, " %s %+v", n.name, n.state())
			}
			return fmt.Errorf("from %d on:%s", at, said.String())
		})
		close(ended)
		t.Logf("%s: no commit for %v at most", what, (<-paused).Round(time.Millisecond))
	}

	for round := range rounds {
		writer, other := roles()
		during("the writer was killed", func() {
			writer.kill()
			other.becomes("writer")
		})
		writer.start(t)
		writer.becomes("standby")

		leader := s.leader()
		during("the log's leader was killed", func() { s.servers[leader].kill() })
		s.startServer(leader)
		s.leader()
		if round%10 != 0 {
			continue
		}

		writer, other = roles()
		during("the writer was stopped", func() {
			_ = writer.cmd.Process.Signal(syscall.SIGSTOP)
			stopped := time.After(writerStop)
			other.becomes("writer")
			<-stopped
			_ = writer.cmd.Process.Signal(syscall.SIGCONT)
			writer.becomes("standby")
		})
		writer.awaitLogged("this node does not write any more", 1)

		if writer, _ = roles(); writer == two {
			two.end()
			one.becomes("writer")
			two.start(t)
			two.becomes("standby")
		}
		during("the writer was cut from the bus", func() {
			for _, g := range gates {
				g.set(true)
			}
			two.becomes("writer")
			await(t, "the one that is cut to say so", func() error {
				if state := one.state(); !strings.Contains(state.Node.Trouble, "the bus is not reached") {
					return fmt.Errorf("it says %+v", state)
				}
				return nil
			})
			for _, g := range gates {
				g.set(false)
			}
			one.becomes("standby")
		})

		during("the bus stopped for a while", func() {
			for _, server := range s.servers {
				_ = server.cmd.Process.Signal(syscall.SIGSTOP)
			}
			stopped := time.After(busStop)
			saysSo := func() error {
				if state := edges[0].state(); state.Node.Trouble == "" || state.Seq == 0 {
					return fmt.Errorf("it says %+v", state)
				}
				return nil
			}
			await(t, "an edge to say so", saysSo)
			<-stopped
			await(t, "an edge to say so still", saysSo)
			if code, body, err := try(http.MethodGet, edges[0].url("/readyz"), nil, nil); code != http.StatusServiceUnavailable {
				t.Errorf("without the bus an edge's /readyz is %d %s %v", code, body, err)
			}
			for _, server := range s.servers {
				_ = server.cmd.Process.Signal(syscall.SIGCONT)
			}
			await(t, "an edge to be well again", func() error {
				if state := edges[0].state(); state.Node.Trouble != "" {
					return fmt.Errorf("it says %+v", state)
				}
				return nil
			})
		})
	}

	s.market.rest()
	l := s.market.readLedger()
	s.agree(l, append([]*siteNode{one, two}, edges...)...)

	var want []string
	for i := range l.records {
		want = append(want, l.records[i].id())
	}
	clients.finish(t, want)

	writer, other := roles()
	s.endAll(append(edges, other, writer)...)
}

// TestEmbeddedNodes follows docs/nodes.md where the NATS servers are in the nodes: three of them, started one after the other, and
// an edge. The one that writes is killed, and its server with it, and comes back.
func TestEmbeddedNodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.market = startCluster(t, "--rate", "20", "--slot", "100ms", "--mints", "2", "--history", "10s", "--seed", "12")

	var nodes []*siteNode
	for i, name := range []string{"a", "b", "c"} {
		text := fenced(t, "nodes.md", "[bus]\nembedded")
		for _, key := range []string{`listen = "10.0.0.%d:`, `cluster = "10.0.0.%d:`, `node = "%c"`, "nats-%d"} {
			first, own := fmt.Sprintf(key, 1), fmt.Sprintf(key, i+1)
			if strings.Contains(key, "%c") {
				first, own = fmt.Sprintf(key, 'a'), fmt.Sprintf(key, name[0])
			}
			if !strings.Contains(text, first) {
				t.Fatalf("the document's block has no %s", first)
			}
			text = strings.ReplaceAll(text, first, own)
		}
		n := s.run(name, s.place(text), append([]string{"serve"}, s.market.flags()...)...)
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		n.becomes("writer", "standby")
	}
	edge := s.run("edge", s.place(fenced(t, "nodes.md", "[bus]\nsync_checked")), "edge")
	edge.becomes("edge")

	writer := func() *siteNode {
		t.Helper()
		var found *siteNode
		await(t, "one to write", func() error {
			for _, n := range nodes {
				if n.running() && n.state().Node.Role == "writer" {
					found = n
					return nil
				}
			}
			return errNotYet
		})
		return found
	}
	first := writer()
	first.kill()
	writer()
	at := edge.state().Seq
	await(t, "the edge to go on", func() error {
		if now := edge.state().Seq; now <= at {
			return fmt.Errorf("it is at %d", now)
		}
		return nil
	})
	first.start(t)
	first.becomes("writer", "standby")

	s.market.rest()
	s.agree(s.market.readLedger(), append(nodes, edge)...)
	s.endAll(edge, nodes[0], nodes[1], nodes[2])
}

// agree waits until nodes have the ledger in the same commits.
func (s *site) agree(l *ledger, nodes ...*siteNode) {
	s.t.Helper()
	await(s.t, "all nodes to have the ledger", func() error {
		seqs := map[uint64]bool{}
		for _, n := range nodes {
			var status feedStatus
			code, body, err := try(http.MethodGet, n.url("/api/events/status"), nil, nil)
			if err != nil || envelope(code, body, &status) != nil {
				return errNotYet
			}
			seqs[status.Seq] = true
			if status.Total != uint64(len(l.records)) {
				return fmt.Errorf("%s has %d of %d events", n.name, status.Total, len(l.records))
			}
		}
		if len(seqs) != 1 {
			return fmt.Errorf("they are at %v", seqs)
		}
		return nil
	})
}

// endAll ends nodes and verifies what each has.
func (s *site) endAll(nodes ...*siteNode) {
	s.t.Helper()
	for _, n := range nodes {
		n.end()
		verifyNow(s.t, n.name, append(customConfig(s.t), "--data-dir", n.dir, "--cluster", "custom")...)
	}
}
