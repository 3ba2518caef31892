package market

import (
	"cmp"
	"errors"
	"math"
	"testing"
)

func TestZeroPairIsTheFirstProgramsInSOL(t *testing.T) {
	for _, quote := range []Pubkey{{}, WrappedSOL} {
		pair, err := NewPair(0, quote, 6, 9)
		if err != nil || pair != (Pair{}) {
			t.Errorf("in %s: %v %v", quote, pair, err)
		}
	}
	var p Pair
	if p.Program() != 0 || p.Quote() != WrappedSOL || p.BaseDecimals() != 6 || p.QuoteDecimals() != 9 || p.QuoteSymbol() != "SOL" {
		t.Errorf("the zero pair is %s", p)
	}
}

func TestPairsAreWhatTheyWereMadeOf(t *testing.T) {
	usdc, coin := quotes[1].Mint, Pubkey{1, 2, 3}
	seen := map[Pair]bool{{}: true}
	for _, c := range []struct {
		program     Program
		quote       Pubkey
		base, units uint8
		symbol      string
	}{
		{0, WrappedSOL, 6, 8, "SOL"},
		{0, WrappedSOL, 9, 9, "SOL"},
		{7, WrappedSOL, 6, 9, "SOL"},
		{7, usdc, 6, 6, "USDC"},
		{0, usdc, 6, 9, "USDC"},
		{7, coin, 0, MaxDecimals, "4wBq…LTGT"},
	} {
		pair := MustPair(c.program, c.quote, c.base, c.units)
		if pair.Program() != c.program || pair.Quote() != c.quote || pair.BaseDecimals() != int(c.base) || pair.QuoteDecimals() != int(c.units) {
			t.Errorf("%+v has become %s", c, pair)
		}
		if got := pair.QuoteSymbol(); got != c.symbol {
			t.Errorf("%s is called %s, want %s", c.quote, got, c.symbol)
		}
		if again := MustPair(c.program, c.quote, c.base, c.units); again != pair || seen[pair] {
			t.Errorf("%s is not equal to itself alone", pair)
		}
		seen[pair] = true
	}
	for _, decimals := range [][2]uint8{{MaxDecimals + 1, 9}, {6, MaxDecimals + 1}, {255, 255}} {
		if pair, err := NewPair(0, coin, decimals[0], decimals[1]); !errors.Is(err, ErrDecimals) || pair != (Pair{}) {
			t.Errorf("%v: %v %v", decimals, pair, err)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		amount   uint64
		from, to int
		want     uint64
	}{
		{1_500_000_000, 9, 9, 1_500_000_000},
		{1_500_000_000, 9, 2, 150},
		{1_500_000_001, 9, 2, 151},
		{1, 9, 0, 1},
		{0, 9, 0, 0},
		{7, 2, 9, 70_000_000},
		{math.MaxUint64 / 10, 9, 10, math.MaxUint64 / 10 * 10},
		{math.MaxUint64/10 + 1, 9, 10, math.MaxUint64},
		{math.MaxUint64, 18, 0, 19},
	} {
		if got := Units(c.amount, c.from, c.to); got != c.want {
			t.Errorf("%d × 10^-%d is %d × 10^-%d, want %d", c.amount, c.from, got, c.to, c.want)
		}
	}
}

func TestWeight(t *testing.T) {
	largest := U128{math.MaxUint64, math.MaxUint64}
	for _, c := range []struct {
		decimals uint8
		quote    U128
		want     U128
	}{
		{9, largest, largest},
		{2, U64(150), U64(1_500_000_000)},
		{6, U64(1), U64(1000)},
		{18, U64(1_999_999_999), U64(1)},
		{2, largest, largest},
		{8, U128{math.MaxUint64 / 10, 0}, U128{math.MaxUint64 / 10 * 10, 0}},
	} {
		if got := MustPair(0, Pubkey{1}, 6, c.decimals).Weight(c.quote); got != c.want {
			t.Errorf("%s with %d decimals weigh %s, want %s", c.quote, c.decimals, got, c.want)
		}
	}
	if got := (Pair{}).Weight(U64(7)); got != U64(7) {
		t.Errorf("lamports weigh %s", got)
	}
}

// What is paid in the same thing stands together: SOL first, then what is commonly paid with, then the others.
func TestCompareQuotes(t *testing.T) {
	var pairs []Pair
	for _, quote := range []Pubkey{WrappedSOL, USDC, Quotes()[2].Mint, Quotes()[3].Mint, {1}, {2}} {
		pairs = append(pairs, MustPair(0, quote, 6, 6))
	}
	for i, x := range pairs {
		for j, y := range pairs {
			if got := x.CompareQuotes(y); got != cmp.Compare(i, j) {
				t.Errorf("%s beside %s: %d", x.QuoteSymbol(), y.QuoteSymbol(), got)
			}
		}
	}
	if pairs[1].CompareQuotes(MustPair(1, USDC, 9, 6)) != 0 || (Pair{}).CompareQuotes(pairs[0]) != 0 {
		t.Error("coins that are paid in the same thing do not stand together")
	}
}
