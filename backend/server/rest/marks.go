package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// maxMarked is how many events one request looks at.
const maxMarked = 20_000

// errMarked ends reading when so many were looked at.
var errMarked = errors.New("looked at enough")

func (a *API) markRoutes() {
	add(a, get("/api/marks", "kline", "Liquidations, large trades and the graduation of a mint by candle",
		fmt.Sprintf("Summed up from the stored events, the newest first. A request looks at up to %d events in the range; next_cursor goes on from there. ", maxMarked)+
			"A candle that two answers share has a mark in each: add them up.",
		some(keyParam("mint", "Mint address", true), intervalParam(true)), spanParams(), some(
			&huma.Param{
				Name: "min_size", In: "query", Description: "SOL from which a trade is a large one, a decimal; left out, no trade is",
				Schema: &huma.Schema{Type: huma.TypeString, Pattern: market.AmountPattern},
			},
			&huma.Param{Name: "cursor", In: "query", Description: "next_cursor of the answer before", Schema: &huma.Schema{Type: huma.TypeString}},
		)), a.marks)
}

func (a *API) marks(ctx context.Context, q *query) (*wire.Marks, error) {
	mint := q.key("mint")
	interval := a.interval(q, true)
	from, to, _ := q.span(-maxTime, maxTime)
	least := q.amount("min_size", a.deps.Reader.Pair(mint).QuoteDecimals(), math.MaxUint64)
	before := q.place("cursor")
	if q.err != nil {
		return nil, q.err
	}

	return a.marked(ctx, interval, store.StretchQuery{Mint: mint, From: from, To: to, Before: before}, least)
}

// marked sums up the newest maxMarked events of a stretch; trades below least base units of the quote count for nothing.
func (a *API) marked(ctx context.Context, interval market.Interval, q store.StretchQuery, least uint64) (*wire.Marks, error) {
	sums := markSums{}
	var last *market.Event
	looked := 0
	seq, err := a.deps.Reader.Stretch(ctx, q, func(e *market.Event) error {
		if looked == maxMarked {
			return errMarked
		}
		looked++
		last = e
		sums.add(interval, e, least)
		return nil
	})
	answer := &wire.Marks{
		Marks: sums.marks(a.deps.Reader.Pair(q.Mint)), Reached: q.From, Interval: interval.String(), MintAccount: q.Mint.String(), Seq: uint64(seq),
		Store: a.deps.Reader.ID(),
	}
	switch {
	case errors.Is(err, errMarked):
		answer.NextCursor = new(cursorAt(last.Position))
		answer.Reached = last.BlockTime + market.ClockSlack // an earlier place may have a later time, by so much
	case err != nil:
		return nil, fmt.Errorf("read events of %s: %w", q.Mint, err)
	}

	return answer, nil
}

// cursorAt names an event's place.
func cursorAt(at market.Position) string {
	return fmt.Sprintf("%d-%d-%d", at.Slot, at.Index, at.Ordinal)
}

// place is a cursor that names an event's place; the zero Position when it is not given.
func (q *query) place(name string) (at market.Position) {
	text, ok := q.one(name)
	if !ok {
		return at
	}
	n, err := fmt.Sscanf(text, "%d-%d-%d", &at.Slot, &at.Index, &at.Ordinal)
	if err != nil || n != 3 || cursorAt(at) != text {
		q.refuse(name, "%.40q is not a cursor of this route: use the next_cursor of an answer", text)
		return market.Position{}
	}
	return at
}

// markSums are the marks of a stretch of events as they are summed up.
type markSums map[markKey]*markSum

type markKey struct {
	time       int64
	kind, side string
}

type markSum struct {
	count       uint64
	base, quote market.U128 // base units
}

// add takes an event; trades below least base units of the quote count for nothing.
func (s markSums) add(interval market.Interval, e *market.Event, least uint64) {
	key := markKey{time: interval.Floor(e.BlockTime)}
	var base, quote uint64
	switch trade, ok := e.Trade(); {
	case e.Liquidates():
		key.kind, key.side = "liquidation", "unknown"
		if o := e.Liquidated; o != nil {
			base, quote = o.Terms.Size()
			if key.side = "long"; o.Terms.OrderType == market.OrderShort {
				key.side = "short"
			}
		}
	case e.Graduates():
		key.kind, key.side = "graduation", "none"
	case ok && trade.Quote >= least:
		key.kind, key.side = "large_trade", wire.Side(trade.Buy)
		base, quote = trade.Base, trade.Quote
	default:
		return
	}

	sum := s[key]
	if sum == nil {
		sum = &markSum{}
		s[key] = sum
	}

	sum.count++
	sum.base = sum.base.Add(market.U64(base))
	sum.quote = sum.quote.Add(market.U64(quote))
}

// marks are the sums of a coin's pair, the newest candle first.
func (s markSums) marks(pair market.Pair) []wire.Mark {
	marks := make([]wire.Mark, 0, len(s))
	for key, sum := range s {
		mark := wire.Mark{Time: key.time, Kind: key.kind, Side: key.side, Count: sum.count}
		if key.side != "unknown" && key.side != "none" {
			mark.Volume = new(sum.base.Float(pair.BaseDecimals()))
			mark.QuoteVolume = new(sum.quote.Float(pair.QuoteDecimals()))
		}
		marks = append(marks, mark)
	}
	slices.SortFunc(marks, func(x, y wire.Mark) int {
		return cmp.Or(cmp.Compare(y.Time, x.Time), cmp.Compare(y.Kind, x.Kind), cmp.Compare(x.Side, y.Side))
	})
	return marks
}
