package alert

import (
	"strings"
	"testing"

	"spinscope/backend/market"
)

// A symbol that shows nothing is none: the address alone says which token it is.
func TestSymbolThatShowsNothing(t *testing.T) {
	mint := market.Pubkey{1}
	address := titled("", mint)
	for _, symbol := range []string{"\u3164", "\u0301", "\u2800 \u115f", "\u200b\ufeff", "\u0300\u0301", "\u3000"} {
		if got := titled(symbol, mint); got != address {
			t.Errorf("%q gives %q, want %q", symbol, got, address)
		}
	}
	if got := titled("A\u0301B\u3164", mint); !strings.HasPrefix(got, "A\u0301B (") {
		t.Errorf("%q", got)
	}
}
