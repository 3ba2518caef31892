package pumpswap

import (
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// CanonicalIndex is the index of the pool to which a coin moves; its creator is pump.PoolAuthority.
const CanonicalIndex = 0

// PoolAddress is the address of the pool that a creator opened with an index for two mints. Every trade in it names it
// among its accounts.
func PoolAddress(derive program.Derive, index uint16, creator, base, quote market.Pubkey) (market.Pubkey, error) {
	return derive(ProgramID, []byte("pool"), binary.LittleEndian.AppendUint16(nil, index), creator[:], base[:], quote[:])
}
