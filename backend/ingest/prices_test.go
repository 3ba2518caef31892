package ingest_test

import (
	"context"
	"log/slog"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// TestBrokenPriceChain leaves a trade out and expects one question after a few slots, none for a whole chain, for a jump
// by a liquidation, or for another break soon after.
func TestBrokenPriceChain(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's

	asked := 0
	in := ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
		Recheck: func() { asked++ },
	}, s, ingest.Resume{})
	if err := in.Recover(); err != nil {
		t.Fatal(err)
	}

	l := newLedger(1)
	mint, user := l.mints[0], l.users[0]
	curve, err := spinpet.FreshCurve(28)
	if err != nil {
		t.Fatal(err)
	}

	slot := market.Slot(100)
	trade := func() market.Body {
		const tokens = 5_000_000_000_000
		next, lamports, err := curve.Move(tokens, true)
		if err != nil {
			t.Fatal(err)
		}
		curve = next
		return &spinpet.BuySell{Payer: user, Mint: mint, IsBuy: true, TokenAmount: tokens, SolAmount: lamports, LatestPrice: next.Raw()}
	}
	apply := func(bodies ...market.Body) {
		t.Helper()
		slot++
		program := spinpet.ProgramID.String()
		now := 1_752_300_000 + int64(slot)*2/5
		tx := market.Transaction{Signature: l.signature(), Slot: slot, BlockTime: now}
		tx.Logs = append(tx.Logs, "Program "+program+" invoke [1]")
		for _, body := range bodies {
			tx.Logs = append(tx.Logs, spinpet.LogLine(body))
		}

		tx.Logs = append(tx.Logs, "Program "+program+" success")
		if err := in.Apply(context.Background(), market.Batch{Transactions: []market.Transaction{tx}, Slot: slot, ChainTime: now}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, breaks uint64, questions int) {
		t.Helper()
		c := in.Counters()
		if c.Breaks != breaks || asked != questions || c.Rechecks != uint64(questions) {
			t.Fatalf("%s: %d breaks and %d questions (%d counted), want %d and %d", what, c.Breaks, asked, c.Rechecks, breaks, questions)
		}
	}
	for range 5 {
		apply(trade())
	}

	expect("a whole chain", 0, 0)
	trade()
	apply(&spinpet.ForceLiquidate{Payer: user, Mint: mint, Order: l.key()}, trade())
	expect("a liquidation", 0, 0)
	trade()
	apply(trade())
	expect("a break", 1, 0)
	for range 6 {
		apply(trade())
	}

	expect("a few slots later", 1, 1)
	trade()
	for range 8 {
		apply(trade())
	}

	expect("a second break soon after", 2, 1)
	for range 20 {
		apply(trade())
	}
	expect("when it is time again", 2, 2)
}
