package spinpet

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// plug is the program at one address.
type plug struct {
	address market.Pubkey
	early   bool
}

// New is the program at that address, for a program.Reader. EarlyProgramID gets its own layouts; every other address
// gets those of ProgramID.
func New(address market.Pubkey) program.Plug {
	return plug{address: address, early: address == EarlyProgramID}
}

// Address implements program.Plug.
func (p plug) Address() market.Pubkey { return p.address }

// FirstOrdinal implements program.Plug.
func (plug) FirstOrdinal() uint16 { return program.SpinPetOrdinals }

// Known implements program.Plug.
func (plug) Known(discriminator uint64) bool { return ownDiscriminator(discriminator) }

// Decode implements program.Plug.
func (p plug) Decode(data []byte) (market.Body, error) { return Decode(data, p.early) }

// NewPricer implements program.Plug.
func (plug) NewPricer(decimals int) program.Pricer { return NewScales(decimals) }

// ID implements program.Format.
func (plug) ID() market.Program { return Program }

// Owner implements program.Format.
func (plug) Owner(body market.Body) market.Pubkey { return Owner(body) }

// Append implements program.Format.
func (plug) Append(dst []byte, body market.Body) (data []byte, variant bool) {
	created, ok := body.(*TokenCreated)
	return Append(dst, body), ok && created.Early
}

// Restore implements program.Format.
func (plug) Restore(data []byte, variant bool) (market.Body, error) { return Decode(data, variant) }

// Places implements program.Format: the payer comes first, and the mint at once or, in closes, after user_sol_account.
func (plug) Places(kind market.Kind) (owner, mint int) {
	const payerAt, keySize = program.DiscriminatorSize, 32
	if kind == KindFullClose || kind == KindPartialClose {
		return payerAt, payerAt + 2*keySize
	}
	return payerAt, payerAt + keySize
}

// Rebuild implements program.Format.
func (plug) Rebuild(kind market.Kind, row program.Row) market.Body { return rebuild(kind, row) }

// Owner is whom an event belongs to as far as it says itself; the owner of a closed order is known to the order alone.
func Owner(body market.Body) market.Pubkey {
	switch b := body.(type) {
	case *TokenCreated:
		return b.Payer
	case *BuySell:
		return b.Payer
	case *LongShort:
		return b.Terms.User
	case *FullClose:
		return b.Payer
	case *PartialClose:
		return b.Terms.User
	case *ForceLiquidate:
		return b.Payer
	case *MilestoneDiscount:
		return b.Payer
	}
	return market.Pubkey{}
}
