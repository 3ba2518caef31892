package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// plug is the deployed program.
type plug struct{ program.GrowingPlug }

// New is the program, for a program.Reader.
func New() program.Plug {
	return plug{program.GrowingPlug{
		GrowingFormat: program.GrowingFormat{Program: Program, Read: Decode, Named: columns},
		At:            ProgramID, Ordinals: program.PumpOrdinals, Knows: Known,
	}}
}

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
