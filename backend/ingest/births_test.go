package ingest_test

import (
	"cmp"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// creation is a transaction that creates a coin.
func (d *coinWriter) creation(coin market.Pubkey, slot market.Slot, at int64) market.Transaction {
	tx := d.trade(coin, slot, at)
	tx.Logs[1] = spinpet.LogLine(&spinpet.TokenCreated{Mint: coin, Name: "Coin"})
	return tx
}

// gaps are the gaps of addresses that are stored, with their state.
func (d *coinWriter) gaps() (list []market.Gap) {
	d.t.Helper()
	gaps, err := d.store.Gaps(d.t.Context(), nil, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, gap := range gaps {
		gap.Seq = 0
		if !gap.Address.IsZero() {
			list = append(list, gap)
		}
	}
	return list
}

// TestGapsEndAtTheCreation: what a source cannot see below a slot is missing of a coin that is older, and of one that was created
// later nothing is, whether its creation or the gap comes first; what an earlier version stored is put right at the start.
func TestGapsEndAtTheCreation(t *testing.T) {
	const at = 1_700_000_000
	young, old, curve, pool, other := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{4}, market.Pubkey{5}
	gap := func(address market.Pubkey, from, to market.Slot, state market.GapState) market.Gap {
		return market.Gap{From: from, To: to, Cause: "forgotten", Address: address, State: state}
	}
	expect := func(what string, d *coinWriter, want ...market.Gap) {
		t.Helper()
		got := d.gaps()
		for _, list := range [][]market.Gap{got, want} {
			slices.SortFunc(list, func(a, b market.Gap) int {
				return cmp.Or(slices.Compare(a.Address[:], b.Address[:]), cmp.Compare(a.From, b.From))
			})
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s: stored %+v, want %+v", what, got, want)
		}
	}

	dir := t.TempDir()
	d := openCoinWriter(t, dir, readBy{young: {curve, pool}, old: {other}})
	d.apply(market.Batch{Addresses: []market.Pubkey{pool}, Gaps: []market.Gap{gap(pool, 0, 99, market.GapOpen)}})
	d.apply(market.Batch{Addresses: []market.Pubkey{other}, Gaps: []market.Gap{gap(other, 0, 99, market.GapOpen)}})
	expect("before anything is known", d, gap(pool, 0, 99, market.GapOpen), gap(other, 0, 99, market.GapOpen))

	born := d.creation(young, 120, at)
	d.apply(market.Batch{
		Addresses: []market.Pubkey{curve}, Gaps: []market.Gap{gap(curve, 0, 99, market.GapOpen)}, Transactions: []market.Transaction{born, d.trade(young, 130, at+4)},
	})
	d.apply(market.Batch{Addresses: []market.Pubkey{other}, Transactions: []market.Transaction{d.trade(old, 130, at+4)}})
	expect("created above both", d, gap(other, 0, 99, market.GapOpen))

	// A gap that reaches over the creation begins there, and whatever becomes of it becomes of that part.
	over := gap(pool, 90, 200, market.GapOpen)
	d.apply(market.Batch{Addresses: []market.Pubkey{pool}, Gaps: []market.Gap{over}})
	expect("over the creation", d, gap(pool, 120, 200, market.GapOpen), gap(other, 0, 99, market.GapOpen))
	over.State = market.GapReplaced
	d.apply(market.Batch{Addresses: []market.Pubkey{pool}, Gaps: []market.Gap{over, gap(pool, 90, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled)}})
	expect("half filled", d, gap(pool, 120, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled), gap(other, 0, 99, market.GapOpen))

	// A creation that is rolled back says nothing any more; the one that comes instead does.
	d.apply(market.Batch{Addresses: []market.Pubkey{curve}, RolledBack: []market.Signature{born.Signature}})
	d.apply(market.Batch{Addresses: []market.Pubkey{curve}, Gaps: []market.Gap{gap(curve, 0, 110, market.GapOpen)}})
	expect("rolled back", d, gap(curve, 0, 110, market.GapOpen), gap(pool, 120, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled), gap(other, 0, 99, market.GapOpen))
	d.apply(market.Batch{Addresses: []market.Pubkey{curve}, Transactions: []market.Transaction{d.creation(young, 121, at)}})
	expect("created again", d, gap(pool, 121, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled), gap(other, 0, 99, market.GapOpen))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}

	// As an earlier version left it: nobody looked at creations.
	d = openCoinWriter(t, dir, readBy{})
	d.apply(market.Batch{Addresses: []market.Pubkey{curve}, Gaps: []market.Gap{gap(curve, 0, 99, market.GapOpen)}})
	expect("by an earlier version", d, gap(curve, 0, 99, market.GapOpen), gap(pool, 121, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled), gap(other, 0, 99, market.GapOpen))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	d = openCoinWriter(t, dir, readBy{young: {curve, pool}, old: {other}})
	expect("at the next start", d, gap(pool, 121, 149, market.GapOpen), gap(pool, 150, 200, market.GapFilled), gap(other, 0, 99, market.GapOpen))
	if problems, err := d.store.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("audit: %v (%v)", problems, err)
	}
}
