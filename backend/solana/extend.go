package solana

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"spinscope/backend/market"
)

// ErrNotRunning is returned by Extend when Run is not running, or ends before the history was read.
var ErrNotRunning = errors.New("the feed is not running")

const (
	stretchPages = 2    // pages delivered at once: what an interruption costs
	extendBatch  = 1000 // transactions in a batch, about: late ones make candles be built anew, once a batch
)

// extension is a request to read older history. Its gap shrinks as it is filled.
type extension struct {
	gap    market.Gap
	reach  reach
	filled *market.Gap // what it has filled so far
	done   chan error  // of capacity 1
}

// reach is how far back to read: to a slot and, if since is not 0, to a block time.
type reach struct {
	from  market.Slot
	since int64
}

// covers tells whether a signature lies within reach. Those of unknown time do.
func (r reach) covers(info *signatureInfo) bool {
	return info.slot >= r.from && (r.since == 0 || info.time == 0 || info.time >= r.since)
}

// Extend reads the program's transactions of an open gap back to slot from and delivers them, the newest stretch first,
// beside live ones; every stretch replaces the gap by a smaller one, so that it can be gone on with after an
// interruption. It returns when that is done, with ctx's error, or with ErrNotRunning; the work it asked for goes on when ctx
// ends early. Calls wait for each other. Safe for concurrent use.
func (f *Feed) Extend(ctx context.Context, gap market.Gap, from market.Slot) error {
	return f.extend(ctx, gap, reach{from: from})
}

// ExtendSince is Extend back to a block time, Unix seconds.
func (f *Feed) ExtendSince(ctx context.Context, gap market.Gap, since int64) error {
	return f.extend(ctx, gap, reach{since: since})
}

func (f *Feed) extend(ctx context.Context, gap market.Gap, back reach) error {
	f.mu.Lock()
	ended := f.ended
	f.mu.Unlock()
	if ended == nil {
		return ErrNotRunning
	}
	request := &extension{gap: gap, reach: back, done: make(chan error, 1)}
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
	gap, before, back := request.gap, "", request.reach
	back.from = max(back.from, gap.From)
	progress := newProgress(s.board, s.logger, 0)
	defer s.board.change(func(status *Status) { status.Backfill = Backfill{} })
	counting, stop := context.WithCancel(ctx)
	var counter sync.WaitGroup
	defer counter.Wait() // after the cancel below
	defer stop()
	counter.Go(func() {
		if n, err := s.history.count(counting, back, gap.To); err == nil {
			progress.expect(n)
		}
	})
	for gap.To >= back.from {
		way, next, err := s.history.stretch(ctx, before, back, gap.To)
		if err != nil {
			return err
		}
		if err := s.replayStretch(ctx, way, gap.To, slots[0], progress); err != nil {
			return err
		}
		end := way.oldest
		if next == "" { // the whole of what was asked for
			end = max(way.floor, back.from)
			if way.exhausted {
				end = gap.From
			}
		}
		if end > gap.To {
			break // all of it lies out of reach
		}
		rest := gap
		rest.To = minus(end, 1)
		done := find{gaps: fill(&request, gap, end), rest: rest, filled: request.filled, shrunk: true}
		if err := s.send(ctx, done); err != nil {
			return err
		}
		if gap = rest; next == "" || end <= gap.From {
			break
		}
		before = next
	}
	progress.end()
	return nil
}

// fill is how the gaps change when gap was read from slot end on: what is left of it takes its place, and one gap holds
// all that the request has filled.
func fill(request *extension, gap market.Gap, end market.Slot) []market.Gap {
	var changes []market.Gap
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
	if end > gap.From {
		gap.To = end - 1
		changes = append(changes, gap)
	}
	return changes
}

// replayStretch sends a stretch's transactions in a few large batches.
func (s *session) replayStretch(ctx context.Context, way *walk, most, finalized market.Slot, progress *progress) error {
	var gathered outcome
	flush := func() error {
		batch := gathered
		gathered = outcome{}
		return s.send(ctx, find{outcome: batch, finalized: finalized})
	}
	err := s.history.replay(ctx, way, most, nil, func(o outcome) error {
		progress.add(o.done)
		gathered.txs = append(gathered.txs, o.txs...)
		gathered.missing = append(gathered.missing, o.missing...)
		gathered.bare = append(gathered.bare, o.bare...)
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

// count pages through the signatures within reach, up to slot to, and counts them: what is ahead of an extension.
func (h *history) count(ctx context.Context, back reach, to market.Slot) (total int, err error) {
	for before := ""; ; {
		infos, err := h.rpc.signatures(ctx, h.program, before, pageSize, 0, h.commitment)
		if err != nil || len(infos) == 0 {
			return total, err
		}
		for i := range infos {
			if !back.covers(&infos[i]) {
				return total, nil
			}
			if infos[i].slot <= to {
				total++
			}
		}
		last := infos[len(infos)-1].signature.String()
		if last == before {
			return total, errResponse
		}
		before = last
	}
}

// stretch pages back from a cursor and keeps whole slots within reach, up to slot to; next is the cursor to go on from, ""
// at the end. There the walk's floor is the slot after the first one out of reach.
func (h *history) stretch(ctx context.Context, before string, back reach, to market.Slot) (way *walk, next string, err error) {
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
		cursor := infos[len(infos)-1].signature.String()
		if cursor == before {
			return nil, "", fmt.Errorf("page of older signatures: %w: paging stands still", errResponse)
		}
		before = cursor
		kept, ended := infos[:0:0], false
		for _, info := range infos {
			if ended = !back.covers(&info); ended {
				way.floor = info.slot + 1
				break
			}
			if info.slot <= to {
				kept = append(kept, info)
			}
		}
		if len(kept) > 0 {
			way.pages = append(way.pages, page{infos: kept})
			way.total += len(kept)
			way.oldest = kept[len(kept)-1].slot
		}
		if ended {
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
