package solana

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/market"
)

// ErrNotRunning is returned by Extend when Run is not running, or ends before the history was read.
var ErrNotRunning = errors.New("the feed is not running")

const stretchPages = 2 // pages delivered at once: what an interruption costs

// extension is a request to read older history. Its gap shrinks as it is filled.
type extension struct {
	gap  market.Gap
	from market.Slot
	done chan error // of capacity 1
}

// Extend reads the program's transactions of an open gap back to slot from and delivers them, the newest stretch first,
// beside live ones; every stretch replaces the gap by a smaller one, so that it can be gone on with after an
// interruption. It returns when that is done, with ctx's error, or with ErrNotRunning; the work it asked for goes on when ctx
// ends early. Calls wait for each other. Safe for concurrent use.
func (f *Feed) Extend(ctx context.Context, gap market.Gap, from market.Slot) error {
	f.mu.Lock()
	ended := f.ended
	f.mu.Unlock()
	if ended == nil {
		return ErrNotRunning
	}
	request := &extension{gap: gap, from: from, done: make(chan error, 1)}
	select {
	case f.extensions <- request:
	case <-ended:
		return ErrNotRunning
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-request.done:
		return err
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
		err := s.extend(ctx, request)
		s.send(ctx, find{extended: true, err: err}) //nolint:errcheck // ends with ctx
	})
}

// endExtension tells the caller, or tries again later after a failure of the network.
func (s *session) endExtension(err error) error {
	if err != nil {
		s.logger.Warn("reading older history was interrupted", "slot", s.extending.gap.To, "err", err)
		return fmt.Errorf("older history: %w", err) // a new session resumes it
	}
	s.extending.done <- err
	s.extending = nil
	return nil
}

// extend reads the gap of a request stretch by stretch, newest first.
func (s *session) extend(ctx context.Context, request extension) error {
	slots, err := s.rpc.slots(ctx, Finalized)
	if err != nil {
		return err
	}
	gap, before := request.gap, ""
	for gap.To >= max(request.from, gap.From) {
		way, next, err := s.history.stretch(ctx, before, max(request.from, gap.From), gap.To)
		if err != nil {
			return err
		}
		err = s.history.replay(ctx, way, gap.To, nil, func(o outcome) error {
			return s.send(ctx, find{outcome: o, finalized: slots[0]})
		})
		if err != nil {
			return err
		}
		filled := gap
		filled.State = market.GapFilled
		update := []market.Gap{filled}
		end := way.oldest
		if next == "" { // the whole of what was asked for
			end = request.from
			if way.exhausted {
				end = gap.From
			}
		}
		if end > gap.From {
			gap.To = end - 1
			update = append(update, gap)
		}
		if err := s.send(ctx, find{gaps: update}); err != nil {
			return err
		}
		if end <= gap.From || next == "" {
			return nil
		}
		before = next
	}
	return nil
}

// stretch pages back from a cursor and keeps whole slots of from..to; next is the cursor to go on from, "" at the end.
func (h *history) stretch(ctx context.Context, before string, from, to market.Slot) (way *walk, next string, err error) {
	way = &walk{}
	for {
		infos, err := h.rpc.signatures(ctx, h.program, before, pageSize, 0, h.commitment)
		if err != nil {
			return nil, "", fmt.Errorf("page of older signatures: %w", err)
		}
		if len(infos) == 0 {
			way.exhausted = true
			return way, "", nil
		}
		last := infos[len(infos)-1]
		if cursor := last.signature.String(); cursor == before {
			return nil, "", fmt.Errorf("page of older signatures: %w: paging stands still", errResponse)
		} else {
			before = cursor
		}
		kept := infos[:0:0]
		for _, info := range infos {
			if info.slot >= from && info.slot <= to {
				kept = append(kept, info)
			}
		}
		if len(kept) > 0 {
			way.pages = append(way.pages, page{infos: kept})
			way.total += len(kept)
			way.oldest = kept[len(kept)-1].slot
		}
		if last.slot < from {
			return way, "", nil
		}
		if len(way.pages) >= stretchPages {
			if cursor := way.cut(); cursor != "" {
				return way, cursor, nil
			}
		}
	}
}

// cut takes the oldest slot off, which may go on in the next page; it returns the cursor behind what is left, or "" when
// there is nothing but that slot.
func (w *walk) cut() string {
	split := w.oldest
	for n := len(w.pages) - 1; n >= 0; n-- {
		infos := w.pages[n].infos
		for i := len(infos) - 1; i >= 0; i-- {
			if infos[i].slot != split {
				w.pages = w.pages[:n+1]
				w.pages[n].infos = infos[:i+1]
				w.oldest = infos[i].slot
				return infos[i].signature.String()
			}
		}
	}
	return ""
}
