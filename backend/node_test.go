package backend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/config"
	"spinscope/backend/edge"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/polltest"
	"spinscope/backend/simnet"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// busServers are three servers that know each other, and their addresses.
func busServers(t *testing.T) (urls string) {
	t.Helper()
	var peers, list []string
	for range 3 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, listener.Addr().String())
		listener.Close()
	}

	dir := t.TempDir()
	for i, own := range peers {
		running, err := embedded.Start(embedded.Options{Dir: filepath.Join(dir, fmt.Sprint(i)), Name: fmt.Sprint("server-", i), Listen: "127.0.0.1:0", Cluster: own, Peers: peers})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(running.Stop)
		list = append(list, running.URL())
	}

	return strings.Join(list, ",")
}

// busNode is one of several programs that share a market.
type busNode struct {
	t       *testing.T
	options backend.Options
	running *backend.Backend
	cancel  context.CancelFunc
	ended   chan error
}

func (n *busNode) start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	n.cancel, n.ended, n.running = cancel, make(chan error, 1), backend.New(n.options)
	running, ended := n.running, n.ended
	go func() { ended <- running.Run(ctx) }()
}

func (n *busNode) stop() {
	n.t.Helper()
	n.cancel()
	if err := <-n.ended; err != nil {
		n.t.Errorf("%s: %v", n.options.Config.Bus.Node, err)
	}
}

// get asks the node; "" while it is not there, as between two roles.
func (n *busNode) get(path string) (status int, body string) {
	address, ok := n.running.Address()
	if !ok {
		return 0, ""
	}

	r, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}

	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, ""
	}
	return answer.StatusCode, string(text)
}

func (n *busNode) seq() uint64 {
	_, text := n.get("/metrics")
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "spinscope_store_seq "); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				n.t.Fatal(err)
			}
			return uint64(number)
		}
	}
	return 0
}

// stands checks what a node says of itself, wherever it does.
func (n *busNode) stands(role, owner string) {
	n.t.Helper()
	name := n.options.Config.Bus.Node
	var said struct{ Data wire.Status }
	polltest.Until(n.t, name+" to say that it lacks nothing", func() bool {
		said.Data.Node = nil
		_, text := n.get("/api/events/status")
		return json.Unmarshal([]byte(text), &said) == nil && said.Data.Node != nil && said.Data.Node.Lag == wire.NodeLag{}
	})

	got := *said.Data.Node
	if got.Name != name || got.Role != role || got.Trouble != "" || got.Lease.Owner != owner || got.Lease.AgeSeconds == nil ||
		!strings.HasPrefix(got.Bus.Server, "server-") || !got.Bus.Connected {
		n.t.Errorf("%s says %+v", name, got)
	}

	owns := "0"
	if role == "writer" {
		owns = "1"
	}
	_, metrics := n.get("/metrics")
	for _, line := range []string{
		fmt.Sprintf("spinscope_node_role{role=%q} 1", role), "spinscope_lease_owned " + owns, "spinscope_bus_connected 1",
		"spinscope_node_digests_differing_total 0\n", "spinscope_node_lag_commits ", "spinscope_node_lag_seconds ", fmt.Sprintf("spinscope_lease_age_seconds{owner=%q} ", owner),
	} {
		if !strings.Contains(metrics, "\n"+line) {
			n.t.Errorf("%s: no %s in its metrics", name, line)
		}
	}

	if _, text := n.get("/readyz"); !strings.Contains(text, "\nrole "+role+"; lag ") || !strings.Contains(text, "lease "+owner+"'s, seen ") ||
		!strings.Contains(text, "; bus server-") {
		n.t.Errorf("%s: /readyz says %q", name, text)
	}
}

func (n *busNode) reach(seq uint64) {
	n.t.Helper()
	polltest.Until(n.t, fmt.Sprintf("%s to reach commit %d", n.options.Config.Bus.Node, seq), func() bool {
		select {
		case err := <-n.ended:
			n.t.Fatalf("%s ended: %v", n.options.Config.Bus.Node, err)
		default:
		}
		return n.seq() >= seq
	})
}

