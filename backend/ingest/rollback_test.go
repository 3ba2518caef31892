package ingest_test

import (
	"context"
	"errors"
	"testing"

	"spinscope/backend/market"
)

// TestStopWhileTakingBack ends the context while thousands of events are taken back, or moved: the commit under way is
// finished, no other begins, none is large, and the next run takes back the rest.
func TestStopWhileTakingBack(t *testing.T) {
	for _, how := range []string{"rolled back", "moved"} {
		t.Run(how, func(t *testing.T) {
			const limit = 12 // the bench's commits
			l := newLedger(11)
			l.grow(300)
			b := &bench{t: t, dir: t.TempDir()}
			b.open()
			b.apply(market.Batch{Transactions: l.txs})
			b.stop(true)

			batch := market.Batch{Checkpoint: 1 << 40}
			for i := range l.txs {
				if how == "rolled back" {
					batch.RolledBack = append(batch.RolledBack, l.txs[i].Signature)
					continue
				}
				tx := l.txs[i]
				tx.Index++
				tx.BlockTime++
				batch.Transactions = append(batch.Transactions, tx)
			}

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()

			b.open()
			b.published = nil
			b.read = func() {
				if len(b.published) == 2 {
					cancel()
				}
			}
			if err := b.writer.Apply(ctx, batch); !errors.Is(err, context.Canceled) {
				t.Fatalf("Apply = %v", err)
			}

			_ = b.writer.Flush() // the last commit may still be under way
			removed := 0
			for _, c := range b.published {
				removed += len(c.Removed)
				if len(c.Removed) > 5*limit { // a transaction has a few events
					t.Errorf("a commit takes %d events back", len(c.Removed))
				}
			}

			if n := len(b.published); n < 2 || n > 4 || removed == 0 {
				t.Errorf("%d commits, %d events taken back", n, removed)
			}
			if at := b.store.State().Checkpoint; at == batch.Checkpoint {
				t.Error("the checkpoint moved past what was not taken in")
			}

			b.read = nil
			b.stop(true)

			b.open()
			defer func() { b.stop(true) }()

			if err := b.writer.Apply(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			left := 0
			if err := b.store.EventsAfter(market.Position{}, func(*market.Event) error { left++; return nil }); err != nil {
				t.Fatal(err)
			}

			if (left == 0) != (how == "rolled back") {
				t.Errorf("%d events are left", left)
			}
		})
	}
}
