package pumpcoin

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

// Sides are the two mints of a pool, as its account has them.
type Sides struct {
	Base, Quote market.Pubkey
	Canonical   bool // it is the pool that its base side moves to, when its curve is complete
}

// ReadPool is what the account of a pool of PumpSwap says. It returns an error that wraps program.ErrNoPool for any other
// account, and program.ErrNotThere for none.
func ReadPool(address market.Pubkey, account *program.Account, derive program.Derive) (Sides, error) {
	switch {
	case account.Owner.IsZero() && len(account.Data) == 0:
		return Sides{}, fmt.Errorf("pool %s: %w", address, program.ErrNotThere)
	case account.Owner != pumpswap.ProgramID:
		return Sides{}, fmt.Errorf("%s is %w: it belongs to %s", address, program.ErrNoPool, account.Owner)
	}
	kept, err := pumpswap.DecodePool(account.Data)
	if err != nil {
		return Sides{}, fmt.Errorf("%s is %w: %w", address, program.ErrNoPool, err)
	}

	own, err := isOwn(address, kept.BaseMint, kept.QuoteMint, derive)
	return Sides{kept.BaseMint, kept.QuoteMint, own}, err
}

// isOwn reports whether a pool is the one that its base side moves to. What other coins are paid in is no coin of pump.
func isOwn(address, base, quote market.Pubkey, derive program.Derive) (bool, error) {
	if (pumpswap.Pool{BaseMint: base, QuoteMint: quote}).Reversed() {
		return false, nil
	}
	own, err := pump.Pool(derive, base, quote)
	return own == address, err
}

// PlacePool is what trades in a coin's own pool, by the accounts of its two mints. It returns program.ErrNoMint for what is no
// mint, and market.ErrDecimals. The account of a known quote is not looked at: nil will do.
func PlacePool(sides Sides, base, quote *program.Account) (market.Place, error) {
	ofBase, err := token.ReadMint(sides.Base, base)
	if err != nil {
		return market.Place{}, err
	}
	known, ok := market.KnownQuote(sides.Quote)
	decimals := known.Decimals
	if !ok {
		ofQuote, err := token.ReadMint(sides.Quote, quote)
		if err != nil {
			return market.Place{}, err
		}
		decimals = ofQuote.Decimals
	}
	return ownPlace(sides.Base, sides.Quote, ofBase.Decimals, decimals)
}

// ownPlace is what trades in the pool that a coin moves to: the coin is its base side whatever the other one is.
func ownPlace(coin, quote market.Pubkey, base, units uint8) (market.Place, error) {
	pair, err := market.NewPair(pumpswap.Program, quote, base, units)
	if err != nil {
		return market.Place{}, fmt.Errorf("the pool of %s and %s, with %d and %d decimals: %w", coin, quote, base, units, err)
	}
	return market.Place{Coin: coin, Pair: pair}, nil
}

// FindPools implements program.PoolFinder. The mints are asked about of those pools alone that count.
func FindPools(ctx context.Context, addresses []market.Pubkey, read program.ReadAccounts, derive program.Derive) ([]program.Pool, error) {
	accounts, err := read(ctx, addresses...)
	if err != nil {
		return nil, fmt.Errorf("what pools are: %w", err)
	}

	pools, sides := make([]program.Pool, len(addresses)), make([]Sides, len(addresses))
	var mints []market.Pubkey
	at := map[market.Pubkey]int{} // of mints
	want := func(mint market.Pubkey) {
		if _, ok := at[mint]; !ok {
			at[mint] = len(mints)
			mints = append(mints, mint)
		}
	}
	for i := range pools {
		if sides[i], pools[i].Err = ReadPool(addresses[i], &accounts[i], derive); !sides[i].Canonical {
			continue
		}
		want(sides[i].Base)
		if _, known := market.KnownQuote(sides[i].Quote); !known {
			want(sides[i].Quote)
		}
	}
	if len(mints) == 0 {
		return pools, nil
	}

	kept, err := read(ctx, mints...)
	if err != nil {
		return nil, fmt.Errorf("what pools are of: %w", err)
	}
	for i := range pools {
		if !sides[i].Canonical {
			continue
		}
		var quote *program.Account
		if n, asked := at[sides[i].Quote]; asked {
			quote = &kept[n]
		}
		pools[i].Place, pools[i].Err = PlacePool(sides[i], &kept[at[sides[i].Base]], quote)
		pools[i].Counts = pools[i].Err == nil
	}
	return pools, nil
}

// PoolOf is what an event says of a pool that is new: its opening, or a coin's move to it. It reports false for any other event,
// and for one that does not tell what must be known of the pool.
func PoolOf(body market.Body, derive program.Derive) (address market.Pubkey, pool program.Pool, ok bool) {
	var coin, quote market.Pubkey
	var base, units uint8
	switch e := body.(type) {
	case *pumpswap.CreatePool:
		address, coin, quote, base, units = e.Pool, e.BaseMint, e.QuoteMint, e.BaseMintDecimals, e.QuoteMintDecimals
	case *pump.Migration:
		known, ok := market.KnownQuote(pump.Quote(e.QuoteMint))
		if !ok {
			return market.Pubkey{}, program.Pool{}, false
		}
		address, coin, quote, base, units = e.Pool, e.Mint, known.Mint, pump.TokenDecimals, known.Decimals
	default:
		return market.Pubkey{}, program.Pool{}, false
	}

	own, err := isOwn(address, coin, quote, derive)
	if err != nil || !own {
		return address, program.Pool{}, err == nil
	}
	pool.Place, pool.Err = ownPlace(coin, quote, base, units)
	pool.Counts = pool.Err == nil
	return address, pool, true
}
