package market

import (
	"math/big"
	"strings"
)

// CapDecimals are those of a market cap: those of a price, and those of the coin with the most.
const CapDecimals = PriceDecimals + MaxDecimals

// Cap is a market cap, what so many base units of a coin cost at a price: exact, in 10^-CapDecimals whole units of what it is paid in.
func Cap(price Price, supply uint64, pair Pair) *big.Int {
	worth := new(big.Int).Mul(U128(price).Big(), new(big.Int).SetUint64(supply))
	return worth.Mul(worth, tenTo(MaxDecimals-pair.BaseDecimals()))
}

// CapOf is an amount in 10^-AmountDecimals whole units, to compare one with.
func CapOf(amount uint64) *big.Int {
	worth := new(big.Int).SetUint64(amount)
	return worth.Mul(worth, tenTo(CapDecimals-AmountDecimals))
}

// CapDecimal is a market cap as people write it, exact.
func CapDecimal(worth *big.Int) string {
	text := new(big.Rat).SetFrac(worth, tenTo(CapDecimals)).FloatString(CapDecimals)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

func tenTo(power int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil)
}

// Supply is how many base units of the coin there are and with how many decimals: by the mint's account, else by its creation;
// false while neither is known.
func (t *Token) Supply(info MintInfo) (supply uint64, decimals uint8, known bool) {
	if info.Counted {
		return info.Supply, info.Decimals, true
	}
	if created, ok := t.Created.(Supplied); ok {
		supply, known = created.TotalSupply()
	}
	return supply, uint8(t.Pair.BaseDecimals()), known //nolint:gosec // MaxDecimals at most
}
