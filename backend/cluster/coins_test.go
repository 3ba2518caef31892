package cluster

import (
	"context"
	"errors"
	"slices"
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/program"
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
