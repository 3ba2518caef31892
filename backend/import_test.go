package backend_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend"
	"spinscope/backend/config"
	"spinscope/backend/export"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// recordedMarket writes a random market into a data directory: transactions with events of one and of several mints,
// orders opened, changed and closed, prices of two scales, some delivered late and some with an estimated time.
func recordedMarket(t *testing.T, seed uint64, transactions int) backend.Options {
	t.Helper()
	o := marketIn(t.TempDir())
	dir := filepath.Join(o.DataDir, "mainnet")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}

	opened, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	writer := ingest.New(ingest.Config{Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler)}, opened, ingest.Resume{})
	if err := writer.Recover(); err != nil {
		t.Fatal(err)
	}

	r := rand.New(rand.NewPCG(seed, 1))
	key := func(kind byte, n uint64) (k market.Pubkey) {
		k[0] = kind
		binary.BigEndian.PutUint64(k[8:], n)
		return k
	}
	created := map[market.Pubkey]bool{}
	body := func(order uint64) market.Body {
		which := order // an order is of one mint
		if r.IntN(3) > 0 {
			which = r.Uint64N(order)
		}
		mint := key(1, which%6)
		tokens := 1_000_000_000 + r.Uint64N(1_000_000_000)
		price := market.U128{Hi: 10 + r.Uint64N(10), Lo: r.Uint64()}
		sol := uint64(market.Price(price).Float()*float64(tokens)*1e3) + 1
		if mint == key(1, 5) { // of the deployment with 26 decimals
			price = market.U128{Lo: 2_795_899_347_623_485_554 + r.Uint64N(1e15)}
			sol = uint64(float64(price.Lo)/1e26*float64(tokens)*1e3) + 1
		}

		terms := market.Terms{OrderType: uint8(1 + r.IntN(2)), Mint: mint, User: key(3, r.Uint64N(4)), LockLpStartPrice: price, BorrowAmount: sol, PositionAssetAmount: tokens, MarginSolAmount: r.Uint64N(1e9), StartTime: 9, BorrowFee: 7}
		if terms.OrderType == market.OrderShort {
			terms.BorrowAmount, terms.PositionAssetAmount = tokens, sol
		}
		closing := spinpet.Close{Payer: key(3, r.Uint64N(4)), Mint: mint, IsCloseLong: r.IntN(2) == 0, FinalTokenAmount: tokens, FinalSolAmount: sol, UserCloseProfit: r.Uint64N(1e9), LatestPrice: price, Order: key(4, which)}
		switch r.IntN(12) {
		case 0:
			if created[mint] {
				break
			}
			created[mint] = true
			return &spinpet.TokenCreated{Payer: key(3, 1), Mint: mint, Curve: key(5, 1), Name: "=n\r\n\"", Symbol: "s,", URI: "ipfs://x", SwapFee: 1000}
		case 1, 2:
			return &spinpet.LongShort{Payer: key(3, 2), Mint: mint, Order: key(4, which), LatestPrice: price, Terms: terms}
		case 3:
			return &spinpet.FullClose{Close: closing}
		case 4:
			return &spinpet.PartialClose{Close: closing, Terms: terms, Long: r.IntN(2) == 0}
		case 5:
			return &spinpet.ForceLiquidate{Payer: key(3, 3), Mint: mint, Order: closing.Order}
		case 6:
			return &spinpet.MilestoneDiscount{Payer: key(3, 3), Mint: mint, Curve: key(5, 1), SwapFee: 500, FeeDiscountFlag: 1}
		}

		return &spinpet.BuySell{Payer: key(3, r.Uint64N(4)), Mint: mint, IsBuy: r.IntN(2) == 0, TokenAmount: tokens, SolAmount: sol, LatestPrice: price}
	}
	program := spinpet.ProgramID.String()
	slot, now := market.Slot(1000), int64(1_760_000_000)
	var held []market.Transaction
	for n := uint64(1); n <= uint64(transactions); {
		var b market.Batch
		for range 20 {
			if r.IntN(3) > 0 {
				slot += 1 + market.Slot(r.IntN(3))
				now += r.Int64N(40)
			}
			tx := market.Transaction{Slot: slot, Index: uint32(n), BlockTime: now, Logs: []string{"Program " + program + " invoke [1]"}}
			for range 1 + r.IntN(3)/2*2 {
				tx.Logs = append(tx.Logs, spinpet.LogLine(body(n)))
			}

			tx.Logs = append(tx.Logs, "Program "+program+" success")
			binary.BigEndian.PutUint64(tx.Signature[:], r.Uint64())
			n++
			if r.IntN(10) == 0 {
				held = append(held, tx)
			} else {
				b.Transactions = append(b.Transactions, tx)
			}
		}

		b.ChainTime = now
		for _, batch := range []market.Batch{b, {Transactions: held, ChainTime: now}} {
			if err := writer.Apply(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}

		held = nil
	}

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}

	return o
}

