package simnet

import (
	"maps"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
)

// TestCurvesAreOfTheProgram: the cluster says of each of the market's own mints whose it is, as a real one does, and of no other.
func TestCurvesAreOfTheProgram(t *testing.T) {
	for name, at := range map[string]market.Pubkey{"deployed": {}, "early": spinpet.EarlyProgramID} {
		t.Run(name, func(t *testing.T) {
			cfg := still()
			cfg.Derive, cfg.Program = program.Address, at
			n := start(t, cfg)
			n.chain.mu.RLock()
			own := map[market.Pubkey]bool{}
			for _, one := range n.tokens {
				own[one.mint] = true
			}

			n.chain.mu.RUnlock()
			mints := slices.Collect(maps.Keys(own))
			mints = slices.Insert(mints, 0, market.Pubkey{77})

			var curves []string
			for _, mint := range mints {
				curve, err := spinpet.CurveAddress(program.Address, n.cfg.Program, mint)
				if err != nil {
					t.Fatal(err)
				}
				curves = append(curves, curve.String())
			}

			type account struct{ Owner string }
			answer := ask[struct{ Value []*account }](t, n, "getMultipleAccounts", curves, map[string]any{"encoding": "base64"})
			if len(mints) < 1+cfg.Mints || len(answer.Value) != len(mints) || answer.Value[0] != nil {
				t.Fatalf("of %d mints, the first of nobody: %+v", len(mints), answer.Value)
			}

			for i, one := range answer.Value[1:] {
				if one == nil || one.Owner != n.cfg.Program.String() {
					t.Errorf("the curve of %s: %+v", mints[1+i], one)
				}
			}
		})
	}
}
