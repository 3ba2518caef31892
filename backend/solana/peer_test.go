package solana

import (
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"spinscope/backend/market"
)

// TestClusterSpeaksSolana lets an independent client read the scripted cluster, so that these tests do not rest on a
// dialect of our own.
func TestClusterSpeaksSolana(t *testing.T) {
	c := newCluster(t)
	c.history(20, 2)
	client := rpc.New(c.server.URL)
	defer client.Close() //nolint:errcheck // only read

	program := solana.MustPublicKeyFromBase58(testProgram.String())
	limit := 5
	list, err := client.GetSignaturesForAddressWithOpts(t.Context(), program, &rpc.GetSignaturesForAddressOpts{Limit: &limit, Commitment: rpc.CommitmentConfirmed})
	if err != nil || len(list) != 5 {
		t.Fatalf("%d signatures, %v", len(list), err)
	}

	want := c.ledger()[39]
	if list[0].Signature.String() != want.signature.String() || market.Slot(list[0].Slot) != want.slot || int64(*list[0].BlockTime) != testTime(want.slot) {
		t.Errorf("newest is %+v", list[0])
	}
	version := uint64(1)
	tx, err := client.GetTransaction(t.Context(), list[0].Signature, &rpc.GetTransactionOpts{
		Encoding: solana.EncodingBase64, Commitment: rpc.CommitmentConfirmed, MaxSupportedTransactionVersion: &version,
	})
	if err != nil || tx.Meta == nil || len(tx.Meta.LogMessages) != 2 {
		t.Fatalf("transaction %+v, %v", tx, err)
	}

	at, err := client.GetBlockTime(t.Context(), uint64(want.slot))
	if err != nil || int64(*at) != testTime(want.slot) {
		t.Errorf("block time %v, %v", at, err)
	}
	slot, err := client.GetSlot(t.Context(), rpc.CommitmentFinalized)
	if err != nil || slot != 1020-testFinalized {
		t.Errorf("slot %d, %v", slot, err)
	}
}
