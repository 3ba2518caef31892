package pumpswap

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

// TestPoolAccountsAreReadAsThePackageReadsThem compares accounts with random fields with the program's own npm package.
func TestPoolAccountsAreReadAsThePackageReadsThem(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	var written []PoolAccount
	var data [][]byte
	for range 300 {
		var a PoolAccount
		programtest.Fill(r, &a)
		written = append(written, a)
		data = append(data, append(AppendPool(nil, &a), make([]byte, 80)...)) // newer fields, and what is left free
	}

	for i, peer := range programtest.PeerAccounts(t, ProgramID, "pool", data) {
		a, err := DecodePool(data[i])
		if err != nil || a != written[i] {
			t.Fatalf("%+v is read as %+v (%v)", written[i], a, err)
		}
		for name, want := range map[string]string{
			"poolBump": fmt.Sprint(a.Bump), "index": fmt.Sprint(a.Index), "creator": a.Creator.String(), "baseMint": a.BaseMint.String(),
			"quoteMint": a.QuoteMint.String(), "lpMint": a.LPMint.String(), "poolBaseTokenAccount": a.BaseVault.String(),
			"poolQuoteTokenAccount": a.QuoteVault.String(), "lpSupply": fmt.Sprint(a.LPSupply),
		} {
			var got string
			if err := json.Unmarshal(peer.Fields[name], &got); err != nil || got != want {
				t.Fatalf("%s is %s, the package has %s (%v)", name, want, peer.Fields[name], err)
			}
		}
	}

	whole := AppendPool(nil, &written[0])
	for size := range len(whole) {
		if a, err := DecodePool(whole[:size]); err == nil || a != (PoolAccount{}) {
			t.Fatalf("%d of %d bytes are read as %+v", size, len(whole), a)
		}
	}

	whole[3]++
	if _, err := DecodePool(whole); !errors.Is(err, program.ErrUnknown) {
		t.Errorf("another account: %v", err)
	}
}
