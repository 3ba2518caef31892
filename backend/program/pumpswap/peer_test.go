package pumpswap

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
)

// TestPackageReadsTheSame generates events over the whole range of values, in their longest layout, and expects of the
// program's own npm package that it finds the same in every field, and of our prices and amounts that they are the exact
// ones of the package's numbers, in pools of every kind. Package 1.20.0 does not know the fields of 2026-09 and 2026-10.
func TestPackageReadsTheSame(t *testing.T) {
	const each = 400
	newer := []string{"holderrewardsbasispoints", "holderrewards", "creatorfeeunclaimed", "isholderreward"}
	r := rand.New(rand.NewPCG(14, 2))
	bodies, events := programtest.Written(r, layouts, each)

	priced := 0
	for i, peer := range programtest.Peers(t, ProgramID, events) {
		body, err := Decode(events[i])
		if err != nil {
			t.Fatalf("%+v: %v", bodies[i], err)
		}
		if !strings.EqualFold(peer.Name, body.Kind().String()+"Event") {
			t.Fatalf("%+v is %q to the package", body, peer.Name)
		}

		for _, difference := range programtest.DiffersFromPeer(body, peer, packageNames(body.Kind()), newer...) {
			t.Errorf("%s %d: %s", peer.Name, i, difference)
		}
		switch e := body.(type) {
		case *Buy:
			priced += checkTrade(t, r, e.Trade, peer, true)
		case *Sell:
			priced += checkTrade(t, r, e.Trade, peer, false)
		}

		if t.Failed() {
			t.FailNow()
		}
	}

	if priced < each/3 {
		t.Errorf("only %d trades have a price", priced)
	}
}

// packageNames are our fields for those of the package that are named otherwise.
func packageNames(kind market.Kind) map[string]string {
	names := map[string]string{
		"userBaseTokenReserves": "UserBaseReserves", "userQuoteTokenReserves": "UserQuoteReserves",
		"poolBaseTokenReserves": "PoolBaseReserves", "poolQuoteTokenReserves": "PoolQuoteReserves",
		"userBaseTokenAccount": "UserBaseAccount", "userQuoteTokenAccount": "UserQuoteAccount", "userPoolTokenAccount": "UserPoolAccount",
		"protocolFeeRecipient": "ProtocolRecipient", "protocolFeeRecipientTokenAccount": "ProtocolRecipientToken",
		"quoteAmountInWithLpFee": "QuoteAmountLPFee", "quoteAmountOutWithoutLpFee": "QuoteAmountLPFee",
		"userQuoteAmountIn": "UserQuoteAmount", "userQuoteAmountOut": "UserQuoteAmount",
		"lpTokenAmountIn": "LPTokenAmount", "lpTokenAmountOut": "LPTokenAmount",
		"creatorFeeBps":          "CreatorFeeBasisPoints",
		"quoteAmountInRequested": "Requested",
		"quoteAmountInUsed":      "Used",
		"baseAmountBurned":       "BaseBurned",
		"realQuoteReservesAfter": "RealQuoteAfter",
		"baseReservesAfter":      "BaseAfter",
		"boostVaultRemaining":    "VaultRemaining",
		"baseAmountIn":           "BaseAmount",
		"baseAmountOut":          "BaseAmount",
		"quoteAmountIn":          "QuoteAmount",
		"quoteAmountOut":         "QuoteAmount",
		"maxBaseAmountIn":        "BaseLimit",
		"minBaseAmountOut":       "BaseLimit",
		"maxQuoteAmountIn":       "QuoteLimit",
		"minQuoteAmountOut":      "QuoteLimit",
	}
	switch kind {
	case KindBuy, KindSell:
		names["maxQuoteAmountIn"], names["minQuoteAmountOut"], names["minBaseAmountOut"] = "Limit", "Limit", "MinBaseAmountOut"
	case KindCreatePool:
		names["baseAmountIn"], names["quoteAmountIn"], names["lpTokenAmountOut"] = "BaseAmountIn", "QuoteAmountIn", "LPTokenAmountOut"
	case KindInitBoost:
		names["realQuoteReservesAfter"] = "RealQuoteReserves"
	}

	return names
}

// checkTrade compares price and amounts with rational arithmetic on the package's numbers, in a pool whose quote stands on
// either side. It returns how many trades have a price.
func checkTrade(t *testing.T, r *rand.Rand, trade func(Pool) (Trade, error), peer programtest.Peer, takesBase bool) int {
	t.Helper()
	number := func(name string) *big.Rat { return peer.Number(t, name) }
	coin := market.Pubkey{1, 2, 3}
	pool := Pool{BaseMint: coin, QuoteMint: market.Quotes()[r.IntN(len(market.Quotes()))].Mint, BaseDecimals: uint8(r.IntN(10)), QuoteDecimals: uint8(r.IntN(10))} //nolint:gosec // small
	reversed := r.IntN(2) == 0
	if reversed {
		pool.BaseMint, pool.QuoteMint = pool.QuoteMint, pool.BaseMint
	}

	base, quote := number("poolBaseTokenReserves"), new(big.Rat).Add(number("poolQuoteTokenReserves"), number("virtualQuoteReserves"))
	var amount, net *big.Rat
	if takesBase {
		amount, net = number("baseAmountOut"), number("quoteAmountIn")
		if user := number("userQuoteAmountIn"); user.Cmp(net) < 0 {
			net = user
		}
		base.Sub(base, amount)
		quote.Add(quote, number("quoteAmountInWithLpFee"))
	} else {
		amount, net = number("baseAmountIn"), number("quoteAmountOut")
		base.Add(base, amount)
		quote.Sub(quote, number("quoteAmountOutWithoutLpFee"))
	}

	above, below, aboveDecimals, belowDecimals := quote, base, pool.QuoteDecimals, pool.BaseDecimals
	wantBase, wantQuote, wantBuy := amount, net, takesBase
	if reversed {
		above, below, aboveDecimals, belowDecimals = base, quote, pool.BaseDecimals, pool.QuoteDecimals
		wantBase, wantQuote, wantBuy = net, amount, !takesBase
	}

	got, err := trade(pool)
	if base.Sign() < 0 || quote.Sign() < 0 || below.Sign() == 0 {
		if err == nil {
			t.Errorf("%+v of reserves that are left with %s and %s", got, base, quote)
		}
		return 0
	}
	if !programtest.ExactPrice(t, got.Price, err, above, below, int(aboveDecimals), int(belowDecimals)) {
		return 0
	}

	if new(big.Rat).SetUint64(got.Base).Cmp(wantBase) != 0 || new(big.Rat).SetUint64(got.Quote).Cmp(wantQuote) != 0 || got.Buy != wantBuy {
		t.Errorf("%+v; want %s for %s, buy %v", got, wantBase, wantQuote, wantBuy)
	}
	return 1
}
