package spinpet

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// newReader reads the program at one address.
func newReader(address market.Pubkey) *program.Reader { return program.NewReader(New(address)) }