func marketIn(dir string) backend.Options {
	cfg := config.Default()
	cfg.Solana.Cluster = "mainnet"
	cfg.Server.Listen = "127.0.0.1:0"
	cfg.Metadata.Enabled = false
	return backend.Options{Config: cfg, DataDir: dir, Logger: slog.New(slog.DiscardHandler)}
}

// contents is all that a store answers with, as text, but for which candles were corrected: that tells how the events
// came.
func contents(t *testing.T, o backend.Options) (text []string, chain int64) {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, o.Config.Solana.Cluster)})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	add := func(what ...any) { text = append(text, fmt.Sprint(what...)) }
	if err := s.EventsAfter(market.Position{}, func(e *market.Event) error {
		add(e.Position, e.Signature, e.BlockTime, e.Provisional, e.Scale, e.Price, e.Owner, e.Kind(), reflect.ValueOf(e.Body).Elem())
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	if err := s.Orders(t.Context(), func(order *market.Order) error { add(*order); return nil }); err != nil {
		t.Fatal(err)
	}
	for n := range byte(6) {
		mint := market.Pubkey{1, 15: n}
		token, _, err := s.Token(mint)
		if err != nil {
			t.Fatal(err)
		}

		add(token.Created != nil, token.SwapFee, token.LatestPrice, token.LatestTradeTime, token.TotalSolAmount, token.TotalMarginSolAmount,
			token.TotalLiquidations, token.TotalCloseProfit, token.Trades, token.LastEventTime, token.CreatedPosition)
		for _, interval := range market.AllIntervals() {
			candles, err := s.CandlesBetween(mint, interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range candles {
				c.Corrected = false
				add(n, interval, c)
			}
		}
	}

	stats := s.Stats()
	add(stats.Kinds, stats.Total, stats.Candles, stats.Orders)
	if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}

	return text, s.ChainTime()
}

// corrected counts the candles that are marked as corrected.
func corrected(t *testing.T, o backend.Options) (count int) {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, o.Config.Solana.Cluster)})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	for n := range byte(6) {
		for _, interval := range market.AllIntervals() {
			candles, err := s.CandlesBetween(market.Pubkey{1, 15: n}, interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range candles {
				if c.Corrected {
					count++
				}
			}
		}
	}

	return count
}

func sameContents(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: record %d:\n got %s\nwant %s", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d records, want %d", what, len(got), len(want))
	}
}

func exported(t *testing.T, o backend.Options, format export.Format, mints ...market.Pubkey) offline.Recorded {
	t.Helper()
	from, to := export.Always()
	path := filepath.Join(t.TempDir(), "events."+string(format))
	if _, err := offline.Export(t.Context(), o.Offline(), export.Request{Kind: export.Events, Format: format, From: from, To: to, Mints: mints}, path, false, nil, nil); err != nil {
		t.Fatal(err)
	}
	return offline.Recorded{Path: path, Format: format}
}

func importFile(t *testing.T, o backend.Options, file offline.Recorded) offline.Imported {
	t.Helper()
	result, err := offline.Import(t.Context(), o.Offline(), file, func(offline.ImportProgress) {})
	if err != nil {
		t.Fatal(err)
	}
	verified(t, o)
	return result
}

func verified(t *testing.T, o backend.Options) {
	t.Helper()
	report, err := offline.Verify(t.Context(), o.Offline(), false, func(int, int) {})
	if err != nil || report.Differences > 0 {
		t.Fatal(report.Findings, err)
	}
}

// TestImportEqualsItsOrigin exports random markets in each format and imports them, twice, and mint by mint in a random
// order, and expects the origin's events, candles, orders, totals and counts.
func TestImportEqualsItsOrigin(t *testing.T) {
	for seed := range uint64(2) {
		origin := recordedMarket(t, seed, 1200)
		want, chain := contents(t, origin)
		for _, format := range export.ReadFormats() {
			copied := marketIn(t.TempDir())
			file := exported(t, origin, format)
			if result := importFile(t, copied, file); result.Stored < 1200 || int64(result.Stored) != result.Read {
				t.Fatalf("%+v", result)
			}

			got, at := contents(t, copied)
			sameContents(t, string(format), got, want)
			if late, n := corrected(t, origin), corrected(t, copied); late == 0 || n != 0 {
				t.Errorf("%d candles are corrected in the origin, where trades came late, and %d in the copy, where none did", late, n)
			}

			if at != chain {
				t.Errorf("chain time %d, want %d", at, chain)
			}
			if again := importFile(t, copied, file); again.Stored != 0 || again.Known == 0 {
				t.Fatalf("again: %+v", again)
			}

			got, _ = contents(t, copied)
			sameContents(t, string(format)+" again", got, want)
		}

		apart := marketIn(t.TempDir())
		for _, n := range rand.New(rand.NewPCG(seed, 2)).Perm(6) {
			importFile(t, apart, exported(t, origin, export.JSONL, market.Pubkey{1, 15: byte(n)}))
		}

		got, _ := contents(t, apart)
		sameContents(t, "mint by mint", got, want)
	}
}

