package export

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// secondsPerDay is a day of a dataset, which is one of UTC.
const secondsPerDay = 86_400

// Days are the days that a dataset has to write.
type Days struct {
	Store   string     // identity of the store
	Seq     market.Seq // every commit up to it is in what is read from now on
	Horizon int64      // block time below which the store deletes; 0 for none

	// Whole says that every day is named that can have rows. Without it, the days are those that commits after the seq that
	// was asked about have changed.
	Whole bool
	Days  []int64 // the first second of each, ascending

	MarketCap *wire.ExportSupplies // by which supplies market caps are counted; nil: none are asked for
}

// DaysOf finds the days of a request that commits after since have changed, in the store with an identity. It names all
// days that can have rows when it cannot tell: since is 0 or of another store, or the commit log begins later. It compares
// what is stored with the count of it, as the parts will not.
func DaysOf(ctx context.Context, source Source, req Request, store string, since market.Seq) (Days, error) {
	if err := req.Divisible(); err != nil {
		return Days{}, err
	}
	supplies, err := req.Prepare(ctx, source)
	if err != nil {
		return Days{}, err
	}

	days := Days{Store: source.ID(), Seq: source.Seq(), Horizon: source.Horizon(), MarketCap: supplies}
	if since > 0 && store != "" && store == days.Store && since <= days.Seq {
		changed, err := changedDays(ctx, source, &req, since)
		if err == nil {
			days.Days = changed
			return days, nil
		}
		if ctx.Err() != nil {
			return days, ctx.Err()
		}
	}

	days.Whole = true
	if req.Kind != Candles {
		if err := source.CountEvents(ctx, nil); err != nil {
			return days, fmt.Errorf("export %s: %w", req.Kind, err)
		}
	}
	all, err := allDays(ctx, source, &req)
	days.Days = all
	return days, err
}

// Divisible refuses a request whose rows do not belong to days: orders and gaps are as they are now.
func (r *Request) Divisible() error {
	if err := r.Check(); err != nil {
		return err
	}
	if r.Kind == Orders || r.Kind == Gaps {
		return fmt.Errorf("%s are those of now and not of a day: %w", r.Kind, ErrIndivisible)
	}
	return nil
}

// changedDays looks at the commits after since. It fails when they are not all in the log any more.
func changedDays(ctx context.Context, source Source, req *Request, since market.Seq) ([]int64, error) {
	seen := map[int64]bool{}
	wanted := func(mint market.Pubkey) bool { return len(req.Mints) == 0 || slices.Contains(req.Mints, mint) }
	touch := func(mint market.Pubkey, at int64) {
		if wanted(mint) && at >= req.From && at <= req.To {
			seen[dayOf(at)] = true
		}
	}

	err := source.Commits(ctx, since+1, func(c *market.Commit) error {
		if req.Kind == Candles {
			// A candle that is merged from others changes with one of them. A longer one tells too much, which does no harm.
			for i := range c.Candles {
				touch(c.Candles[i].Mint, req.Interval.Floor(c.Candles[i].Candle.Time))
			}
			return ctx.Err()
		}

		for _, events := range [][]market.Event{c.Events, c.Removed} {
			for i := range events {
				touch(events[i].Mint(), events[i].BlockTime)
			}
		}
		return ctx.Err()
	})
	return sortedDays(seen), err
}

// allDays are the days from the oldest stored event to the newest that lie in range.
func allDays(ctx context.Context, source Source, req *Request) ([]int64, error) {
	_, first, err := source.TimesAround(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	last, _, err := source.TimesAround(ctx, math.MaxUint64, math.MaxUint64)
	if err != nil || last == 0 {
		return nil, err
	}
	if first == 0 {
		first = last // all there is stands in slot 0
	}

	first, last = first-market.ClockSlack, last+market.ClockSlack
	if req.Kind == Candles {
		first = req.Interval.Floor(first)
	}
	first, last = max(first, req.From), min(last, req.To)

	var days []int64
	for day := dayOf(first); day <= last; day += secondsPerDay {
		days = append(days, day)
	}
	return days, nil
}

// dayOf is the first second of a time's day.
func dayOf(at int64) int64 { return market.D1.Floor(at) }

func sortedDays(seen map[int64]bool) []int64 {
	days := make([]int64, 0, len(seen))
	for day := range seen {
		days = append(days, day)
	}
	slices.Sort(days)
	return days
}

// Day narrows a request to a day, which begins at a second.
func (r *Request) Day(day int64) Request {
	part := *r
	part.From, part.To, part.Part = max(r.From, day), min(r.To, day+secondsPerDay-1), true
	return part
}

// Parts is where a dataset reads: a stored market, or a running server.
type Parts interface {
	// Days is DaysOf.
	Days(ctx context.Context, req Request, store string, since market.Seq) (Days, error)
	// WritePart writes one day and returns the number of rows.
	WritePart(ctx context.Context, w io.Writer, req Request, progress func(Progress)) (int64, error)
	// Gaps is GapsOf.
	Gaps(ctx context.Context, req Request) ([]ManifestGap, error)
}

// PartsOf are those of a source.
func PartsOf(source Source) Parts { return &sourceParts{source: source} }

type sourceParts struct {
	source   Source
	supplies *supplies // of all days of a run
}

// Days implements Parts.
func (p *sourceParts) Days(ctx context.Context, req Request, store string, since market.Seq) (Days, error) {
	if _, err := req.Prepare(ctx, p.source); err != nil {
		return Days{}, err
	}
	p.supplies = req.supplies
	return DaysOf(ctx, p.source, req, store, since)
}

// WritePart implements Parts.
func (p *sourceParts) WritePart(ctx context.Context, w io.Writer, req Request, progress func(Progress)) (int64, error) {
	req.supplies = p.supplies
	return Write(ctx, w, p.source, req, progress)
}

// Gaps implements Parts.
func (p *sourceParts) Gaps(ctx context.Context, req Request) ([]ManifestGap, error) {
	return GapsOf(ctx, p.source, &req)
}
