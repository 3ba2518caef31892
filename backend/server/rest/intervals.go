package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

func (a *API) intervalRoute() {
	add(a, get("/api/intervals", "kline", "The lengths that candles may have", "Which of them this server keeps its configuration says (kline.intervals)."), a.intervals)
}

// intervals answers from the table of intervals: it asks nobody.
func (a *API) intervals(context.Context, *query) (wire.Intervals, error) {
	var answer wire.Intervals
	for _, interval := range market.AllIntervals() {
		one := wire.IntervalInfo{Interval: interval.String(), Seconds: interval.Seconds(), Origin: interval.Origin(), Kept: a.keeps(interval)}
		if one.Kept {
			if part, ok := market.PartOf(interval, a.deps.Intervals); ok {
				one.MergedFrom = part.String()
			}
		}
		answer.Intervals = append(answer.Intervals, one)
	}

	answer.Total = len(answer.Intervals)
	return answer, nil
}
