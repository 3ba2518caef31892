package solana

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
)

// catchUp delivers history up to now while the queue collects what arrives meanwhile. When the queue overflows, or a
// notification may have been lost, it starts over from what is then the checkpoint.
func (s *session) catchUp(ctx context.Context) error {
	defer s.status.change(func(status *Status) { status.Backfill = Backfill{} })
	done, err := s.turn(ctx, s.turns)
	if err != nil {
		return err
	}
	defer done()
	for {
		s.held = nil
		s.queue.restart()
		if err := s.handle(func() error { return s.readHistory(ctx) }); err != nil {
			return err
		}
		if !s.queue.overflowed() {
			return nil
		}
		s.logger.Warn("live transactions were dropped while history was read; reading on", "slot", s.delivered)
	}
}

// readHistory delivers everything from the checkpoint on, or on a first start what backfill_limit allows.
func (s *session) readHistory(ctx context.Context) error {
	slots, err := s.rpc.slots(ctx, Finalized, s.config.readable())
	if err != nil {
		return err
	}

	finalized, newest := min(slots[0], slots[1]), slots[1]
	floor, limit := market.Slot(0), s.config.BackfillLimit
	if s.begun {
		floor, limit = max(min(minus(s.checkpoint, overlapSlots), s.unproven, s.comparing), s.start), -1
	}

	s.status.change(func(status *Status) {
		if newest > market.Slot(s.still.Load()) && !s.lists {
			status.State = CatchingUp
		}
		status.Slot, status.Lag = newest, uint64(minus(newest, max(s.delivered, s.checkpoint)))
		status.Backfill = Backfill{Running: true}
	})

	found, err := s.history.survey(ctx, quest{floor: floor, limit: limit, finalized: finalized, newest: newest, doubted: s.doubted()})
	if err != nil {
		return err
	}

	if !s.begun {
		s.begin(found.walk, newest)
	}
	gaps := s.unread(found, max(s.checkpoint+1, s.start), newest)
	if err := s.rollBack(ctx, found.gone, gaps, newest); err != nil {
		return err
	}

	progress := newProgress(s.status, s.logger, found.total)
	err = s.history.replay(ctx, found.walk, newest, func(o outcome) error {
		if s.lost.Swap(false) { // whoever answers now may be another cluster, started at the same address
			if err := s.admit(ctx, s.rpc, s.endpoint); err != nil {
				return err
			}
		}

		s.mode.RLock()
		defer s.mode.RUnlock()

		if o = s.history.anew(ctx, o); o.err != nil {
			return o.err
		}
		b := s.absorb(o, finalized)
		b.Slot, b.ChainTime, b.Checkpoint, b.More = o.last, o.time, min(o.last, finalized), true
		if err := s.deliver(ctx, b); err != nil {
			return err
		}

		s.forget(finalized)
		progress.add(o.done)
		s.status.change(func(status *Status) {
			status.Lag, status.Buffered = uint64(minus(newest, o.last)), s.queue.len()
		})
		return nil
	})
	if err != nil {
		if failure := s.conclude(ctx); failure != nil { // what was read is stored while the endpoint is away
			return failure
		}
		return err
	}

	progress.end()
	s.unproven, s.comparing = noSlot, noSlot // nothing came live meanwhile
	if err := s.finish(ctx, finalized, finalized); err != nil {
		return err
	}
	if s.lists {
		return nil
	}
	return s.deliver(ctx, market.Batch{Slot: newest})
}

// begin decides on a first start where our history begins.
func (s *session) begin(way *walk, newest market.Slot) {
	s.begun, s.start = true, min(way.bottom, newest+1)
	if !way.limited {
		if s.start > 0 {
			s.gaps = append(s.gaps, s.openGap(0, s.start-1, CauseForgotten)...)
			s.allowance = max(0, s.config.BackfillLimit-way.total)
		}
		return
	}
	oldest := newest
	s.start = newest + 1
	if way.total > 0 {
		oldest, s.start = way.oldest, way.oldest
	}
	s.gaps = append(s.gaps, market.Gap{From: 0, To: oldest, Cause: CauseLimit})
	s.logger.Info("history before the backfill limit is left out", "slot", oldest)
}

// progress reports how far the reading of history has come.
type progress struct {
	status *sharedStatus
	logger *slog.Logger
	total  atomic.Int64 // 0 while not known
	count  int
	start  time.Time
	said   time.Time
	spoken bool
}

func newProgress(status *sharedStatus, logger *slog.Logger, total int) *progress {
	now := time.Now()
	p := &progress{status: status, logger: logger, start: now, said: now}
	p.expect(total)
	p.show()
	return p
}

// expect sets the total; safe beside add.
func (p *progress) expect(total int) { p.total.Store(int64(total)) }

func (p *progress) add(n int) {
	const every = 5 * time.Second
	p.count += n
	eta := p.show()
	if now := time.Now(); now.Sub(p.said) >= every {
		p.said, p.spoken = now, true
		p.logger.Info("reading history", "done", p.count, "total", p.total.Load(), "eta", eta.Round(time.Second))
	}
}

func (p *progress) show() (eta time.Duration) {
	total := int(p.total.Load())
	if p.count > 0 {
		eta = time.Duration(float64(time.Since(p.start)) / float64(p.count) * float64(max(0, total-p.count)))
	}
	p.status.change(func(s *Status) {
		s.Backfill = Backfill{Running: true, Done: p.count, Total: total, ETASeconds: eta.Seconds()}
	})
	return eta
}

func (p *progress) end() {
	if p.spoken || p.count >= pageSize {
		p.logger.Info("history read", "done", p.count, "took", time.Since(p.start).Round(time.Millisecond))
	}
}
