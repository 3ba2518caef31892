package program

import (
	"errors"

	"spinscope/backend/market"
)

// ErrNoPool is returned for an address that is no pool of the program which its events are of.
var ErrNoPool = errors.New("not a pool")

// PoolSides are the two mints that trade in a pool.
type PoolSides struct{ Base, Quote market.Pubkey }

// PoolPlace is what trades in a pool, and whether it is the pool that the coin's series goes on in.
type PoolPlace struct {
	Place     market.Place
	Canonical bool
}

// PoolReader reads the account of a pool. It returns ErrNoPool, in words for a person.
type PoolReader func(address market.Pubkey, account *Account) (PoolSides, error)

// PoolPlacer says what trades in a pool, by the accounts of its two mints. It returns ErrNoMint for what is no mint, and
// market.ErrDecimals for one with more decimals than a price can be told of.
type PoolPlacer func(address market.Pubkey, sides PoolSides, base, quote *Account, derive Derive) (PoolPlace, error)
