package backend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spinscope/backend"
	"spinscope/backend/cli"
	"spinscope/backend/export"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/polltest"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// growing is a market over some days that transactions reach late, twice, at another place, or not for good.
type growing struct {
	t      *testing.T
	r      *rand.Rand
	dir    string
	store  *store.Store
	writer *ingest.Ingest
	slot   market.Slot
	now    int64
	n      uint64
	held   []market.Transaction // to be delivered late
	recent []market.Transaction // that may be rolled back or moved
}

func (g *growing) open() {
	g.t.Helper()
	opened, err := store.Open(store.Options{Dir: g.dir})
	if err != nil {
		g.t.Fatal(err)
	}
	g.store = opened
	g.writer = ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
	}, opened, ingest.Resume(opened.State()))
	if err := g.writer.Recover(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *growing) close() {
	g.t.Helper()
	if err := g.writer.Close(); err != nil {
		g.t.Fatal(err)
	}
	if err := g.store.Close(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *growing) transaction() market.Transaction {
	name := spinpet.ProgramID.String()
	g.n++
	g.slot += 1 + market.Slot(g.r.IntN(3))
	g.now += g.r.Int64N(4000)
	mint := market.Pubkey{1, byte(g.r.IntN(3))}
	tokens := 1_000_000_000 + g.r.Uint64N(1_000_000_000)
	price := market.U128{Hi: 10 + g.r.Uint64N(10), Lo: g.r.Uint64()}
	sol := uint64(market.Price(price).Float()*float64(tokens)*1e3) + 1
	tx := market.Transaction{Slot: g.slot, Index: uint32(g.n), BlockTime: g.now, Logs: []string{
		"Program " + name + " invoke [1]",
		spinpet.LogLine(&spinpet.BuySell{Payer: market.Pubkey{3}, Mint: mint, IsBuy: g.r.IntN(2) == 0, TokenAmount: tokens, SolAmount: sol, LatestPrice: price}),
		"Program " + name + " success",
	}}
	binary.BigEndian.PutUint64(tx.Signature[:], g.r.Uint64())
	return tx
}

// step delivers some transactions, and disturbs what was delivered before.
func (g *growing) step() {
	g.t.Helper()
	b := market.Batch{}
	for range 1 + g.r.IntN(25) {
		tx := g.transaction()
		if g.r.IntN(6) == 0 {
			g.held = append(g.held, tx)
			continue
		}
		b.Transactions = append(b.Transactions, tx)
		g.recent = append(g.recent, tx)
	}

	b.ChainTime = g.now
	batches := []market.Batch{b}

	if len(g.held) > 0 && g.r.IntN(3) == 0 { // days later, some of them
		batches = append(batches, market.Batch{Transactions: g.held, ChainTime: g.now})
		g.held = nil
	}
	if len(g.recent) > 3 && g.r.IntN(2) == 0 {
		i := g.r.IntN(len(g.recent))
		change := market.Batch{ChainTime: g.now}
		if moved := g.recent[i]; g.r.IntN(2) == 0 {
			moved.BlockTime += g.r.Int64N(100)
			change.Transactions = []market.Transaction{moved}
		} else {
			change.RolledBack = []market.Signature{moved.Signature}
		}
		g.recent = slices.Delete(g.recent, i, i+1)
		batches = append(batches, change)
	}

	for _, batch := range batches {
		if err := g.writer.Apply(g.t.Context(), batch); err != nil {
			g.t.Fatal(err)
		}
	}

	if err := g.writer.Flush(); err != nil {
		g.t.Fatal(err)
	}
}

// lines are the rows of CSV files, sorted, without their headers and without those that tell of gaps.
func lines(files ...[]byte) (rows []string) {
	for _, file := range files {
		for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
			if i > 0 && !strings.HasPrefix(line, "Gap,") {
				rows = append(rows, line)
			}
		}
	}
	slices.Sort(rows)
	return rows
}

