package solana

import (
	"context"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

const (
	maxInBatch = 1000
	tellLag    = 2 * time.Second // from here on the log tells
)

// live delivers until the session is down.
func (s *session) live(ctx context.Context) error {
	s.working.Lock()
	defer s.working.Unlock()

	ticks, forget := s.listen()
	defer forget()
	s.ticks = ticks

	pause := min(s.config.RescanInterval, firstRescan)
	check := time.NewTimer(pause)
	wait := time.NewTimer(time.Hour)
	again := time.NewTicker(s.config.recheck)
	mend := time.NewTimer(min(firstMend, s.config.MendInterval))
	defer check.Stop()
	defer wait.Stop()
	defer again.Stop()
	defer mend.Stop()

	s.since = time.Now()
	defer s.level()
	if s.extending != nil {
		s.startExtension(ctx)
	}
	do := func() error { return nil }
	for {
		err := s.handle(func() error {
			if err := do(); err != nil {
				return err
			}
			if err := s.step(ctx, wait); err != nil {
				return err
			}
			s.scanSooner(ctx)
			return nil
		})
		if err != nil {
			return err
		}

		do = func() error { return nil }
		s.working.Unlock() // while it waits, how far it has come is told for it
		select {
		case <-ctx.Done():
			do = ctx.Err
		case <-s.down:
			do = func() error { return s.last(ctx) }
		case <-s.queue.ready:
		case <-s.ticks:
		case <-wait.C:
		case <-check.C:
			do = func() error {
				s.startRescan(ctx, lately(pause))
				pause = s.config.RescanInterval
				check.Reset(pause)
				return nil
			}
		case <-s.rescans:
			do = func() error { s.startRescan(ctx, time.Now()); return nil }
		case <-again.C:
			do = func() error { s.startRecheck(ctx); return nil }
		case <-mend.C:
			do = func() error {
				mend.Reset(s.mendPause.next())
				s.startMend(ctx)
				return nil
			}
		case s.extending = <-s.requests():
			do = func() error { s.startExtension(ctx); return nil }
		case found := <-s.finds:
			do = func() error { return s.take(ctx, found) }
		}

		s.working.Lock()
	}
}

// handle does the work of an address: of a followed one, which are many, on a stack that it does not keep.
func (r *run) handle(work func() error) error {
	if !r.follows {
		return work()
	}
	return r.hands.do(r.whole, work)
}

// step delivers what came, and sets wait to when the next of what is held has waited for long enough.
func (s *session) step(ctx context.Context, wait *time.Timer) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	s.rise()
	if len(s.held) > 0 {
		wait.Reset(max(0, s.patience(&s.held[0])))
	}
	return nil
}

// last delivers what came before the session was down, and returns why it is.
func (s *session) last(ctx context.Context) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	return s.err
}

// requests is where those for older history come from; nil while one is being served.
func (s *session) requests() <-chan *extension {
	if s.extending != nil {
		return nil
	}
	return s.extensions
}

// flush delivers every live transaction whose block time is known or waited for long enough, those that can be
// corrected, and chain time.
func (s *session) flush(ctx context.Context) error {
	slot, at := s.clock.reached(^market.Slot(0)) // before the queue is emptied: what it speaks for is in the queue
	txs, lost := s.queue.take()
	if lost {
		if err := s.recover(ctx); err != nil {
			return err
		}
		txs, _ = s.queue.take()
	}

	s.startRepairs(ctx, txs)
	for i := range txs {
		if !txs[i].Failed || s.config.IncludeFailed {
			s.held = append(s.held, txs[i])
		}
	}

	fresh := s.release()
	if !s.liveOnly {
		s.noteUnproven(fresh)
	}
	ready := append(s.dated(), fresh...)
	sortTxs(ready)
	for len(ready) > maxInBatch && ctx.Err() == nil {
		if err := s.deliver(ctx, market.Batch{Transactions: ready[:maxInBatch], More: true}); err != nil {
			return err
		}
		ready = ready[maxInBatch:]
	}

	for i := range s.held { // chain time does not pass what still waits
		if s.held[i].Slot <= slot {
			slot, at = s.clock.reached(minus(s.held[i].Slot, 1))
		}
	}

	s.showSlot()
	if s.follows && !s.liveOnly && len(ready) == 0 && s.isQuiet(slot, at) {
		if slot > s.delivered || at > s.chainTime {
			wake.Up(s.crowd.again)
		}
		return nil // it is told with how far the others have come, and waits behind nobody
	}

	b := market.Batch{Transactions: ready, ChainTime: at, Slot: slot}
	if s.liveOnly {
		b.Checkpoint = slot // it goes on from where it was, and with a gap
	}
	return s.deliver(ctx, b)
}

