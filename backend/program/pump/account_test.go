package pump

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
)

// TestCurveAccountsAreReadAsThePackageReadsThem compares accounts with random fields with the program's own npm package.
func TestCurveAccountsAreReadAsThePackageReadsThem(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	var written []CurveAccount
	var data [][]byte
	for range 300 {
		var a CurveAccount
		programtest.Fill(r, &a)
		written = append(written, a)
		data = append(data, append(AppendCurve(nil, &a), make([]byte, 64)...)) // accounts are larger than what is in them
	}

	for i, peer := range programtest.PeerAccounts(t, ProgramID, "bondingCurve", data) {
		a, err := DecodeCurve(data[i])
		if err != nil || a != written[i] {
			t.Fatalf("%+v is read as %+v (%v)", written[i], a, err)
		}
		flag := map[bool]string{false: "0", true: "1"}
		for name, want := range map[string]string{
			"virtualTokenReserves": fmt.Sprint(a.VirtualTokenReserves), "virtualQuoteReserves": fmt.Sprint(a.VirtualQuoteReserves),
			"realTokenReserves": fmt.Sprint(a.RealTokenReserves), "realQuoteReserves": fmt.Sprint(a.RealQuoteReserves),
			"tokenTotalSupply": fmt.Sprint(a.TokenTotalSupply), "complete": flag[a.Complete], "creator": a.Creator.String(),
			"isMayhemMode": flag[a.IsMayhemMode], "isCashbackCoin": flag[a.IsCashbackCoin], "quoteMint": a.QuoteMint.String(),
		} {
			var got string
			if err := json.Unmarshal(peer.Fields[name], &got); err != nil || got != want {
				t.Fatalf("%s is %s, the package has %s (%v)", name, want, peer.Fields[name], err)
			}
		}
	}
}

// TestCurveAccountsOfAnyAge: older accounts are shorter, and what is cut or another's is refused.
func TestCurveAccountsOfAnyAge(t *testing.T) {
	whole := AppendCurve(nil, &CurveAccount{RealTokenReserves: 7, Complete: true, Creator: market.Pubkey{3}, QuoteMint: market.Pubkey{9}})
	ages := []int{49, 81, 82, 83, 115}
	for size := range len(whole) + 1 {
		a, err := DecodeCurve(whole[:size])
		switch {
		case size < program.DiscriminatorSize:
			if !errors.Is(err, program.ErrUnknown) {
				t.Errorf("%d bytes: %v", size, err)
			}
		case !slices.Contains(ages, size):
			if !errors.Is(err, program.ErrLayout) || a != (CurveAccount{}) {
				t.Errorf("%d bytes: %+v, %v", size, a, err)
			}
		case err != nil || a.RealTokenReserves != 7 || !a.Complete:
			t.Errorf("%d bytes: %+v, %v", size, a, err)
		}
	}

	if a, _ := DecodeCurve(whole[:49]); a.Quote() != market.WrappedSOL {
		t.Errorf("an old curve is paid in %s", a.Quote())
	}
	if a, _ := DecodeCurve(whole); a.Quote() != (market.Pubkey{9}) {
		t.Errorf("a newer one is paid in %s", a.Quote())
	}

	other := slices.Clone(whole)
	other[0]++
	if _, err := DecodeCurve(other); !errors.Is(err, program.ErrUnknown) {
		t.Errorf("another account: %v", err)
	}
}
