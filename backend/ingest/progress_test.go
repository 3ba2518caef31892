package ingest_test

import (
	"context"
	"crypto/sha512"
	"encoding/binary"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// readBy are the addresses of coins.
type readBy map[market.Pubkey][]market.Pubkey

func (r readBy) Of(coin market.Pubkey) []market.Pubkey { return r[coin] }

func (r readBy) Coins(address market.Pubkey) (coins []market.Pubkey) {
	for coin, addresses := range r {
		if slices.Contains(addresses, address) {
			coins = append(coins, coin)
		}
	}
	return coins
}

// coinWriter is a writer over a store, with coins that are read by addresses of their own.
type coinWriter struct {
	*ingest.Ingest
	t     *testing.T
	store *store.Store
	n     uint64
}

func openCoinWriter(t *testing.T, dir string, addresses ingest.Addresses) *coinWriter {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	d := &coinWriter{t: t, store: opened, n: uint64(opened.State().Seq) * 1000}
	d.Ingest = ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, PriceDecimals: 28, Intervals: market.StoredIntervals(),
		Logger: slog.New(slog.DiscardHandler), Addresses: addresses,
	}, opened, ingest.Resume(opened.State()))
	if err := d.Recover(); err != nil {
		t.Fatal(err)
	}
	return d
}

// trade is a transaction in which a coin is bought.
func (d *coinWriter) trade(coin market.Pubkey, slot market.Slot, at int64) market.Transaction {
	d.n++
	line := spinpet.LogLine(&spinpet.BuySell{
		Mint: coin, IsBuy: true, TokenAmount: 1_000_000_000, SolAmount: 28, LatestPrice: market.U128{Hi: 15, Lo: 2_882_303_761_517_117_440},
	})
	id := spinpet.ProgramID.String()
	return market.Transaction{
		Signature: sha512.Sum512(binary.LittleEndian.AppendUint64(nil, d.n)), Slot: slot, Index: uint32(d.n), BlockTime: at, //nolint:gosec // small
		Logs: []string{"Program " + id + " invoke [1]", line, "Program " + id + " success"},
	}
}

func (d *coinWriter) apply(batch market.Batch) {
	d.t.Helper()
	if err := d.Apply(context.Background(), batch); err != nil {
		d.t.Fatal(err)
	}
}

// isFinal reports whether the coin's candle of a minute is closed.
func (d *coinWriter) isFinal(coin market.Pubkey, minute int64) bool {
	d.t.Helper()
	list, err := d.store.CandlesBetween(coin, market.M1, minute, minute)
	if err != nil || len(list) != 1 {
		d.t.Fatalf("%d candles, %v", len(list), err)
	}
	return list[0].Final
}

