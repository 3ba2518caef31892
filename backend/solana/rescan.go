package solana

import (
	"context"
	"maps"
	"slices"
	"time"

	"spinscope/backend/market"
)

const (
	firstRescan = 5 * time.Second // after a connection: nodes behind one address differ
	briskRescan = time.Second     // at the soonest, when the node forgets fast
)

// find is what a rescan sends to the delivering goroutine; the last one has end set.
type find struct {
	outcome   outcome
	survey    *survey // of a rescan: what it is about to read
	from      market.Slot
	depth     market.Slot // slots behind finalized that the node still has; 0: all
	finalized market.Slot
	end       bool
	extended  bool // an extension ended
	shrunk    bool // an extension got ahead: gaps, and what is left to do
	gaps      []market.Gap
	gone      []market.Signature
	rest      market.Gap
	filled    *market.Gap
	repaired  *repaired // a repair ended
	err       error
}

// startRescan begins a rescan unless one is running. It goes as far as the endpoint was at a time, at least.
func (s *session) startRescan(ctx context.Context, since time.Time) {
	if s.scanning {
		return
	}
	s.scanning = true
	s.scanned, s.scanSlot = time.Now(), s.clock.slot()
	work := rescan{
		since: since, checkpoint: s.checkpoint, start: s.start, unproven: s.unproven,
		doubted: s.doubted(), old: slices.Collect(maps.Values(s.missing)),
	}
	s.comparing, s.unproven = s.unproven, noSlot // what comes from now on may not be among what is compared

	s.group.Go(func() {
		done, err := s.turn(ctx, s.scans)
		if err != nil {
			return // ended with ctx
		}
		finalized, err := s.scan(ctx, work)
		done()
		s.send(ctx, find{end: true, finalized: finalized, err: err}) //nolint:errcheck // ends with ctx
	})
}

// scanSooner rescans before the node forgets what has become final since the last time, and when something came live of a
// slot that was compared before.
func (s *session) scanSooner(ctx context.Context) {
	if !s.scansSooner() {
		return
	}
	if time.Since(s.scanned) >= min(briskRescan, s.config.RescanInterval) {
		s.startRescan(ctx, time.Now())
	}
}

// scansSooner reports whether the next rescan is not to wait for its time.
func (s *session) scansSooner() bool {
	forgets := s.depth != 0 && minus(s.clock.slot(), s.scanSlot) > s.depth/2
	return forgets || s.unproven <= s.checkpoint
}

// rescan is what the delivering goroutine tells a rescan at its beginning.
type rescan struct {
	since                       time.Time // the endpoint is asked how far it is, unless that was done since
	checkpoint, start, unproven market.Slot
	doubted                     []slotRange
	old                         []signatureInfo // listed once and not shown
}

func (s *session) send(ctx context.Context, found find) error {
	select {
	case s.finds <- found:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take delivers what a rescan found.
func (s *session) take(ctx context.Context, found find) error {
	if found.repaired != nil {
		s.takeRepair(found.repaired)
		return nil
	}
	if found.extended {
		return s.endExtension(ctx, found.err)
	}
	if found.shrunk {
		if s.extending.unasked {
			s.mendPause.reset()
		}
		s.extending.gap, s.extending.filled = found.rest, found.filled
		return s.rollBack(ctx, found.gone, s.extending.withLost(found.gaps), found.rest.To)
	}

	if found.survey != nil {
		s.depth = found.depth
		gaps := s.unread(found.survey, found.from, found.finalized)
		return s.rollBack(ctx, found.survey.gone, gaps, found.finalized)
	}
	if !found.end {
		s.mode.RLock()
		defer s.mode.RUnlock()
		o := s.history.anew(ctx, found.outcome)
		if o.err != nil {
			return o.err
		}
		b := s.absorb(o, found.finalized)
		b.More = true
		return s.deliver(ctx, b)
	}

	s.scanning = false
	comparing := s.comparing
	s.comparing = noSlot
	if found.err != nil {
		s.unproven = min(s.unproven, comparing)
		s.status.fail(found.err, false)
		s.logger.Debug("rescan failed", "err", found.err)
		return s.conclude(ctx) // the next one covers the same slots; a dead endpoint is the clock's finding
	}
	return s.finish(ctx, found.finalized, found.finalized)
}

// rollBack delivers what is no longer part of the chain, and gaps.
func (r *run) rollBack(ctx context.Context, gone []market.Signature, gaps []market.Gap, slot market.Slot) error {
	if n := len(gone); n > 0 {
		r.logger.Info("transactions were rolled back", "count", n, "slot", slot)
	}
	return r.deliver(ctx, market.Batch{RolledBack: gone, Gaps: gaps})
}

// conclude says that nothing follows where the last batch said that others do: whoever stores batches waits for those.
func (r *run) conclude(ctx context.Context) error { return r.deliver(ctx, market.Batch{}) }

// finish ends the comparison of history up to a slot with what was delivered: it moves the checkpoint, though not past what
// came meanwhile and was not compared, and forgets what no later comparison needs.
func (r *run) finish(ctx context.Context, to, finalized market.Slot) error {
	if err := r.deliver(ctx, market.Batch{Checkpoint: min(to, minus(r.unproven, 1))}); err != nil {
		return err
	}
	r.forget(finalized)
	return nil
}

// forget drops what no later comparison needs from the ledger.
func (r *run) forget(finalized market.Slot) {
	r.ledger.prune(min(minus(finalized, ledgerSlots), minus(r.checkpoint, overlapSlots), r.unproven, r.comparing))
}

// scan compares recent history with what was delivered: it sends what the lists do not show or no longer hold, and then
// what is missing, misplaced or misdated. Everything up to finalized is then delivered.
func (s *session) scan(ctx context.Context, work rescan) (finalized market.Slot, err error) {
	chain, err := s.tip.now(ctx, work.since, work.checkpoint)
	if err != nil {
		return 0, err
	}

	finalized = chain.finalized
	from := max(min(work.checkpoint, minus(finalized, rescanSlots), work.unproven), work.start)
	found, err := s.history.survey(ctx, quest{floor: from, limit: -1, finalized: finalized, newest: chain.newest, doubted: work.doubted})
	if err != nil {
		return 0, err
	}

	unread := find{survey: found, from: max(work.checkpoint+1, work.start), depth: chain.depth, finalized: finalized}
	if err := s.send(ctx, unread); err != nil {
		return 0, err
	}

	forward := func(o outcome) error { return s.send(ctx, find{outcome: o, finalized: finalized}) }
	if err := s.history.replay(ctx, found.walk, max(finalized, minus(chain.newest, graceSlots)), forward); err != nil {
		return 0, err
	}

	for _, info := range work.old {
		if info.slot < from {
			one := s.history.fetch(ctx, []group{s.regroup(info)})
			if one.err != nil {
				return 0, one.err
			}
			if err := forward(one); err != nil {
				return 0, err
			}
		}
	}

	return finalized, nil
}

// regroup puts a formerly missing transaction among those of its slot, as far as they are remembered.
func (s *session) regroup(info signatureInfo) group {
	g := group{slot: info.slot, infos: []signatureInfo{info}}
	for signature, e := range s.ledger.between(info.slot, info.slot) {
		g.infos = append(g.infos, signatureInfo{signature: signature, slot: e.slot})
	}
	return g
}
