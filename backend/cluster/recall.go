package cluster

import (
	"context"
	"fmt"
	"slices"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
)

// maxBack is how many events before a stretch are looked at for the newest of each address.
const maxBack = 2000

// recall tells the feed which transactions earlier runs stored of slots from..to: those with events, and those that left
// nothing but a gap, as their logs were cut; and before them the newest one below from of the program and of each coin that
// is followed, as far as they are at hand.
func (s *Source) recall(ctx context.Context, from, to market.Slot, visit func(market.Transaction) (more bool)) error {
	cut, err := s.cutLogs(ctx, from, to)
	if err != nil {
		return err
	}

	before, err := s.newestBefore(from)
	if err != nil {
		return fmt.Errorf("read the newest events before slot %d: %w", from, err)
	}

	for _, tx := range before {
		if !visit(tx) {
			return nil
		}
	}

	var tx market.Transaction // that the events told last are of
	open, ended := false, false
	tell := func() bool {
		if open {
			open = false
			delete(cut, tx.Signature)
			ended = !visit(tx)
		}
		return !ended
	}
	err = s.options.Store.SlotEvents(from, to, func(e *market.Event) error {
		if e.Signature != tx.Signature && !tell() {
			return store.Stop
		}
		if !open {
			tx, open = transactionOf(e), true
		}
		s.addAddress(&tx, e)
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("read the events of slots %d to %d: %w", from, to, err)
	}

	if !tell() {
		return nil
	}
	for signature, slot := range cut {
		visit(market.Transaction{Signature: signature, Slot: slot}) // its place and time are read again
	}

	return nil
}

// cutLogs are the transactions of slots from..to that left nothing but a gap, with their slots.
func (s *Source) cutLogs(ctx context.Context, from, to market.Slot) (map[market.Signature]market.Slot, error) {
	gaps, err := s.options.Store.Gaps(ctx, nil, new(market.GapUnfillable))
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	cut := map[market.Signature]market.Slot{}
	for i := range gaps {
		if signature, ok := ingest.TruncatedIn(&gaps[i]); ok && gaps[i].From >= from && gaps[i].From <= to {
			cut[signature] = gaps[i].From
		}
	}
	return cut, nil
}

// newestBefore are the newest transactions below a slot of each address, in the order of the chain.
func (s *Source) newestBefore(slot market.Slot) (list []market.Transaction, err error) {
	s.mu.Lock()
	wanted := 1 + len(s.coins)*2
	s.mu.Unlock()

	looked, seen := 0, map[market.Pubkey]bool{}
	err = s.options.Store.EventsBefore(slot, func(e *market.Event) error {
		if looked++; looked > maxBack || len(seen) == wanted {
			return store.Stop
		}
		tx := transactionOf(e)
		s.addAddress(&tx, e)
		address := s.program
		if tx.Addresses != nil {
			if len(tx.Addresses) == 0 {
				return nil // of a coin that is followed no more
			}
			address = tx.Addresses[0]
		}

		if !seen[address] {
			seen[address] = true
			list = append(list, tx)
		}
		return nil
	})
	slices.Reverse(list)

	return list, err
}

// transactionOf is the transaction of a stored event, without its logs and as if it named nothing.
func transactionOf(e *market.Event) market.Transaction {
	return market.Transaction{
		Signature: e.Signature, Slot: e.Slot, Index: e.Index, BlockTime: e.BlockTime, Provisional: e.Provisional, Addresses: []market.Pubkey{},
	}
}

// addAddress notes which of the followed addresses a transaction names, by one of its events. Where they are the program's
// alone it says nothing, as it did before there were others.
func (s *Source) addAddress(tx *market.Transaction, e *market.Event) {
	if e.Program() == registry.First {
		if len(tx.Addresses) == 0 {
			tx.Addresses = nil
		} else if !slices.Contains(tx.Addresses, s.program) {
			tx.Addresses = append(tx.Addresses, s.program)
		}
		return
	}

	s.mu.Lock()
	coin, known := s.coins[e.Mint()]
	s.mu.Unlock()
	if !known {
		return
	}

	if tx.Addresses == nil {
		tx.Addresses = []market.Pubkey{s.program}
	}
	if address := coin.AddressOf(e.Program()); !slices.Contains(tx.Addresses, address) {
		tx.Addresses = append(tx.Addresses, address)
	}
}
