package edge

import (
	"context"
	"errors"
	"testing"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// A replica that took another commit than the writer says so at the end of the run of 1,000 that it is of, and one that took the
// same ones does not.
func TestAReplicaThatDiffersIsFound(t *testing.T) {
	server, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "server", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()

	b, err := bus.Connect(t.Context(), bus.Options{URL: server.URL(), Name: "market", Node: "a", Replicas: 1, SyncChecked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()

	copyOf := func(wrong market.Seq) *store.Store {
		s, err := store.Open(store.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		for seq := market.Seq(1); seq <= 2*digestRun; seq++ {
			trade := &spinpet.BuySell{Mint: market.Pubkey{1}, IsBuy: true, TokenAmount: 1, SolAmount: 1, LatestPrice: market.U64(100)}
			if seq == wrong {
				trade.SolAmount = 2
			}
			e := market.Event{Position: market.Position{Slot: market.Slot(seq)}, BlockTime: 1, Scale: 28, Price: market.Price(market.U64(100)), Body: trade}
			e.Signature[0], e.Signature[1] = byte(seq>>8), byte(seq)
			if err := s.Commit(&market.Commit{Seq: seq, Events: []market.Event{e}}); err != nil {
				t.Fatal(err)
			}
		}

		return s
	}
	compare := func(s *store.Store, end market.Seq, writes bool, counts *Compared) (bool, error) {
		return compareRun(t.Context(), b, s, end, writes, counts)
	}

	writer, same, other := copyOf(0), copyOf(0), copyOf(digestRun+500)
	var counts Compared
	if done, err := compare(same, digestRun, false, &counts); done || err != nil || counts.Equal.Load() != 0 {
		t.Errorf("before the writer says what it has: %v, %v", done, err)
	}

	for _, end := range []market.Seq{digestRun, 2 * digestRun} {
		for i, s := range []*store.Store{writer, same, other} {
			done, err := compare(s, end, i == 0, &counts)
			if differs := i == 2 && end == 2*digestRun; differs != errors.Is(err, ErrDiffers) || done == differs {
				t.Errorf("store %d, up to commit %d: %v, %v", i, end, done, err)
			}
		}
	}

	if counts.Equal.Load() != 5 || counts.Differing.Load() != 1 {
		t.Errorf("%d equal, %d differ", counts.Equal.Load(), counts.Differing.Load())
	}
	if _, err := compare(other, 2*digestRun, true, &counts); !errors.Is(err, ErrDiffers) {
		t.Errorf("a writer that is another than the one before: %v", err)
	}

	// The whole way: runs that end from now on.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	ended := make(chan error, 2)
	var running Compared
	for i, s := range []*store.Store{writer, same} {
		go func() { ended <- Compare(ctx, b, s, i == 0, &running) }()
	}

	for seq := market.Seq(2*digestRun + 1); seq <= 3*digestRun; seq++ {
		for _, s := range []*store.Store{writer, same} {
			if err := s.Commit(&market.Commit{Seq: seq}); err != nil {
				t.Fatal(err)
			}
		}
	}

	polltest.Until(t, "both to be compared", func() bool { return running.Equal.Load() == 2 })
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
