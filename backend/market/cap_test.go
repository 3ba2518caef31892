package market

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// A market cap is what multiplying the decimals as people write them gives.
func TestMarketCapIsPriceTimesSupply(t *testing.T) {
	for _, one := range []struct {
		price    Price
		supply   uint64
		decimals uint8
	}{
		{Price{Lo: 1}, 1, 18},
		{Price{Lo: 1}, 1, 0},
		{Price{Lo: 279_600_000_000_000_000}, 1_000_000_000_000_000, 6},
		{Price{Hi: math.MaxUint64, Lo: math.MaxUint64}, math.MaxUint64, 9},
	} {
		rat := func(text string) *big.Rat { r, _ := new(big.Rat).SetString(text); return r }
		want := new(big.Rat).Mul(rat(U128(one.price).Decimal(PriceDecimals)), rat(U64(one.supply).Decimal(int(one.decimals))))
		got := new(big.Rat).SetFrac(Cap(one.price, one.supply, MustPair(0, USDC, one.decimals, 6)), tenTo(CapDecimals))
		if again := rat(CapDecimal(Cap(one.price, one.supply, MustPair(0, USDC, one.decimals, 6)))); again.Cmp(want) != 0 {
			t.Errorf("%v × %d is written %s", one.price, one.supply, again)
		}
		if got.Cmp(want) != 0 {
			t.Errorf("%v × %d is %s, not %s", one.price, one.supply, got, want)
		}
	}
	amount, _ := ParseAmount("2.5")
	if want := Cap(Price(U64(25)), 1, MustPair(0, USDC, 0, 6)); CapOf(amount).Cmp(want.Mul(want, tenTo(PriceDecimals-1))) != 0 {
		t.Error("2.5 is not 2.5")
	}
}

// A market cap as a float is the one that is nearest, also halfway between two and at both ends.
func TestMarketCapFloatIsTheNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 20_000 {
		price := Price{Hi: random.Uint64() >> random.IntN(64), Lo: random.Uint64()}
		supply := random.Uint64() >> random.IntN(64)
		switch i % 4 {
		case 0:
			price = Price{Lo: uint64(random.IntN(3))}
		case 1: // 53 bits and a half
			price, supply = Price{Lo: 1<<54 + 2*random.Uint64N(1<<50) + 1}, 1<<random.IntN(60)
		}

		worth := Cap(price, supply, MustPair(0, USDC, uint8(random.IntN(MaxDecimals+1)), 6))
		want, _ := new(big.Rat).SetFrac(worth, tenTo(CapDecimals)).Float64()
		if got := CapFloat(worth); got != want {
			t.Fatalf("%v × %d is %v, not %v", price, supply, got, want)
		}
	}
}
