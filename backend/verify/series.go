package verify

import (
	"context"
	"fmt"
	"math"

	"spinscope/backend/market"
)

// page is how many stored candles are read at once, of each interval: 300 KB a mint.
const page = 200

// series walks the stored candles of one interval beside the rebuilt ones, both oldest first.
type series struct {
	ctx      context.Context //nolint:containedctx // lives as long as the run
	replay   *replay
	interval market.Interval
	stored   []market.Candle // read and not compared yet
	next     int64           // time to read on from
	reached  int64           // rebuilt candles below are compared, or of the few events that retention keeps
	ended    bool
}

// head is the oldest stored candle not compared yet, nil at the end.
func (s *series) head() (*market.Candle, error) {
	if len(s.stored) == 0 && !s.ended {
		var err error
		s.stored, err = s.replay.check.store.CandlesFrom(s.ctx, s.replay.mint, s.interval, s.next, math.MaxInt64, page)
		if err != nil {
			return nil, fmt.Errorf("read %s candles: %w", s.interval, err)
		}
		if len(s.stored) < page {
			s.ended = true
		} else {
			s.next = s.stored[page-1].Time + 1
		}
	}
	if len(s.stored) == 0 {
		return nil, nil
	}
	return &s.stored[0], nil
}

// compare takes the next rebuilt candle. One that was compared already is left out. Of an unsettled one it does not matter
// whether it is final.
func (s *series) compare(want market.Candle, unsettled bool) error {
	if want.Time < s.reached {
		return nil
	}
	s.reached = want.Time + 1
	s.replay.check.report.Candles++
	for {
		got, err := s.head()
		if err != nil {
			return err
		}
		if got == nil || got.Time > want.Time {
			s.replay.check.differ("%s %s candle at %d is missing", s.replay.mint, s.interval, want.Time)
			s.fix(want, false)
			return nil
		}

		found := *got
		s.stored = s.stored[1:]
		if found.Time < want.Time {
			s.extra(found)
			continue
		}

		want.Corrected = found.Corrected // the events cannot tell
		if unsettled {
			want.Final = found.Final
		}
		if found != want {
			s.replay.check.differ("%s %s candle at %d differs: %+v is stored, the events say %+v", s.replay.mint, s.interval, want.Time, found, want)
			want.Corrected = found.Final && want.Final
			s.fix(want, false)
		}

		return nil
	}
}

// rest finds stored candles that no trade stands behind.
func (s *series) rest() error {
	for {
		got, err := s.head()
		if err != nil || got == nil {
			return err
		}
		s.extra(*got)
		s.stored = s.stored[1:]
	}
}

func (s *series) extra(c market.Candle) {
	s.replay.check.differ("%s %s candle at %d is stored, and no trade stands behind it", s.replay.mint, s.interval, c.Time)
	s.fix(c, true)
}

// fix notes a correction of a final candle; the open ones are replaced together, with the mint's last trade (replay.finish).
func (s *series) fix(c market.Candle, removed bool) {
	if !c.Final {
		return
	}
	s.replay.fix.Candles = append(s.replay.fix.Candles, market.CandleChange{
		Mint: s.replay.mint, Interval: s.interval, Candle: c, Type: market.Correction, Removed: removed,
	})
}
