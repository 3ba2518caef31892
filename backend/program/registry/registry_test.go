package registry

import (
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/spinpet"
)

// TestProgramsToRead: SpinPet always; those that are read by coin only where coins are followed, and never one that is off.
func TestProgramsToRead(t *testing.T) {
	for _, c := range []struct {
		coins bool
		off   []market.Program
		want  []market.Program
	}{
		{want: []market.Program{spinpet.Program}},
		{coins: true, want: []market.Program{spinpet.Program, pump.Program, pumpswap.Program}},
		{coins: true, off: []market.Program{pump.Program}, want: []market.Program{spinpet.Program, pumpswap.Program}},
		{coins: true, off: []market.Program{pumpswap.Program, pump.Program}, want: []market.Program{spinpet.Program}},
	} {
		var got []market.Program
		for _, plug := range At(spinpet.ProgramID, c.coins, c.off...) {
			got = append(got, plug.ID())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("coins %v, off %v: %v, want %v", c.coins, c.off, got, c.want)
		}
	}
}
