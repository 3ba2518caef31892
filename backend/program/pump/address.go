package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Curve is the address of a coin's bonding curve, which every trade on it names among its accounts.
func Curve(derive program.Derive, mint market.Pubkey) (market.Pubkey, error) {
	return derive(ProgramID, []byte("bonding-curve"), mint[:])
}

// PoolAuthority is the address that opens the pool to which a coin moves when its curve is complete.
func PoolAuthority(derive program.Derive, mint market.Pubkey) (market.Pubkey, error) {
	return derive(ProgramID, []byte("pool-authority"), mint[:])
}
