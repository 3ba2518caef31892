package ingest

import (
	"testing"

	"spinscope/backend/market"
)

// TestRecheckRestsByChainTime: however long slots take, a broken price chain is asked about every ten seconds at most.
func TestRecheckRestsByChainTime(t *testing.T) {
	for _, perSecond := range []int64{1, 2, 5, 10} {
		asked := 0
		c := priceChain{recheck: func() { asked++ }}
		const seconds = 100
		for slot := range market.Slot(seconds * perSecond) {
			c.broken = slot - min(slot, recheckAfter) // one that is old enough, at every slot
			c.ask(slot, 1_700_000_000+int64(slot)/perSecond)
		}
		if want := seconds / recheckEvery; asked < want-1 || asked > want+1 {
			t.Errorf("at %d slots a second %d questions in %d s, want %d", perSecond, asked, seconds, want)
		}
	}
}
