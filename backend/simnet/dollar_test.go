package simnet

import (
	"encoding/base64"
	"math"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/usd"
)

// TestDollarAccount: the cluster keeps a price of SOL as the real one does, written with its newest block.
func TestDollarAccount(t *testing.T) {
	n := start(t, still())
	answer := ask[struct {
		Value []*struct {
			Owner string
			Data  [2]string
		}
	}](t, n, "getMultipleAccounts", []string{usd.Address.String()}, obj{"encoding": "base64", "commitment": "processed"})
	if len(answer.Value) != 1 || answer.Value[0] == nil {
		t.Fatalf("%+v", answer)
	}

	data, err := base64.StdEncoding.DecodeString(answer.Value[0].Data[0])
	if err != nil {
		t.Fatal(err)
	}
	price, err := usd.ReadAccount(&program.Account{Owner: market.MustPubkey(answer.Value[0].Owner), Data: data})
	n.chain.mu.RLock()
	newest := n.chain.at(n.chain.processed).time
	n.chain.mu.RUnlock()
	if err != nil || price.Published != newest || math.Abs(price.Float()-dollars) > 2*dollarsSwing {
		t.Errorf("%+v at %d, %v", price, newest, err)
	}
}
