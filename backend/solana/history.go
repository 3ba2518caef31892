package solana

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"spinscope/backend/market"
)

const (
	workers = 4
	jobSize = 256 // transactions, about: slots are not split
)

// history reads the past of a program from one endpoint and compares it with what was delivered. One replay at a time.
type history struct {
	rpc        *rpcClient
	program    market.Pubkey
	commitment string // confirmed or finalized
	failed     bool   // failed transactions count
	ledger     *ledger
	clock      *clock
	orders     *orders
	logger     *slog.Logger
	workers    int
}

// outcome is a stretch of history: whole slots, everything that was not delivered yet or differs.
type outcome struct {
	txs     []market.Transaction // ascending
	missing []group              // the node has the signatures but not (yet) the transactions
	bare    []market.Slot        // slots with transactions whose logs the node did not keep
	last    market.Slot          // newest slot in it
	time    int64                // block time of last, 0 when unknown
	done    int                  // signatures it stands for
	err     error
}

type job struct {
	groups []group
	size   int
	out    chan outcome
}

// replay fetches what a walk found, several requests at a time, and calls visit with the outcomes in ascending order.
// see, when not nil, is called with every signature's info. Slots above most are left out.
func (h *history) replay(ctx context.Context, w *walk, most market.Slot, see func(signatureInfo), visit func(outcome) error) error {
	ctx, cancel := context.WithCancel(ctx)
	work, ordered := make(chan *job), make(chan *job, 2*h.workers)
	var group sync.WaitGroup
	var producing error
	defer group.Wait() // after the cancel below
	defer cancel()
	group.Go(func() {
		defer close(ordered)
		defer close(work)
		producing = h.produce(ctx, w, most, see, func(j *job) error {
			for _, to := range []chan *job{ordered, work} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range h.workers {
		group.Go(func() {
			for j := range work {
				j.out <- h.fetch(ctx, j.groups)
			}
		})
	}
	for j := range ordered {
		var result outcome
		select {
		case result = <-j.out:
		case <-ctx.Done():
			return ctx.Err()
		}
		if result.err != nil {
			return result.err
		}
		if err := visit(result); err != nil {
			return err
		}
	}
	return producing // written before ordered was closed
}

// produce cuts the walk into jobs of whole slots.
func (h *history) produce(ctx context.Context, w *walk, most market.Slot, see func(signatureInfo), emit func(*job) error) error {
	next := &job{out: make(chan outcome, 1)}
	listed := map[market.Signature]struct{}{} // of one slot: overlapping pages would shift the ranks
	err := h.forward(ctx, w, func(g group) error {
		if g.slot > most {
			return nil
		}
		kept := g.infos[:0]
		clear(listed)
		for _, info := range g.infos {
			if see != nil {
				see(info)
			}
			if _, twice := listed[info.signature]; !twice && (h.failed || !info.failed) {
				kept = append(kept, info)
			}
			listed[info.signature] = struct{}{}
		}
		next.size += len(g.infos)
		next.groups = append(next.groups, group{slot: g.slot, infos: kept})
		if next.size < jobSize {
			return nil
		}
		full := next
		next = &job{out: make(chan outcome, 1)}
		return emit(full)
	})
	if err == nil && len(next.groups) > 0 {
		err = emit(next)
	}
	return err
}

// wantedTx is a transaction to fetch, with its rank in its slot.
type wantedTx struct {
	info  signatureInfo
	rank  uint32
	found found
}

// fetch reads what differs from the ledger in groups.
func (h *history) fetch(ctx context.Context, groups []group) outcome {
	var out outcome
	var wanted []*wantedTx
	if err := h.order(ctx, groups); err != nil {
		return outcome{err: err}
	}
	for _, g := range groups {
		out.done += len(g.infos)
		out.last = g.slot
		for rank, info := range g.infos {
			if info.time != 0 && info.slot == g.slot {
				out.time = info.time
				h.clock.learn(g.slot, info.time)
			}
			e, known := h.ledger.get(info.signature)
			if known && e.slot == g.slot && int(e.index) == rank && !e.provisional && (info.time == 0 || info.time == e.time) {
				continue
			}
			wanted = append(wanted, &wantedTx{info: info, rank: uint32(rank)}) //nolint:gosec // far below 2^32
		}
	}
	if err := h.load(ctx, wanted); err != nil {
		return outcome{err: err}
	}
	for _, one := range wanted {
		h.place(one, &out)
	}
	if err := h.date(ctx, out.txs); err != nil {
		return outcome{err: err}
	}
	sortTxs(out.txs)
	if n := len(out.txs); n > 0 && out.txs[n-1].Slot == out.last && !out.txs[n-1].Provisional {
		out.time = max(out.time, out.txs[n-1].BlockTime)
	}
	return out
}

// load gets transactions; one the node does not show yet is asked for again a few times.
func (h *history) load(ctx context.Context, wanted []*wantedTx) error {
	pause := backoff{first: h.rpc.first / 4, most: h.rpc.first}
	for try := 0; len(wanted) > 0; try++ {
		calls := make([]*call, len(wanted))
		for i, one := range wanted {
			calls[i] = transactionCall(one.info.signature, h.commitment, &one.found)
		}
		if err := h.rpc.do(ctx, attempts, calls...); err != nil {
			return err
		}
		var left []*wantedTx
		for i, one := range wanted {
			if calls[i].err != nil || !one.found.known {
				left = append(left, one)
				h.logger.Debug("transaction not shown", "sig", one.info.signature.String(), "slot", one.info.slot, "err", calls[i].err)
			}
		}
		if wanted = left; len(wanted) == 0 || try == attempts {
			return nil
		}
		if err := sleep(ctx, pause.next()); err != nil {
			return err
		}
	}
	return nil
}

// place puts a fetched transaction into the outcome.
func (h *history) place(one *wantedTx, out *outcome) {
	if !one.found.known {
		out.missing = append(out.missing, group{slot: one.info.slot, infos: []signatureInfo{one.info}})
		return
	}
	tx := one.found.tx
	tx.Index = one.rank
	if tx.Failed && !h.failed {
		return
	}
	if one.found.bare && !tx.Failed {
		out.bare = append(out.bare, tx.Slot)
	}
	if tx.BlockTime == 0 {
		tx.BlockTime = one.info.time
	}
	out.txs = append(out.txs, tx)
}

// date finds block times that the transactions came without.
func (h *history) date(ctx context.Context, txs []market.Transaction) error {
	for i := range txs {
		tx := &txs[i]
		if tx.BlockTime != 0 {
			h.clock.learn(tx.Slot, tx.BlockTime)
			continue
		}
		at, known := h.clock.time(tx.Slot)
		if !known {
			one := timeCall(tx.Slot, &at)
			if err := h.rpc.do(ctx, attempts, one); err != nil {
				return err
			}
			h.clock.learn(tx.Slot, at)
		}
		if tx.BlockTime = at; at == 0 {
			tx.BlockTime, tx.Provisional = h.clock.estimate(tx.Slot), true
		}
	}
	return nil
}

// errUnordered is logged when the order of a slot's transactions could not be read.
var errUnordered = errors.New("block order not available")
