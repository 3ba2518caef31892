package ingest_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// TestANodeWithoutInnerInstructions reads coins from a node that cuts logs and keeps no inner instructions: each such transaction is
// a gap that names it, however often it is shown, and nothing of it is stored. Where another node has the inner instructions the
// gaps are filled, and every event is there, once.
func TestANodeWithoutInnerInstructions(t *testing.T) {
	world, err := launchpad.New(launchpad.Config{Seed: 5, Coins: 4, Truncated: 1, Derive: solana.ProgramAddress})
	if err != nil {
		t.Fatal(err)
	}
	coins := followed{}
	var whole, bare []market.Transaction
	cut := map[market.Signature]bool{}
	for n := range 9000 {
		happened := world.Next(float64(1_790_000_000 + n))
		if c := happened.Created; c != nil {
			coins[c.Mint] = *c
		}
		if happened.Failed {
			continue
		}
		tx := happened.Delivered(n, market.Slot(1000+n/100), int64(1_790_000_000+n/100))
		tx.Addresses = []market.Pubkey{{77}} // not SpinPet, which tells its events in the log alone
		whole = append(whole, tx)
		if happened.Cut {
			cut[tx.Signature] = true
			tx.Inner = nil
		}
		bare = append(bare, tx)
	}
	if len(cut) < 2 {
		t.Fatalf("%d logs are cut: too few to say anything", len(cut))
	}

	reopened := func(s *store.Store) *ingest.Ingest {
		in := ingest.New(ingest.Config{
			Programs: registry.At(spinpet.ProgramID, true), Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler), Coins: coins,
		}, s, ingest.Resume(s.State()))
		if err := in.Recover(); err != nil {
			t.Fatal(err)
		}
		return in
	}
	open := func() (*store.Store, *ingest.Ingest) {
		s, err := store.Open(store.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s, reopened(s)
	}
	give := func(in *ingest.Ingest, txs []market.Transaction) {
		t.Helper()
		apply(t, in, &market.Batch{Transactions: slices.Clone(txs), Addresses: []market.Pubkey{{77}}})
	}
	events := func(s *store.Store) (list []string) {
		t.Helper()
		err := s.SlotEvents(0, 1<<40, func(e *market.Event) error {
			list = append(list, e.Signature.String()+e.Body.Kind().String()+string(rune('0'+e.Ordinal%64)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(list)
		return list
	}
	gaps := func(s *store.Store) (named map[market.Signature]bool) {
		t.Helper()
		list, err := s.Gaps(t.Context(), nil, new(market.GapUnfillable))
		if err != nil {
			t.Fatal(err)
		}
		named = map[market.Signature]bool{}
		for i := range list {
			signature, ok := ingest.TruncatedIn(&list[i])
			if !ok || !strings.Contains(list[i].Cause, "log truncated") || named[signature] {
				t.Errorf("%+v", list[i])
			}
			named[signature] = true
		}
		return named
	}

	right, in := open()
	give(in, whole)
	want := events(right)
	if n := len(gaps(right)); n > 0 {
		t.Fatalf("%d gaps where nothing is missing", n)
	}

	s, in := open()
	give(in, bare)
	first := events(s)
	give(in, bare)
	if named := gaps(s); len(named) != len(cut) || len(first) >= len(want) || !slices.Equal(events(s), first) {
		t.Fatalf("%d gaps of %d cut logs; %d events of %d, %d when they were shown again", len(named), len(cut), len(first), len(want), len(events(s)))
	}

	// A gap is one gap when the transaction is shown again after a restart, and when it is long past.
	in = reopened(s)
	give(in, bare)
	give(in, []market.Transaction{{Slot: 4000, BlockTime: 1_790_000_500, Addresses: []market.Pubkey{{77}}}})
	give(in, bare)
	if named := gaps(s); len(named) != len(cut) {
		t.Errorf("%d gaps of %d cut logs after a restart", len(named), len(cut))
	}
	for signature := range gaps(s) {
		if !cut[signature] {
			t.Errorf("%s is whole, and a gap", signature)
		}
	}
	for _, event := range first {
		for signature := range cut {
			if strings.HasPrefix(event, signature.String()) {
				t.Errorf("%s is stored", event)
			}
		}
	}

	give(in, whole)
	give(in, bare) // the first node once more
	if got := events(s); len(gaps(s)) > 0 || !slices.Equal(got, want) {
		t.Errorf("%d gaps are left; %d events, want %d", len(gaps(s)), len(got), len(want))
	}

	// What was stored whole is so after a restart too, and when it is long past, whatever the first node shows then.
	in = reopened(s)
	give(in, bare)
	if got := events(s); len(gaps(s)) > 0 || !slices.Equal(got, want) {
		t.Errorf("after a restart: %d gaps; %d events, want %d", len(gaps(s)), len(got), len(want))
	}
	give(in, []market.Transaction{{Slot: 5000, BlockTime: 1_790_001_000, Addresses: []market.Pubkey{{77}}}})
	give(in, bare)
	if got := events(s); len(gaps(s)) > 0 || !slices.Equal(got, want) {
		t.Errorf("long past: %d gaps; %d events, want %d", len(gaps(s)), len(got), len(want))
	}
}
