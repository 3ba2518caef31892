package solana

import (
	"log/slog"
	"testing"

	"spinscope/backend/market"
)

// TestWhatIsLostAgainStaysAGap reads a gap, of which the node lists transactions that it shows no more: they open a gap of the
// very slots that are being filled, which the filling must not close.
func TestWhatIsLostAgainStaysAGap(t *testing.T) {
	gap := market.Gap{From: 463, To: 466, Cause: CauseForgotten, State: market.GapOpen}
	r := &run{shared: &shared{logger: slog.New(slog.DiscardHandler)}}
	r.openGaps = []market.Gap{gap}
	r.extending = &extension{gap: gap}

	open := map[market.Gap]bool{} // as a store has it after the changes, in their order
	apply := func(changes []market.Gap) {
		r.noteGaps(changes)
		for _, change := range changes {
			key := change
			key.State = 0
			delete(open, key)
			if change.State == market.GapOpen {
				open[key] = true
			}
		}
	}
	apply([]market.Gap{gap})
	apply(r.absorb(outcome{forgotten: []market.Slot{463, 466}}, 1000).Gaps)
	apply(r.extending.withLost(r.extending.fill(463)))
	if len(open) != 1 || len(r.openGaps) != 1 || !sameGap(&r.openGaps[0], &gap) {
		t.Errorf("open in the store: %v; known: %v; want %v in both", open, r.openGaps, gap)
	}

	// Read once more and whole, it is filled.
	r.extending = &extension{gap: gap}
	apply(r.extending.withLost(r.extending.fill(463)))
	if len(open) != 0 || len(r.openGaps) != 0 {
		t.Errorf("still open: %v; known: %v", open, r.openGaps)
	}
}
