package simnet

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// Every account key of a transaction finds it, in its list of signatures and in the subscription to it, and no other
// transaction is found by it: a coin's curve finds what is about the coin.
func TestAccountsFindTheirTransactions(t *testing.T) {
	n := start(t, still())
	type listed struct{ Signature market.Signature }
	names := map[market.Pubkey][]market.Signature{}
	n.chain.mu.RLock()
	txs := slices.Clone(n.chain.transactions[:n.chain.upTo(n.chain.confirmed)])
	var curve market.Pubkey
	for _, tx := range slices.Backward(txs) {
		for _, address := range n.accounts(tx) {
			names[address] = append(names[address], tx.signature)
		}
		if created, ok := tx.events[0].(*spinpet.TokenCreated); ok {
			curve = created.Curve
		}
	}

	n.chain.mu.RUnlock()
	if len(names[curve]) < 3 || len(names[curve]) == len(txs) {
		t.Fatalf("the first coin's curve is named by %d of %d transactions", len(names[curve]), len(txs))
	}

	for address, want := range names {
		var got []market.Signature
		for _, one := range ask[[]listed](t, n, "getSignaturesForAddress", address, obj{"commitment": "confirmed"}) {
			got = append(got, one.Signature)
		}

		if limit := min(1000, len(want)); !slices.Equal(got, want[:limit]) {
			t.Errorf("%s finds %d transactions, not %d", address, len(got), limit)
		}
		for _, tx := range txs {
			if n.mentions(tx, address) != slices.Contains(want, tx.signature) {
				t.Fatalf("a subscription to %s: %s", address, tx.signature)
			}
		}
	}
}

// The transaction itself says the same accounts, and calls the market's program.
func TestAccountsOnTheWire(t *testing.T) {
	p := past(t, quick())
	n := &Net{cfg: *p.cfg, chain: p.chain, foreign: p.world.foreign}
	const head = 1 + 64 + 1 + 3 // a signature and its count, the version, counts of signers
	for _, tx := range p.chain.transactions {
		wire := n.wire(tx)
		var got []market.Pubkey
		count := int(wire[head])
		for i := range count {
			got = append(got, market.Pubkey(wire[head+1+32*i:]))
		}

		if !slices.Equal(got, n.accounts(tx)) {
			t.Fatalf("%v on the wire, not %v", got, n.accounts(tx))
		}
		called := wire[head+1+32*count+32+1] // after the blockhash and the count of instructions
		if got[called] != n.cfg.Program {
			t.Fatalf("it calls %s", got[called])
		}
	}
}
