package pumpswap

import (
	"testing"

	"spinscope/backend/market"
)

// TestFees: what a taker pays beyond the trade, whichever of the two amounts is the gross one; in a reversed pool it is paid in the coin.
func TestFees(t *testing.T) {
	buy := &Buy{Swap: Swap{QuoteAmount: 1000, UserQuoteAmount: 1012}}
	named := &Buy{Swap: Swap{QuoteAmount: 1012, UserQuoteAmount: 1000}}
	sell := &Sell{Swap{QuoteAmount: 1000, UserQuoteAmount: 990}}
	for name, body := range map[string]market.Charged{"12": buy, "12 ": named, "10": sell} {
		want := uint64(12)
		if name == "10" {
			want = 10
		}
		if got, known := body.Fees(); got != want || !known {
			t.Errorf("%T: %d, %v, want %d", body, got, known, want)
		}
	}
	sell.Locate(market.Place{Reversed: true})
	if _, known := sell.Fees(); known {
		t.Error("fees of a reversed pool are told")
	}
}
