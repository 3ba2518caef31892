package market_test

import (
	"testing"

	"spinscope/backend/market"
)

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "2.5": 2_500_000_000, "007.50": 7_500_000_000, "0.000000001": 1, "9999999999.999999999": 9_999_999_999_999_999_999,
	} {
		if got, ok := market.ParseAmount(text); !ok || got != want {
			t.Errorf("%s is %d, %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-1", "+1", "1e3", ".5", "1.", "1.0000000001", "12345678901", "1 ", "1\n", "١"} {
		if got, ok := market.ParseAmount(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
