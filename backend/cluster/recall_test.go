package cluster

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// everyCoin has all coins of a launchpad followed.
type everyCoin struct{ world *launchpad.World }

func (e everyCoin) Follows(market.Pubkey) bool { return true }

func (e everyCoin) At(place market.Pubkey) (market.Place, bool) {
	for _, c := range e.world.Coins() {
		if c.Pool == place {
			at, err := pumpswap.Pool{BaseMint: c.Mint, QuoteMint: c.Quote, BaseDecimals: 6, QuoteDecimals: c.QuoteDecimals}.Place()
			return at, err == nil
		}
	}
	return market.Place{}, false
}

// fill stores a launchpad's transactions and, between them, those of a token of the program's; two in each slot.
func fill(t *testing.T, s *store.Store) *launchpad.World {
	t.Helper()
	world, err := launchpad.New(launchpad.Config{Seed: 3, Coins: 4, Truncated: 0.5, Derive: solana.ProgramAddress})
	if err != nil {
		t.Fatal(err)
	}

	in := ingest.New(ingest.Config{
		Programs: registry.At(spinpet.ProgramID, true), Intervals: market.AllIntervals(), Logger: slog.New(slog.DiscardHandler), Coins: everyCoin{world},
	}, s, ingest.Resume{})
	if err := in.Recover(); err != nil {
		t.Fatal(err)
	}

	id := spinpet.ProgramID.String()
	token := &spinpet.BuySell{Mint: market.Pubkey{9}, Payer: market.Pubkey{8}, IsBuy: true, TokenAmount: 1_000_000, SolAmount: 28, LatestPrice: market.U64(279_589_935)}
	var batch market.Batch
	for n := range 6000 {
		happened := world.Next(float64(1_790_000_000 + n))
		slot, now := market.Slot(100+n/2), int64(1_790_000_000+n/2)
		tx := happened.Delivered(n, slot, now)
		if n%17 == 0 { // it names both
			tx.Logs = append(tx.Logs, "Program "+id+" invoke [1]", spinpet.LogLine(token), "Program "+id+" success")
		}
		if !happened.Failed {
			batch.Transactions = append(batch.Transactions, tx)
		}
	}

	if err := in.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}

	return world
}

// TestRecall compares what is recalled of each address with all that is stored: every transaction that names it, with all
// addresses that it names, in order, and one before.
func TestRecall(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's

	world := fill(t, s)
	source := NewSource(Options{Config: &config.Solana{ProgramID: spinpet.ProgramID.String()}, Store: s, Logger: slog.New(slog.DiscardHandler)})
	addresses := []market.Pubkey{spinpet.ProgramID}
	coins := map[market.Pubkey]program.Coin{}
	for i, c := range world.Coins() {
		coin, known := source.Known(c.Mint)
		if !known || coin.Curve != c.Curve || coin.Pool != c.Pool {
			t.Fatalf("%+v is known as %+v (%t)", c, coin, known)
		}
		if i == 0 {
			continue // nobody follows it any more
		}

		if err := source.Follow(coin); err != nil {
			t.Fatal(err)
		}
		coins[c.Mint] = coin
		addresses = append(addresses, coin.Addresses()...)
	}

	var all []market.Transaction
	err = s.EventsAfter(market.Position{}, func(e *market.Event) error {
		if last := len(all) - 1; last < 0 || all[last].Signature != e.Signature {
			all = append(all, market.Transaction{Signature: e.Signature, Slot: e.Slot, Index: e.Index})
		}
		tx := &all[len(all)-1]
		address := spinpet.ProgramID
		if e.Program() != registry.First {
			coin, followed := coins[e.Mint()]
			if !followed {
				return nil
			}
			address = coin.AddressOf(e.Program())
		}

		if !slices.Contains(tx.Addresses, address) {
			tx.Addresses = append(tx.Addresses, address)
		}
		return nil
	})
	if err != nil || len(all) < 4000 {
		t.Fatalf("%d transactions (%v)", len(all), err)
	}

	r := rand.New(rand.NewPCG(1, 2))
	recalled := 0
	for range 400 {
		address := addresses[r.IntN(len(addresses))]
		from := market.Slot(90 + r.IntN(3100)) //nolint:gosec // small
		to := from + market.Slot(r.IntN(200))  //nolint:gosec // small
		var want []market.Transaction
		for _, tx := range all {
			switch {
			case !slices.Contains(tx.Addresses, address):
			case tx.Slot < from && len(want) == 0:
				want = append(want, tx)
			case tx.Slot < from:
				want[0] = tx
			case tx.Slot <= to:
				want = append(want, tx)
			}
		}

		var got []market.Transaction
		limit := r.IntN(60) + 1
		err := source.recall(context.Background(), address, from, to, func(tx market.Transaction) bool {
			if tx.Addresses == nil {
				tx.Addresses = []market.Pubkey{spinpet.ProgramID}
			}
			if slices.Contains(tx.Addresses, address) {
				got = append(got, tx)
			}
			return len(got) < limit
		})
		want = want[:min(len(want), limit)]
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s, slots %d to %d: %d recalled, %d stored (%v)", address, from, to, len(got), len(want), err)
		}

		for i := range want {
			same := len(got[i].Addresses) == len(want[i].Addresses)
			for _, a := range want[i].Addresses {
				same = same && slices.Contains(got[i].Addresses, a)
			}
			if got[i].Signature != want[i].Signature || got[i].Slot != want[i].Slot || got[i].Index != want[i].Index || !same {
				t.Fatalf("%s, slots %d to %d, %d: %+v, stored is %+v", address, from, to, i, got[i], want[i])
			}
		}

		recalled += len(got)
	}

	if recalled < 2000 {
		t.Errorf("%d recalled: too few to say anything", recalled)
	}
}
