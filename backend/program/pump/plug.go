package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// plug is the deployed program.
type plug struct{ program.GrowingFormat }

// New is the program, for a program.Reader.
func New() program.Plug {
	return plug{program.GrowingFormat{Program: Program, Read: Decode, Named: columns}}
}

// Address implements program.Plug.
func (plug) Address() market.Pubkey { return ProgramID }

// FirstOrdinal implements program.Plug.
func (plug) FirstOrdinal() uint16 { return program.PumpOrdinals }

// Known implements program.Plug.
func (plug) Known(discriminator uint64) bool { return Known(discriminator) }

// Decode implements program.Plug.
func (plug) Decode(data []byte) (market.Body, error) { return Decode(data) }

// Places implements program.Format: where each layout has the user and the coin in its oldest part.
func (plug) Places(kind market.Kind) (owner, mint int) {
	switch kind {
	case KindTrade:
		return 57, 8
	case KindComplete, KindPostCompleteBuy, KindMigration:
		return 8, 40
	}
	return 0, 0 // behind texts, in a creation
}

// ByCoin implements program.CoinPlug.
func (plug) ByCoin() {}

// Owner implements program.Format.
func (plug) Owner(body market.Body) market.Pubkey {
	switch e := body.(type) {
	case *Trade:
		return e.User
	case *Create:
		return e.User
	case *Complete:
		return e.User
	case *PostCompleteBuy:
		return e.User
	case *Migration:
		return e.User
	}
	return market.Pubkey{}
}
