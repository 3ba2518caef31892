package rest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

func (a *API) klineRoutes() {
	add(a, get("/api/kline", "kline", "Candles of a mint", "The open candle is included. total counts the candles in range.",
		some(keyParam("mint", "Mint address", true), intervalParam(true),
			choiceParam("order_by", "", false, "time_desc", "time_asc")), spanParams(),
		some(&huma.Param{
			Name: "fill", In: "query", Description: "Add flat candles for empty buckets after the first trade; needs from and to, at most 5000 buckets apart",
			Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
		}), pageParams()), a.klines)
}

func (a *API) klines(ctx context.Context, q *query) (*wire.Klines, error) {
	mint := q.key("mint")
	interval := a.interval(q, true)
	page, limit, at := q.page("time_desc", "time_asc")

	// The widest span is the one whose candles need not be counted.
	from, to, bounded := q.span(math.MinInt64, math.MaxInt64)
	fill := q.flag("fill")
	switch {
	case !fill || q.err != nil:
	case !bounded:
		q.refuse("fill", "needs from and to")
	default:
		if buckets := candle.Buckets(interval, from, to); buckets > candle.MaxFill {
			q.refuse("fill", "from and to span %d buckets, at most %d are filled", buckets, candle.MaxFill)
		}
	}

	if q.err != nil {
		return nil, q.err
	}
	var found store.CandlePage
	var err error
	if fill {
		found, err = a.filled(ctx, mint, interval, from, to, at)
	} else {
		found, err = a.deps.Reader.Candles(ctx, mint, interval, candles(from, to, at))
	}

	if err != nil {
		return nil, fmt.Errorf("read candles of %s: %w", mint, err)
	}
	answer := &wire.Klines{
		Klines:      make([]wire.Candle, len(found.Candles)),
		Paging:      wire.NewPaging(found.Total, page, limit),
		Interval:    interval.String(),
		MintAccount: mint.String(),
		Seq:         uint64(found.Seq),
		Store:       a.deps.Reader.ID(),
	}
	pair := a.deps.Reader.Pair(mint)
	for i := range found.Candles {
		answer.Klines[i] = wire.HistoryCandle(found.Candles[i], pair)
	}

	return answer, nil
}

// interval is the interval parameter; m1 when it is optional and not given.
func (a *API) interval(q *query, required bool) market.Interval {
	text, ok := q.one("interval")
	if !ok {
		if required {
			q.refuse("interval", "missing: use one of %s", strings.Join(market.IntervalNames(market.AllIntervals()), ", "))
		}
		return market.M1
	}
	interval, err := market.ParseInterval(text)
	if err != nil {
		q.refuse("interval", "%v", err)
		return market.M1
	}
	if !a.keeps(interval) {
		q.refuse("interval", "%s is not kept here: see kline.intervals in the configuration", interval)
	}
	return interval
}

// filled is a page of the candles from from to to with flat ones in the empty buckets, from the first trade on and up
// to chain time.
func (a *API) filled(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, page store.Page) (store.CandlePage, error) {
	found, err := a.deps.Reader.Candles(ctx, mint, interval, candles(from, to, store.Page{Limit: candle.MaxFill, OldestFirst: true}))
	if err != nil {
		return store.CandlePage{}, err
	}
	last, known, err := a.deps.Reader.CandleBefore(mint, interval, from)
	if err != nil {
		return store.CandlePage{}, err
	}

	now, _, err := a.deps.Reader.CompleteTo(mint)
	if err != nil {
		return store.CandlePage{}, err
	}

	series := candle.Fill(interval, found.Candles, last, known, from, to, now)
	if !page.OldestFirst {
		slices.Reverse(series)
	}
	begin := min(page.Offset, len(series))
	end := min(begin+page.Limit, len(series))
	return store.CandlePage{Candles: series[begin:end], Total: len(series), Seq: found.Seq}, nil
}

// candles asks for a page of those from from to to.
func candles(from, to int64, page store.Page) store.CandleQuery {
	if from == 0 && to == 0 {
		from = -1 // both zero would mean all to the store
	}
	return store.CandleQuery{From: from, To: to, Offset: page.Offset, Limit: page.Limit, OldestFirst: page.OldestFirst}
}