// TestImportGoesOnWhereItWasEnded ends an import after each of its commits and repeats it.
func TestImportGoesOnWhereItWasEnded(t *testing.T) {
	origin := recordedMarket(t, 7, 4000)
	want, _ := contents(t, origin)
	file := exported(t, origin, export.JSONL)
	copied := marketIn(t.TempDir())
	ended := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		stored := int64(0)
		result, err := offline.Import(ctx, copied.Offline(), file, func(p offline.ImportProgress) {
			if !p.Reading && p.Done > 0 && p.Done > stored {
				if stored = p.Done; ended < 3 && p.Done >= int64(ended+1)*1000 {
					cancel()
				}
			}
		})
		cancel()
		verified(t, copied)
		if err == nil {
			if result.Known == 0 || result.Stored == 0 {
				t.Errorf("the last run: %+v", result)
			}
			break
		}

		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		ended++
	}

	if ended != 3 {
		t.Errorf("ended %d times", ended)
	}
	got, _ := contents(t, copied)
	sameContents(t, "after three ends", got, want)
}

// TestImportIntoAnOlderAndANewerMarket imports the middle of a market into a store with its beginning and its end.
func TestImportIntoAnOlderAndANewerMarket(t *testing.T) {
	origin := recordedMarket(t, 8, 1500)
	want, _ := contents(t, origin)
	whole, err := os.ReadFile(exported(t, origin, export.JSONL).Path)
	if err != nil {
		t.Fatal(err)
	}

	copied := marketIn(t.TempDir())
	parts := make([]strings.Builder, 3)
	for i, line := range strings.SplitAfter(string(whole), "\n") {
		parts[i%3].WriteString(line)
	}

	for i := range parts {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(parts[i].String()), 0o600); err != nil {
			t.Fatal(err)
		}
		importFile(t, copied, offline.Recorded{Path: path, Format: export.JSONL})
	}

	got, _ := contents(t, copied)
	sameContents(t, "line by line in three files", got, want)
}

func TestImportRefusals(t *testing.T) {
	origin := recordedMarket(t, 9, 60)
	file := exported(t, origin, export.JSONL)
	text, err := os.ReadFile(file.Path)
	if err != nil {
		t.Fatal(err)
	}

	lines := strings.Split(string(text), "\n")
	lines[4] = lines[4][:20]
	lines[9] = strings.Replace(lines[9], `"slot":`, `"slot":-`, 1)
	damaged := offline.Recorded{Path: filepath.Join(t.TempDir(), "damaged"), Format: export.JSONL}
	if err := os.WriteFile(damaged.Path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}

	copied := marketIn(t.TempDir())
	quiet := func(offline.ImportProgress) {}
	_, err = offline.Import(t.Context(), copied.Offline(), damaged, quiet)
	if !errors.Is(err, offline.ErrBadLines) || !strings.Contains(err.Error(), "line 5: ") || !strings.Contains(err.Error(), "line 10: slot") {
		t.Error(err)
	}

	if got, _ := contents(t, copied); len(got) > 10 {
		t.Error("something was stored of a refused file")
	}
	damaged.SkipBad = true
	if result := importFile(t, copied, damaged); result.BadLines != 2 || int(result.Read) != len(lines)-3 {
		t.Errorf("%+v", result)
	}

	demo := marketIn(t.TempDir())
	demo.Config.Solana.Cluster = "demo"
	if _, err := offline.Import(t.Context(), demo.Offline(), file, quiet); !errors.Is(err, offline.ErrDemo) {
		t.Error(err)
	}

	holder, err := store.Open(store.Options{Dir: filepath.Join(copied.DataDir, "mainnet")})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close() //nolint:errcheck // only held

	_, err = offline.Import(t.Context(), copied.Offline(), file, quiet)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Error("a store in use:", err)
	}
}
