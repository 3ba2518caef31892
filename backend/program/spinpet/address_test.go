package spinpet

import (
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// TestCurveAddress: as recorded creations name them, of an early build of the program.
func TestCurveAddress(t *testing.T) {
	for mint, want := range map[string]string{
		"81WZbeJwfo9mTBRZsBqaUBWa2jeRKH2LQi54uwXdZYoa": "3CdVRJuTzgGsT3a1S5WyMeaN9PZzqhsbGWM3zsYJ463V",
		"GRRoF4X8V5VdRwRdEPksiA7kVVeKXWKuK2a6NyJJJyi5": "7xDe43WjAf8Di1NBz2WrU9QmpMHAkxotV8KL7o92NXgm",
	} {
		if got, err := CurveAddress(program.Address, EarlyProgramID, market.MustPubkey(mint)); err != nil || got.String() != want {
			t.Errorf("the curve of %s is %s, %v; want %s", mint, got, err, want)
		}
	}
}
