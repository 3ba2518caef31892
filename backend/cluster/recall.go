package cluster

import (
	"context"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
)

// maxBack is how many events below a stretch are looked at for the newest one of an address.
const maxBack = 2000

// recall tells the feed which transactions earlier runs stored of slots from..to that name an address, and before them the
// newest one below from, if it is at hand; of the zero address all.
func (s *Source) recall(ctx context.Context, address market.Pubkey, from, to market.Slot, visit func(market.Transaction) (more bool)) error {
	if coin, ok := s.coinAt(address); ok {
		return s.recallCoin(ctx, &coin, address, from, to, visit)
	}
	return s.recallAll(ctx, from, to, visit)
}

// recallAll is recall for all that is stored: those with events, and those that left nothing but a gap, as their logs were
// cut. The newest one below from is the program's.
func (s *Source) recallAll(ctx context.Context, from, to market.Slot, visit func(market.Transaction) (more bool)) error {
	cut, err := s.cutLogs(ctx, from, to)
	if err != nil {
		return err
	}
	before := func(fn func(*market.Event) error) error { return s.options.Store.EventsBefore(from, fn) }
	if more, err := s.visitNewest(ctx, before, s.program, visit); err != nil || !more {
		return err
	}

	tell := func(tx market.Transaction) bool {
		delete(cut, tx.Signature)
		return visit(tx)
	}
	slots := func(fn func(*market.Event) error) error { return s.options.Store.SlotEvents(from, to, fn) }
	if more, err := s.visitEach(ctx, slots, tell); err != nil || !more {
		return err
	}
	for signature, slot := range cut {
		visit(market.Transaction{Signature: signature, Slot: slot}) // its place and time are read again
	}
	return nil
}

// recallCoin is recall for an address of a coin, by the coin's own events: others' need not be read.
func (s *Source) recallCoin(ctx context.Context, coin *program.Coin, address market.Pubkey, from, to market.Slot, visit func(market.Transaction) (more bool)) error {
	before := func(fn func(*market.Event) error) error {
		return s.options.Store.MintEventsBack(coin.Mint, market.Position{Slot: from}, fn)
	}
	if more, err := s.visitNewest(ctx, before, address, visit); err != nil || !more {
		return err
	}

	var slots []market.Slot
	start := market.Position{}
	if from > 0 {
		start = market.Position{Slot: from - 1, Index: math.MaxUint32, Ordinal: math.MaxUint16}
	}
	err := s.options.Store.MintEvents(coin.Mint, start, func(e *market.Event) error {
		if e.Slot > to {
			return store.Stop
		}
		if last := len(slots) - 1; last < 0 || slots[last] != e.Slot {
			slots = append(slots, e.Slot)
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("read the events of %s in slots %d to %d: %w", coin.Mint, from, to, err)
	}

	// Whole slots, as a transaction may hold events of others, too, and names their addresses.
	for _, slot := range slots {
		whole := func(fn func(*market.Event) error) error { return s.options.Store.SlotEvents(slot, slot, fn) }
		if more, err := s.visitEach(ctx, whole, visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// visitNewest visits the first transaction that names an address, of those whose events each gives, the newest first.
func (s *Source) visitNewest(ctx context.Context, each func(fn func(*market.Event) error) error, address market.Pubkey, visit func(market.Transaction) (more bool)) (more bool, err error) {
	var newest market.Transaction
	found, looked := false, 0
	err = each(func(e *market.Event) error {
		if looked++; looked > maxBack {
			return store.Stop
		}
		newest = transactionOf(e)
		s.addAddress(&newest, e)
		found = newest.Addresses == nil && address == s.program || slices.Contains(newest.Addresses, address)
		if found {
			return store.Stop
		}
		return ctx.Err()
	})
	if err != nil {
		return false, fmt.Errorf("read what was stored last of %s: %w", address, err)
	}
	if !found {
		return true, nil
	}

	// All of it: its other events may name further addresses.
	return s.visitEach(ctx, func(fn func(*market.Event) error) error {
		return s.options.Store.SlotEvents(newest.Slot, newest.Slot, func(e *market.Event) error {
			if e.Signature != newest.Signature {
				return nil
			}
			return fn(e)
		})
	}, visit)
}

// visitEach visits the transactions whose events each gives, in order, those of one transaction together.
func (s *Source) visitEach(ctx context.Context, each func(fn func(*market.Event) error) error, visit func(market.Transaction) (more bool)) (more bool, err error) {
	var tx market.Transaction // that the events told last are of
	open := false
	more = true
	tell := func() {
		if open {
			more = visit(tx)
		}
		open = false
	}
	err = each(func(e *market.Event) error {
		if open && e.Signature != tx.Signature {
			if tell(); !more {
				return store.Stop
			}
		}
		if !open {
			tx, open = transactionOf(e), true
		}
		s.addAddress(&tx, e)
		return ctx.Err()
	})
	if err != nil {
		return false, fmt.Errorf("read what is stored: %w", err)
	}
	tell()
	return more, nil
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
