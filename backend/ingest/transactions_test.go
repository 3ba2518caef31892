package ingest_test

import (
	"fmt"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// exportOf is the transactions that have events of a mint, with these alone, as an export of the mint brings them.
func exportOf(t *testing.T, b *bench, mint market.Pubkey) (exported []market.Transaction) {
	t.Helper()
	err := b.store.EventsAfter(market.Position{}, func(e *market.Event) error {
		if e.Mint() != mint {
			return nil
		}
		if n := len(exported); n > 0 && exported[n-1].Signature == e.Signature {
			exported[n-1].Events = append(exported[n-1].Events, *e)
			return nil
		}
		exported = append(exported, market.Transaction{
			Signature: e.Signature, Slot: e.Slot, Index: e.Index, BlockTime: e.BlockTime, Events: []market.Event{*e},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return exported
}

// TestChainCompletesAnImportOfOneMint imports one mint's events, and then reads the whole chain from the newest stretch
// back, as a backfill does, some of it twice: what the import left out of shared transactions must be there.
func TestChainCompletesAnImportOfOneMint(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := newLedger(seed)
			l.grow(400)
			whole := &bench{t: t, dir: t.TempDir()}
			whole.open()
			defer whole.stop(true)

			whole.apply(market.Batch{Transactions: slices.Clone(l.txs)})
			exported := exportOf(t, whole, l.mints[0])
			shared := 0
			for _, tx := range exported {
				if len(tx.Events) < len(l.bodies[tx.Signature]) {
					shared++
				}
			}

			if shared < 20 {
				t.Fatal("only", shared, "transactions of several mints: the test shows nothing")
			}
			b := &bench{t: t, dir: t.TempDir()}
			b.open()
			chain := l.txs[len(l.txs)-1].BlockTime
			b.apply(market.Batch{Transactions: exported, ChainTime: chain})
			if seed%2 == 0 {
				b.stop(seed == 0)
				b.open()
			}

			const stretch = 50
			for end := len(l.txs); end > 0; end -= min(stretch, end) {
				b.apply(market.Batch{Transactions: slices.Clone(l.txs[max(0, end-stretch):end]), ChainTime: chain})
				b.apply(market.Batch{Transactions: slices.Clone(l.txs[max(0, end-stretch/2):end]), ChainTime: chain})
			}

			if repeats := b.writer.Counters().Repeats; repeats < uint64(len(l.txs)/3) {
				t.Error("only", repeats, "transactions were taken for repeats")
			}
			check(t, l, b)
			b.stop(true)
		})
	}
}
