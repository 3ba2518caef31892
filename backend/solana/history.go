package solana

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"spinscope/backend/market"
)

const (
	workers = 4
	jobSize = 256 // transactions, about: slots are not split
)

// history reads the past of an address from one endpoint and compares it with what was delivered. One replay at a time.
type history struct {
	rpc        *rpcClient
	run        *run // whose it is; nil in tests of a history alone
	address    market.Pubkey
	commitment string // confirmed or finalized
	failed     bool   // failed transactions count
	selfCalls  bool   // what was delivered with a cut log is asked for again
	ledger     *ledger
	clock      *clock
	orders     *orders
	logger     *slog.Logger
	workers    int
	other      *second // asked for second looks beside rpc; may be nil
}

// outcome is a stretch of history: whole slots, everything that was not delivered yet or differs.
type outcome struct {
	txs       []market.Transaction // ascending
	missing   []group              // the node has the signatures but not (yet) the transactions
	forgotten []market.Slot        // slots of those that it had
	bare      []market.Slot        // slots with transactions whose logs the node did not keep
	unsure    []lapse
	last      market.Slot // newest slot in it
	time      int64       // block time of last, 0 when unknown
	done      int         // signatures it stands for
	groups    []group     // that it was made of, while one address was followed alone
	err       error
}

type job struct {
	groups []group
	unsure []lapse
	size   int
	out    chan outcome
}

