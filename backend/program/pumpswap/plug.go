package pumpswap

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

// ByCoin implements program.CoinPlug.
func (plug) ByCoin() {}

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
