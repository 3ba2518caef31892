package ingest_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// kept is a writer over a store that keeps some days only.
type kept struct {
	*store.Store
	writer *ingest.Ingest
}

func keep(t *testing.T, dir string, days int) kept {
	t.Helper()
	s, err := store.Open(store.Options{Dir: dir, RetentionDays: days})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at := s.State()
	writer := ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler), Horizon: s.Horizon,
	}, s, ingest.Resume(at))
	if err := writer.Recover(); err != nil {
		t.Fatal(err)
	}
	return kept{s, writer}
}

// TestRetentionChangesNothingThatStays writes the same market into a store that keeps two days and into one that keeps
// all, with late trades, rollbacks, closes of old orders and a restart, and expects the same of what both hold.
func TestRetentionChangesNothingThatStays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	dir := t.TempDir()
	short, all := keep(t, dir, 2), keep(t, t.TempDir(), 0)
	const day = 86_400
	now, slot := int64(20_000)*day+1000, market.Slot(1000)
	mints := []market.Pubkey{{1}, {2}, {3}, {4}}
	users := []market.Pubkey{{90}, {91}}
	var orders []market.Pubkey
	apply := func(b market.Batch) {
		for _, k := range []kept{short, all} {
			if err := k.writer.Apply(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	trade := func(at market.Slot, time int64, mint market.Pubkey) market.Transaction {
		tokens := 1_000_000_000 + r.Uint64N(1_000_000_000)
		price := market.U128{Hi: 10 + r.Uint64N(10), Lo: r.Uint64()}
		sol := uint64(market.Price(price).Float()*float64(tokens)*1e3) + 1
		closing := spinpet.Close{Payer: users[0], Mint: mint, IsCloseLong: true, FinalTokenAmount: tokens, FinalSolAmount: sol, UserCloseProfit: 7, LatestPrice: price}
		var body market.Body = &spinpet.BuySell{Payer: users[0], Mint: mint, IsBuy: r.IntN(2) == 0, TokenAmount: tokens, SolAmount: sol, LatestPrice: price}
		switch n := r.IntN(8); {
		case n == 0:
			order := market.Pubkey{200}
			binary.BigEndian.PutUint64(order[8:], uint64(at))
			copy(order[16:], mint[:1])
			orders = append(orders, order)
			body = &spinpet.LongShort{Payer: users[0], Mint: mint, Order: order, LatestPrice: price, Terms: market.Terms{
				OrderType: market.OrderLong, Mint: mint, User: users[1], BorrowAmount: sol, PositionAssetAmount: tokens, MarginSolAmount: 5,
			}}
		case n == 1 && len(orders) > 0:
			closing.Order = orders[r.IntN(len(orders))]
			closing.Mint = market.Pubkey{closing.Order[16]}
			body = &spinpet.FullClose{Close: closing}
		case n == 2 && len(orders) > 0:
			order := orders[r.IntN(len(orders))]
			body = &spinpet.ForceLiquidate{Payer: users[0], Mint: market.Pubkey{order[16]}, Order: order}
		}

		program := spinpet.ProgramID.String()
		tx := market.Transaction{Slot: at, BlockTime: time, Logs: []string{
			"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success",
		}}
		binary.BigEndian.PutUint64(tx.Signature[:], r.Uint64())
		return tx
	}
	var recent []market.Signature
	for batch := range 120 {
		var b market.Batch
		for range 12 {
			slot += 2
			now += r.Int64N(1200)
			mint := mints[r.IntN(4)]
			if batch > 20 && mint == mints[3] {
				mint = mints[0] // the last one falls silent
			}
			b.Transactions = append(b.Transactions, trade(slot, now, mint))
			recent = append(recent, b.Transactions[len(b.Transactions)-1].Signature)
		}

		b.ChainTime, b.Slot = now, slot
		apply(b)
		if late := now - r.Int64N(day+now%day); late > short.Horizon() { // a trade of today or yesterday that was missed
			apply(market.Batch{Transactions: []market.Transaction{trade(slot-2*market.Slot((now-late)/600)-1, late, mints[r.IntN(3)])}})
		}

		if r.IntN(5) == 0 {
			apply(market.Batch{RolledBack: []market.Signature{recent[len(recent)-1-r.IntN(10)]}})
		}
		if r.IntN(10) == 0 {
			retain(t, short)
		}

		if batch == 70 { // as after a crash: the writer is not closed
			if err := short.Close(); err != nil {
				t.Fatal(err)
			}
			short = keep(t, dir, 2)
		}
	}

	retain(t, short)
	horizon := short.Horizon()
	if want := now - now%day - 2*day; horizon != want {
		t.Fatalf("horizon %d, want %d", horizon, want)
	}

	before := all.Stats()
	for _, k := range []kept{short, all} { // what retention deleted does not come back
		if err := k.writer.Apply(t.Context(), market.Batch{Transactions: []market.Transaction{trade(1, 20_000*day, mints[0])}}); err != nil {
			t.Fatal(err)
		}
	}

	if got := all.Stats(); got.Total != before.Total+1 || short.writer.Counters().Expired == 0 {
		t.Fatal(got.Total, before.Total, short.writer.Counters())
	}
	if deleted := all.Stats().Total - short.Stats().Total; deleted < 300 {
		t.Fatalf("%d events deleted", deleted)
	}

	for _, mint := range mints {
		compareKept(t, short, all, mint, horizon)
	}
	for _, order := range orders {
		got, found, err := short.Order(order)
		want, known, _ := all.Order(order)
		if err != nil || found != known || got != want {
			t.Fatalf("order %v: %+v, want %+v (%v)", order, got, want, err)
		}
	}
}

func retain(t *testing.T, k kept) {
	t.Helper()
	if err := k.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if problems, err := k.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
}

func compareKept(t *testing.T, short, all kept, mint market.Pubkey, horizon int64) {
	t.Helper()
	for _, interval := range market.AllIntervals() {
		got, err := short.CandlesBetween(mint, interval, horizon, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		want, err := all.CandlesBetween(mint, interval, horizon, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}

		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s candles of %v differ above the horizon: %d and %d", interval, mint[0], len(got), len(want))
		}
		older, err := short.Candles(context.Background(), mint, interval, store.CandleQuery{From: math.MinInt64, To: horizon - 1, Limit: 5})
		if err != nil || older.Total != 1 {
			t.Fatalf("%d %s candles below the horizon, %v", older.Total, interval, err)
		}
	}

	events := map[market.Position]market.Pubkey{}
	sum, err := short.Pruned(mint)
	if err != nil {
		t.Fatal(err)
	}

	if err := short.MintEvents(mint, market.Position{}, func(e *market.Event) error {
		events[e.Position] = e.Owner
		if trade, ok := e.Trade(); ok {
			sum.Trades++
			sum.TotalSolAmount = sum.TotalSolAmount.Add(market.U64(trade.Quote))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	token, _, err := short.Token(mint)
	if err != nil || token.Trades != sum.Trades || token.TotalSolAmount != sum.TotalSolAmount {
		t.Fatalf("totals %d %v, events and deleted ones %d %v (%v)", token.Trades, token.TotalSolAmount, sum.Trades, sum.TotalSolAmount, err)
	}
	if err := all.MintEvents(mint, market.Position{}, func(e *market.Event) error {
		owner, found := events[e.Position]
		if e.BlockTime >= horizon && !found || found && owner != e.Owner {
			t.Fatalf("%s at %v: kept %v, owner %v, want %v", e.Kind(), e.Position, found, owner, e.Owner)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	whole, _, _ := all.Token(mint)
	if mint != (market.Pubkey{1}) && (whole.LatestPrice != token.LatestPrice || whole.Trades != token.Trades) {
		t.Fatalf("token %+v, want %+v", token, whole)
	}
}
