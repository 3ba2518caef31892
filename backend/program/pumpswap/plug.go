package pumpswap

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

// Owner implements program.Format.
func (plug) Owner(body market.Body) market.Pubkey {
	switch e := body.(type) {
	case *Buy:
		return e.User
	case *Sell:
		return e.User
	case *CreatePool:
		return e.Creator
	case *Deposit:
		return e.User
	case *Withdraw:
		return e.User
	case *BoostBuyAndBurn:
		return e.Authority
	}
	return market.Pubkey{}
}
