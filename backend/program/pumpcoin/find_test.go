package pumpcoin

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

// derive makes up addresses: which they are does not matter here.
func derive(id market.Pubkey, seeds ...[]byte) (market.Pubkey, error) {
	return sha256.Sum256(slices.Concat(append(slices.Clone(seeds), id[:])...)), nil
}

// mintAccount is the account of a mint with so many decimals.
func mintAccount(decimals byte) program.Account {
	return program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Decimals: decimals})}
}

// extended is the account of a Token-2022 mint, whose extensions follow.
func extended(decimals byte) program.Account {
	a := mintAccount(decimals)
	a.Owner, a.Data = token.Program2022, append(a.Data, make([]byte, 200)...)
	a.Data[165] = 1
	return a
}

// TestFind asks for coins and for what people take for coins, on clusters whose accounts are damaged or lie.
func TestFind(t *testing.T) {
	mint, other := market.Pubkey{1}, market.Pubkey{2}
	curve, err := pump.Curve(derive, mint)
	if err != nil {
		t.Fatal(err)
	}

	state := func(change func(*pump.CurveAccount)) program.Account {
		a := pump.CurveAccount{VirtualTokenReserves: 1, VirtualQuoteReserves: 2}
		change(&a)
		return program.Account{Owner: pump.ProgramID, Data: pump.AppendCurve(nil, &a)}
	}
	in := func(quote market.Pubkey) program.Account {
		return state(func(a *pump.CurveAccount) { a.QuoteMint = quote })
	}
	unready, holder, unborn := mintAccount(6), extended(6), in(market.Pubkey{})
	unready.Data[45], holder.Data[165], unborn.Owner = 0, 2, token.Program

	failed := errors.New("the endpoint is gone")

	for name, c := range map[string]struct {
		mint, curve program.Account
		quote       program.Account // of the mint that is asked for after them
		fail        error
		is          error  // the error that it is
		says        string // within the error
		pair        string // of the coin
		completed   bool
	}{
		"paid in SOL":                  {mint: mintAccount(6), curve: in(market.Pubkey{}), pair: "SOL"},
		"of Token-2022":                {mint: extended(6), curve: in(market.Pubkey{}), pair: "SOL"},
		"paid in USDC":                 {mint: extended(6), curve: in(market.USDC), pair: "USDC"},
		"completed":                    {mint: extended(6), curve: state(func(a *pump.CurveAccount) { a.Complete = true }), pair: "SOL", completed: true},
		"paid in another coin":         {mint: extended(6), curve: in(other), quote: mintAccount(9), pair: other.String()},
		"of 18 decimals":               {mint: extended(6), curve: in(other), quote: mintAccount(18), pair: other.String()},
		"of 19 decimals":               {mint: extended(6), curve: in(other), quote: mintAccount(19), is: market.ErrDecimals, says: "has 19 decimals"},
		"of 255 decimals":              {mint: extended(6), curve: in(other), quote: extended(255), is: market.ErrDecimals, says: "has 255 decimals"},
		"paid in a wallet":             {mint: extended(6), curve: in(other), quote: program.Account{}, is: program.ErrNoMint, says: "a wallet"},
		"paid in nothing":              {mint: extended(6), curve: in(other), is: program.ErrNoMint, says: "nothing at this address"},
		"nothing":                      {is: program.ErrNoMint, says: "nothing at this address"},
		"a wallet":                     {mint: program.Account{Data: []byte{}}, is: program.ErrNoMint, says: "a wallet"},
		"another program's account":    {mint: program.Account{Owner: other, Data: make([]byte, 82)}, is: program.ErrNoMint, says: "an account of the program " + other.String()},
		"somebody's tokens":            {mint: holder, is: program.ErrNoMint, says: "somebody's tokens"},
		"a short account":              {mint: program.Account{Owner: token.Program, Data: make([]byte, 45)}, is: program.ErrNoMint},
		"an empty account":             {mint: program.Account{Owner: token.Program2022}, is: program.ErrNoMint},
		"a mint that was never set up": {mint: unready, is: program.ErrNoMint, says: "never set up"},
		"a mint of no curve":           {mint: extended(6), is: program.ErrNoCoin, says: "pump has no curve"},
		"a curve of another's":         {mint: extended(6), curve: unborn, is: program.ErrNoCoin},
		"a curve that is a pool":       {mint: extended(6), curve: program.Account{Owner: pump.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{})}, is: program.ErrUnknown, says: "cannot be read"},
		"a curve that is cut":          {mint: extended(6), curve: program.Account{Owner: pump.ProgramID, Data: in(other).Data[:20]}, is: program.ErrLayout, says: "cannot be read"},
		"a curve without data":         {mint: extended(6), curve: program.Account{Owner: pump.ProgramID}, is: program.ErrUnknown},
		"no answer":                    {fail: failed, is: failed},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(_ context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
				list := make([]program.Account, len(addresses))
				for i, address := range addresses {
					list[i] = map[market.Pubkey]program.Account{mint: c.mint, curve: c.curve, other: c.quote}[address]
				}
				return list, c.fail
			}
			coin, err := Find(t.Context(), mint, read, derive)
			if c.is != nil {
				if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("%+v, %v", coin, err)
				}
				return
			}

			if err != nil {
				t.Fatal(err)
			}

			quote := coin.Place.Pair.Quote()
			known, isKnown := market.KnownQuote(quote)
			if coin.Mint != mint || coin.Curve != curve || coin.Completed != c.completed || coin.Place.Coin != mint || coin.Place.Reversed ||
				(quote.String() != c.pair && (!isKnown || known.Symbol != c.pair)) {
				t.Errorf("%+v", coin)
			}

			authority, err := pump.PoolAuthority(derive, mint)
			if err != nil {
				t.Fatal(err)
			}
			if pool, err := pumpswap.PoolAddress(derive, pumpswap.CanonicalIndex, authority, mint, quote); err != nil || coin.Pool != pool {
				t.Errorf("the pool is %s, want %s (%v)", coin.Pool, pool, err)
			}
		})
	}
}
