package ingest_test

import (
	"slices"
	"testing"

	"spinscope/backend/market"
)

// TestPlacesThatWereTaken delivers a slot as a source does that sees a fork: a transaction that will be rolled back
// stands where another belongs, which the source names once and never again.
func TestPlacesThatWereTaken(t *testing.T) {
	for _, test := range []struct {
		name    string
		batches func(l *ledger, ghost market.Transaction) []market.Batch
	}{
		{"the ghost goes later", func(l *ledger, ghost market.Transaction) []market.Batch {
			return []market.Batch{
				{Transactions: []market.Transaction{ghost, l.txs[1], l.txs[2]}},
				{Transactions: []market.Transaction{l.txs[0]}}, // finds its place taken, and the next ones
				{RolledBack: []market.Signature{ghost.Signature}},
			}
		}},
		{"at once", func(l *ledger, ghost market.Transaction) []market.Batch {
			return []market.Batch{
				{Transactions: []market.Transaction{ghost, l.txs[1], l.txs[2]}},
				{Transactions: []market.Transaction{l.txs[0]}, RolledBack: []market.Signature{ghost.Signature}},
			}
		}},
		{"two displaced", func(l *ledger, ghost market.Transaction) []market.Batch {
			return []market.Batch{
				{Transactions: []market.Transaction{ghost, l.txs[2]}},
				{Transactions: []market.Transaction{l.txs[0]}},
				{Transactions: []market.Transaction{l.txs[1]}}, // finds the other displaced one in its place
				{RolledBack: []market.Signature{ghost.Signature}},
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLedger(8)
			l.grow(60)
			for i := range l.txs[:3] {
				l.txs[i].Slot, l.txs[i].Index, l.txs[i].BlockTime = 900, uint32(i), l.txs[0].BlockTime
			}

			ghost := l.ghost(l.txs[0])
			ghost.Index = 0
			b := &bench{t: t, dir: t.TempDir()}
			b.open()
			for _, batch := range test.batches(l, ghost) {
				batch.Transactions = slices.Clone(batch.Transactions)
				b.apply(batch)
			}

			b.apply(market.Batch{Transactions: slices.Clone(l.txs[3:]), ChainTime: l.txs[len(l.txs)-1].BlockTime})
			check(t, l, b)
			b.stop(true)
			b.open()
			check(t, l, b)
			b.stop(true)
		})
	}
}
