package pumpcoin

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

// The programs that own what people take for the address of a coin.
var (
	systemProgram = market.MustPubkey("11111111111111111111111111111111")
	tokenPrograms = [...]market.Pubkey{
		market.MustPubkey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"),
		market.MustPubkey("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"), // Token-2022
	}
)

// Find implements program.Finder: it derives the curve's address, reads what the coin is paid in from its account, and derives
// the pool's from that.
func Find(ctx context.Context, mint market.Pubkey, read func(context.Context, ...market.Pubkey) ([]program.Account, error), derive program.Derive) (program.Coin, error) {
	curve, err := pump.Curve(derive, mint)
	if err != nil {
		return program.Coin{}, err
	}

	accounts, err := read(ctx, mint, curve)
	if err != nil {
		return program.Coin{}, fmt.Errorf("what the coin is: %w", err)
	}
	if _, err := mintDecimals(mint, &accounts[0]); err != nil {
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

	inPool, err := market.NewPair(pumpswap.Program, pair.Quote(), uint8(pair.BaseDecimals()), uint8(pair.QuoteDecimals())) //nolint:gosec // at most MaxDecimals
	if err != nil {
		return program.Coin{}, err
	}
	return program.Coin{
		Mint: mint, Curve: curve, Pool: pool, Place: market.Place{Coin: mint, Pair: inPool}, Program: pair.Program(),
		Completed: pair.Program() == pumpswap.Program,
	}, nil
}

// quoteDecimals are those of what a coin is paid in: known ones need no question.
func quoteDecimals(ctx context.Context, quote market.Pubkey, read func(context.Context, ...market.Pubkey) ([]program.Account, error)) (uint8, error) {
	if known, ok := market.KnownQuote(quote); ok {
		return known.Decimals, nil
	}
	accounts, err := read(ctx, quote)
	if err != nil {
		return 0, fmt.Errorf("what the coin is paid in: %w", err)
	}
	return mintDecimals(quote, &accounts[0])
}

// mintDecimals reads a mint's account. An address that is none gets an error that says what it is instead.
func mintDecimals(address market.Pubkey, account *program.Account) (uint8, error) {
	const decimalsAt, initialisedAt, mintSize = 44, 45, 82 // of the token programs' mint; extensions follow it
	const kindAt, kindMint = 165, 1                        // Token-2022 says behind the larger layout of an account what it is
	switch {
	case account.Owner.IsZero():
		return 0, fmt.Errorf("%s is %w: there is nothing at this address", address, program.ErrNoMint)
	case account.Owner == systemProgram:
		return 0, fmt.Errorf("%s is %w: it is a wallet", address, program.ErrNoMint)
	case account.Owner != tokenPrograms[0] && account.Owner != tokenPrograms[1]:
		return 0, fmt.Errorf("%s is %w: it is an account of the program %s", address, program.ErrNoMint, account.Owner)
	case len(account.Data) != mintSize && (len(account.Data) <= kindAt || account.Data[kindAt] != kindMint):
		return 0, fmt.Errorf("%s is %w: it holds somebody's tokens", address, program.ErrNoMint)
	case account.Data[initialisedAt] != 1:
		return 0, fmt.Errorf("%s is %w: its mint was never set up", address, program.ErrNoMint)
	}
	return account.Data[decimalsAt], nil
}