// reached is what the store knows of addresses.
func (d *coinWriter) reached() map[market.Pubkey]market.Reached {
	d.t.Helper()
	all := map[market.Pubkey]market.Reached{}
	if err := d.store.Reached(func(r *market.Reached) error { all[r.Address] = *r; return nil }); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// A coin's candles close when all of its addresses are complete, whatever the program's chain time is, and before and after
// a restart alike; the program's own do as ever. How far each address has come is stored, and is not the program's.
func TestCandlesCloseByTheirAddresses(t *testing.T) {
	const minute = 1_700_000_040 / 60 * 60
	program, coin, curve, pool := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{4}
	addresses, dir := readBy{coin: {curve, pool}}, t.TempDir()
	d := openCoinWriter(t, dir, addresses)
	ours := []market.Pubkey{spinpet.ProgramID}
	at := []market.Pubkey{curve}
	in := []market.Pubkey{pool}

	d.apply(market.Batch{Addresses: ours, Slot: 10, ChainTime: minute, Checkpoint: 7, Transactions: []market.Transaction{d.trade(program, 10, minute+1)}})
	d.apply(market.Batch{Addresses: at, Slot: 10, ChainTime: minute, Transactions: []market.Transaction{d.trade(coin, 10, minute+1)}})
	d.apply(market.Batch{Addresses: ours, Slot: 500, ChainTime: minute + 600})
	if !d.isFinal(program, minute) || d.isFinal(coin, minute) {
		t.Fatal("the program's chain time closes its own candles alone")
	}

	d.apply(market.Batch{Addresses: at, Slot: 500, ChainTime: minute + 600})
	if d.isFinal(coin, minute) {
		t.Fatal("closed by one of two addresses")
	}
	d.apply(market.Batch{Addresses: in, Slot: 300, ChainTime: minute + 59})
	if d.isFinal(coin, minute) {
		t.Fatal("closed before its end")
	}

	d.apply(market.Batch{Addresses: in, Slot: 310, ChainTime: minute + 70})
	if !d.isFinal(coin, minute) {
		t.Fatal("not closed by both")
	}
	d.apply(market.Batch{Addresses: in, Slot: 320, ChainTime: minute + 70, Transactions: []market.Transaction{d.trade(coin, 320, minute+75)}})
	if late := d.Counters().Late; late != 0 {
		t.Errorf("%d late: what the addresses bring is measured by their own chain time", late)
	}

	if got := d.reached(); got[curve].ChainTime != minute+600 || got[pool].ChainTime != minute+70 || got[curve].Checkpoint != 0 {
		t.Errorf("stored %+v", got)
	}
	d.apply(market.Batch{Addresses: at, Slot: 600, Checkpoint: 550, ChainTime: minute + 700})
	if got, of := d.reached()[curve], d.store.State(); got != (market.Reached{Address: curve, Slot: 600, ChainTime: minute + 700, Checkpoint: 550}) || of.Checkpoint == 550 {
		t.Errorf("stored %+v beside %+v", got, of)
	}

	gap := market.Gap{From: 3, To: 9, Cause: "x", Address: pool}
	d.apply(market.Batch{Addresses: in, Gaps: []market.Gap{gap, {From: 3, To: 9, Cause: "x"}}})

	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_ = d.store.Close()
	before := maps.Clone(addresses)
	d = openCoinWriter(t, dir, before)
	gaps, err := d.store.Gaps(t.Context(), nil, nil)
	if err != nil || len(gaps) != 2 || gaps[0].Address == gaps[1].Address || d.store.Stats().GapsOpen != 2 {
		t.Errorf("gaps %+v, %v", gaps, err)
	}

	if of, err := d.store.Gaps(t.Context(), &coin, nil); err != nil || len(of) != 1 || !of[0].Address.IsZero() {
		t.Errorf("gaps of the coin %+v, %v", of, err)
	}
	if d.isFinal(coin, minute+60) {
		t.Fatal("closed by the restart")
	}

	d.apply(market.Batch{Addresses: ours, Slot: 900, ChainTime: minute + 1000})
	d.apply(market.Batch{Addresses: at, Slot: 900, ChainTime: minute + 1000})
	if d.isFinal(coin, minute+60) {
		t.Fatal("closed by one of two addresses after the restart")
	}

	d.apply(market.Batch{Addresses: in, Slot: 330, ChainTime: minute + 90, Transactions: []market.Transaction{d.trade(coin, 330, minute+80)}})
	if d.isFinal(coin, minute+60) || d.Counters().Late != 0 {
		t.Fatalf("%d late", d.Counters().Late)
	}
	d.apply(market.Batch{Addresses: in, Slot: 900, ChainTime: minute + 120})
	if !d.isFinal(coin, minute+60) {
		t.Fatal("not closed by both after the restart")
	}

	gap.State = market.GapFilled
	d.apply(market.Batch{Addresses: in, Gaps: []market.Gap{gap}})
	if n := d.store.Stats().GapsOpen; n != 1 {
		t.Errorf("%d open gaps", n)
	}
}
