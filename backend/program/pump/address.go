package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pumpswap"
)

// Curve is the address of a coin's bonding curve, which every trade on it names among its accounts.
func Curve(derive program.Derive, mint market.Pubkey) (market.Pubkey, error) {
	return derive(ProgramID, []byte("bonding-curve"), mint[:])
}

// PoolAuthority is the address that opens the pool to which a coin moves when its curve is complete.
func PoolAuthority(derive program.Derive, mint market.Pubkey) (market.Pubkey, error) {
	return derive(ProgramID, []byte("pool-authority"), mint[:])
}

// Pool is the address of the pool to which a coin moves that is paid in the quote.
func Pool(derive program.Derive, mint, quote market.Pubkey) (market.Pubkey, error) {
	authority, err := PoolAuthority(derive, mint)
	if err != nil {
		return market.Pubkey{}, err
	}
	return pumpswap.PoolAddress(derive, pumpswap.CanonicalIndex, authority, mint, quote)
}
