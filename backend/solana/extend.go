package solana

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// ErrNotRunning is returned by Extend when Run is not running, or ends before the history was read.
var ErrNotRunning = errors.New("the feed is not running")

// ErrBeyond is returned by Extend when no endpoint has all that was asked for.
var ErrBeyond = errors.New("no endpoint has all of it")

const (
	stretchPages = 2    // pages delivered at once: what an interruption costs
	extendBatch  = 1000 // transactions in a batch, about: late ones make candles be built anew, once a batch
)

// extension is a request to read what a gap misses. Its gap shrinks as it is filled.
type extension struct {
	gap     market.Gap
	reach   reach
	filled  *market.Gap // what it has filled so far
	done    chan error  // of capacity 1
	unasked bool        // the feed's own: nobody waits

	lost []market.Gap // opened meanwhile: what was listed, and could not be read
}

// withLost are the changes of gaps as the request goes on, and behind them the gaps that were opened meanwhile of the very
// slots: what could not be read now either is missing still, whatever else was filled.
func (request *extension) withLost(changes []market.Gap) []market.Gap {
	for i := range request.lost {
		lost := &request.lost[i]
		if slices.ContainsFunc(changes, func(change market.Gap) bool { return sameGap(&change, lost) }) {
			changes = append(changes, *lost)
		}
	}
	return changes
}

// reach is how far back to read: to a slot and, if they are not 0, to a block time or to so many signatures.
type reach struct {
	from  market.Slot
	since int64
	limit int
}

// covers reports whether a signature lies within reach. Those of unknown time do.
func (r reach) covers(info *signatureInfo) bool {
	return info.slot >= r.from && (r.since == 0 || info.time == 0 || info.time >= r.since)
}

// Extend reads the transactions of an open gap, of the program or of the followed address that it names, back to slot from and delivers them, the newest stretch first,
// beside live ones; every stretch replaces the gap by a smaller one, so that it can be gone on with after an
// interruption. What the endpoint in use does not have is read from the others. It returns when that is done, with ctx's
// error, with one wrapping ErrBeyond when a part of it is nowhere to be had, or with ErrNotRunning or ErrNotFollowed; the work it asked for
// goes on when ctx ends early. Calls wait for each other. Safe for concurrent use.
func (f *Feed) Extend(ctx context.Context, gap market.Gap, from market.Slot) error {
	return f.extend(ctx, gap, reach{from: from})
}

// ExtendSince is Extend back to a block time, Unix seconds.
func (f *Feed) ExtendSince(ctx context.Context, gap market.Gap, since int64) error {
	return f.extend(ctx, gap, reach{since: since})
}

