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

// CapFloat is a market cap in whole units of what the coin is paid in: the float64 that is nearest.
func CapFloat(worth *big.Int) float64 {
	whole := new(big.Float).SetPrec(float64Bits)
	value, _ := whole.Quo(new(big.Float).SetInt(worth), capUnit).Float64()
	return value
}

// capUnit is a whole unit of what a coin is paid in, as caps count, with every digit.
var capUnit = new(big.Float).SetInt(tenTo(CapDecimals))

const float64Bits = 53

// CapDecimal is a market cap as people write it, exact.
func CapDecimal(worth *big.Int) string {
	text := new(big.Rat).SetFrac(worth, tenTo(CapDecimals)).FloatString(CapDecimals)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

func tenTo(power int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil)
}

// SupplySource says by what a supply is known.
type SupplySource uint8

// The sources.
const (
	SupplyUnknown SupplySource = iota
	SupplyOfAccount
	SupplyOfCreation
)

// Supply is how many there are of a coin, and by what that is known.
type Supply struct {
	Mint   Pubkey
	Units  uint64 // base units
	Source SupplySource
	At     int64 // Unix seconds: when the account was read, by this machine's clock, or the block time of the creation
}

// SupplyFrom is Supply with its source; readAt is when the accounts were read, in Unix seconds.
func (t *Token) SupplyFrom(info MintInfo, readAt int64) Supply {
	units, _, known := t.Supply(info)
	switch {
	case info.Counted:
		return Supply{t.Mint, units, SupplyOfAccount, readAt}
	case known:
		return Supply{t.Mint, units, SupplyOfCreation, t.CreateTime}
	}
	return Supply{Mint: t.Mint}
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