// noteUnproven remembers from which slot on the next list has to be compared with what came live. One that comes so late
// that its slot was compared already, as after a stall of this program, may be of a fork that has lost since.
func (s *session) noteUnproven(txs []market.Transaction) {
	for i := range txs {
		s.unproven = min(s.unproven, txs[i].Slot)
	}
	if s.unproven <= s.checkpoint {
		s.ledger.reach(s.unproven)
	}
}

// recover reads history again after live transactions were lost.
func (s *session) recover(ctx context.Context) error {
	if s.liveOnly {
		return s.skip(ctx)
	}
	s.logger.Warn("live transactions may have been lost; reading them back", "slot", s.delivered)
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	s.since = time.Now()
	if s.up == nil {
		s.status.change(func(status *Status) { status.State = Connected })
	}
	return nil
}

// patience is how long a transaction may still wait for its block time. One that came while history was read has waited
// for us, and nobody has asked for its time since.
func (s *session) patience(tx *market.Transaction) time.Duration {
	from := tx.ReceivedAt
	if from.Before(s.since) {
		from = s.since
	}
	return time.Until(from.Add(s.config.TimeWait))
}

// release takes from the held transactions those that can be delivered, with index and time.
func (s *session) release() []market.Transaction {
	var ready []market.Transaction
	pending := map[market.Slot]uint32{}
	taken := map[market.Signature]bool{}
	others := s.deliveries.Load()
	n := 0
	for ; n < len(s.held); n++ {
		tx := s.held[n]
		e, known := s.ledger.get(tx.Signature)
		if taken[tx.Signature] || known && e.slot == tx.Slot {
			continue // a repeat; if its time was a guess, dated corrects it
		}

		if others != nil {
			if e, short, known := others.look(s.run, tx.Signature); known && !short && e.slot == tx.Slot {
				others.name(s.run, tx.Signature)
				continue // another address has brought it
			}
		}

		if s.awaitsRepair(&tx) {
			s.held = append(s.held[:0], s.held[n:]...)
			return ready
		}

		at, dated := s.clock.time(tx.Slot)
		switch {
		case dated:
			tx.BlockTime = at
		case s.config.Commitment == Processed || s.patience(&tx) <= 0:
			if at, dated = s.clock.estimate(tx.Slot); !dated {
				if s.liveOnly {
					s.gaps = append(s.gaps, s.missed(tx.Slot, tx.Slot)...)
				}
				continue // a rescan finds it, when there is something to date it by
			}
			tx.BlockTime, tx.Provisional = at, true
		default:
			s.clock.want(tx.Slot)
			s.held = append(s.held[:0], s.held[n:]...)
			return ready
		}

		if others != nil && !isArrival(tx.Index) {
			tx.Index = unplaced
		}
		if others == nil {
			tx.Index = s.ledger.rank(tx.Signature, tx.Slot, pending[tx.Slot])
			pending[tx.Slot]++
		}
		taken[tx.Signature] = true
		ready = append(ready, tx)
	}

	s.held = nil
	return ready
}

// showSlot updates what Status says of the chain.
func (s *session) showSlot() {
	newest := s.clock.slot()
	if newest == 0 {
		return
	}

	const usual = 2 * graceSlots
	lag := uint64(minus(minus(newest, s.delivered), usual))
	switch {
	case s.clock.lasts(lag) >= tellLag && !s.behind:
		s.behind = true
		if s.lagging.Add(1) == 1 {
			s.logger.Warn("behind the cluster", "slot", s.delivered, "lag", lag)
		}
	case lag == 0 && s.level():
		s.logger.Info("level with the cluster again", "slot", s.delivered)
	}

	s.status.change(func(status *Status) {
		status.Slot, status.Buffered, status.Lag = newest, len(s.held), lag
		if !status.RateLimited || s.rpc.pace.paused() == 0 {
			status.RateLimited = false
		}
		if status.LastError != "" && s.up == nil && time.Since(status.LastErrorAt) > s.config.SilenceTimeout {
			status.LastError = ""
		}
	})
}

// level notes that the address is behind no more. It reports whether it was the last one of its connection that was.
func (s *session) level() bool {
	if !s.behind {
		return false
	}
	s.behind = false
	return s.lagging.Add(-1) == 0
}
