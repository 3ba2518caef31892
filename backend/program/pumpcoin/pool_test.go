package pumpcoin_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpcoin"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
	"spinscope/backend/solana"
)

var coin, other, stranger = market.Pubkey{7, 7}, market.Pubkey{8}, market.Pubkey{9}

// poolAt is the address of a pool of two mints.
func poolAt(t *testing.T, index uint16, creator, base, quote market.Pubkey) market.Pubkey {
	t.Helper()
	address, err := pumpswap.PoolAddress(solana.ProgramAddress, index, creator, base, quote)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// authorityOf is who opens the pool to which a coin moves.
func authorityOf(t *testing.T, mint market.Pubkey) market.Pubkey {
	t.Helper()
	authority, err := pump.PoolAuthority(solana.ProgramAddress, mint)
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func mintOf(decimals uint8) program.Account {
	return program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Decimals: decimals})}
}

func poolOf(base, quote market.Pubkey) program.Account {
	return program.Account{Owner: pumpswap.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{BaseMint: base, QuoteMint: quote})}
}

// place is where the coin trades, paid in the quote.
func place(quote market.Pubkey, base, units uint8) market.Place {
	return market.Place{Coin: coin, Pair: market.MustPair(pumpswap.Program, quote, base, units)}
}

// cluster is what a cluster keeps, and how often it was asked.
type cluster struct {
	kept  map[market.Pubkey]program.Account
	asked []int // addresses of each request
	err   error
}

func (c *cluster) read(_ context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
	c.asked = append(c.asked, len(addresses))
	list := make([]program.Account, len(addresses))
	for i, address := range addresses {
		list[i] = c.kept[address]
	}
	return list, c.err
}

