package solana

import (
	"context"
	"fmt"
	"sync"
	"time"

	"spinscope/backend/market"
)

// cursorSlots is how far above a gap a stored transaction is looked for, to begin paging there.
const cursorSlots = 4096

// extendFrom reads a request's gap from one endpoint, stretch by stretch, newest first. It returns nil when all that was
// asked for is read, and an error wrapping ErrBeyond when the endpoint does not have it or contradicts what is stored.
func (s *session) extendFrom(ctx context.Context, h *history, request *extension, progress *progress) error {
	back := request.reach
	back.from = max(back.from, request.gap.From)
	if request.gap.To < back.from {
		return nil
	}

	finalized, err := h.finalizedFor(ctx, request)
	if err != nil {
		return err
	}

	if depth, err := h.rpc.depth(ctx, finalized); err != nil {
		return err
	} else if depth > 0 && finalized-depth > request.gap.To {
		return fmt.Errorf("%w: the endpoint's ledger begins after slot %d", ErrBeyond, request.gap.To)
	}

	cursor, err := s.cursorAfter(ctx, request.gap.To)
	if err != nil {
		return err
	}

	defer s.countAhead(ctx, h, cursor, back, request.gap.To, progress)()

	for p := h.pager(cursor, 0); ; {
		from := *p
		way, err := s.soundStretch(ctx, h, p, back, request.gap.To)
		if err != nil {
			return err
		}
		if way.ended && p.pages == 0 && cursor != (market.Signature{}) { // the endpoint may not know the cursor
			cursor = market.Signature{}
			p = h.pager(market.Signature{}, 0)
			continue
		}

		if from.pages == 0 && !way.reached && way.bottom > request.gap.To {
			return fmt.Errorf("%w: the endpoint's lists end after slot %d", ErrBeyond, request.gap.To)
		}
		if err := s.replayStretch(ctx, h, way.walk, request.gap.To, finalized, progress); err != nil {
			return err
		}

		if end := max(way.bottom, back.from); end <= request.gap.To {
			gaps := request.fill(end)
			done := find{shrunk: true, gaps: gaps, gone: way.gone, rest: request.gap, filled: request.filled}
			if err := s.send(ctx, done); err != nil {
				return err
			}
		}

		switch {
		case way.bottom <= back.from, way.reached:
			if back.limit > 0 && way.limited {
				return s.renameRest(ctx, request, CauseLimit)
			}
			return nil
		case way.ended:
			return fmt.Errorf("%w: the endpoint's lists end at slot %d", ErrBeyond, way.bottom)
		}

		if back.limit > 0 {
			back.limit = max(1, back.limit-way.total)
		}
	}
}

// finalityWait is how long a request that somebody waits for gives the cluster to finalize a gap's newest slots, which
// takes it some 13 s.
const finalityWait = time.Minute

// finalizedFor is the newest finalized slot, once it has reached the end of a request's gap: a fork may still move
// transactions into slots that are not final, and nobody would look again. What nobody asked for comes again by itself, so
// it does not wait.
func (h *history) finalizedFor(ctx context.Context, request *extension) (market.Slot, error) {
	until := time.Now().Add(finalityWait)
	for pause := (backoff{first: h.rpc.first / 2, longest: 4 * h.rpc.first}); ; {
		slots, err := h.rpc.slots(ctx, Finalized)
		if err != nil {
			return 0, err
		}
		switch finalized := slots[0]; {
		case request.gap.To <= finalized:
			return finalized, nil
		case request.unasked || time.Now().After(until):
			return 0, fmt.Errorf("%w: its slots up to %d are not final yet", ErrBeyond, request.gap.To)
		}
		if err := sleep(ctx, pause.next()); err != nil {
			return 0, err
		}
	}
}

// stretch is a part of the way back through a gap.
type stretch struct {
	*walk
	reached bool               // what was asked for ends in it
	gone    []market.Signature // stored, and by a positive sign no longer part of the chain
}

// soundStretch is the next stretch of a pager, asked for again while it leaves out what is stored and on the chain.
func (s *session) soundStretch(ctx context.Context, h *history, p *pager, back reach, to market.Slot) (*stretch, error) {
	pause := backoff{first: h.rpc.first / 2, longest: 4 * h.rpc.first}
	before := *p
	for try := 1; ; try++ {
		way, err := h.stretch(ctx, p, back, to)
		if err != nil {
			return nil, err
		}

		suspects, err := s.unlisted(ctx, way, max(way.bottom, back.from), to)
		if err != nil {
			return nil, err
		}

		said, err := h.rpc.judge(ctx, suspects, true)
		if err != nil {
			return nil, err
		}
		if said.clear() {
			way.gone = said.gone
			return way, nil
		}
		if try == surveys {
			one := append(said.held, said.forgotten...)[0]
			return nil, fmt.Errorf("%w: its lists leave out %s in slot %d, which is stored", ErrBeyond, one.signature, one.slot)
		}

		if err := sleep(ctx, pause.next()); err != nil {
			return nil, err
		}
		*p = before
	}
}

