package backend_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/config"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
)

// simnetEnv makes the test binary be the simulated cluster: its memory must not count as ours.
const simnetEnv = "SPINSCOPE_BENCH_SIMNET"

func TestMain(m *testing.M) {
	if text := os.Getenv(simnetEnv); text != "" {
		os.Exit(runCluster(text))
	}
	os.Exit(m.Run())
}

// clusterSpec is a simulated cluster of a benchmark, in a process of its own.
type clusterSpec struct {
	Rate         float64 // transactions per second, live
	History      time.Duration
	Transactions int // of the history
	Coins        int
	CoinShare    float64
}

func runCluster(text string) int {
	var spec clusterSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}

	ctx, stop := context.WithCancel(context.Background())
	go func() { // the parent holds the other end open while it lives
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	net := simnet.New(simnet.Config{
		Seed: 1, Rate: spec.Rate, Mints: 8, History: spec.History, HistoryTransactions: spec.Transactions,
		Coins: spec.Coins, CoinShare: spec.CoinShare, Derive: solana.ProgramAddress,
		MaxTransactions: 2*spec.Transactions + 200_000, SlotTime: 400 * time.Millisecond, QueuedMessages: 1 << 16, MaxSubscriptions: 4096,
	})
	go func() {
		<-net.Ready()
		fmt.Println(net.RPCURL(), net.WSURL()) //nolint:forbidigo // the parent reads it
	}()
	if err := net.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}

	return 0
}

// simulated starts a simulated cluster with a history of so many transactions in a process of its own.
func simulated(tb testing.TB, transactions int) solana.Endpoint {
	tb.Helper()
	return apart(tb, clusterSpec{Rate: 1, History: 24 * time.Hour, Transactions: transactions})
}

// apart starts a simulated cluster in a process of its own: neither its memory nor its processor time counts as ours.
func apart(tb testing.TB, spec clusterSpec) solana.Endpoint {
	tb.Helper()
	text, err := json.Marshal(spec)
	if err != nil {
		tb.Fatal(err)
	}

	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), self)
	command.Env = append(os.Environ(), simnetEnv+"="+string(text))
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}

	out, err := command.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := command.Start(); err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal("the simulated cluster did not start:", err)
	}

	urls := strings.Fields(line)
	return solana.Endpoint{RPC: urls[0], WS: urls[1]}
}

// serve runs a server on the cluster until stop, which returns what /metrics says at the end.
func serve(tb testing.TB, endpoint solana.Endpoint, limit int) (b *backend.Backend, stop func() string) {
	tb.Helper()
	return serveIn(tb, tb.TempDir(), endpoint, limit)
}

// serveIn is serve in a data directory of its own.
func serveIn(tb testing.TB, dir string, endpoint solana.Endpoint, limit int) (b *backend.Backend, stop func() string) {
	tb.Helper()
	cfg := config.Default()
	cfg.Server.Listen, cfg.Metadata.Enabled = "127.0.0.1:0", false
	cfg.Solana.Cluster, cfg.Solana.RPCURL, cfg.Solana.WSURL, cfg.Solana.BackfillLimit = "custom", endpoint.RPC, endpoint.WS, limit
	b = backend.New(backend.Options{Config: cfg, Assets: fstest.MapFS{}, Logger: slog.New(slog.DiscardHandler), DataDir: dir})
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()

	address, ready := "", false
	for tick := time.NewTicker(time.Millisecond); !ready; <-tick.C {
		address, ready = b.Address()
	}

	return b, func() string {
		text := metricsOf(tb, address)
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		return text
	}
}

// metricsOf is what /metrics of a server says.
func metricsOf(tb testing.TB, address string) string {
	tb.Helper()
	return string(ask(tb, http.MethodGet, "http://"+address+"/metrics", ""))
}

// ask returns the body of an answer, which must be a good one.
func ask(tb testing.TB, method, address, body string) []byte {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), method, address, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %s, %v, %.200s", address, answer.Status, err, text)
	}
	return text
}

// metric is a value of /metrics.
func metric(tb testing.TB, metrics, name string) float64 {
	tb.Helper()
	_, rest, _ := strings.Cut(metrics, "\n"+name+" ")
	text, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return value
}

// resident is this process's resident memory in bytes without mapped files: those are the program itself, which is
// read in as it runs, and the store's tables, which the system drops when it needs the memory.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(text), "\n") {
		if kb, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// watchMemory reports by how much resident memory grew at most until stop.
func watchMemory() (stop func() int64) {
	start, peak := resident(), atomic.Int64{}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), resident()))
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()

	return func() int64 {
		close(end)
		<-ended
		return peak.Load() - start
	}
}

const benchTransactions = 100_000

// BenchmarkBackfill reads 100,000 transactions of history on a first start: the whole server, the cluster in another
// process, real sockets, real store. Memory is counted from the moment that the server's port is open.
func BenchmarkBackfill(b *testing.B) {
	endpoint := simulated(b, benchTransactions)
	for b.Loop() {
		start := time.Now()
		server, stop := serve(b, endpoint, 10*benchTransactions)
		report(b, server, stop, start)
	}
}

// BenchmarkExtend reads the same history on demand, the newest stretch first, after a start without history.
func BenchmarkExtend(b *testing.B) {
	endpoint := simulated(b, benchTransactions)
	for b.Loop() {
		server, stop := serve(b, endpoint, 0)
		if err := server.LoadHistory(b.Context(), cluster.Reach{Since: time.Now()}); err != nil { // waits for the connection
			b.Fatal(err)
		}
		report(b, server, stop, time.Now())
	}
}

// report waits until all history is read.
func report(b *testing.B, server *backend.Backend, stop func() string, start time.Time) {
	b.Helper()
	grown := watchMemory()
	if err := server.LoadHistory(b.Context(), cluster.Reach{}); err != nil {
		b.Fatal(err)
	}
	took := time.Since(start).Seconds()
	peak := grown()
	metrics := stop()
	transactions := metric(b, metrics, "spinscope_feed_transactions_total")
	if transactions < benchTransactions*9/10 || metric(b, metrics, "spinscope_store_gaps_open") != 0 {
		b.Fatalf("%v transactions were read", transactions)
	}
	b.ReportMetric(transactions/took, "tx/s")
	b.ReportMetric(metric(b, metrics, "spinscope_ingest_events_total")/took, "events/s")
	b.ReportMetric(float64(peak)/(1<<20), "MB-grown")
	b.ReportMetric(0, "ns/op")
}