func (f *Feed) extend(ctx context.Context, gap market.Gap, back reach) error {
	f.mu.Lock()
	ended, requests, gone := f.ended, f.extensions, (<-chan struct{})(nil)
	if !gap.Address.IsZero() && gap.Address != f.config.Program {
		requests, gone = f.extensionsOf(gap.Address)
	}

	f.mu.Unlock()
	switch {
	case ended == nil:
		return ErrNotRunning
	case requests == nil:
		return fmt.Errorf("%w: %s", ErrNotFollowed, gap.Address)
	}

	request := &extension{gap: gap, reach: back, done: make(chan error, 1)}
	select {
	case requests <- request:
	case <-gone:
		return fmt.Errorf("%w any more: %s", ErrNotFollowed, gap.Address)
	case <-ended:
		return ErrNotRunning
	case <-ctx.Done():
		return ctx.Err()
	}

	select {
	case err := <-request.done:
		return err
	case <-gone:
		return fmt.Errorf("%w any more: %s", ErrNotFollowed, gap.Address)
	case <-ended:
		return ErrNotRunning
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startExtension begins or resumes the extension asked for. It ends with the session; the next one resumes it.
func (s *session) startExtension(ctx context.Context) {
	request := *s.extending // the goroutine's own copy
	s.group.Go(func() {
		err := s.extend(ctx, &request)
		s.send(ctx, find{extended: true, err: err}) //nolint:errcheck // ends with ctx
	})
}

// endExtension tells the caller, or tries again later after a failure of the network.
func (s *session) endExtension(ctx context.Context, err error) error {
	if failure := s.conclude(ctx); failure != nil {
		return failure
	}
	request := s.extending
	if err != nil && !request.unasked && !errors.Is(err, ErrBeyond) {
		s.logger.Warn("reading older history was interrupted", "slot", request.gap.To, "err", err)
		return fmt.Errorf("older history: %w", err) // a new session resumes it
	}
	s.extending = nil
	request.done <- err
	if request.unasked {
		s.logger.Debug("a gap was looked at again", "slot", request.gap.From, "to", request.gap.To, "err", err)
	}
	select {
	case s.extending = <-s.extensions: // what somebody waits for comes first
		s.startExtension(ctx)
	default:
		s.mendNext(ctx)
	}
	return nil
}

// extend reads the gap of a request from the endpoint in use, and what that one does not have from the others.
func (s *session) extend(ctx context.Context, request *extension) error {
	progress := newProgress(s.status, s.logger, 0)
	defer s.status.change(func(status *Status) { status.Backfill = Backfill{} })

	for n := range s.config.Endpoints {
		source, closing, err := s.source(ctx, (s.index+n)%len(s.config.Endpoints))
		if err == nil {
			err = s.extendFrom(ctx, source, request, progress)
			closing()
		}

		switch {
		case err == nil:
			progress.end()
			return nil
		case ctx.Err() != nil, n == 0 && !errors.Is(err, ErrBeyond):
			return err
		}

		s.logger.Debug("a gap was not filled", "endpoint", s.config.Endpoints[(s.index+n)%len(s.config.Endpoints)], "err", err)
	}

	if err := s.renameRest(ctx, request, CauseForgotten); err != nil {
		return err
	}
	return fmt.Errorf("%w: slots up to %d are on none of the %d that are configured; another endpoint may have them",
		ErrBeyond, request.gap.To, len(s.config.Endpoints))
}

// renameRest says of what is left of a gap before the first start why that is so now.
func (s *session) renameRest(ctx context.Context, request *extension, cause string) error {
	old := request.gap
	if old.Cause == cause || old.Cause == CauseDoubt {
		return nil
	}
	request.gap.Cause, old.State = cause, market.GapReplaced
	return s.send(ctx, find{shrunk: true, gaps: []market.Gap{old, request.gap}, rest: request.gap, filled: request.filled})
}

// fill is how the gaps change when the request's was read from slot end on: what is left of it takes its place, and one gap
// holds all that the request has filled.
func (request *extension) fill(end market.Slot) []market.Gap {
	var changes []market.Gap
	gap := request.gap
	replaced := gap
	replaced.State = market.GapReplaced
	filled := gap
	filled.From, filled.State = end, market.GapFilled
	if old := request.filled; old != nil {
		filled.To = old.To
		gone := *old
		gone.State = market.GapReplaced
		changes = append(changes, gone)
	}

	request.filled = &filled
	changes = append(changes, replaced, filled)
	request.gap.To = minus(end, 1)
	if end > gap.From {
		changes = append(changes, request.gap)
	}

	return changes
}

// replayStretch sends a stretch's transactions in a few large batches.
func (s *session) replayStretch(ctx context.Context, h *history, way *walk, last, finalized market.Slot, progress *progress) error {
	var gathered outcome
	flush := func() error {
		batch := gathered
		gathered = outcome{}
		return s.send(ctx, find{outcome: batch, finalized: finalized})
	}
	err := h.replay(ctx, way, last, func(o outcome) error {
		progress.add(o.done)
		gathered.txs = append(gathered.txs, o.txs...)
		gathered.missing = append(gathered.missing, o.missing...)
		gathered.bare = append(gathered.bare, o.bare...)
		gathered.unsure = append(gathered.unsure, o.unsure...)
		gathered.forgotten = append(gathered.forgotten, o.forgotten...)
		gathered.groups = append(gathered.groups, o.groups...)
		if len(gathered.txs) < extendBatch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}

	return flush()
}
