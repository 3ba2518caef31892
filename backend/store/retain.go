package store

import (
	"context"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// Retention. The horizon is a chain time at which a day begins, so that every interval's candles end at it. What lies
// below it is deleted in small steps, each a transaction of its own between two commits (prune.go). The steps are the
// same after a restart: they start again from the oldest row, and what they have deleted is not there any more.
//
// What stays below the horizon, so that nothing above it changes its meaning:
//   - of each mint its newest trade, the price that its next candle opens at, and its TokenCreated;
//   - of each order all events, until it is closed and the last of them is below the horizon;
//   - of each series of candles the newest one, for its close.

// retainInterval is how often the horizon is looked at; it moves once a day of chain time.
const retainInterval = time.Minute

const secondsPerDay = 86_400

// CauseRetention is the cause of the gap that stands for what retention deleted.
const CauseRetention = "older than retention_days"

// Horizon is the block time, Unix seconds, below which events and candles are deleted or will be; 0 when none are. It
// never goes back.
func (s *Store) Horizon() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.horizon
}

// nextHorizon is the horizon that the chain time and the setting ask for now, and whether there is something to do.
func (s *Store) nextHorizon() (horizon int64, todo bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.options.RetentionDays <= 0 || s.state.ChainTime <= 0 {
		return 0, false
	}
	day := market.D1.Floor(s.state.ChainTime) - int64(s.options.RetentionDays)*secondsPerDay
	horizon = max(day, s.state.horizon)
	return horizon, horizon > 0 && s.state.swept < horizon
}

// Retain deletes what the horizon has passed, if anything; Run calls it. It rests after each step, so that commits and the rest of the
// program have the machine most of the time.
func (s *Store) Retain(ctx context.Context) error {
	horizon, todo := s.nextHorizon()
	if !todo {
		return nil
	}

	start := time.Now()
	err := s.maintain(func(w *writer) error {
		w.state.horizon = max(w.state.horizon, horizon)
		return nil
	})
	if err != nil {
		return err
	}

	sweep := &sweep{s: s, ctx: ctx, horizon: horizon}
	if err := sweep.events(); err != nil {
		return err
	}
	if err := sweep.candles(); err != nil {
		return err
	}

	err = s.maintain(func(w *writer) error {
		w.state.swept = horizon
		return w.retentionGap()
	})
	if err != nil {
		return err
	}

	s.log.Info("old history deleted", "before", time.Unix(horizon, 0).UTC(), "events", sweep.eventCount, "candles", sweep.candleCount,
		"took", time.Since(start).Round(time.Millisecond))
	return nil
}

// retentionGap records what was deleted as a gap that nobody can fill.
func (w *writer) retentionGap() error {
	to := w.state.prunedSlot
	if to == w.state.gapSlot {
		return nil
	}
	gap := market.Gap{To: w.state.gapSlot, Cause: CauseRetention, State: market.GapReplaced}
	if gap.To != 0 {
		if err := w.gap(gap); err != nil {
			return err
		}
	}
	gap.To, gap.State = to, market.GapUnfillable
	w.state.gapSlot = to
	return w.gap(gap)
}

// rest waits four times as long as a step took, so that deleting takes a fifth of one core at most.
func (w *sweep) rest(took time.Duration) error {
	const longest = 20 * time.Millisecond // a step that took longer was itself kept waiting
	return wake.After(w.ctx, min(4*took, longest))
}
