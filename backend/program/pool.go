package program

import (
	"context"
	"errors"

	"spinscope/backend/market"
)

var (
	// ErrNoPool is said of an address that is no pool of the program which its events are of.
	ErrNoPool = errors.New("not a pool")
	// ErrNotThere is said of an address where the node that was asked keeps nothing: another, or the same one soon, may.
	ErrNotThere = errors.New("there is nothing at this address")
)

// Pool is what trades at an address that events name in the place of their coin.
type Pool struct {
	// Counts: the coin's series goes on in it. Anybody may open further pools of a coin, which move no series.
	Counts bool
	Place  market.Place // zero unless it counts

	// Err says why nothing is known of it: it wraps ErrNoPool, ErrNotThere, ErrNoMint for a pool of what is no mint, or
	// market.ErrDecimals for one that no price can be told of. For the log; nil when it is known.
	Err error
}

// PoolFinder finds out what some addresses, MaxPools at most, are by the accounts that a cluster keeps, in their order. The error
// is what read returns.
type PoolFinder func(ctx context.Context, addresses []market.Pubkey, read ReadAccounts, derive Derive) ([]Pool, error)

// MaxPools is how many addresses a PoolFinder takes at once: it asks for two accounts of each together, and a cluster gives a
// hundred.
const MaxPools = 50
