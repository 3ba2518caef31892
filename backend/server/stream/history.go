package stream

import (
	"context"
	"fmt"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// answer is the state of a topic as of a commit.
type answer struct {
	seq  market.Seq
	text []byte          // encoded history_data or price_update, nil when there is none
	gap  *wire.StreamGap // sent before it when a resume could not be served whole
	last *market.Event   // behind a price_update
}

func (st *Stream) historyAnswer(k key, candles []market.Candle, oldest bool, total int, more bool, seq market.Seq) *answer {
	data := make([]wire.Candle, len(candles))
	pair := st.store.Pair(k.mint)
	for i := range candles {
		data[i] = wire.HistoryCandle(candles[i], pair)
	}
	if oldest { // candles are newest first
		slices.Reverse(data)
	}
	history := wire.HistoryData{
		Symbol: k.mint.String(), Interval: k.interval.String(), Data: data,
		HasMore: more, TotalCount: total, Seq: uint64(seq), Store: st.store.ID(),
	}
	return &answer{seq: seq, text: history.AppendJSON(make([]byte, 0, 128+256*len(data)))}
}

// history reads the answer to q.
func (st *Stream) history(ctx context.Context, k key, q historyQuery) (*answer, error) {
	limit := q.limit
	if q.fill {
		limit = candle.MaxFill
	}
	candles, total, seq, err := st.store.NewestCandles(ctx, k.mint, k.interval, q.from, q.to, limit)
	if err != nil {
		return nil, fmt.Errorf("read candles: %w", err)
	}
	more := total > len(candles)
	if q.fill {
		if candles, err = st.fill(k, candles, q.from, q.to); err != nil {
			return nil, err
		}
		more = len(candles) > q.limit
		candles = candles[:min(len(candles), q.limit)]
	}
	return st.historyAnswer(k, candles, q.oldest, total, more, seq), nil
}

// fill puts flat candles into the empty buckets of [from, to], up to chain time, after the mint's first candle. candles
// are newest first, as is the result.
func (st *Stream) fill(k key, candles []market.Candle, from, to int64) ([]market.Candle, error) {
	before, ok, err := st.store.CandleBefore(k.mint, k.interval, from)
	if err != nil {
		return nil, fmt.Errorf("read candle before %d: %w", from, err)
	}
	now, _, err := st.store.CompleteTo(k.mint)
	if err != nil {
		return nil, fmt.Errorf("read how far %s has come: %w", k.mint, err)
	}
	slices.Reverse(candles)
	filled := candle.Fill(k.interval, candles, before, ok, from, to, now)
	slices.Reverse(filled)
	return filled, nil
}

// changes reads what changed since a seq, for a client that resumes. When that is not all there, the answer is the plain
// history, with a gap.
func (st *Stream) changes(ctx context.Context, k key, from resume, oldest bool) (*answer, error) {
	candles, complete, seq, err := st.store.ChangedCandles(ctx, k.mint, k.interval, from.since, st.historyMax)
	if err != nil {
		return nil, fmt.Errorf("read candles changed since %d: %w", from.since, err)
	}
	if reason := from.unknown(seq); reason != "" {
		return st.whole(ctx, k, 1, reason, oldest)
	}
	if !complete {
		const reason = "the changes since since_seq are more than one answer holds, no longer known, or took a candle away"
		return st.whole(ctx, k, from.since, reason, oldest)
	}
	slices.Reverse(candles)
	return st.historyAnswer(k, candles, oldest, len(candles), false, seq), nil
}

// whole reads the plain history for a client whose resume from a commit on cannot be served, with the gap that says why.
func (st *Stream) whole(ctx context.Context, k key, from market.Seq, reason string, oldest bool) (*answer, error) {
	result, err := st.history(ctx, k, st.newest(oldest))
	if err != nil {
		return nil, err
	}
	result.gap = &wire.StreamGap{Topic: k.room(), FromSeq: uint64(from), ToSeq: uint64(result.seq), Reason: reason}
	return result, nil
}
