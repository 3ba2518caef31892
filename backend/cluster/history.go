package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/solana"
)

// ErrNoHistory is returned for a request for older history where there can be none: the demo market has no past before
// its start, and a server that does not read the cluster cannot ask it.
var ErrNoHistory = errors.New("no older history to read")

// Reach says how far back history is wanted: to a slot, or to a block time if Since is not zero. The zero Reach is
// everything the cluster still has.
type Reach struct {
	Slot  market.Slot
	Since time.Time
}

// LoadHistory fills what an endpoint may have of the open gaps, as far as reach says, and returns when it is stored. What is
// read stays when ctx ends early; asking again goes on from there. An error wrapping solana.ErrBeyond says that a part of it
// is on no endpoint.
func (s *Source) LoadHistory(ctx context.Context, reach Reach) error {
	select { // one at a time: the gap that one leaves is what the next begins with
	case s.extending <- struct{}{}:
		defer func() { <-s.extending }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}

	feed, err := s.connected(ctx)
	if err != nil {
		return err
	}

	gaps, err := s.options.Store.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}

	var beyond error
	for _, gap := range slices.Backward(gaps) { // the newest first
		if !solana.Extendable(&gap) || gap.To < reach.Slot {
			continue // the feed itself goes on asking for those
		}
		if reach.Since.IsZero() {
			err = feed.Extend(ctx, gap, reach.Slot)
		} else {
			err = feed.ExtendSince(ctx, gap, reach.Since.Unix())
		}

		switch {
		case errors.Is(err, solana.ErrNotFollowed): // of an address that is not read now
		case errors.Is(err, solana.ErrBeyond):
			beyond = err
		case err != nil:
			return fmt.Errorf("read history before slot %d: %w", gap.To, err)
		}
	}

	return beyond
}

// connected waits until the feed is live: before, it is not known where history begins.
func (s *Source) connected(ctx context.Context) (*solana.Feed, error) {
	const every = 20 * time.Millisecond
	for tick := time.NewTicker(every); ; {
		feed := s.current()
		if feed != nil && feed.Status().State == solana.Connected {
			tick.Stop()
			return feed, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, context.Cause(ctx)
		}
	}
}
