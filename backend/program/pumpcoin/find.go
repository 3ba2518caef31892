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

// Find implements program.Finder: it derives the curve's address, reads what the coin is paid in from its account, and derives
// the pool's from that.
func Find(ctx context.Context, mint market.Pubkey, read program.ReadAccounts, derive program.Derive) (program.Coin, error) {
	curve, err := pump.Curve(derive, mint)
	if err != nil {
		return program.Coin{}, err
	}

	accounts, err := read(ctx, mint, curve)
	if err != nil {
		return program.Coin{}, fmt.Errorf("what the coin is: %w", err)
	}
	if _, err := token.ReadMint(mint, &accounts[0]); err != nil {
		return program.Coin{}, err
	}
	if accounts[1].Owner != pump.ProgramID {
		return program.Coin{}, fmt.Errorf("%s is %w: pump has no curve of it", mint, program.ErrNoCoin)
	}

	state, err := pump.DecodeCurve(accounts[1].Data)
	if err != nil {
		return program.Coin{}, fmt.Errorf("the curve of %s cannot be read: %w", mint, err)
	}

	decimals, err := quoteDecimals(ctx, state.Quote(), read)
	if err != nil {
		return program.Coin{}, err
	}

	// A coin may itself be one of those that others are paid in; in its own pool it is the base side all the same.
	pair, err := market.NewPair(pump.Program, state.Quote(), pump.TokenDecimals, decimals)
	if err != nil {
		return program.Coin{}, fmt.Errorf("%s is paid in %s, which has %d decimals: %w", mint, state.Quote(), decimals, err)
	}

	coin, err := Stored(mint, pair, derive)
	if state.Complete {
		coin.Completed, coin.Program = true, pumpswap.Program
	}
	return coin, err
}

// Programs are those that every coin of Find trades on: first its curve, then its pool.
func Programs() []market.Program { return []market.Program{pump.Program, pumpswap.Program} }

// Stored is the coin of a mint with that pair, as it was stored of one of the two programs. It returns program.ErrNoCoin for a
// pair of another.
func Stored(mint market.Pubkey, pair market.Pair, derive program.Derive) (program.Coin, error) {
	if id := pair.Program(); id != pump.Program && id != pumpswap.Program {
		return program.Coin{}, fmt.Errorf("%s is %w: it trades on %s", mint, program.ErrNoCoin, id)
	}
	curve, err := pump.Curve(derive, mint)
	if err != nil {
		return program.Coin{}, err
	}

	pool, err := pump.Pool(derive, mint, pair.Quote())
	if err != nil {
		return program.Coin{}, err
	}

	place, err := ownPlace(mint, pair.Quote(), uint8(pair.BaseDecimals()), uint8(pair.QuoteDecimals())) //nolint:gosec // at most MaxDecimals
	if err != nil {
		return program.Coin{}, err
	}
	return program.Coin{
		Mint: mint, Curve: curve, Pool: pool, Place: place, Program: pair.Program(),
		Completed: pair.Program() == pumpswap.Program,
	}, nil
}

// quoteDecimals are those of what a coin is paid in: known ones need no question.
func quoteDecimals(ctx context.Context, quote market.Pubkey, read program.ReadAccounts) (uint8, error) {
	if known, ok := market.KnownQuote(quote); ok {
		return known.Decimals, nil
	}
	accounts, err := read(ctx, quote)
	if err != nil {
		return 0, fmt.Errorf("what the coin is paid in: %w", err)
	}
	kept, err := token.ReadMint(quote, &accounts[0])
	return kept.Decimals, err
}
