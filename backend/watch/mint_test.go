package watch

import (
	"errors"
	"testing"

	"spinscope/backend/market"
)

func TestParseMint(t *testing.T) {
	const mint = "CWiTGbCiDd8BKtNYNE2boT9fJGFG2MU53Uf6HQk4pump"
	want := market.MustPubkey(mint)
	for _, text := range []string{
		mint, " " + mint + "\n", "https://pump.fun/coin/" + mint, "https://pump.fun/coin/" + mint + "?tab=trades#" + mint,
		"https://explorer.solana.com/address/" + mint + "/", "mint=" + mint + "&x=1",
	} {
		if got, err := ParseMint(text); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}

	for _, text := range []string{
		"", "a coin", mint[:31], mint + mint, "0x" + mint[:30], "https://example.com/" + mint + "/So11111111111111111111111111111111111111112",
		"11111111111111111111111111111111", // the zero address
	} {
		if got, err := ParseMint(text); !errors.Is(err, ErrNoMint) || !got.IsZero() {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}
