package cluster

import (
	"math"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// TestStoredCoins: a coin that was followed has its addresses, and the earlier chain time of them; one whose events were
// imported has none, and nothing has in a store that never followed any.
func TestStoredCoins(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's

	coins := fill(t, s).Coins()
	before, err := NewStoredCoins(s)
	if err != nil {
		t.Fatal(err)
	}

	if list := before.Of(coins[0].Mint); list != nil || before.CompleteTo(coins[0].Mint) != math.MaxInt64 {
		t.Errorf("a coin that was never followed has %v", list)
	}

	err = s.Commit(&market.Commit{Seq: s.State().Seq + 1, Reached: []market.Reached{
		{Address: coins[0].Curve, ChainTime: 70}, {Address: coins[0].Pool, ChainTime: 50}, {Address: coins[1].Curve, ChainTime: 60},
	}})
	if err != nil {
		t.Fatal(err)
	}

	after, err := NewStoredCoins(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it is the same when asked again
		for i, want := range []int64{50, 0, math.MaxInt64} { // of the second the pool was not read yet
			list := after.Of(coins[i].Mint)
			if (want == math.MaxInt64) != (list == nil) || after.CompleteTo(coins[i].Mint) != want {
				t.Errorf("coin %d: %v, complete to %d, want %d", i, list, after.CompleteTo(coins[i].Mint), want)
			}
			if list != nil && (list[0] != coins[i].Curve || list[1] != coins[i].Pool) {
				t.Errorf("coin %d is at %v", i, list)
			}
		}
	}

	if list := after.Of(market.Pubkey{9}); list != nil {
		t.Errorf("a token of the program that is read whole is at %v", list)
	}

	// Beside what is followed now, which may be more than was followed before.
	now := followed{coins[0].Mint: {{1}, {2}}, coins[2].Mint: {{3}}}
	both := Following{Now: now, Once: after}
	for i, want := range [][]market.Pubkey{{{1}, {2}}, {coins[1].Curve, coins[1].Pool}, {{3}}} {
		if list := both.Of(coins[i].Mint); !slices.Equal(list, want) {
			t.Errorf("coin %d is at %v, want %v", i, list, want)
		}
	}

	if list := both.Of(market.Pubkey{9}); list != nil {
		t.Errorf("a token of the program that is read whole is at %v", list)
	}
	if list := both.Coins(market.Pubkey{3}); !slices.Equal(list, []market.Pubkey{coins[2].Mint}) || both.Coins(coins[1].Curve) != nil {
		t.Errorf("the address is of %v", list)
	}
}

// followed are the addresses of coins that are followed.
type followed map[market.Pubkey][]market.Pubkey

// Of implements ingest.Addresses.
func (f followed) Of(mint market.Pubkey) []market.Pubkey { return f[mint] }

// Coins implements ingest.Addresses.
func (f followed) Coins(address market.Pubkey) (mints []market.Pubkey) {
	for mint, addresses := range f {
		if slices.Contains(addresses, address) {
			mints = append(mints, mint)
		}
	}
	return mints
}
