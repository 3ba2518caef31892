package export

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"spinscope/backend/market"
)

// gapType stands in the place of an event's type where an export of events tells of a gap.
const gapType = "Gap"

// longestCause bounds the cause of a gap that is read from a file, in bytes.
const longestCause = 500

// datedGap is a gap with the block times of the stored events around it: what is missing lies between them.
type datedGap struct {
	market.Gap
	from, to int64 // Unix seconds; 0: no event is stored there
}

// datedGaps are the known ones by mint, those of the whole program under the zero mint, by slot; only such as may lie in the
// request's range. An export of events leaves out what was filled: that is in the file.
func (x *exporter) datedGaps(ctx context.Context, source Source) (map[market.Pubkey][]datedGap, error) {
	gaps, err := source.Gaps(ctx, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}

	found := map[market.Pubkey][]datedGap{}
	for _, gap := range gaps {
		if x.req.Kind == Events && gap.State == market.GapFilled {
			continue
		}
		h := datedGap{Gap: gap}
		if h.from, h.to, err = source.TimesAround(ctx, gap.From, gap.To); err != nil {
			return nil, fmt.Errorf("find when slots %d to %d were: %w", gap.From, gap.To, err)
		}
		if h.from > x.req.To || h.to != 0 && h.to < x.req.From {
			continue
		}
		found[gap.Mint] = append(found[gap.Mint], h)
	}

	return found, ctx.Err()
}

// gaps writes the gaps of one mint, or with the zero mint those of the whole program.
func (x *exporter) gaps(mint market.Pubkey) error {
	fill := putGap
	if x.req.Kind == Events {
		fill = x.table.putGap
	}
	for i := range x.gapsOf[mint] {
		err := x.put(func(r *record) bool { fill(r, &x.gapsOf[mint][i]); return true })
		if err != nil {
			return err
		}
	}
	x.reached(x.last, x.last)
	return nil
}

// isGap reports whether the row of an export of events tells of a gap.
func (r *row) isGap() bool {
	kind, ok := r.get("event_type")
	return ok && kind == gapType
}

// gap is the one that the row was written from, without the commit that changed it.
func (r *row) gap() (market.Gap, error) {
	f := fields{row: r}
	g := market.Gap{From: market.Slot(f.Number("from_slot", 64)), To: market.Slot(f.Number("to_slot", 64)), Cause: f.need("cause")}
	if _, ok := r.get("mint_account"); ok {
		g.Mint = f.Key("mint_account")
	}

	known := []market.GapState{market.GapOpen, market.GapFilled, market.GapUnfillable}
	state := f.need("state")
	which := slices.IndexFunc(known, func(s market.GapState) bool { return s.String() == state })
	switch {
	case f.err != nil:
		return g, f.err
	case which < 0:
		return g, fmt.Errorf("state %.40q is none of a gap", state)
	case g.From > g.To:
		return g, fmt.Errorf("from_slot %d is after to_slot %d", g.From, g.To)
	case len(g.Cause) > longestCause || !utf8.ValidString(g.Cause):
		return g, fmt.Errorf("cause is no text of %d bytes at most", longestCause)
	}

	g.State = known[which]
	return g, nil
}
