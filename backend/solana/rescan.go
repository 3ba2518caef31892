package solana

import (
	"context"
	"maps"
	"slices"
	"time"

	"spinscope/backend/market"
)

const firstRescan = 5 * time.Second // after a connection: nodes behind one address differ

// find is what a rescan sends to the delivering goroutine; the last one has end set.
type find struct {
	outcome   outcome
	withdrawn []market.Signature
	finalized market.Slot
	end       bool
	extended  bool // an extension ended
	shrunk    bool // an extension got ahead: gaps, and what is left to do
	gaps      []market.Gap
	rest      market.Gap
	filled    *market.Gap
	err       error
}

// startRescan begins a rescan unless one is running.
func (s *session) startRescan(ctx context.Context) {
	if s.scanning {
		return
	}
	s.scanning = true
	old := slices.Collect(maps.Values(s.missing))
	checkpoint, start := s.checkpoint, s.start
	s.group.Go(func() {
		last := find{end: true}
		last.finalized, last.withdrawn, last.err = s.scan(ctx, checkpoint, start, old)
		s.send(ctx, last) //nolint:errcheck // ends with ctx
	})
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
	if found.extended {
		return s.endExtension(found.err)
	}
	if found.shrunk {
		s.extending.gap, s.extending.filled = found.rest, found.filled
		return s.deliver(ctx, market.Batch{Gaps: found.gaps})
	}
	if !found.end {
		b := s.absorb(found.outcome, found.finalized)
		b.More = true
		return s.deliver(ctx, b)
	}
	s.scanning = false
	if found.err != nil {
		s.board.fail(found.err, false)
		s.logger.Debug("rescan failed", "err", found.err)
		return nil // the next one covers the same slots; a dead endpoint is the clock's finding
	}
	return s.settle(ctx, found.withdrawn, found.finalized, found.finalized)
}

// settle ends the comparison of history up to a slot with what was delivered: it withdraws, moves the checkpoint, and
// forgets what no later comparison needs.
func (r *run) settle(ctx context.Context, withdrawn []market.Signature, to, finalized market.Slot) error {
	if n := len(withdrawn); n > 0 {
		r.logger.Info("transactions were rolled back", "count", n, "slot", to)
	}
	if err := r.deliver(ctx, market.Batch{Withdrawn: withdrawn, Checkpoint: to}); err != nil {
		return err
	}
	r.ledger.prune(min(minus(finalized, ledgerSlots), minus(r.checkpoint, overlapSlots)))
	return nil
}

// scan compares recent history with what was delivered: it sends what is missing, misplaced or misdated, and returns
// what is no longer part of the chain. Everything up to finalized is then delivered.
func (s *session) scan(ctx context.Context, checkpoint, start market.Slot, old []signatureInfo) (finalized market.Slot, withdrawn []market.Signature, err error) {
	slots, err := s.rpc.slots(ctx, Finalized, s.config.readable())
	if err != nil {
		return 0, nil, err
	}
	finalized = min(slots[0], slots[1])
	from := max(min(checkpoint, minus(finalized, rescanSlots)), start)
	check := newAudit(s.ledger, from, finalized)
	way, err := s.history.back(ctx, from, -1, slots[1])
	if err != nil {
		return 0, nil, err
	}
	forward := func(o outcome) error { return s.send(ctx, find{outcome: o, finalized: finalized}) }
	err = s.history.replay(ctx, way, max(finalized, minus(slots[1], graceSlots)), check.see, forward)
	if err != nil {
		return 0, nil, err
	}
	for _, info := range old {
		if info.slot < from {
			if err := forward(s.history.fetch(ctx, []group{s.regroup(info)})); err != nil {
				return 0, nil, err
			}
		}
	}
	withdrawn, err = s.rpc.confirmGone(ctx, check.gone())
	return finalized, withdrawn, err
}

// regroup puts a formerly missing transaction among those of its slot, as far as they are remembered.
func (s *session) regroup(info signatureInfo) group {
	g := group{slot: info.slot, infos: []signatureInfo{info}}
	for signature, e := range s.ledger.between(info.slot, info.slot) {
		g.infos = append(g.infos, signatureInfo{signature: signature, slot: e.slot})
	}
	return g
}
