package pump

import (
	"testing"

	"spinscope/backend/program"
)

// TestFees: what a taker pays beside the trade. The first is a recorded purchase that named what it pays: 3 SOL in all.
func TestFees(t *testing.T) {
	recipient := ProgramID
	cases := map[string]struct {
		trade Trade
		want  uint64
		known bool
	}{
		"creator's fee as cashback": {Trade{FeeRecipient: recipient, SolAmount: 2962962962, Fee: 28148149, BuybackFee: 14074074, Cashback: 8888889}, 3_000_000_000 - 2962962962, true},
		"creator's fee":             {Trade{FeeRecipient: recipient, SolAmount: 98750018, Fee: 938126, BuybackFee: 469063, CreatorFee: 296251}, 938126 + 296251, true},
		"for holders":               {Trade{FeeRecipient: recipient, Fee: 5, HolderRewards: 3}, 8, true},
		"a layout before fees":      {Trade{FeeRecipient: program.DefaultAddress}, 0, false},
		"too much":                  {Trade{FeeRecipient: recipient, Fee: 1<<64 - 1, CreatorFee: 2}, 1<<64 - 1, true},
	}
	for name, c := range cases {
		if got, known := c.trade.Fees(); got != c.want || known != c.known {
			t.Errorf("%s: %d, %v, want %d, %v", name, got, known, c.want, c.known)
		}
	}
}
