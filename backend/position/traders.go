package position

import (
	"bytes"
	"cmp"
	"slices"

	"spinscope/backend/market"
)

// Traders are the positions of everybody who traded one coin. The zero value is empty.
type Traders struct{ positions map[market.Pubkey]*Position }

// Trader is one of them.
type Trader struct {
	Account market.Pubkey
	*Position
}

// Fold adds an event of the coin to its owner's position. Events must come in the order of the chain, each once.
func (t *Traders) Fold(e *market.Event) {
	if t.positions == nil {
		t.positions = map[market.Pubkey]*Position{}
	}
	one := t.positions[e.Owner]
	if one == nil {
		one = &Position{}
		t.positions[e.Owner] = one
	}
	one.Fold(e)
}

// Of is an account's position; the zero Position for one that was not seen. It must not be changed.
func (t *Traders) Of(account market.Pubkey) *Position {
	if one := t.positions[account]; one != nil {
		return one
	}
	return &Position{}
}

// Held is what all of them hold by the trades that were seen.
func (t *Traders) Held() (sum market.U128) {
	for _, one := range t.positions {
		sum = sum.Add(one.Held)
	}
	return sum
}

// Order is an order of traders, the largest first.
type Order int

// The orders.
const (
	ByRealised Order = iota
	ByVolume
	ByHeld
)

// Ranked are those who traded, in an order; equal ones by address.
func (t *Traders) Ranked(order Order) []Trader {
	list := make([]Trader, 0, len(t.positions))
	for account, one := range t.positions {
		if !one.Volume.IsZero() || one.Margin.Liquidated > 0 {
			list = append(list, Trader{account, one})
		}
	}

	slices.SortFunc(list, func(a, b Trader) int {
		return cmp.Or(order.compare(b.Position, a.Position), bytes.Compare(a.Account[:], b.Account[:]))
	})
	return list
}

func (o Order) compare(a, b *Position) int {
	switch o {
	case ByVolume:
		return a.Volume.Cmp(b.Volume)
	case ByHeld:
		return a.Held.Cmp(b.Held)
	default:
		return a.Realised().Compare(b.Realised())
	}
}
