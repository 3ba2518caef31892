package ingest_test

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// TestTruncationMovesWithItsTransaction expects exactly one gap for each transaction whose log was cut, at its place,
// and none for one that was rolled back: also across a crash, and when the log held no event at all.
func TestTruncationMovesWithItsTransaction(t *testing.T) {
	l := newLedger(5)
	l.grow(4)
	for i := range l.txs {
		l.txs[i].Slot, l.txs[i].Index = 1000, uint32(i)
		logs := l.txs[i].Logs
		l.txs[i].Logs = append(slices.Clone(logs[:len(logs)-1]), "Log truncated")
	}

	l.txs[3].Logs = []string{"Log truncated"}
	b := &bench{t: t, dir: t.TempDir()}
	b.open()
	defer func() { b.stop(true) }()

	expect := func(want map[int]market.Slot) {
		t.Helper()
		gaps, err := b.store.Gaps(t.Context(), nil, new(market.GapUnfillable))
		if err != nil {
			t.Fatal(err)
		}

		for i, slot := range want {
			cause := "log truncated: " + l.txs[i].Signature.String()
			if !slices.ContainsFunc(gaps, func(g market.Gap) bool { return g.Cause == cause && g.From == slot && g.To == slot }) {
				t.Errorf("transaction %d has no gap at %d: %+v", i, slot, gaps)
			}
		}

		if len(gaps) != len(want) {
			t.Errorf("%d gaps, want %d: %+v", len(gaps), len(want), gaps)
		}
	}
	b.apply(market.Batch{Transactions: slices.Clone(l.txs)})
	expect(map[int]market.Slot{0: 1000, 1: 1000, 2: 1000, 3: 1000})
	l.txs[0].Slot, l.txs[1].Index, l.txs[1].BlockTime = 1001, 9, l.txs[1].BlockTime+1
	b.apply(market.Batch{Transactions: slices.Clone(l.txs)})
	expect(map[int]market.Slot{0: 1001, 1: 1000, 2: 1000, 3: 1000})
	b.stop(false)
	b.open()
	b.apply(market.Batch{RolledBack: []market.Signature{l.txs[2].Signature, l.txs[3].Signature}})
	expect(map[int]market.Slot{0: 1001, 1: 1000})
	b.apply(market.Batch{Transactions: []market.Transaction{l.txs[3]}})
	expect(map[int]market.Slot{0: 1001, 1: 1000, 3: 1000})
	b.apply(market.Batch{RolledBack: []market.Signature{l.txs[3].Signature}})
	expect(map[int]market.Slot{0: 1001, 1: 1000})
}

// TestCutLogThatComesWhole: of a transaction whose log was cut the events that are missing are added when it comes again
// with all of them, and nothing is left of the gap; as long as it comes cut, the gap stays.
func TestCutLogThatComesWhole(t *testing.T) {
	l := newLedger(6)
	l.grow(20)
	b := &bench{t: t, dir: t.TempDir()}
	b.open()
	defer func() { b.stop(true) }()

	stored := func() (n int) {
		t.Helper()
		if err := b.store.SlotEvents(0, 1<<40, func(*market.Event) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	gaps := func() int {
		t.Helper()
		list, err := b.store.Gaps(t.Context(), nil, new(market.GapUnfillable))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}

	cut := slices.Clone(l.txs)
	for i := range cut {
		cut[i].Logs = append(slices.Clone(cut[i].Logs[:i%2*len(cut[i].Logs)/2]), "Log truncated")
	}

	b.apply(market.Batch{Transactions: slices.Clone(cut)})
	first := stored()
	b.apply(market.Batch{Transactions: slices.Clone(cut)})
	if stored() != first || gaps() != len(cut) {
		t.Fatalf("%d events and %d gaps; %d and %d when they were first shown", stored(), gaps(), first, len(cut))
	}

	b.apply(market.Batch{Transactions: slices.Clone(l.txs)})
	if stored() <= first || gaps() != 0 {
		t.Errorf("%d events, %d before, and %d gaps are left", stored(), first, gaps())
	}
	last := stored()
	b.apply(market.Batch{Transactions: slices.Clone(l.txs)})
	if stored() != last {
		t.Errorf("%d events, and %d when they were shown again", last, stored())
	}
}

// TestTruncatedLogIsAGapOfItsMint cuts logs behind events of one mint, of two, and of none.
func TestTruncatedLogIsAGapOfItsMint(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir()}
	b.open()
	defer b.stop(true)

	l := newLedger(2)
	program := spinpet.ProgramID.String()
	for i, mints := range [][]market.Pubkey{{l.mints[0], l.mints[0]}, {l.mints[0], l.mints[1]}, nil} {
		tx := market.Transaction{Signature: l.signature(), Slot: market.Slot(100 + i), BlockTime: 1_752_300_000}
		tx.Logs = append(tx.Logs, "Program "+program+" invoke [1]")
		for _, mint := range mints {
			tx.Logs = append(tx.Logs, spinpet.LogLine(&spinpet.ForceLiquidate{Payer: l.users[0], Mint: mint, Order: l.key()}))
		}
		tx.Logs = append(tx.Logs, "Log truncated")
		b.apply(market.Batch{Transactions: []market.Transaction{tx}})
	}

	gaps, err := b.store.Gaps(t.Context(), nil, nil)
	if err != nil || len(gaps) != 3 {
		t.Fatal(gaps, err)
	}
	for i, want := range []market.Pubkey{l.mints[0], {}, {}} {
		if g := gaps[i]; g.Mint != want || g.From != market.Slot(100+i) || g.To != g.From || g.State != market.GapUnfillable {
			t.Errorf("gap %d: %+v, want mint %s", i, g, want)
		}
	}
}
