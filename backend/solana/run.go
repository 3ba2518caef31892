package solana

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"spinscope/backend/market"
)

// CauseLimit is the cause of the gap before the history that a first start reads. Extend fills it.
const CauseLimit = "history before backfill_limit"

const (
	causeMissing = "transaction not available: " // and its signature
	causeBare    = "transaction without logs"

	mostMissing     = 1000   // transactions asked for again at every rescan
	mostProvisional = 20_000 // transactions kept until their block time is known
)

// run is the state of one Feed.Run that outlives connections. Only the delivering goroutine touches it; ledger, clock
// and orders are safe for others.
type run struct {
	config  Config
	board   *board
	figures *figures
	logger  *slog.Logger
	apply   func(context.Context, market.Batch) error
	clock   *clock
	ledger  *ledger
	orders  *orders

	begun      bool        // start is settled
	start      market.Slot // slots below are none of ours: a gap, or delivered in an earlier run
	checkpoint market.Slot
	delivered  market.Slot // everything from start to here was delivered
	chainTime  int64
	gaps       []market.Gap // to be delivered with the next batch

	extending   *extension                              // asked for and not done
	missing     map[market.Signature]signatureInfo      // behind open gaps
	provisional map[market.Signature]market.Transaction // to be delivered again with their time
}

// applyError carries an error of the callback out of everything.
type applyError struct{ err error }

func (e *applyError) Error() string { return e.err.Error() }
func (e *applyError) Unwrap() error { return e.err }

// deliver hands a batch on and notes what was delivered. An error is an *applyError.
func (r *run) deliver(ctx context.Context, b market.Batch) error {
	b.ChainTime = max(b.ChainTime, r.chainTime)
	if b.Checkpoint <= r.checkpoint {
		b.Checkpoint = 0
	}
	b.Gaps = append(r.gaps, b.Gaps...)
	if len(b.Transactions) == 0 && len(b.Withdrawn) == 0 && len(b.Gaps) == 0 && b.ChainTime == r.chainTime && b.Checkpoint == 0 && b.Slot <= r.delivered {
		return nil
	}
	if err := r.apply(ctx, b); err != nil {
		return &applyError{err}
	}
	r.gaps = nil
	r.chainTime = b.ChainTime
	r.checkpoint = max(r.checkpoint, b.Checkpoint)
	r.delivered = max(r.delivered, b.Slot)
	r.ledger.add(b.Transactions)
	r.ledger.remove(b.Withdrawn)
	for i := range b.Transactions {
		r.noteProvisional(&b.Transactions[i])
	}
	for _, signature := range b.Withdrawn {
		delete(r.provisional, signature)
	}
	r.board.change(func(s *Status) {
		s.Delivered = r.delivered
		s.Transactions += uint64(len(b.Transactions))
	})
	return nil
}

func (r *run) noteProvisional(tx *market.Transaction) {
	if !tx.Provisional {
		delete(r.provisional, tx.Signature)
		return
	}
	if len(r.provisional) < mostProvisional { // the others are corrected by a rescan
		r.provisional[tx.Signature] = *tx
		r.clock.want(tx.Slot)
	}
}

// dated are the provisional transactions whose block time has become known, in order.
func (r *run) dated() []market.Transaction {
	var txs []market.Transaction
	for _, tx := range r.provisional {
		if at, known := r.clock.time(tx.Slot); known {
			if e, ok := r.ledger.get(tx.Signature); ok {
				tx.Index = e.index
			}
			tx.BlockTime, tx.Provisional = at, false
			txs = append(txs, tx)
		}
	}
	sortTxs(txs)
	return txs
}

// absorb turns an outcome of reading history into a batch: holes become gaps, holes that closed become filled ones.
// Above finalized a missing transaction is no hole yet.
func (r *run) absorb(o outcome, finalized market.Slot) market.Batch {
	b := market.Batch{Transactions: o.txs}
	for i := range o.txs {
		if info, ok := r.missing[o.txs[i].Signature]; ok {
			delete(r.missing, info.signature)
			b.Gaps = append(b.Gaps, missingGap(&info, market.GapFilled))
		}
	}
	for _, g := range o.missing {
		info := g.infos[0]
		if _, noted := r.missing[info.signature]; noted || g.slot > finalized {
			continue
		}
		r.logger.Warn("transaction not available", "sig", info.signature.String(), "slot", g.slot)
		b.Gaps = append(b.Gaps, missingGap(&info, market.GapOpen))
		if len(r.missing) < mostMissing {
			r.missing[info.signature] = info
		}
	}
	for _, slot := range slices.Compact(slices.Sorted(slices.Values(o.bare))) {
		b.Gaps = append(b.Gaps, market.Gap{From: slot, To: slot, Cause: causeBare, State: market.GapUnfillable})
	}
	return b
}

// missingGap is the gap that a transaction leaves which the node lists and does not show.
func missingGap(info *signatureInfo, state market.GapState) market.Gap {
	return market.Gap{From: info.slot, To: info.slot, Cause: causeMissing + info.signature.String(), State: state}
}

// MissingIn is the transaction that the node listed and did not show, of the gap that it left; false for a gap of another
// cause.
func MissingIn(gap *market.Gap) (market.Signature, bool) {
	return gap.Transaction(causeMissing)
}

// recallMissing takes up the open gaps of earlier runs, to ask for their transactions again.
func (r *run) recallMissing(gaps []market.Gap) {
	for _, gap := range gaps {
		signature, ok := MissingIn(&gap)
		if ok && gap.State == market.GapOpen && len(r.missing) < mostMissing {
			r.missing[signature] = signatureInfo{signature: signature, slot: gap.From}
		}
	}
}

// isFatal tells whether err ends Run.
func isFatal(err error) bool {
	_, ok := errors.AsType[*applyError](err)
	return ok
}

// minus is a - b, not below 0.
func minus(a, b market.Slot) market.Slot { return a - min(a, b) }
