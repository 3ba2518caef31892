package spinpet

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// CurveAddress is the address of a coin's curve of the program at an address.
func CurveAddress(derive program.Derive, at, mint market.Pubkey) (market.Pubkey, error) {
	return derive(at, []byte("borrowing_curve"), mint[:])
}
