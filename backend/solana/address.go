package solana

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"spinscope/backend/market"
)

// ProgramAddress is the address that a program owns for the seeds, of which each has at most 32 bytes; at most 15. It
// implements program.Derive. Safe for concurrent use.
func ProgramAddress(program market.Pubkey, seeds ...[]byte) (market.Pubkey, error) {
	address, _, err := solana.FindProgramAddress(seeds[:len(seeds):len(seeds)], solana.PublicKey(program))
	if err != nil {
		return market.Pubkey{}, fmt.Errorf("address of program %s: %w", program, err)
	}
	return market.Pubkey(address), nil
}