// TestDatasetIsTheWholeExport goes on with datasets after random runs of a market with late, moved and rolled back
// transactions: their days together are always what one export of everything is.
func TestDatasetIsTheWholeExport(t *testing.T) {
	t.Parallel()
	incremental := 0
	for seed := range uint64(4) {
		g := &growing{t: t, r: rand.New(rand.NewPCG(seed, 77)), dir: t.TempDir(), slot: 1000, now: 1_760_000_000}
		g.open()

		from, to := export.Always()
		requests := []export.Request{
			{Kind: export.Trades, From: from, To: to},
			{Kind: export.Events, From: from, To: to},
			{Kind: export.Events, From: 1_760_050_000, To: 1_760_400_000, Mints: []market.Pubkey{{1, 1}}},
		}
		for _, interval := range []market.Interval{market.S1, market.H4, market.D1, market.M30, market.W1} { // two are merged when they are read
			requests = append(requests, export.Request{Kind: export.Candles, Interval: interval, From: from, To: to})
		}

		root := t.TempDir()
		for run := range 14 {
			for range 1 + g.r.IntN(3) {
				g.step()
			}
			if g.r.IntN(4) == 0 {
				g.close()
				g.open()
			}

			source := offline.Stored{Store: g.store}
			for i, request := range requests {
				if g.r.IntN(3) == 0 {
					continue // this one is brought up by a later run
				}
				request.Format = export.CSV
				d := export.Dataset{Dir: filepath.Join(root, fmt.Sprint(i)), Request: request}
				ran, err := d.Write(t.Context(), export.PartsOf(source), true, nil)
				if err != nil {
					t.Fatal(err)
				}

				if ran.Written > 0 && ran.Unchanged == 0 && run > 6 {
					incremental++
				}

				var whole bytes.Buffer
				if _, err := export.Write(t.Context(), &whole, source, request, nil); err != nil {
					t.Fatal(err)
				}
				paths, err := filepath.Glob(filepath.Join(d.Dir, "date=*", "data.csv"))
				if err != nil {
					t.Fatal(err)
				}

				var files [][]byte
				for _, path := range paths {
					file, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					files = append(files, file)
				}

				got, want := lines(files...), lines(whole.Bytes())
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, run %d: %s %s: %d rows in %d days, %d in the whole export", seed, run, request.Kind, request.Interval, len(got), len(paths), len(want))
				}
				if ran.Rows != int64(len(want)) {
					t.Errorf("the manifest tells of %d rows, there are %d", ran.Rows, len(want))
				}
			}
		}

		g.close()
	}

	if incremental == 0 {
		t.Error("no run wrote just the days that had changed")
	}
}

// TestDaysOfARunningServer exports days from a server, goes on, and compares the files with those of the stopped one.
func TestDaysOfARunningServer(t *testing.T) {
	t.Parallel()
	o := recordedMarket(t, 21, 400)
	o.Config.Server.Listen, o.Config.Solana.EnableEventListener = "127.0.0.1:0", false
	o.Config.Server.Token = "letmeinplease"
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	const read = 1_790_000_000
	accountsOf(t, o, read)

	server := backend.New(o)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	polltest.Until(t, "the port is open", func() bool { _, open := server.Address(); return open })
	address, _ := server.Address()

	root := t.TempDir()
	command := func(want string, args ...string) {
		t.Helper()
		var said bytes.Buffer
		program := cli.Program{Stdout: &said, Stderr: &said, Env: []string{"XDG_CONFIG_HOME=" + root}}
		if code := cli.Main(append([]string{"export"}, args...), program); code != 0 || !strings.Contains(said.String(), want) {
			t.Errorf("%v: exit %d, %s", args, code, said.String())
		}
	}
	kinds := [][]string{{"trades"}, {"events"}, {"candles", "--interval", "m1"}, {"candles", "--interval", "m30"}, {"trades", "--with-market-cap"}}
	for i, kind := range kinds {
		out := filepath.Join(root, "served", fmt.Sprint(i))
		args := append(slices.Clone(kind), "--url", address, "--token", "letmeinplease", "--partition", "day", "--since-last", "-o", out)
		command("written", args...)
		command("0 days written", args...)
	}

	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for i, kind := range kinds {
		out := filepath.Join(root, "stored", fmt.Sprint(i))
		args := append(slices.Clone(kind), "--cluster", "mainnet", "--data-dir", o.DataDir, "--partition", "day", "-o", out)
		command("written", args...)

		var files [2]string
		for j, from := range []string{"served", "stored"} {
			data, err := os.ReadFile(filepath.Join(root, from, fmt.Sprint(i), "_manifest.json"))
			if err != nil {
				t.Fatal(err)
			}
			m, err := export.ParseManifest(data)
			if err != nil || m.Rows == 0 || m.Store == "" || m.Seq == 0 {
				t.Errorf("%s, %v", data, err)
			}
			files[j] = fmt.Sprint(m.Store, m.Gaps, m.Files)
			if capped := slices.Contains(kind, "--with-market-cap"); capped != (m.MarketCap != nil) {
				t.Errorf("%v: the supplies are %v", kind, m.MarketCap)
			} else if sum := m.MarketCap; capped && (sum.Accounts == 0 || sum.Unknown != 1 || sum.ReadFrom != read || sum.ReadTo != read) {
				t.Errorf("%+v", sum)
			}
		}

		if files[0] != files[1] {
			t.Errorf("%v: a server's days differ from those of its store:\n%s\n%s", kind, files[0], files[1])
		}
	}
}

// accountsOf keeps what accounts said of all mints of a market but one, as an earlier run would have.
func accountsOf(t *testing.T, o backend.Options, read int64) {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "mainnet"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close() //nolint:errcheck // only read

	var lines []byte
	for i, mint := range opened.KnownMints()[1:] {
		lines = fmt.Appendf(lines, `{"mint":"%s","supply":%d,"decimals":6,"at":%d}`+"\n", mint, 1_000_000+i, read)
	}
	if err := os.WriteFile(filepath.Join(o.DataDir, "mainnet.mints"), lines, 0o600); err != nil {
		t.Fatal(err)
	}
}
