package rest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// maxBars is how many bars an answer has at most. The library asks for some thousand.
const maxBars = 10_000

// udfBars answers /udf/history: a column for each part of a bar.
type udfBars struct {
	S        string    `json:"s" enum:"ok,no_data"`
	T        []int64   `json:"t,omitempty" doc:"Where the bars begin, Unix seconds, the oldest first"`
	O        []float64 `json:"o,omitempty"`
	H        []float64 `json:"h,omitempty"`
	L        []float64 `json:"l,omitempty"`
	C        []float64 `json:"c,omitempty"`
	V        []float64 `json:"v,omitempty" doc:"Whole coins traded"`
	NextTime *int64    `json:"nextTime,omitempty" doc:"Of no_data: where the newest bar before from begins, Unix seconds; left out where there is none"`
}

// udfHistory are the candles of /api/kline. Buckets without a trade have none, as there: the library leaves no space for them.
func (a *API) udfHistory(ctx context.Context, q *query) (*udfBars, error) {
	token, err := a.udfToken(ctx, q)
	interval := a.udfInterval(q)
	from, to, limit := a.udfRange(q)
	if q.err != nil || err != nil {
		return nil, err
	}

	// The newest are asked for, as the library goes back in time.
	page, err := a.deps.Reader.Candles(ctx, token.Mint, interval, candles(from, to-1, store.Page{Limit: limit}))
	if err != nil {
		return nil, fmt.Errorf("read candles of %s: %w", token.Mint, err)
	}
	if len(page.Candles) > 0 {
		return newBars(page.Candles, token.Pair), nil
	}

	none := &udfBars{S: "no_data"}
	if from != math.MinInt64 {
		last, known, err := a.deps.Reader.CandleBefore(token.Mint, interval, from)
		if err != nil {
			return nil, fmt.Errorf("read candles of %s: %w", token.Mint, err)
		}
		if known {
			none.NextTime = &last.Time
		}
	}
	return none, nil
}

// udfRange is which bars are asked for: the newest limit of those that begin at from or later and before to. With countback
// from is not even read; the library sends it all the same.
func (a *API) udfRange(q *query) (from, to int64, limit int) {
	from, limit = math.MinInt64, q.clamped("countback", 0, maxBars)
	to, _ = q.seconds("to", maxTime)
	if limit > 0 {
		return from, to, limit
	}

	if from, _ = q.seconds("from", from); from > to {
		q.refuse("from", "lies after to")
	}
	return from, to, maxBars
}

// newBars turns candles, the newest first, into columns.
func newBars(newest []market.Candle, pair market.Pair) *udfBars {
	bars := &udfBars{S: "ok"}
	for _, c := range slices.Backward(newest) {
		candle := wire.HistoryCandle(c, pair)
		bars.T = append(bars.T, candle.Time)
		bars.O = append(bars.O, candle.Open)
		bars.H = append(bars.H, candle.High)
		bars.L = append(bars.L, candle.Low)
		bars.C = append(bars.C, candle.Close)
		bars.V = append(bars.V, candle.Volume)
	}
	return bars
}

// udfMarkTable answers /udf/marks: a column for each part of a mark.
type udfMarkTable struct {
	ID             []string `json:"id"`
	Time           []int64  `json:"time" doc:"Where the bar begins, Unix seconds"`
	Color          []string `json:"color"`
	Text           []string `json:"text"`
	Label          []string `json:"label"`
	LabelFontColor []string `json:"labelFontColor"`
	MinSize        []int    `json:"minSize"`
}

// udfMarkColors are the library's own, by side.
var udfMarkColors = map[string]string{"long": "red", "short": "green", "unknown": "yellow", "none": "blue"}

const udfMarkSize = 14 // pixels

func (a *API) udfMarks(ctx context.Context, q *query) (*udfMarkTable, error) {
	token, err := a.udfToken(ctx, q)
	interval := a.udfInterval(q)
	from, to, _ := q.span(-maxTime, maxTime)
	if q.err != nil || err != nil {
		return nil, err
	}

	// to is where the last bar begins; all that happened in it belongs to it.
	found, err := a.marked(ctx, interval, store.StretchQuery{Mint: token.Mint, From: from, To: to + interval.Seconds() - 1}, math.MaxUint64)
	if err != nil {
		return nil, err
	}

	table := &udfMarkTable{
		ID: []string{}, Time: []int64{}, Color: []string{}, Text: []string{}, Label: []string{}, LabelFontColor: []string{}, MinSize: []int{},
	}
	for _, mark := range slices.Backward(found.Marks) {
		text, label := markText(&mark, token.Pair)
		table.ID = append(table.ID, fmt.Sprintf("%s-%s-%d", mark.Kind, mark.Side, mark.Time))
		table.Time = append(table.Time, mark.Time)
		table.Color = append(table.Color, udfMarkColors[mark.Side])
		table.Text = append(table.Text, text)
		table.Label = append(table.Label, label)
		table.LabelFontColor = append(table.LabelFontColor, "white")
		table.MinSize = append(table.MinSize, udfMarkSize)
	}
	return table, nil
}

// markText says what a mark means, and the letter that stands for it.
func markText(mark *wire.Mark, pair market.Pair) (text, label string) {
	if mark.Kind == "graduation" {
		return "Graduated: trades in a pool from here on", "G"
	}

	text = fmt.Sprintf("%d liquidated", mark.Count)
	if mark.QuoteVolume != nil {
		text = fmt.Sprintf("%d %s liquidated, %.4g %s", mark.Count, mark.Side, *mark.QuoteVolume, pair.QuoteSymbol())
	}
	return text, "L"
}
