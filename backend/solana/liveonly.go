package solana

import (
	"context"
	"time"

	"spinscope/backend/market"
)

// CauseLive is that of the gaps of an address that is followed live only: what nobody told is not read back.
const CauseLive = "followed live only: what was not told as it happened is not read back"

// lateSlots are those before the newest slot that was delivered of which something may have been on its way when a connection
// ended. Lists find it out for other addresses.
const lateSlots = 16

// readLive reads an address that is followed live only over a connection, whose transactions come in the queue, until that is of
// no more use.
func (r *run) readLive(ctx context.Context, l *link, queue *queue, live func()) error {
	s := &session{
		run: r, link: l, queue: queue, finds: make(chan find), repairs: map[market.Signature]bool{}, up: live, moves: l.socket.moves,
	}
	ticks, forget := r.clock.listen()
	defer forget()
	s.ticks, s.since = ticks, time.Now()
	defer s.level()

	if err := s.skip(ctx); err != nil {
		return err
	}

	wait := time.NewTimer(time.Hour)
	defer wait.Stop()
	for {
		if err := s.step(ctx, wait); err != nil {
			return err
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.down:
			return s.last(ctx)
		case <-s.queue.ready:
		case <-s.ticks:
		case <-wait.C:
		case found := <-s.finds:
			s.takeRepair(found.repaired)
		}
	}
}

// skip begins to keep what is told from now on. What lies before that and may not have been told is a gap.
func (s *session) skip(ctx context.Context) error {
	s.held = nil
	s.queue.restart()

	// What is told from here on is of later slots than those that are known by now, or adds to the gap.
	newest := s.clock.furthest()
	for newest == 0 {
		select {
		case <-s.ticks:
			newest = s.clock.furthest()
		case <-s.down:
			return s.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}

	from := market.Slot(0)
	if s.begun {
		from = minus(s.delivered+1, lateSlots)
	}
	s.begun = true
	if from > newest {
		return nil
	}
	return s.deliver(ctx, market.Batch{Gaps: s.missed(from, newest), Slot: newest, Checkpoint: newest})
}

// missed opens a gap of slots from..to, joined with the last one if it touches that, as when connections are short.
func (s *session) missed(from, to market.Slot) []market.Gap {
	gap := market.Gap{From: from, To: to, Cause: CauseLive, State: market.GapUnfillable}
	var changes []market.Gap
	if last := s.lastMissed; last != nil && gap.From <= last.To+1 && gap.To+1 >= last.From {
		if gap.From >= last.From && gap.To <= last.To {
			return nil
		}
		gap.From, gap.To = min(gap.From, last.From), max(gap.To, last.To)
		replaced := *last
		replaced.State = market.GapReplaced
		changes = append(changes, replaced)
	}

	s.lastMissed = &gap
	s.logger.Warn("transactions of an address that is followed live only may be missing", "address", s.address, "slot", from, "to", to)
	return append(changes, gap)
}
