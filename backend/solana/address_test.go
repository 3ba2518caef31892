package solana_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/solana"
)

// TestAddressesOfCoins derives the curve and the pool of every coin whose events were recorded, and expects those that the
// events name.
func TestAddressesOfCoins(t *testing.T) {
	curves, canonical, pools := 0, 0, 0
	curve := func(mint, want market.Pubkey) {
		t.Helper()
		curves++
		if got, err := pump.Curve(solana.ProgramAddress, mint); err != nil || got != want {
			t.Errorf("curve of %s is %s, %v; want %s", mint, got, err, want)
		}
	}
	pool := func(index uint16, creator, base, quote, want market.Pubkey) {
		t.Helper()
		if got, err := pumpswap.PoolAddress(solana.ProgramAddress, index, creator, base, quote); err != nil || got != want {
			t.Errorf("pool %d of %s for %s in %s is %s, %v; want %s", index, creator, base, quote, got, err, want)
		}
	}

	for _, one := range programtest.Events(t, pump.ProgramID.String()) {
		body, err := pump.Decode(one.Data)
		if err != nil {
			t.Fatal(err)
		}
		switch e := body.(type) {
		case *pump.Create:
			curve(e.Mint, e.BondingCurve)
		case *pump.Complete:
			curve(e.Mint, e.BondingCurve)
		case *pump.Migration:
			canonical++
			curve(e.Mint, e.BondingCurve)
			authority, err := pump.PoolAuthority(solana.ProgramAddress, e.Mint)
			if err != nil {
				t.Fatal(err)
			}
			pool(pumpswap.CanonicalIndex, authority, e.Mint, pump.Quote(e.QuoteMint), e.Pool)
		}
	}

	for _, one := range programtest.Events(t, pumpswap.ProgramID.String()) {
		body, err := pumpswap.Decode(one.Data)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := body.(*pumpswap.CreatePool); ok {
			pools++
			pool(e.Index, e.Creator, e.BaseMint, e.QuoteMint, e.Pool)
		}
	}

	if curves < 5 || canonical == 0 || pools < 3 {
		t.Errorf("%d curves, %d canonical and %d other pools: the test looks at little", curves, canonical, pools)
	}
}

// TestProgramAddress derives an address with every number of seeds that there may be, and none with more or longer ones.
func TestProgramAddress(t *testing.T) {
	owner := market.MustPubkey("BPFLoaderUpgradeab1e11111111111111111111111")
	seen := map[market.Pubkey]bool{}
	var seeds [][]byte
	for n := range 16 {
		address, err := solana.ProgramAddress(owner, seeds...)
		if err != nil || address.IsZero() || seen[address] {
			t.Fatalf("%d seeds: %s, %v", n, address, err)
		}
		if again, err := solana.ProgramAddress(owner, seeds...); err != nil || again != address {
			t.Errorf("%d seeds give %s and then %s, %v", n, address, again, err)
		}

		if again, err := program.Address(owner, seeds...); err != nil || again != address {
			t.Errorf("%d seeds give %s without the library, %v; want %s", n, again, err, address)
		}
		seen[address] = true
		seeds = append(seeds, []byte{byte(n)})
	}

	if address, err := solana.ProgramAddress(owner, seeds...); err == nil {
		t.Errorf("16 seeds and a bump give %s", address)
	}
	if address, err := solana.ProgramAddress(owner, []byte(strings.Repeat("x", 33))); err == nil {
		t.Errorf("a seed of 33 bytes gives %s", address)
	}

	for _, wrong := range [][][]byte{seeds, {make([]byte, 33)}} {
		if address, err := program.Address(owner, wrong...); !errors.Is(err, program.ErrSeeds) {
			t.Errorf("%d seeds give %s without the library, %v", len(wrong), address, err)
		}
	}

	r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // a test that repeats
	for range 500 {
		seed := binary.LittleEndian.AppendUint64(nil, r.Uint64())
		want, err := solana.ProgramAddress(owner, seed)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := program.Address(owner, seed); err != nil || got != want {
			t.Fatalf("seed %x gives %s, %v; the library says %s", seed, got, err, want)
		}
	}
}
