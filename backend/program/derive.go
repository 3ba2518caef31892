package program

import "spinscope/backend/market"

// Derive finds the address that a program owns for the seeds. It is a function of its arguments alone; an error says that
// there is none, which does not happen by chance. solana.ProgramAddress is one: to know that an address is no point of
// the curve of keys takes arithmetic that the programs here leave to the cluster's own library.
type Derive func(program market.Pubkey, seeds ...[]byte) (market.Pubkey, error)
