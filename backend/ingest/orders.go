package ingest

import (
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// applyOrder moves the order that the event is about and names the event's owner. An event that comes late leaves that
// to a replay of the order from its events, when the next commit is settled.
func (in *Ingest) applyOrder(event *market.Event, late bool) error {
	address, ok := event.Order()
	if !ok {
		return nil
	}
	d := &in.nextCommit
	if _, waiting := d.replays[address]; late || waiting {
		d.replays[address] = event.Mint()
		return nil
	}
	order, err := in.order(address)
	if err != nil {
		return err
	}
	d.orders[address] = order.Fold(event)
	return nil
}

// order is the order's state with the commit under way and the next commit applied; a zero address means that there is none.
func (in *Ingest) order(address market.Pubkey) (market.Order, error) {
	change, ok := in.nextCommit.orders[address]
	if !ok && in.pending != nil {
		change, ok = in.pending.order(address)
	}
	if ok {
		if change.Closed {
			return market.Order{}, nil
		}
		return change.Order, nil
	}
	order, _, err := in.store.Order(address) // no commit under way speaks of it
	if err != nil {
		return market.Order{}, fmt.Errorf("read order %s: %w", address, err)
	}
	return order, nil
}

// replayOrders replays the orders that had late, moved or rolled back events.
func (in *Ingest) replayOrders() error {
	for address, mint := range in.nextCommit.replays {
		if err := in.replayOrder(address, mint); err != nil {
			return fmt.Errorf("replay order %s: %w", address, err)
		}
	}
	return nil
}

// replayOrder folds all of an order's events anew. Stored events whose owner turns out different are written again.
func (in *Ingest) replayOrder(address, mint market.Pubkey) error {
	d := &in.nextCommit
	if err := in.await(); err != nil {
		return err
	}

	var history []*market.Event
	err := in.store.OrderEvents(address, func(e *market.Event) error {
		if !d.isRemoved(e.Position) {
			kept := *e
			history = append(history, &kept)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read its events: %w", err)
	}

	stored := len(history)
	for i := range d.events {
		if of, ok := d.events[i].Order(); ok && of == address {
			history = append(history, &d.events[i])
		}
	}

	owners := make(map[*market.Event]market.Pubkey, stored)
	for _, e := range history[:stored] {
		owners[e] = e.Owner
	}

	slices.SortStableFunc(history, func(a, b *market.Event) int { return a.Position.Compare(b.Position) })
	change := market.OrderChange{Order: market.Order{Address: address, MintAccount: mint}, Closed: true}
	for _, e := range history {
		order := change.Order
		if change.Closed {
			order = market.Order{}
		}
		change = order.Fold(e)
	}

	d.orders[address] = change
	for _, e := range history {
		if before, ok := owners[e]; ok && before != e.Owner {
			old := *e
			old.Owner = before
			d.remove(old)
			d.events = append(d.events, *e)
		}
	}

	return nil
}