// unlisted are the stored transactions of slots from..to that a stretch does not list.
func (s *session) unlisted(ctx context.Context, way *stretch, from, to market.Slot) (list []suspect, err error) {
	if from > to {
		return nil, nil
	}
	listed := make(map[market.Signature]struct{}, way.total)
	for i := range way.pages {
		for _, info := range way.pages[i].infos {
			listed[info.signature] = struct{}{}
		}
	}
	err = s.stored(ctx, from, to, func(tx market.Transaction) bool {
		if _, ok := listed[tx.Signature]; !ok && tx.Slot >= from {
			list = append(list, suspect{tx.Signature, tx.Slot})
		}
		return true
	})
	return list, err
}

// cursorAfter is the first stored transaction after a slot, where paging back into it begins; zero is the newest.
func (s *session) cursorAfter(ctx context.Context, slot market.Slot) (cursor market.Signature, err error) {
	err = s.stored(ctx, slot+1, slot+cursorSlots, func(tx market.Transaction) bool {
		if tx.Slot <= slot {
			return true
		}
		cursor = tx.Signature
		return false
	})
	return cursor, err
}

// countAhead counts in the background what is ahead of an extension, until stop is called.
func (s *session) countAhead(ctx context.Context, h *history, cursor market.Signature, back reach, to market.Slot, progress *progress) (stop func()) {
	counting, cancel := context.WithCancel(ctx)
	var counter sync.WaitGroup
	counter.Go(func() {
		if n, err := h.count(counting, cursor, back, to); err == nil {
			progress.expect(n)
		}
	})
	return func() {
		cancel()
		counter.Wait()
	}
}

// count pages through the signatures within reach, up to slot to, and counts them.
func (h *history) count(ctx context.Context, before market.Signature, back reach, to market.Slot) (total int, err error) {
	for {
		infos, err := h.rpc.signatures(ctx, h.address, before, pageSize, 0, h.commitment)
		if err != nil || len(infos) == 0 {
			return total, err
		}

		for i := range infos {
			if !back.covers(&infos[i]) || back.limit > 0 && total >= back.limit {
				return total, nil
			}
			if infos[i].slot <= to {
				total++
			}
		}

		last := infos[len(infos)-1].signature
		if last == before {
			return total, errResponse
		}
		before = last
	}
}

// stretch goes on with a pager and keeps whole slots within reach, up to slot to.
func (h *history) stretch(ctx context.Context, p *pager, back reach, to market.Slot) (*stretch, error) {
	way := &stretch{walk: &walk{}}
	for {
		before, top := p.before, min(p.oldest, to)
		infos, err := p.next(ctx, pageSize)
		if err != nil {
			return nil, err
		}
		if len(infos) == 0 {
			way.ended, way.first, way.bottom = true, p.first, p.bottom()
			way.reached, err = h.goesBackTo(ctx, way.bottom, back.since)
			way.openEnd(max(way.bottom, back.from))
			return way, err
		}

		kept := infos[:0:0]
		for _, info := range infos {
			if !back.covers(&info) {
				way.reached, way.bottom = true, info.slot+1
				break
			}
			if info.slot <= to {
				kept = append(kept, info)
			}
		}

		if last := infos[len(infos)-1]; last.slot <= to {
			way.add(newPage(before, kept, last, top, max(last.slot, way.bottom, back.from)))
		}
		way.limited = back.limit > 0 && way.total >= back.limit
		if way.reached {
			return way, nil
		}

		if len(way.pages) >= stretchPages || way.limited {
			if way.cut() {
				last := way.pages[len(way.pages)-1]
				p.stand(last.before, last.infos)
				way.bottom, way.reached = way.oldest, way.limited
				return way, nil
			}
		}
	}
}

// goesBackTo reports whether a block time lies after that of a slot where the lists end.
func (h *history) goesBackTo(ctx context.Context, slot market.Slot, since int64) (bool, error) {
	if since == 0 || slot == noSlot {
		return false, nil
	}
	for back := range market.Slot(maxSkipped) { // a skipped slot has no time
		var at int64
		one := timeCall(slot+back, &at)
		if err := h.rpc.do(ctx, attempts, one); err != nil {
			return false, err
		}
		if at != 0 {
			return at <= since, nil
		}
	}
	return false, nil
}

// cut takes the oldest slot off, which may go on in the next page; false when there is nothing but that slot.
func (w *walk) cut() bool {
	split := w.oldest
	for n := len(w.pages) - 1; n >= 0; n-- {
		infos := w.pages[n].infos
		for i := len(infos) - 1; i >= 0; i-- {
			if infos[i].slot != split {
				w.pages = w.pages[:n+1]
				w.pages[n] = newPage(w.pages[n].before, infos[:i+1], infos[i], w.pages[n].top, infos[i].slot)
				w.total = 0
				for k := range w.pages {
					w.total += w.pages[k].size
				}
				w.oldest = infos[i].slot
				return true
			}
		}
	}
	return false
}