// marketRows are the rows that a replica has as the original has them: all but the alerts, which are each node's own, and the state
// record, which counts what a node did between two commits.
func marketRows(t *testing.T, n *busNode) (at store.State, rows []string) {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: filepath.Join(n.options.DataDir, "custom"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	err = opened.Snapshot(t.Context(), func(s store.Snapshot) error { at = s.State; return nil }, func(row store.Row) error {
		if row.Key[0] != 'a' && string(row.Key) != "xs" {
			rows = append(rows, fmt.Sprintf("%x %x", row.Key, row.Value))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return at, rows
}

// isOpenCandles reports whether a row is the open candles of a mint. Each of them says at which seq it changed last, which is no
// event's: who makes them anew after an unclean stop says a later one, so that a resume gets them once more.
func isOpenCandles(row string) bool { return strings.HasPrefix(row, "62") }

// noted keeps the text of a log.
type noted struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *noted) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *noted) has(part string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(n.text.String(), part)
}

// ownerOf is the node that has the lease, "" when none has.
func ownerOf(t *testing.T, b *bus.Bus) string {
	t.Helper()
	held, err := b.Holder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held.Node
}

// intrude appends a commit of another writer, as the log has one when a writer that was stopped for a while goes on.
func intrude(t *testing.T, from *bus.Bus) (seq uint64) {
	t.Helper()
	of, err := from.Market(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	log, err := from.Log(t.Context(), of.Store, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	for {
		last, err := log.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = log.Append(t.Context(), last+1, edge.Encode(&market.Commit{Seq: last + 1}))
		if err == nil {
			return uint64(last + 1)
		}
		if !errors.Is(err, bus.ErrOther) {
			t.Fatal(err)
		}
	}
}

// Two nodes that may write and two edges share a market. The one that writes stops; the other goes on with the next commit of the
// same store; the first comes back as a replica. Then the log has a commit of another writer: the one that writes is refused,
// becomes a replica, and takes it. In the end all four have the same rows, and each proves right.
func TestNodesShareAMarket(t *testing.T) {
	net := simnet.New(simnet.Config{Seed: 3, Mints: 3, Rate: 20, SlotTime: 40 * time.Millisecond, History: time.Hour, HistoryTransactions: 200})
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

	urls, said := busServers(t), &noted{}

	makeNode := func(name string, edge bool) *busNode {
		cfg := config.Default()
		cfg.Server.Listen = "127.0.0.1:0"
		cfg.Metadata.Enabled = false
		cfg.Bus.URL, cfg.Bus.SyncChecked, cfg.Bus.Node = urls, true, name
		if !edge {
			cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL = "custom", net.RPCURL(), net.WSURL()
		}
		return &busNode{t: t, options: backend.Options{
			Config: cfg, Assets: fstest.MapFS{}, Logger: slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), said), nil)).With("node", name), DataDir: t.TempDir(), Version: "test", Edge: edge,
		}}
	}
	one, two := makeNode("one", false), makeNode("two", false)
	edges := []*busNode{makeNode("edge 1", true), makeNode("edge 2", true)}
	all := append([]*busNode{one, two}, edges...)
	for _, n := range all {
		n.start()
	}

	for _, n := range all {
		n.reach(10)
	}

	watching, err := bus.Connect(t.Context(), bus.Options{URL: urls, Name: "spinscope", Node: "test", SyncChecked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Close()

	owner := ownerOf(t, watching)
	if owner != "one" && owner != "two" {
		t.Fatalf("%q writes", owner)
	}
	writer, standby := one, two
	if owner == "two" {
		writer, standby = two, one
	}

	for _, n := range all {
		role := "edge"
		switch n {
		case writer:
			role = "writer"
		case standby:
			role = "standby"
		}
		n.stands(role, owner)
	}

	writer.stop()
	at := edges[0].seq()
	for _, n := range append([]*busNode{standby}, edges...) {
		n.reach(at + 20)
	}

	if owner := ownerOf(t, watching); owner != standby.options.Config.Bus.Node {
		t.Errorf("%q writes", owner)
	}
	writer.start()
	writer.reach(at + 20)
	polltest.Until(t, "an edge to be ready", func() bool { status, _ := edges[1].get("/readyz"); return status == http.StatusOK })

	if said.has("this node does not write any more") {
		t.Error("a writer gave up before there was another")
	}
	other := intrude(t, watching)
	for _, n := range all {
		n.reach(other + 10)
	}

	if !said.has("this node does not write any more") {
		t.Error("nobody was refused")
	}

	edges[1].stop() // and comes back where it was
	edges[1].start()
	edges[1].reach(other + 20)

	// Nothing trades any more. Whoever writes says its last words when it stops, so it stops last.
	cancel()
	polltest.Until(t, "all to have the same commits", func() bool {
		seqs := map[uint64]bool{}
		for _, n := range all {
			seqs[n.seq()] = true
		}
		return len(seqs) == 1 && !seqs[0]
	})
	owner = ownerOf(t, watching)

	replicas, last := edges, []*busNode{one, two}
	slices.SortFunc(last, func(a, _ *busNode) int {
		if a.options.Config.Bus.Node == owner {
			return 1
		}
		return -1
	})
	for _, n := range edges {
		n.stop()
	}

	for _, n := range last {
		n.stop()
	}
	wantAt, want := marketRows(t, replicas[0])
	if replica := last[0]; owner != "" {
		replicas = append(replicas, replica)
	}

	for _, n := range replicas[1:] {
		gotAt, got := marketRows(t, n)
		want := want
		if n == one || n == two { // it wrote, and made its open candles anew when it was refused: at a later seq
			got, want = slices.DeleteFunc(got, isOpenCandles), slices.DeleteFunc(slices.Clone(want), isOpenCandles)
		}

		if gotAt != wantAt || !slices.Equal(got, want) {
			t.Errorf("%s: %d rows at %+v, want %d at %+v", n.options.Config.Bus.Node, len(got), gotAt, len(want), wantAt)
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Errorf("the first row that differs:\n%s\nwant\n%s", got[i], want[i])
					break
				}
			}
		}
	}

	for _, n := range all {
		o := n.options
		o.Config.Solana.Cluster, o.Config.Solana.RPCURL = "custom", "http://127.0.0.1:1"
		report, err := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
		if err != nil || report.Differences > 0 || report.Events == 0 {
			t.Errorf("%s: %+v, %v", n.options.Config.Bus.Node, report, err)
		}
	}
}
