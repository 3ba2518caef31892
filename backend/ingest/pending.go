package ingest

import (
	"cmp"
	"slices"

	"spinscope/backend/market"
)

// pending is a commit that is being written while the next one is made ready. There is one at most, so commits are
// published in order. Until it is done the store stands before it: what depends on it waits (await) or looks into it.
type pending struct {
	commit *market.Commit
	done   chan struct{} // closed once err is set
	err    error
}

// send has a commit written and published by a goroutine of its own.
func (in *Ingest) send(c *market.Commit) {
	p := &pending{commit: c, done: make(chan struct{})}
	in.pending = p
	go func() {
		defer close(p.done)
		p.err = in.put(c)
	}()
}

// busy reports whether a commit is being written.
func (in *Ingest) busy() bool {
	if in.pending == nil {
		return false
	}
	select {
	case <-in.pending.done:
		return false
	default:
		return true
	}
}

// await waits until everything handed over is written and published. An error stays: the store stands before that commit.
func (in *Ingest) await() error {
	if in.pending == nil {
		return nil
	}
	<-in.pending.done
	if in.pending.err != nil {
		return in.pending.err
	}
	in.pending = nil
	return nil
}

// awaitSlot waits unless the store already stands as it will as far as the events of a slot are concerned.
func (in *Ingest) awaitSlot(slot market.Slot) error {
	if in.pending == nil || !in.pending.concerns(slot) {
		return nil
	}
	return in.await()
}

// awaitMint is awaitSlot for the records of a mint that is not in memory: a commit under way concerns it only if it let
// the mint go.
func (in *Ingest) awaitMint() error {
	if in.pending == nil || len(in.pending.commit.Evicted) == 0 {
		return nil
	}
	return in.await()
}

// concerns reports whether the commit adds or removes events of a slot.
func (p *pending) concerns(slot market.Slot) bool {
	if len(p.commit.Removed) > 0 {
		return true
	}
	_, found := slices.BinarySearchFunc(p.commit.Events, slot, func(e market.Event, slot market.Slot) int {
		return cmp.Compare(e.Slot, slot)
	})
	return found
}

// order is what the commit says of an order.
func (p *pending) order(address market.Pubkey) (market.OrderChange, bool) {
	list := p.commit.Orders
	i, found := slices.BinarySearchFunc(list, address, func(change market.OrderChange, address market.Pubkey) int {
		return slices.Compare(change.Order.Address[:], address[:])
	})
	if !found {
		return market.OrderChange{}, false
	}
	return list[i], true
}
