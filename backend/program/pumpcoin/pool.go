package pumpcoin

import (
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

// ReadPool implements program.PoolReader: it is what the account of a pool of PumpSwap says. It returns program.ErrNoPool for
// any other account.
func ReadPool(address market.Pubkey, account *program.Account) (program.PoolSides, error) {
	if account.Owner != pumpswap.ProgramID {
		return program.PoolSides{}, fmt.Errorf("%s is %w: it belongs to %s", address, program.ErrNoPool, account.Owner)
	}
	kept, err := pumpswap.DecodePool(account.Data)
	if err != nil {
		return program.PoolSides{}, fmt.Errorf("%s is %w: %w", address, program.ErrNoPool, err)
	}
	return program.PoolSides{Base: kept.BaseMint, Quote: kept.QuoteMint}, nil
}

// PlacePool implements program.PoolPlacer. A pool counts for its coin's series only when it is the one that the coin moves to:
// anybody may open others.
func PlacePool(address market.Pubkey, sides program.PoolSides, base, quote *program.Account, derive program.Derive) (program.PoolPlace, error) {
	ofBase, err := token.ReadMint(sides.Base, base)
	if err != nil {
		return program.PoolPlace{}, err
	}
	ofQuote, err := token.ReadMint(sides.Quote, quote)
	if err != nil {
		return program.PoolPlace{}, err
	}

	pool := pumpswap.Pool{BaseMint: sides.Base, QuoteMint: sides.Quote, BaseDecimals: ofBase.Decimals, QuoteDecimals: ofQuote.Decimals}
	place, err := pool.Place()
	if err != nil {
		return program.PoolPlace{}, fmt.Errorf("the pool %s: %w", address, err)
	}

	authority, err := pump.PoolAuthority(derive, sides.Base)
	if err != nil {
		return program.PoolPlace{}, err
	}
	own, err := pumpswap.PoolAddress(derive, pumpswap.CanonicalIndex, authority, sides.Base, sides.Quote)
	return program.PoolPlace{Place: place, Canonical: own == address}, err
}
