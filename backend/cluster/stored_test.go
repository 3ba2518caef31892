package cluster

import (
	"math"
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
}
