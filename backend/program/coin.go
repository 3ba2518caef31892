package program

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/market"
)

var (
	// ErrNoMint is returned by a Finder for an address that is no mint.
	ErrNoMint = errors.New("not the address of a coin")
	// ErrNoCoin is returned by a Finder for a mint that no program which it knows has made.
	ErrNoCoin = errors.New("a coin of no program that is followed by coin")
	// ErrReadWhole is returned for a mint whose program is read whole: it needs not be followed. It wraps ErrNoCoin.
	ErrReadWhole = fmt.Errorf("%w, but of one that is read whole", ErrNoCoin)
	// ErrOff is returned for a coin of a program of which nothing is read, as the configuration says so.
	ErrOff = errors.New("switched off in the configuration")
)

// Account is what a cluster keeps at an address. The zero value: there is nothing.
type Account struct {
	Owner market.Pubkey // the program that writes it
	Data  []byte
}

// Coin is what must be known of a coin to follow it by its own addresses.
type Coin struct {
	Mint      market.Pubkey
	Curve     market.Pubkey  // where it begins to trade
	Pool      market.Pubkey  // where it goes on when the curve is complete
	Place     market.Place   // what trades in the pool
	Program   market.Program // where it trades now
	Completed bool           // it trades no more on the curve
}

// AddressOf is the one where events of a program happen to the coin.
func (c *Coin) AddressOf(program market.Program) market.Pubkey {
	if program == c.Place.Pair.Program() {
		return c.Pool
	}
	return c.Curve
}

// Addresses are those that every transaction of the coin names one of.
func (c *Coin) Addresses() []market.Pubkey { return []market.Pubkey{c.Curve, c.Pool} }

// ReadAccounts reads what a cluster keeps at some addresses now, in their order.
type ReadAccounts func(ctx context.Context, addresses ...market.Pubkey) ([]Account, error)

// Finder finds out which coin a mint is of, by the accounts that a cluster keeps. It returns ErrNoMint and ErrNoCoin, in words
// for a person, and what read returns.
type Finder func(ctx context.Context, mint market.Pubkey, read ReadAccounts, derive Derive) (Coin, error)
