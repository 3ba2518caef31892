package backend_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

func init() { registry.Add(programtest.Toy{}) }

// TestAFurtherProgram takes the events of a program that only the tests know from log lines to the store, to candles, to
// what is sent, to files and back by import. SpinPet's own are beside them, in the same transactions.
func TestAFurtherProgram(t *testing.T) {
	o, swaps, mints := toyMarket(t)
	text, _ := toyContents(t, o, mints)

	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "mainnet")})
	if err != nil {
		t.Fatal(err)
	}
	found, spins := 0, 0
	err = s.EventsAfter(market.Position{}, func(e *market.Event) error {
		if e.Program() == spinpet.Program {
			spins++
			return nil
		}

		want := swaps[found]
		found++
		if !reflect.DeepEqual(e.Body, market.Body(want)) || e.Owner != want.User || e.Scale != 2 || e.Ordinal < 0x7000 {
			t.Errorf("%+v %+v, want %+v", e, e.Body, want)
		}

		price, err := market.RatioPrice(market.U64(want.QuoteReserve), market.U64(want.Reserve), 2, 3)
		if err != nil || e.Price != price {
			t.Errorf("price %s, want %s (%v)", e.Price, price, err)
		}

		var sent map[string]any
		answer, _ := json.Marshal(wire.NewEvent(e))
		if err := json.Unmarshal(answer, &sent); err != nil {
			t.Fatal(err)
		}

		if sent["event_type"] != "Swap" || sent["program"] != "toy" || sent["mint_account"] != want.Mint.String() || sent["price_exact"] != price.String() {
			t.Errorf("sent %s", answer)
		}
		return nil
	})
	if err != nil || found != len(swaps) || spins == 0 {
		t.Fatalf("%d of %d events, %d beside them (%v)", found, len(swaps), spins, err)
	}

	stats := s.Stats()
	if n := stats.Kinds.Of(market.KindOf(programtest.ToyProgram, 1)); n != uint64(found) || stats.Total != uint64(found+spins) {
		t.Errorf("counted %d of %d, %d of %d", n, found, stats.Total, found+spins)
	}
	if candles, err := s.CandlesBetween(mints[0], market.M1, 0, 1<<40); err != nil || len(candles) < 3 {
		t.Errorf("%d candles (%v)", len(candles), err)
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	verified(t, o)

	for _, format := range export.ReadFormats() {
		file := exported(t, o, format)
		copied := marketIn(t.TempDir())
		if result := importFile(t, copied, file); result.BadLines != 0 || int(result.Stored) == 0 {
			t.Errorf("%s: %+v", format, result)
		}

		if got, _ := toyContents(t, copied, mints); !reflect.DeepEqual(got, text) {
			t.Errorf("%s: what was imported differs from what was exported", format)
		}
		if format == export.CSV {
			header, _, _ := strings.Cut(readText(t, file.Path), "\n")
			if !strings.Contains(header, "provisional,program,payer,") || !strings.Contains(header, "uri,base_amount,base_reserve,quote_reserve,from_slot") {
				t.Errorf("header %s", header)
			}
		}
	}
}

// TestAMarketOfOneProgram is exported as ever: what others would need is not in its files.
func TestAMarketOfOneProgram(t *testing.T) {
	file := exported(t, recordedMarket(t, 5, 30), export.CSV)
	if header, _, _ := strings.Cut(readText(t, file.Path), "\n"); strings.Contains(header, "program") || strings.Contains(header, "base_reserve") {
		t.Errorf("header %s", header)
	}
}

// TestUnknownProgramIsSaid imports a row of a program that this build does not understand.
func TestUnknownProgramIsSaid(t *testing.T) {
	o, _, _ := toyMarket(t)
	file := exported(t, o, export.JSONL)
	text := strings.Replace(readText(t, file.Path), `"program":"toy"`, `"program":"later"`, 1)
	if err := os.WriteFile(file.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file.SkipBad = true
	if result := importFile(t, marketIn(t.TempDir()), file); result.BadLines != 1 {
		t.Errorf("%+v", result)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// toyMarket is a market of both programs; the swaps are in chain order.
func toyMarket(t *testing.T) (o backend.Options, swaps []*programtest.Swap, mints []market.Pubkey) {
	t.Helper()
	o = marketIn(t.TempDir())
	dir := filepath.Join(o.DataDir, "mainnet")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}

	opened, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	writer := ingest.New(ingest.Config{
		Programs: registry.At(spinpet.ProgramID, false), Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
	}, opened, ingest.Resume{})
	if err := writer.Recover(); err != nil {
		t.Fatal(err)
	}

	r := rand.New(rand.NewPCG(3, 4))
	mints = []market.Pubkey{{1, 1}, {1, 2}, {1, 3}}
	now := int64(1_760_000_000)
	var batch market.Batch
	for n := range 60 {
		now += r.Int64N(30)
		tx := market.Transaction{Slot: market.Slot(1000 + n), Index: uint32(n), BlockTime: now, Provisional: r.IntN(9) == 0}
		binary.BigEndian.PutUint64(tx.Signature[:], r.Uint64())
		if r.IntN(3) == 0 {
			tx.Logs = append(tx.Logs, "Program "+spinpet.ProgramID.String()+" invoke [1]",
				spinpet.LogLine(&spinpet.BuySell{
					Payer: market.Pubkey{9}, Mint: mints[2], IsBuy: true, TokenAmount: 1_000_000_000, SolAmount: 27_960,
					LatestPrice: market.U128{Lo: 2_795_899_347_623_485_554},
				}), "Program "+spinpet.ProgramID.String()+" success")
		}

		var own []*programtest.Swap
		for range 1 + r.IntN(3) {
			own = append(own, &programtest.Swap{
				Mint: mints[r.IntN(2)], User: market.Pubkey{3, byte(r.IntN(3))}, Base: 1 + r.Uint64N(1e6),
				Reserve: 1e9 + r.Uint64N(1e9), QuoteReserve: 1e6 + r.Uint64N(1e6), Buys: r.IntN(2) == 0,
			})
		}

		tx.Logs = append(tx.Logs, programtest.ToyLogs(own...)...)
		swaps = append(swaps, own...)
		batch.Transactions = append(batch.Transactions, tx)
	}

	batch.ChainTime = now
	if err := writer.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	return o, swaps, mints
}

// toyContents is what a store holds, as text.
func toyContents(t *testing.T, o backend.Options, mints []market.Pubkey) (text []string, events int) {
	t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "mainnet")})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	add := func(what ...any) { text = append(text, fmt.Sprint(what...)) }
	if err := s.EventsAfter(market.Position{}, func(e *market.Event) error {
		events++
		add(e.Position, e.Signature, e.BlockTime, e.Provisional, e.Scale, e.Price, e.Owner, e.Kind(), reflect.ValueOf(e.Body).Elem())
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	for _, mint := range mints {
		token, _, err := s.Token(mint)
		if err != nil {
			t.Fatal(err)
		}
		add(token)
		for _, interval := range market.AllIntervals() {
			candles, err := s.CandlesBetween(mint, interval, 0, 1<<40)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range candles {
				c.Corrected = false
				add(mint, interval, c)
			}
		}
	}

	return text, events
}
