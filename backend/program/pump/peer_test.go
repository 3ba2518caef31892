package pump

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
)

// TestPackageReadsTheSame generates events over the whole range of values, in their longest layout, and expects of the
// program's own npm package that it finds the same in every field, and of our price that it is the exact one of the
// package's numbers. Package 2.0.0 does not know PostCompleteBuyEvent, and the fields of 2026-10 it knows only in part.
func TestPackageReadsTheSame(t *testing.T) {
	const each = 400
	newer := []string{"creatorfeeunclaimed", "depth"}
	names := map[string]string{"holderRewardsBps": "HolderRewardsBasisPoints", "creatorFeeBps": "CreatorFeeBasisPoints"}
	r := rand.New(rand.NewPCG(14, 1))
	bodies, events := programtest.Written(r, layouts, each)

	priced := 0
	for i, peer := range programtest.Peers(t, ProgramID, events) {
		written := bodies[i]
		body, err := Decode(events[i])
		if err != nil {
			t.Fatalf("%+v: %v", written, err)
		}

		if body.Kind() == KindPostCompleteBuy {
			if peer.Name != "" {
				t.Fatalf("the package knows %s by now: compare it", peer.Name)
			}
			continue
		}

		if !strings.EqualFold(peer.Name, loggedName(body)) {
			t.Fatalf("%+v is %q to the package", body, peer.Name)
		}
		for _, difference := range programtest.DiffersFromPeer(body, peer, names, newer...) {
			t.Errorf("%s %d: %s", peer.Name, i, difference)
		}

		if trade, ok := body.(*Trade); ok && checkTrade(t, trade, peer) {
			priced++
		}
		if t.Failed() {
			t.FailNow()
		}
	}

	if priced < each/3 {
		t.Errorf("only %d trades have a price", priced)
	}
}

// checkTrade compares price and amounts with rational arithmetic on the package's numbers.
func checkTrade(t *testing.T, trade *Trade, peer programtest.Peer) (priced bool) {
	t.Helper()
	number := func(name string) *big.Rat { return peer.Number(t, name) }
	reserves, paid, decimals := number("virtualQuoteReserves"), number("quoteAmount"), uint8(6)
	if trade.Quote() == market.WrappedSOL {
		reserves, paid, decimals = number("virtualSolReserves"), number("solAmount"), 9
	}

	base, quote, _ := trade.Amounts()
	if number("tokenAmount").Cmp(new(big.Rat).SetUint64(base)) != 0 || paid.Cmp(new(big.Rat).SetUint64(quote)) != 0 {
		t.Errorf("%d for %d, the package has %s for %s", base, quote, number("tokenAmount"), paid)
	}

	price, err := trade.Price(decimals)
	tokens := number("virtualTokenReserves")
	if tokens.Sign() == 0 {
		if err == nil {
			t.Errorf("a price of %s without tokens", price)
		}
		return false
	}

	return programtest.ExactPrice(t, price, err, reserves, tokens, int(decimals), TokenDecimals)
}