// replay fetches what a walk found, several requests at a time, and calls visit with the outcomes in ascending order.
// Slots above last are left out.
func (h *history) replay(ctx context.Context, w *walk, last market.Slot, visit func(outcome) error) error {
	ctx, cancel := context.WithCancel(ctx)
	work, ordered := make(chan *job), make(chan *job, 2*h.workers)
	var group sync.WaitGroup
	var producing error
	defer group.Wait() // after the cancel below
	defer cancel()

	group.Go(func() {
		defer close(ordered)
		defer close(work)

		producing = h.produce(ctx, w, last, func(j *job) error {
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
				result := h.fetch(ctx, j.groups)
				result.unsure = j.unsure
				j.out <- result
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
func (h *history) produce(ctx context.Context, w *walk, last market.Slot, emit func(*job) error) error {
	next := &job{out: make(chan outcome, 1)}
	listed := map[market.Signature]struct{}{} // of one slot: overlapping pages would shift the ranks
	err := h.forward(ctx, w, func(g group) error {
		if g.slot > last {
			return nil
		}
		if g.unsure != nil {
			next.unsure = append(next.unsure, *g.unsure)
			return nil
		}

		kept := g.infos[:0]
		clear(listed)
		for _, info := range g.infos {
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
	if err == nil && len(next.groups)+len(next.unsure) > 0 {
		err = emit(next)
	}

	return err
}

// wantedTx is a transaction to fetch, with its place in its slot.
type wantedTx struct {
	info    signatureInfo
	rank    uint32
	foreign bool // it names another address, as far as we know
	found   found
	gone    bool // the node has forgotten it
}

// fetch reads what differs from the ledger in groups.
func (h *history) fetch(ctx context.Context, groups []group) outcome {
	var out outcome
	var wanted []*wantedTx
	others := h.others()
	if others == nil {
		out.groups = groups
	} else {
		if err := h.recallSlots(ctx, others, groups); err != nil {
			return outcome{err: err}
		}
	}

	if err := h.order(ctx, groups); err != nil {
		return outcome{err: err}
	}
	for _, g := range groups {
		out.done += len(g.infos)
		out.last = g.slot
		places := h.places(&g)
		moved, err := h.displaced(ctx, &g, places)
		if err != nil {
			return outcome{err: err}
		}

		wanted = append(wanted, moved...)
		for rank, info := range g.infos {
			if info.time != 0 && info.slot == g.slot {
				out.time = info.time
				h.clock.learn(g.slot, info.time)
			}
			e, known, short := h.delivered(info.signature)
			if known && !short && !(e.cut && h.selfCalls) && e.slot == g.slot && e.index == places[rank] && !e.provisional && (info.time == 0 || info.time == e.time) {
				if others != nil {
					others.name(h.run, info.signature)
				}
				continue
			}
			wanted = append(wanted, &wantedTx{info: info, rank: places[rank]})
		}
	}

	if err := h.load(ctx, wanted); err != nil {
		return outcome{err: err}
	}
	for _, one := range wanted {
		h.place(one, &out)
	}

	if err := h.date(ctx, &out); err != nil {
		return outcome{err: err}
	}
	sortTxs(out.txs)
	if n := len(out.txs); n > 0 && out.txs[n-1].Slot == out.last && !out.txs[n-1].Provisional {
		out.time = max(out.time, out.txs[n-1].BlockTime)
	}

	return out
}

// anew is an outcome as it is now: one of a time when one address was followed alone has ranks for places, so it is made anew
// when several are. shared.mode is held.
func (h *history) anew(ctx context.Context, o outcome) outcome {
	if h.others() == nil || len(o.groups) == 0 {
		return o
	}
	again := h.fetch(ctx, o.groups)
	again.unsure = o.unsure
	return again
}

// others is what was delivered of all addresses; nil while one is followed alone.
func (h *history) others() *deliveries {
	if h.run == nil {
		return nil
	}
	return h.run.deliveries.Load()
}

// delivered is what was delivered of a transaction, for this address or another. short reports that another one's cut log
// is all that was.
func (h *history) delivered(signature market.Signature) (e entry, known, short bool) {
	if others := h.others(); others != nil {
		if e, short, known = others.look(h.run, signature); known {
			return e, true, short
		}
	}
	e, known = h.ledger.get(signature)
	return e, known, false
}

// places are those of a group's transactions in their slot: their ranks or, where several addresses are followed, what deliveries
// says of places.
func (h *history) places(g *group) []uint32 {
	places := make([]uint32, len(g.infos))
	others := h.others()
	blocks := h.orders.get(g.slot)
	next := uint32(inList)
	for rank, info := range g.infos {
		switch place, ok := blocks[info.signature]; {
		case others == nil:
			places[rank] = uint32(rank) //nolint:gosec // far below 2^32
		case len(g.infos) == 1 || g.agreed:
			places[rank] = others.place(info.signature, g.slot)
		case ok:
			places[rank] = inBlock + uint32(place) //nolint:gosec // a block holds few
			others.plan(info.signature, g.slot, places[rank])
		default:
			places[rank] = next
			next++
		}
	}

	return places
}

// displaced are the transactions of other addresses that have to go to their places in the block because one of a group goes
// to its own: they may be in order with it by a list that is not read now. Who planned it may be gone.
func (h *history) displaced(ctx context.Context, g *group, places []uint32) (moved []*wantedTx, err error) {
	others := h.others()
	if others == nil {
		return nil, nil
	}

	goes := false
	for rank, info := range g.infos {
		e, known, _ := h.delivered(info.signature)
		goes = goes || known && e.slot == g.slot && e.index != places[rank]
	}

	if !goes {
		return nil, nil
	}
	if err := h.askOrder(ctx, []group{*g}); err != nil { // of those that came since it was asked for
		return nil, err
	}

	blocks := h.orders.get(g.slot)
	for signature, index := range others.inSlot(g.slot) {
		place, ok := blocks[signature]
		ours := slices.ContainsFunc(g.infos, func(info signatureInfo) bool { return info.signature == signature })
		if at := inBlock + uint32(place); ok && !ours && index != at { //nolint:gosec // a block holds few
			others.plan(signature, g.slot, at)
			moved = append(moved, &wantedTx{info: signatureInfo{signature: signature, slot: g.slot}, rank: at, foreign: true})
		}
	}

	return moved, nil
}

// load gets transactions; one the node does not show yet is asked for again a few times.
func (h *history) load(ctx context.Context, wanted []*wantedTx) error {
	pause := backoff{first: h.rpc.first / 4, longest: h.rpc.first}
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

		if len(left) > 0 && try > 0 { // one member of a pool may have what another has forgotten
			var err error
			if left, err = h.dropForgotten(ctx, left); err != nil {
				return err
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

// dropForgotten leaves out those from below the node's ledger, which are not worth another question.
func (h *history) dropForgotten(ctx context.Context, wanted []*wantedTx) ([]*wantedTx, error) {
	var first market.Slot
	depth := firstBlockCall(&first)
	if err := h.rpc.do(ctx, attempts, depth); err != nil || depth.err != nil {
		return wanted, err
	}
	return slices.DeleteFunc(wanted, func(one *wantedTx) bool {
		one.gone = one.info.slot < first
		return one.gone
	}), nil
}

// place puts a fetched transaction into the outcome.
func (h *history) place(one *wantedTx, out *outcome) {
	if one.gone {
		out.forgotten = append(out.forgotten, one.info.slot)
		return
	}
	if !one.found.known && one.foreign {
		return // it is delivered; only its place is another
	}
	if !one.found.known {
		out.missing = append(out.missing, group{slot: one.info.slot, infos: []signatureInfo{one.info}})
		return
	}

	tx := one.found.tx
	if tx.Index = one.rank; one.foreign {
		tx.Addresses = []market.Pubkey{}
	}
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

// date finds block times that the transactions came without. An estimate that was delivered before stays as it was; what
// cannot be dated at all counts as missing.
func (h *history) date(ctx context.Context, out *outcome) error {
	kept := out.txs[:0]
	for _, tx := range out.txs {
		if tx.BlockTime != 0 {
			h.clock.learn(tx.Slot, tx.BlockTime)
			kept = append(kept, tx)
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
			if e, ok, _ := h.delivered(tx.Signature); ok && e.provisional && e.slot == tx.Slot && e.index == tx.Index {
				continue
			}
			if tx.BlockTime, tx.Provisional = h.clock.estimate(tx.Slot); !tx.Provisional {
				info := signatureInfo{signature: tx.Signature, slot: tx.Slot, undated: true}
				out.missing = append(out.missing, group{slot: tx.Slot, infos: []signatureInfo{info}})
				continue
			}
		}

		kept = append(kept, tx)
	}

	out.txs = kept
	return nil
}

// errUnordered is logged when the order of a slot's transactions could not be read.
var errUnordered = errors.New("block order not available")
