package solana

import (
	"context"
	"slices"
	"time"

	"spinscope/backend/market"
)

const (
	mendEvery = time.Minute      // between looks at what gaps miss; doubles while nothing comes of it, up to
	mendRare  = 30 * time.Minute // this
	firstMend = 2 * time.Second  // after a connection
)

// startMend begins a round through the open gaps: an endpoint may have by now what they miss.
func (s *session) startMend(ctx context.Context) {
	if len(s.openGaps) == 0 {
		s.mendPause.reset()
		return
	}
	if s.extending == nil && len(s.mending) == 0 {
		s.mending = s.sensibleGaps()
		s.mendNext(ctx)
	}
}

// sensibleGaps are the open gaps that may miss something: those that end before the address did anything do not.
func (r *run) sensibleGaps() []market.Gap {
	gaps := slices.Clone(r.openGaps)
	if r.begins == nil {
		return gaps
	}
	begins := r.begins()
	return slices.DeleteFunc(gaps, func(gap market.Gap) bool { return gap.To < begins })
}

// mendNext takes on the newest gap of the round. What lies before the first start's history is read only as far as the
// backfill limit goes, which an address that is followed does not have.
func (s *session) mendNext(ctx context.Context) {
	for s.extending == nil && len(s.mending) > 0 {
		last := len(s.mending) - 1
		gap := s.mending[last]
		s.mending = s.mending[:last]
		back := reach{from: gap.From}
		bounded := gap.From == 0 && !s.follows
		if bounded {
			back.limit = s.allowance
		}
		if bounded && s.allowance == 0 || !slices.ContainsFunc(s.openGaps, func(open market.Gap) bool { return sameGap(&open, &gap) }) {
			continue
		}
		s.extending = &extension{gap: gap, reach: back, done: make(chan error, 1), unasked: true}
		s.startExtension(ctx)
	}
}
