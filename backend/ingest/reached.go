package ingest

import (
	"fmt"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// Addresses says which coins are read by addresses of their own, beside the program whose transactions are all read. It is
// asked by the writer's goroutine; what it says may change at any time, but a coin that was ever read so never has none again:
// no chain time but that of its addresses closes its candles.
type Addresses interface {
	// Of are the addresses that a coin's trades name, all of them; none for a coin that is read by its program's.
	Of(coin market.Pubkey) []market.Pubkey
	// Coins are those that are read by an address.
	Coins(address market.Pubkey) []market.Pubkey
}

// coinClock is the chain time of a coin that is read by addresses of its own: everything that they name with a lower block
// time was delivered. It never goes back, also when the coin gets a further address, whose history is read from the coin's
// place on.
type coinClock struct {
	time int64
	due  dueHeap // of this coin alone
}

// isProgram reports whether a batch speaks for the program whose transactions are all read: its progress is the writer's own.
func (in *Ingest) isProgram(batch *market.Batch) bool {
	return batch.Addresses == nil || slices.Contains(batch.Addresses, in.program)
}

// noteReached notes how far the addresses of a batch have come.
func (in *Ingest) noteReached(batch *market.Batch) {
	for _, address := range batch.Addresses {
		r := in.reached[address]
		if batch.Checkpoint >= in.stored[address]+checkpointSlots {
			in.nextCommit.force = true
		}
		r.Address, r.Slot = address, max(r.Slot, batch.Slot)
		r.ChainTime, r.Checkpoint = max(r.ChainTime, batch.ChainTime), max(r.Checkpoint, batch.Checkpoint)
		in.reached[address] = r
		in.nextCommit.reached[address] = struct{}{}
	}
}

// meet has the coins of a batch's addresses read by clocks of their own.
func (in *Ingest) meet(batch *market.Batch) {
	if in.addresses == nil {
		return
	}
	for _, address := range batch.Addresses {
		for _, coin := range in.addresses.Coins(address) {
			if in.clocks[coin] != nil || len(in.addresses.Of(coin)) == 0 {
				continue
			}
			in.clocks[coin] = &coinClock{time: in.completeTo(coin)}
			if state, held := in.mints[coin]; held && state.clock == nil {
				in.adopt(state)
			}
		}
	}
}

// adopt gives a coin in memory its clock; what stands in the program's heap is out of date then.
func (in *Ingest) adopt(state *mintState) {
	state.clock = in.clocks[state.book.Mint]
	if state.clock != nil && state.due != candle.Never {
		state.clock.due.push(dueEntry{state.due, state.book.Mint})
	}
}

// completeTo is the chain time up to which all addresses of a coin were delivered, 0 while one was not read yet.
func (in *Ingest) completeTo(coin market.Pubkey) int64 {
	least := int64(0)
	for i, address := range in.addresses.Of(coin) {
		if t := in.reached[address].ChainTime; i == 0 || t < least {
			least = t
		}
	}
	return least
}

// advance moves the clocks of the coins whose addresses have come further.
func (in *Ingest) advance() {
	if in.addresses == nil {
		return
	}
	for address := range in.nextCommit.reached {
		for _, coin := range in.addresses.Coins(address) {
			clock := in.clocks[coin]
			if clock == nil {
				continue
			}
			if t := in.completeTo(coin); t > clock.time {
				clock.time = t
				in.moved = append(in.moved, clock)
			}
		}
	}
}

// now is the chain time of a coin: that of its addresses, or of its program.
func (in *Ingest) now(state *mintState) int64 {
	if state.clock != nil {
		return state.clock.time
	}
	return in.at.ChainTime
}

// closeCoins is closeCandles for the coins whose own chain time has gone on.
func (in *Ingest) closeCoins(closing closing) (more bool, err error) {
	for len(in.moved) > 0 {
		clock := in.moved[0]
		if more, err := in.closeDue(&clock.due, clock, clock.time, closing); more || err != nil {
			return more, err
		}
		in.moved = in.moved[1:]
	}
	return false, nil
}

// tellReached puts into the next commit how far addresses have come: those that it has batches of, and all of the coins that
// it closes candles of, as a restart must not find those coins at an earlier chain time.
func (in *Ingest) tellReached(c *market.Commit) {
	tell := in.nextCommit.reached
	for i := range c.Candles {
		if change := &c.Candles[i]; change.Type == market.Final && in.clocks[change.Mint] != nil {
			for _, address := range in.addresses.Of(change.Mint) {
				tell[address] = struct{}{}
			}
		}
	}
	for address := range tell {
		if r, known := in.reached[address]; known {
			c.Reached = append(c.Reached, r)
			in.stored[address] = r.Checkpoint
		}
	}
	slices.SortFunc(c.Reached, func(a, b market.Reached) int { return slices.Compare(a.Address[:], b.Address[:]) })
}

// recallReached takes up how far addresses had come.
func (in *Ingest) recallReached() error {
	err := in.store.Reached(func(r *market.Reached) error {
		in.reached[r.Address], in.stored[r.Address] = *r, r.Checkpoint
		return nil
	})
	if err != nil {
		return fmt.Errorf("read how far addresses had come: %w", err)
	}
	return nil
}

// clockOf is the clock of a coin that is read by addresses of its own, nil for others.
func (in *Ingest) clockOf(coin market.Pubkey) *coinClock {
	if in.addresses == nil {
		return nil
	}
	clock := in.clocks[coin]
	if clock == nil && len(in.addresses.Of(coin)) > 0 {
		clock = &coinClock{time: in.completeTo(coin)}
		in.clocks[coin] = clock
	}
	return clock
}

// dueOf is the heap where a coin's candles wait for their end.
func (in *Ingest) dueOf(coin market.Pubkey) *dueHeap {
	if clock := in.clockOf(coin); clock != nil {
		return &clock.due
	}
	return &in.due
}
