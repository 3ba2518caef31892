package pumpcoin_test

import (
	"errors"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpcoin"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
	"spinscope/backend/solana"
)

var coin = market.Pubkey{7, 7}

// poolOf is the address of a pool of the coin.
func poolOf(t *testing.T, index uint16, creator, base, quote market.Pubkey) market.Pubkey {
	t.Helper()
	address, err := pumpswap.PoolAddress(solana.ProgramAddress, index, creator, base, quote)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func mintOf(decimals uint8) *program.Account {
	return &program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Decimals: decimals})}
}

// TestPoolsByTheirAccounts: the pool that a coin moves to is the canonical one, whatever the coin is paid in; those that anybody
// opens are none, also where they hold the same two mints, or turn them round.
func TestPoolsByTheirAccounts(t *testing.T) {
	authority, err := pump.PoolAuthority(solana.ProgramAddress, coin)
	if err != nil {
		t.Fatal(err)
	}
	stranger, other := market.Pubkey{9}, market.Pubkey{8}

	for what, c := range map[string]struct {
		address     market.Pubkey
		base, quote market.Pubkey
		decimals    [2]uint8 // of base and quote
		want        program.PoolPlace
		err         error
	}{
		"in SOL": {
			address: poolOf(t, 0, authority, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL, decimals: [2]uint8{6, 9},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}, Canonical: true},
		},
		"in USDC": {
			address: poolOf(t, 0, authority, coin, market.USDC), base: coin, quote: market.USDC, decimals: [2]uint8{6, 6},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, market.USDC, 6, 6)}, Canonical: true},
		},
		"in another coin": {
			address: poolOf(t, 0, authority, coin, other), base: coin, quote: other, decimals: [2]uint8{6, 18},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, other, 6, 18)}, Canonical: true},
		},
		"a stranger's": {
			address: poolOf(t, 0, stranger, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL, decimals: [2]uint8{6, 9},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}},
		},
		"a second one": {
			address: poolOf(t, 1, authority, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL, decimals: [2]uint8{6, 9},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}},
		},
		"turned round": {
			address: poolOf(t, 0, stranger, market.WrappedSOL, coin), base: market.WrappedSOL, quote: coin, decimals: [2]uint8{9, 6},
			want: program.PoolPlace{Place: market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9), Reversed: true}},
		},
		"19 decimals": {
			address: poolOf(t, 0, authority, coin, other), base: coin, quote: other, decimals: [2]uint8{6, 19}, err: market.ErrDecimals,
		},
		"19 of the coin": {
			address: poolOf(t, 0, authority, coin, other), base: coin, quote: other, decimals: [2]uint8{19, 6}, err: market.ErrDecimals,
		},
	} {
		account := program.Account{Owner: pumpswap.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{BaseMint: c.base, QuoteMint: c.quote})}
		sides, err := pumpcoin.ReadPool(c.address, &account)
		if err != nil || sides != (program.PoolSides{Base: c.base, Quote: c.quote}) {
			t.Errorf("%s: %+v, %v", what, sides, err)
		}
		got, err := pumpcoin.PlacePool(c.address, sides, mintOf(c.decimals[0]), mintOf(c.decimals[1]), solana.ProgramAddress)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || err == nil && got != c.want {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

// TestWhatIsNoPool: another program's account, another account of the program, one that is cut, or nothing; and pools of what is
// no mint.
func TestWhatIsNoPool(t *testing.T) {
	whole := pumpswap.AppendPool(nil, &pumpswap.PoolAccount{BaseMint: coin, QuoteMint: market.USDC})
	for what, account := range map[string]program.Account{
		"nothing":         {},
		"foreign":         {Owner: pump.ProgramID, Data: whole},
		"another account": {Owner: pumpswap.ProgramID, Data: append([]byte{1}, whole[1:]...)},
		"cut":             {Owner: pumpswap.ProgramID, Data: whole[:100]},
	} {
		if sides, err := pumpcoin.ReadPool(market.Pubkey{1}, &account); !errors.Is(err, program.ErrNoPool) || sides != (program.PoolSides{}) {
			t.Errorf("%s: %+v, %v", what, sides, err)
		}
	}

	sides := program.PoolSides{Base: coin, Quote: market.USDC}
	for _, accounts := range [][2]*program.Account{{mintOf(6), {}}, {{}, mintOf(6)}} {
		if got, err := pumpcoin.PlacePool(market.Pubkey{1}, sides, accounts[0], accounts[1], solana.ProgramAddress); !errors.Is(err, program.ErrNoMint) || got != (program.PoolPlace{}) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}