// TestPools finds out what pools are by their accounts, and by the events that open them where there is one: both say the same.
// The pool that a coin moves to counts, whatever the coin is paid in; those that anybody opens do not, also where they hold the
// same two mints, or turn them round.
func TestPools(t *testing.T) {
	authority := authorityOf(t, coin)
	extended := mintOf(6)
	extended.Owner, extended.Data = token.Program2022, append(extended.Data, make([]byte, 200)...)
	extended.Data[165] = 1

	for what, c := range map[string]struct {
		address     market.Pubkey
		base, quote market.Pubkey
		kept        [2]program.Account // of base and quote
		decimals    [2]uint8
		want        program.Pool
		err         error
	}{
		"in SOL": {
			address: poolAt(t, 0, authority, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL,
			kept: [2]program.Account{mintOf(6)}, decimals: [2]uint8{6, 9},
			want: program.Pool{Counts: true, Place: place(market.WrappedSOL, 6, 9)},
		},
		"of Token-2022": {
			address: poolAt(t, 0, authority, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL,
			kept: [2]program.Account{extended}, decimals: [2]uint8{6, 9},
			want: program.Pool{Counts: true, Place: place(market.WrappedSOL, 6, 9)},
		},
		"in USDC": {
			address: poolAt(t, 0, authority, coin, market.USDC), base: coin, quote: market.USDC,
			kept: [2]program.Account{mintOf(6)}, decimals: [2]uint8{6, 6},
			want: program.Pool{Counts: true, Place: place(market.USDC, 6, 6)},
		},
		"in another coin": {
			address: poolAt(t, 0, authority, coin, other), base: coin, quote: other,
			kept: [2]program.Account{mintOf(6), mintOf(18)}, decimals: [2]uint8{6, 18},
			want: program.Pool{Counts: true, Place: place(other, 6, 18)},
		},
		"a stranger's": {
			address: poolAt(t, 0, stranger, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL, decimals: [2]uint8{6, 9},
		},
		"a second one": {
			address: poolAt(t, 1, authority, coin, market.WrappedSOL), base: coin, quote: market.WrappedSOL, decimals: [2]uint8{6, 9},
		},
		"turned round": {
			address: poolAt(t, 0, authority, market.WrappedSOL, coin), base: market.WrappedSOL, quote: coin, decimals: [2]uint8{9, 6},
		},
		"of what coins are paid in": {
			address: poolAt(t, 0, authorityOf(t, market.WrappedSOL), market.WrappedSOL, coin), base: market.WrappedSOL, quote: coin, decimals: [2]uint8{9, 6},
		},
		"a stranger's of 19 decimals": {
			address: poolAt(t, 0, stranger, coin, other), base: coin, quote: other, decimals: [2]uint8{6, 19},
		},
		"19 decimals": {
			address: poolAt(t, 0, authority, coin, other), base: coin, quote: other,
			kept: [2]program.Account{mintOf(6), mintOf(19)}, decimals: [2]uint8{6, 19}, err: market.ErrDecimals,
		},
		"19 of the coin": {
			address: poolAt(t, 0, authority, coin, other), base: coin, quote: other,
			kept: [2]program.Account{mintOf(19), mintOf(6)}, decimals: [2]uint8{19, 6}, err: market.ErrDecimals,
		},
		"255 of both": {
			address: poolAt(t, 0, authority, coin, other), base: coin, quote: other,
			kept: [2]program.Account{mintOf(255), mintOf(255)}, decimals: [2]uint8{255, 255}, err: market.ErrDecimals,
		},
	} {
		same := func(by string, got program.Pool) {
			t.Helper()
			if got.Counts != c.want.Counts || got.Place != c.want.Place || !errors.Is(got.Err, c.err) || (got.Err == nil) != (c.err == nil) {
				t.Errorf("%s, by %s: %+v, want %+v (%v)", what, by, got, c.want, c.err)
			}
		}

		node := &cluster{kept: map[market.Pubkey]program.Account{c.address: poolOf(c.base, c.quote), c.base: c.kept[0], c.quote: c.kept[1]}}
		pools, err := pumpcoin.FindPools(t.Context(), []market.Pubkey{c.address}, node.read, solana.ProgramAddress)
		if err != nil || len(pools) != 1 {
			t.Fatalf("%s: %+v, %v", what, pools, err)
		}
		same("accounts", pools[0])
		if requests := len(node.asked); requests > 1 && !c.want.Counts && c.err == nil {
			t.Errorf("%s: %d requests for a pool that does not count", what, requests)
		}

		address, pool, ok := pumpcoin.PoolOf(&pumpswap.CreatePool{
			Pool: c.address, BaseMint: c.base, QuoteMint: c.quote, BaseMintDecimals: c.decimals[0], QuoteMintDecimals: c.decimals[1],
		}, solana.ProgramAddress)
		if !ok || address != c.address {
			t.Errorf("%s: its opening is of %s, %v", what, address, ok)
		}
		same("its opening", pool)
	}
}

// TestPoolsByMigration: a coin's move names its pool, where what it is paid in has decimals that are known; another program's
// address in it is not believed, and other events say nothing.
func TestPoolsByMigration(t *testing.T) {
	own := poolAt(t, 0, authorityOf(t, coin), coin, market.WrappedSOL)
	for what, c := range map[string]struct {
		body market.Body
		want program.Pool
		ok   bool
	}{
		"in SOL":          {&pump.Migration{Mint: coin, Pool: own}, program.Pool{Counts: true, Place: place(market.WrappedSOL, 6, 9)}, true},
		"another pool":    {&pump.Migration{Mint: coin, Pool: stranger}, program.Pool{}, true},
		"in another coin": {&pump.Migration{Mint: coin, Pool: own, QuoteMint: other}, program.Pool{}, false},
		"a trade":         {&pump.Trade{Mint: coin}, program.Pool{}, false},
		"a swap":          {&pumpswap.Sell{Swap: pumpswap.Swap{Pool: own}}, program.Pool{}, false},
	} {
		if _, got, ok := pumpcoin.PoolOf(c.body, solana.ProgramAddress); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v", what, got, ok)
		}
	}
}

// TestWhatIsNoPool: another program's account, another account of the program, one that is cut, or nothing; and pools of what is
// no mint.
func TestWhatIsNoPool(t *testing.T) {
	own := poolAt(t, 0, authorityOf(t, coin), coin, other)
	whole := poolOf(coin, other)
	for what, c := range map[string]struct {
		pool, base, quote program.Account
		err               error
	}{
		"nothing":             {err: program.ErrNotThere},
		"a wallet":            {pool: program.Account{Data: []byte{1}}, err: program.ErrNoPool},
		"another program's":   {pool: program.Account{Owner: pump.ProgramID, Data: whole.Data}, err: program.ErrNoPool},
		"another account":     {pool: program.Account{Owner: pumpswap.ProgramID, Data: append([]byte{1}, whole.Data[1:]...)}, err: program.ErrNoPool},
		"cut":                 {pool: program.Account{Owner: pumpswap.ProgramID, Data: whole.Data[:100]}, err: program.ErrNoPool},
		"empty":               {pool: program.Account{Owner: pumpswap.ProgramID}, err: program.ErrNoPool},
		"the coin is no mint": {pool: whole, quote: mintOf(6), err: program.ErrNoMint},
		"paid in no mint":     {pool: whole, base: mintOf(6), err: program.ErrNoMint},
	} {
		node := &cluster{kept: map[market.Pubkey]program.Account{own: c.pool, coin: c.base, other: c.quote}}
		pools, err := pumpcoin.FindPools(t.Context(), []market.Pubkey{own}, node.read, solana.ProgramAddress)
		if err != nil || len(pools) != 1 || !errors.Is(pools[0].Err, c.err) || pools[0].Counts || pools[0].Place != (market.Place{}) {
			t.Errorf("%s: %+v, %v", what, pools, err)
		}
	}
}

// TestManyPoolsAreTwoQuestions: those of the pools, and those of the mints of the ones that count, each once.
func TestManyPoolsAreTwoQuestions(t *testing.T) {
	node := &cluster{kept: map[market.Pubkey]program.Account{other: mintOf(6)}}
	var addresses []market.Pubkey
	for i := range byte(program.MaxPools) {
		mint := market.Pubkey{1, i}
		address := poolAt(t, 0, authorityOf(t, mint), mint, other)
		if i%5 == 0 {
			address = poolAt(t, 0, stranger, mint, other)
		}
		addresses = append(addresses, address)
		node.kept[address], node.kept[mint] = poolOf(mint, other), mintOf(6)
	}

	pools, err := pumpcoin.FindPools(t.Context(), addresses, node.read, solana.ProgramAddress)
	if want := []int{program.MaxPools, program.MaxPools*4/5 + 1}; err != nil || !slices.Equal(node.asked, want) {
		t.Errorf("asked about %v accounts, want %v; %v", node.asked, want, err)
	}
	for i := range pools {
		if pools[i].Err != nil || pools[i].Counts == (i%5 == 0) || pools[i].Counts && pools[i].Place.Coin != (market.Pubkey{1, byte(i)}) { //nolint:gosec // below MaxPools
			t.Errorf("pool %d: %+v", i, pools[i])
		}
	}

	node.err = errors.New("the endpoint is gone")
	if _, err := pumpcoin.FindPools(t.Context(), addresses, node.read, solana.ProgramAddress); !errors.Is(err, node.err) {
		t.Errorf("an endpoint that is gone: %v", err)
	}
}
