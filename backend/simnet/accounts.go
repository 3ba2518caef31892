package simnet

import (
	"slices"

	"spinscope/backend/market"
)

// venue are the addresses that every transaction about a mint names. It never changes.
type venue struct{ mint, curve, poolToken, poolSol market.Pubkey }

// venuesOf are those of the mints that a transaction is about, in the order of its events.
func (w *world) venuesOf(tx *transaction) []*venue {
	var list []*venue
	for _, body := range tx.events {
		if one := w.venues[body.MintAccount()]; one != nil && !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// wellKnown are the programs that every transaction calls.
var wellKnown = []market.Pubkey{
	market.MustPubkey(computeBudget), market.MustPubkey(tokenProgram), market.MustPubkey(systemProgram),
}

// accounts are the account keys of a transaction: its payer first, the market's program last.
func (n *Net) accounts(tx *transaction) []market.Pubkey {
	if tx.coin != nil {
		return coinAccounts(tx)
	}
	list := make([]market.Pubkey, 0, 16)
	add := func(address market.Pubkey) {
		if !address.IsZero() && !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	add(tx.payer)
	for _, one := range tx.venues {
		add(one.mint)
		add(one.curve)
		add(one.poolToken)
		add(one.poolSol)
	}

	for _, body := range tx.events {
		add(body.MintAccount())
		add(orderOf(body))
	}

	if tx.shape != direct {
		add(n.foreign)
	}
	for _, address := range wellKnown {
		add(address)
	}

	add(n.cfg.Program)
	return list
}

// mentions reports whether an address is among the accounts of a transaction.
func (n *Net) mentions(tx *transaction, address market.Pubkey) bool {
	switch {
	case tx.coin != nil && tx.marks&markOf(&address) != markOf(&address):
		return false
	case address == tx.payer:
		return true
	case tx.coin != nil:
		return slices.Contains(tx.coin.Accounts, address) || slices.Contains(programsOf(tx.coin.Calls), address)
	case address == n.cfg.Program:
		return true
	}

	if address == n.foreign {
		return tx.shape != direct
	}
	for _, one := range tx.venues {
		if address == one.mint || address == one.curve || address == one.poolToken || address == one.poolSol {
			return true
		}
	}

	for _, body := range tx.events {
		if body.MintAccount() == address || orderOf(body) == address {
			return true
		}
	}

	return slices.Contains(wellKnown, address)
}

// orderOf is the order that an event is about, zero if there is none.
func orderOf(body market.Body) market.Pubkey {
	order, _ := (&market.Event{Body: body}).Order()
	return order
}
