package ingest_test

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// TestCrashAfterAnEventBelowTheCheckpoint delivers an event that is its mint's newest and yet older than another mint's,
// on which the open candles became durable. Recovery, which folds what came after that place, must not miss it.
func TestCrashAfterAnEventBelowTheCheckpoint(t *testing.T) {
	l := newLedger(6)
	l.grow(60)
	last := l.txs[len(l.txs)-1]
	put := func(mint market.Pubkey, slots market.Slot) market.Transaction {
		program := spinpet.ProgramID.String()
		tx := market.Transaction{Signature: l.signature(), Slot: last.Slot + slots, BlockTime: last.BlockTime + 10}
		body := &spinpet.BuySell{
			Mint: mint, Payer: l.users[0], TokenAmount: 1_000_000_000_000, LatestPrice: l.prices[mint],
			SolAmount: uint64(market.Price(l.prices[mint]).Float() * 1e15),
		}
		l.bodies[tx.Signature] = []market.Body{body}
		tx.Logs = []string{"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success"}
		return tx
	}
	before, late, newest := put(l.mints[0], 10), put(l.mints[0], 11), put(l.mints[1], 12)
	b := &bench{t: t, dir: t.TempDir()}
	b.open()
	b.apply(market.Batch{Transactions: append(slices.Clone(l.txs), before, newest)})
	b.stop(true)
	b.open()
	b.apply(market.Batch{Transactions: []market.Transaction{late}})
	b.stop(false)
	b.open()
	l.txs = append(l.txs, before, late, newest)
	b.apply(market.Batch{ChainTime: newest.BlockTime})
	check(t, l, b)
	b.stop(true)
}
