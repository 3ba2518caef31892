package pump

import (
	"testing"

	"spinscope/backend/market"
)

// TestCoinsKnowTheirPair: a creation and every trade say what the coin is paid in, whichever is seen first.
func TestCoinsKnowTheirPair(t *testing.T) {
	usdc := market.Quotes()[1].Mint
	for name, c := range map[string]struct {
		body market.TokenBody
		want market.Pair
	}{
		"a trade in SOL":          {&Trade{Mint: market.Pubkey{1}}, market.MustPair(Program, market.WrappedSOL, 6, 9)},
		"a trade in wrapped SOL":  {&Trade{QuoteMint: market.WrappedSOL}, market.MustPair(Program, market.WrappedSOL, 6, 9)},
		"a trade in USDC":         {&Trade{QuoteMint: usdc}, market.MustPair(Program, usdc, 6, 6)},
		"a creation in SOL":       {&Create{}, market.MustPair(Program, market.WrappedSOL, 6, 9)},
		"a creation in another's": {&Create{QuoteMint: market.Pubkey{5}}, market.MustPair(Program, market.Pubkey{5}, 6, 6)},
	} {
		var token market.Token
		if c.body.ChangeToken(&token); token.Pair != c.want {
			t.Errorf("%s: %s, want %s", name, token.Pair, c.want)
		}
	}
}
