package backend

import (
	"log/slog"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// TestFollowersHearOfRecovery opens a store that nobody stopped: nothing is committed before the followers are there, and
// each of them gets what recovery commits.
func TestFollowersHearOfRecovery(t *testing.T) {
	dir := t.TempDir()
	b := New(Options{Config: config.Default(), DataDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	compose := func() (opened *store.Store, events *hub.Hub, recoverStore func() error, write func(market.Batch) error) {
		opened, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		events = hub.New(hub.Options{})
		from := b.newSource(opened)
		in, err := b.newListener(opened, from, events.Publish, nil)
		if err != nil {
			t.Fatal(err)
		}

		if _, err := b.newWeb(opened, events, in, from, nil, nil); err != nil {
			t.Fatal(err)
		}
		return opened, events, in.Recover, func(batch market.Batch) error { return in.Write(t.Context(), batch) }
	}

	opened, _, recoverStore, write := compose()
	if err := recoverStore(); err != nil {
		t.Fatal(err)
	}
	program := spinpet.ProgramID.String()
	trade := market.Transaction{Signature: market.Signature{1}, Slot: 1000, BlockTime: 1_800_000_000, Logs: []string{
		"Program " + program + " invoke [1]",
		spinpet.LogLine(&spinpet.BuySell{Payer: market.Pubkey{1}, Mint: market.Pubkey{2}, IsBuy: true, TokenAmount: 1_000_000_000, SolAmount: 27_960, LatestPrice: market.U128{Hi: 15}}),
		"Program " + program + " success",
	}}
	for range 2 { // with the first one the open candles become durable
		trade.Signature[0]++
		trade.Slot++
		trade.BlockTime++
		if err := write(market.Batch{Transactions: []market.Transaction{trade}, ChainTime: trade.BlockTime}); err != nil {
			t.Fatal(err)
		}
	}

	if err := opened.Close(); err != nil { // the writer is not: its open candles are in memory only
		t.Fatal(err)
	}

	opened, events, recoverStore, _ := compose()
	defer opened.Close() //nolint:errcheck // nothing more is written

	before := opened.Seq()
	if before == 0 || events.Seq() != 0 {
		t.Fatalf("the store is at %d, %d was published", before, events.Seq())
	}
	if err := recoverStore(); err != nil {
		t.Fatal(err)
	}

	stats := events.Stats()
	if opened.Seq() == before || stats.Seq != opened.Seq() || len(stats.Subscribers) != 4 {
		t.Fatalf("the store is at %d, before at %d: %+v", opened.Seq(), before, stats)
	}
	for _, reader := range stats.Subscribers {
		if reader.Pending == 0 {
			t.Errorf("%s was told of nothing", reader.Name)
		}
	}
}
