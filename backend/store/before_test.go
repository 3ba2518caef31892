package store

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// TestRowsBeforeTheFirst stores a mint's history from the newest stretch to the oldest, as a backfill does, and pages
// through it after every commit.
func TestRowsBeforeTheFirst(t *testing.T) {
	s := openTest(t, Options{chunkRows: 8})
	const commits, rows = 30, 37
	mint := mintKey(1)
	for n := range commits {
		c := &market.Commit{Seq: market.Seq(n + 1)}
		for i := range rows {
			slot := market.Slot((commits-n)*rows + i)
			c.Events = append(c.Events, market.Event{
				Position: market.Position{Slot: slot}, BlockTime: int64(slot), Owner: userKey(1),
				Body: &spinpet.BuySell{Payer: userKey(1), Mint: mint},
			})
			c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Candle: market.Candle{Time: int64(slot), Final: true}})
		}

		if err := s.Commit(c); err != nil {
			t.Fatal(err)
		}
		if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
			t.Fatalf("commit %d: %v, %v", n+1, problems, err)
		}

		all, err := s.Events(t.Context(), mint, Page{Limit: commits * rows, OldestFirst: true})
		if err != nil || len(all.Events) != (n+1)*rows {
			t.Fatalf("commit %d: %d events, %v", n+1, len(all.Events), err)
		}
		for offset := 0; offset < len(all.Events); offset += 13 {
			page, err := s.Events(t.Context(), mint, Page{Offset: offset, Limit: 2, OldestFirst: true})
			if err != nil || !slices.EqualFunc(page.Events, all.Events[offset:min(offset+2, len(all.Events))], func(a, b market.Event) bool {
				return a.Position == b.Position
			}) {
				t.Fatalf("commit %d, offset %d: %v, %v", n+1, offset, page.Events, err)
			}
		}
	}
}
