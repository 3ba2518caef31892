package backend_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/spinpet"
	"spinscope/backend/store"
)

// simnetEnv makes the test binary be the simulated cluster: its memory must not count as ours.
const simnetEnv = "SPINSCOPE_BENCH_SIMNET"

func TestMain(m *testing.M) {
	if count := os.Getenv(simnetEnv); count != "" {
		os.Exit(runCluster(count))
	}
	os.Exit(m.Run())
}

func runCluster(count string) int {
	transactions, err := strconv.Atoi(count)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { // the parent holds the other end open while it lives
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	net := simnet.New(simnet.Config{
		Seed: 1, Rate: 1, Mints: 8, History: 24 * time.Hour, HistoryTransactions: transactions,
		MaxTransactions: 2 * transactions, SlotTime: 400 * time.Millisecond,
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

// cluster starts a simulated cluster with a history of so many transactions in a process of its own.
func cluster(tb testing.TB, transactions int) solana.Endpoint {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), self)
	command.Env = append(os.Environ(), fmt.Sprintf("%s=%d", simnetEnv, transactions))
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

// pipeline is feed, writer and store, as the backend puts them together.
type pipeline struct {
	store  *store.Store
	writer *ingest.Ingest
	feed   *solana.Feed
	stop   func()
}

func startPipeline(tb testing.TB, endpoint solana.Endpoint, limit int) *pipeline {
	tb.Helper()
	opened, err := store.Open(store.Options{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	p := &pipeline{store: opened}
	p.writer = ingest.New(ingest.Config{
		Program: spinpet.ProgramID, Intervals: market.AllIntervals(), Logger: slog.New(slog.DiscardHandler),
	}, opened, ingest.Resume{})
	if err := p.writer.Recover(); err != nil {
		tb.Fatal(err)
	}
	p.feed = solana.New(solana.Config{Endpoints: []solana.Endpoint{endpoint}, Program: spinpet.ProgramID, BackfillLimit: limit})
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan error, 1)
	go func() { done <- p.feed.Run(ctx, 0, p.writer.Apply) }()
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		if err := p.writer.Close(); err != nil {
			tb.Error(err)
		}
		if err := opened.Close(); err != nil {
			tb.Error(err)
		}
	}
	return p
}

func (p *pipeline) untilLive(tb testing.TB) {
	tb.Helper()
	for tick := time.NewTicker(5 * time.Millisecond); p.feed.Status().State != solana.Connected; <-tick.C {
		if tb.Context().Err() != nil {
			tb.Fatal("never live")
		}
	}
}

// resident is this process's resident memory in bytes.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(text), "\n") {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// watchMemory reports by how much resident memory grew at most until stop.
func watchMemory() (stop func() int64) {
	start, most := resident(), atomic.Int64{}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			most.Store(max(most.Load(), resident()))
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
		return most.Load() - start
	}
}

const benchTransactions = 100_000

// BenchmarkBackfill reads 100,000 transactions of history on a first start: cluster in another process, real sockets, real
// store.
func BenchmarkBackfill(b *testing.B) {
	endpoint := cluster(b, benchTransactions)
	for b.Loop() {
		grown := watchMemory()
		start := time.Now()
		p := startPipeline(b, endpoint, 10*benchTransactions)
		p.untilLive(b)
		took := time.Since(start)
		b.ReportMetric(float64(p.feed.Status().Transactions)/took.Seconds(), "tx/s")
		b.ReportMetric(float64(p.store.Stats().Total)/took.Seconds(), "events/s")
		b.ReportMetric(float64(grown())/(1<<20), "MB-grown")
		p.stop()
	}
}

// BenchmarkExtend reads the same history on demand, the newest stretch first, after a start without history.
func BenchmarkExtend(b *testing.B) {
	endpoint := cluster(b, benchTransactions)
	for b.Loop() {
		p := startPipeline(b, endpoint, 0)
		p.untilLive(b)
		gaps, err := p.store.Gaps(b.Context(), nil, new(market.GapOpen))
		if err != nil || len(gaps) != 1 {
			b.Fatal(gaps, err)
		}
		grown := watchMemory()
		start := time.Now()
		if err := p.feed.Extend(b.Context(), gaps[0], 0); err != nil {
			b.Fatal(err)
		}
		took := time.Since(start)
		b.ReportMetric(float64(p.feed.Status().Transactions)/took.Seconds(), "tx/s")
		b.ReportMetric(float64(grown())/(1<<20), "MB-grown")
		p.stop()
	}
}
