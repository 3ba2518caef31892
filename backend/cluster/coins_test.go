package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// newTestSource is a source over a store, of the deployed program.
func newTestSource(s *store.Store) *Source {
	return NewSource(Options{Config: &config.Solana{ProgramID: spinpet.ProgramID.String()}, Store: s})
}

// TestWhatNeedsNotBeFollowed: a stored token of the program that is read whole, and no coin of pump; a mint of which nothing is
// stored when the program has a curve of it.
func TestWhatNeedsNotBeFollowed(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's

	coins := fill(t, s).Coins()
	source := newTestSource(s)
	for mint, want := range map[market.Pubkey]bool{{9}: true, coins[0].Mint: false, {77}: false} {
		if got := source.Whole(mint); got != want {
			t.Errorf("%s needs not be followed: %v", mint, got)
		}
	}

	curve, err := spinpet.CurveAddress(program.Address, spinpet.ProgramID, market.Pubkey{77})
	if err != nil {
		t.Fatal(err)
	}
	errDown := errors.New("nobody answers")
	for name, c := range map[string]struct {
		owner market.Pubkey
		fails error
		want  error
	}{
		"a coin of the program":    {owner: spinpet.ProgramID, want: program.ErrReadWhole},
		"a coin of another":        {owner: market.Pubkey{1}, want: program.ErrNoCoin},
		"no curve":                 {want: program.ErrNoCoin},
		"a cluster that is silent": {fails: errDown, want: errDown},
	} {
		read := func(_ context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
			if !slices.Equal(addresses, []market.Pubkey{curve}) {
				t.Errorf("%s: %v are read, not the curve %s", name, addresses, curve)
			}
			return []program.Account{{Owner: c.owner}}, c.fails
		}
		err := source.readWhole(t.Context(), market.Pubkey{77}, read, program.ErrNoCoin)
		if !errors.Is(err, c.want) || errors.Is(err, program.ErrReadWhole) != errors.Is(c.want, program.ErrReadWhole) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProgramsThatAreOff: a coin goes from pump to PumpSwap, so that it is followed where neither is off; the status names those
// that are, also before there is a connection.
func TestProgramsThatAreOff(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	mint := fill(t, s).Coins()[0].Mint

	for _, off := range [][]market.Program{nil, {pump.Program}, {pumpswap.Program}, {pump.Program, pumpswap.Program}} {
		source := NewSource(Options{Config: &config.Solana{ProgramID: spinpet.ProgramID.String()}, Store: s, Off: off})
		coin, known := source.Known(mint)
		if !known {
			t.Fatal("the coin is not stored")
		}

		switch err := source.Off(coin); {
		case len(off) == 0:
			if err != nil {
				t.Errorf("nothing is off: %v", err)
			}
		case !errors.Is(err, program.ErrOff) || !strings.Contains(err.Error(), mint.String()) || !strings.Contains(err.Error(), "programs."+off[0].String()):
			t.Errorf("%v are off: %v", off, err)
		}

		var named []market.Program
		for _, one := range source.Status().Programs {
			id, _ := market.ParseProgram(one.Program)
			if named = append(named, id); one.State != "off" {
				t.Errorf("%+v", one)
			}
		}
		if !slices.Equal(named, off) {
			t.Errorf("%v are off, the status names %v", off, named)
		}
	}
}
