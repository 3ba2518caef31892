package registry

import (
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpcoin"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/spinpet"
)

// list are the programs at their deployed addresses. A further one is one line more.
var list = []program.Plug{
	spinpet.New(spinpet.ProgramID),
	pump.New(),
	pumpswap.New(),
}

// First is the program whose records, rows and answers do not name their program, as they were there before there were
// others.
const First = spinpet.Program

// byID has the same programs by their numbers.
var byID = func() (table [1 << 8]program.Plug) {
	for _, plug := range list {
		table[plug.ID()] = plug
	}
	return table
}()

// Of is the program of that number; nil when it is none of those understood.
func Of(id market.Program) program.Format {
	if plug := byID[id]; plug != nil {
		return plug
	}
	return nil
}

// All are the numbers of the programs, in the order of the list.
func All() []market.Program {
	ids := make([]market.Program, len(list))
	for i, plug := range list {
		ids[i] = plug.ID()
	}
	return ids
}

// At are the programs to read of a cluster where SpinPet lies at the address: those that are read whole, and with coins also
// those of which coins are followed, but for those that are off.
func At(address market.Pubkey, coins bool, off ...market.Program) []program.Plug {
	plugs := []program.Plug{spinpet.New(address)}
	for _, plug := range list[1:] {
		if _, byCoin := plug.(program.CoinPlug); (!byCoin || coins) && !slices.Contains(off, plug.ID()) {
			plugs = append(plugs, plug)
		}
	}
	return plugs
}

// Address is where the deployed program of that number lies; zero when it is none of those understood.
func Address(id market.Program) market.Pubkey {
	if plug := byID[id]; plug != nil {
		return plug.Address()
	}
	return market.Pubkey{}
}

// ByAddress is the program that is deployed at an address; false when it is none of those understood.
func ByAddress(address market.Pubkey) (market.Program, bool) {
	for _, plug := range list {
		if plug.Address() == address {
			return plug.ID(), true
		}
	}
	return 0, false
}

// Add adds a program of a test, before anything else is done. It panics when the number is another's.
func Add(plug program.Plug) {
	if byID[plug.ID()] != nil {
		panic(fmt.Sprintf("two programs of number %d", plug.ID()))
	}
	byID[plug.ID()] = plug
	list = append(list, plug)
}

// FindCoin finds out which coin a mint is of, among those of programs that are followed by coin (program.Finder).
var FindCoin program.Finder = pumpcoin.Find

// CoinPrograms are those that a coin which FindCoin found trades on in its life: whoever follows it reads them all.
func CoinPrograms(program.Coin) []market.Program { return pumpcoin.Programs() }

// FindPools finds out what pools are to their coins, of the programs that are followed by coin (program.PoolFinder).
var FindPools program.PoolFinder = pumpcoin.FindPools

// PoolOf is what an event says of a pool that is new. It reports false for every event but those.
func PoolOf(body market.Body, derive program.Derive) (address market.Pubkey, pool program.Pool, ok bool) {
	return pumpcoin.PoolOf(body, derive)
}

// HasCurve reports whether the program that is read whole, at the address, has a curve of a mint.
func HasCurve(ctx context.Context, address, mint market.Pubkey, read program.ReadAccounts, derive program.Derive) (bool, error) {
	curve, err := spinpet.CurveAddress(derive, address, mint)
	if err != nil {
		return false, err
	}
	accounts, err := read(ctx, curve)
	if err != nil {
		return false, fmt.Errorf("whether %s has a curve of %s: %w", address, mint, err)
	}
	return accounts[0].Owner == address, nil
}

// StoredCoin is FindCoin for a coin of which something is stored: its pair says what else was to be asked for.
func StoredCoin(mint market.Pubkey, pair market.Pair, derive program.Derive) (program.Coin, error) {
	return pumpcoin.Stored(mint, pair, derive)
}
