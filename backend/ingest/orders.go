package ingest

import (
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// orders are the margin orders that the next commit changes.
type orders struct {
	commits *commits
	changes map[market.Pubkey]market.OrderChange
	replays map[market.Pubkey]market.Pubkey // orders to be replayed from their events → their mints
}

// fold moves the order that the event is about and names the event's owner. An event that comes late leaves that to a
// replay of the order from its events, when the next commit is finished.
func (o *orders) fold(event *market.Event, late bool) error {
	address, ok := event.Order()
	if !ok {
		return nil
	}
	if _, waiting := o.replays[address]; late || waiting {
		o.replays[address] = event.Mint()
		return nil
	}

	var order market.Order
	if !event.StatesOrder() {
		var err error
		if order, err = o.get(address); err != nil {
			return err
		}
	}

	o.changes[address] = order.Fold(event)
	return nil
}

// removed has the order that a removed event was about replayed.
func (o *orders) removed(event *market.Event) {
	if address, ok := event.Order(); ok {
		o.replays[address] = event.Mint()
	}
}

// get is an order's state with the pending and the next commit applied; a zero address means that there is none.
func (o *orders) get(address market.Pubkey) (market.Order, error) {
	change, ok := o.changes[address]
	if !ok {
		change, ok = o.commits.pendingOrder(address)
	}
	if ok {
		if change.Closed {
			return market.Order{}, nil
		}
		return change.Order, nil
	}

	order, _, err := o.commits.store.Order(address) // the pending commit does not speak of it
	if err != nil {
		return market.Order{}, fmt.Errorf("read order %s: %w", address, err)
	}
	return order, nil
}

// finish replays the orders that had late, moved or rolled back events, and puts all changes into the next commit.
func (o *orders) finish() error {
	for address, mint := range o.replays {
		if err := o.replay(address, mint); err != nil {
			return fmt.Errorf("replay order %s: %w", address, err)
		}
	}

	next := &o.commits.next
	for _, change := range o.changes {
		next.orders = append(next.orders, change)
	}
	slices.SortFunc(next.orders, func(a, b market.OrderChange) int {
		return slices.Compare(a.Order.Address[:], b.Order.Address[:])
	})

	clear(o.changes)
	clear(o.replays)
	return nil
}

// replay folds all of an order's events anew. Stored events whose owner turns out different are written again.
func (o *orders) replay(address, mint market.Pubkey) error {
	next := &o.commits.next
	if err := o.commits.wait(); err != nil {
		return err
	}

	var history []*market.Event
	err := o.commits.store.OrderEvents(address, func(e *market.Event) error {
		if !next.isRemoved(e.Position) {
			kept := *e
			history = append(history, &kept)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read its events: %w", err)
	}

	stored := len(history)
	for i := range next.events {
		if of, ok := next.events[i].Order(); ok && of == address {
			history = append(history, &next.events[i])
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

	o.changes[address] = change
	for _, e := range history {
		if before, ok := owners[e]; ok && before != e.Owner {
			old := *e
			old.Owner = before
			next.remove(old)
			next.events = append(next.events, *e)
		}
	}

	return nil
}
