package ingest

import (
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// births keeps gaps of coins that are read by addresses of their own from reaching below the coins' creation: a source that
// cannot see below some slot says that what the addresses did before it is missing, and a coin that was created later did
// nothing.
type births struct {
	commits   *commits
	addresses Addresses                     // nil: no coin is read by its own
	slots     map[market.Pubkey]market.Slot // of the creation, by coin; 0: none is stored
	fresh     []market.Pubkey               // coins whose stored gaps are to be looked at with the next commit
}

// load has the stored gaps of all coins looked at, as an earlier version left them whole.
func (b *births) load() error {
	if b.addresses == nil {
		return nil
	}
	gaps, err := b.open()
	if err != nil {
		return err
	}
	for i := range gaps {
		b.fresh = append(b.fresh, b.addresses.Coins(gaps[i].Address)...)
	}
	return nil
}

// open are the stored gaps that are open.
func (b *births) open() ([]market.Gap, error) {
	gaps, err := b.commits.store.Gaps(context.Background(), nil, new(market.GapOpen))
	if err != nil {
		return nil, fmt.Errorf("read gaps: %w", err)
	}
	return slices.DeleteFunc(gaps, func(gap market.Gap) bool { return gap.Address.IsZero() }), nil
}

// note takes in an event that comes or, with gone, goes.
func (b *births) note(event *market.Event, gone bool) {
	if b.addresses == nil || !event.Creates() {
		return
	}
	coin := event.Mint()
	switch {
	case gone:
		b.slots[coin] = 0 // it comes again at its new place, or not at all
	case len(b.addresses.Of(coin)) > 0:
		b.slots[coin] = event.Slot
		b.fresh = append(b.fresh, coin)
	}
}

// clip takes what lies before the creation of its coin from the gaps of the next commit, and from the stored ones of coins
// whose creation it holds. Nothing may be pending.
func (b *births) clip(next *nextCommit) error {
	if b.addresses == nil {
		return nil
	}

	var clipped []market.Gap
	if len(b.fresh) > 0 {
		stored, err := b.open()
		if err != nil {
			return err
		}
		for i := range stored {
			born, err := b.born(stored[i].Address, b.fresh)
			if err != nil {
				return err
			}
			if born > stored[i].From {
				clipped = appendClipped(clipped, stored[i], born)
			}
		}
		b.fresh = b.fresh[:0]
	}

	for i := range next.gaps { // behind the stored ones: the last word on a gap counts
		born, err := b.born(next.gaps[i].Address, nil)
		if err != nil {
			return err
		}
		clipped = appendClipped(clipped, next.gaps[i], born)
	}
	next.gaps = clipped
	return nil
}

// appendClipped appends a gap without what it has below a slot.
func appendClipped(gaps []market.Gap, gap market.Gap, born market.Slot) []market.Gap {
	if gap.From >= born {
		return append(gaps, gap)
	}
	whole := gap
	whole.State = market.GapReplaced
	gaps = append(gaps, whole)
	if gap.To >= born {
		gap.From = born
		gaps = append(gaps, gap)
	}
	return gaps
}

// born is the slot before which an address did nothing, as its coin was created in it; 0 when that is not known. Only the
// given coins are looked at, unless that is nil.
func (b *births) born(address market.Pubkey, only []market.Pubkey) (market.Slot, error) {
	if address.IsZero() {
		return 0, nil
	}
	for _, coin := range b.addresses.Coins(address) {
		if only == nil || slices.Contains(only, coin) {
			return b.creation(coin)
		}
	}
	return 0, nil
}

// creation is the slot of a coin's creation, which is stored or in the next commit; 0 when neither holds it.
func (b *births) creation(coin market.Pubkey) (market.Slot, error) {
	if slot, asked := b.slots[coin]; asked {
		return slot, nil
	}
	token, _, err := b.commits.store.Token(coin)
	if err != nil {
		return 0, fmt.Errorf("read token %s: %w", coin, err)
	}

	slot := market.Slot(0)
	if token.Created != nil {
		slot = token.CreatedPosition.Slot
	}
	b.slots[coin] = slot
	return slot, nil
}
