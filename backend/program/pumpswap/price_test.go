package pumpswap

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
)

var (
	sol  = market.Quotes()[0].Mint
	usdc = market.Quotes()[1].Mint
	coin = market.Pubkey{7}
)

// exact is what the rules make of a swap in rational arithmetic; nil when the reserves give no price.
func exact(e *Swap, p Pool, takesBase bool) *big.Int {
	u64 := func(x uint64) *big.Int { return new(big.Int).SetUint64(x) }
	quote := new(big.Int).Add(u64(e.PoolQuoteReserves), e.VirtualQuoteReserves.Big())
	base := u64(e.PoolBaseReserves)
	if takesBase {
		quote.Add(quote, u64(e.QuoteAmountLPFee))
		base.Sub(base, u64(e.BaseAmount))
	} else {
		quote.Sub(quote, u64(e.QuoteAmountLPFee))
		base.Add(base, u64(e.BaseAmount))
	}

	if quote.Sign() < 0 || base.Sign() < 0 {
		return nil
	}
	above, below, exponent := quote, base, 28+int64(p.BaseDecimals)-int64(p.QuoteDecimals)
	if p.Reversed() {
		above, below, exponent = base, quote, 28+int64(p.QuoteDecimals)-int64(p.BaseDecimals)
	}

	if below.Sign() == 0 {
		return nil
	}
	price := new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)
	price.Mul(price, above).Quo(price, below)
	if price.BitLen() > 128 {
		return nil
	}

	return price
}

// TestTradesAreExact compares prices and amounts with rational arithmetic, over all values and for pools either way.
func TestTradesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	pools := []Pool{
		{coin, sol, 6, 9}, {sol, coin, 9, 6}, {coin, usdc, 6, 6}, {usdc, coin, 6, 2}, {sol, usdc, 9, 6}, {usdc, sol, 6, 9}, {coin, market.Pubkey{8}, 0, 18},
	}
	priced := 0
	for range 100_000 {
		p := pools[r.IntN(len(pools))]
		buy := new(Buy)
		programtest.Fill(r, buy)
		if r.IntN(2) == 0 { // as pools are
			buy.PoolBaseReserves, buy.PoolQuoteReserves = 1e12+r.Uint64N(1e15), 1e9+r.Uint64N(1e13)
			buy.BaseAmount, buy.QuoteAmountLPFee = r.Uint64N(1e12), r.Uint64N(1e9)
			buy.VirtualQuoteReserves = market.I64(r.Int64N(1e11) - 5e8)
		}

		sell := &Sell{buy.Swap}
		for _, takesBase := range []bool{true, false} {
			got, err := sell.Trade(p)
			net := sell.QuoteAmount
			if takesBase {
				got, err = buy.Trade(p)
				net = min(buy.QuoteAmount, buy.UserQuoteAmount)
			}

			want := exact(&buy.Swap, p, takesBase)
			if want == nil {
				if !errors.Is(err, market.ErrOverflow) {
					t.Fatalf("%+v in %+v: %+v, %v; there is no price", buy.Swap, p, got, err)
				}
				continue
			}

			priced++
			base, quote, buys := buy.BaseAmount, net, takesBase
			if p.Coin() == p.QuoteMint {
				base, quote, buys = net, buy.BaseAmount, !takesBase
			}

			if err != nil || market.U128(got.Price).Big().Cmp(want) != 0 || got.Base != base || got.Quote != quote || got.Buy != buys {
				t.Fatalf("%+v in %+v, taking the base %v: %+v, %v; want %s", buy.Swap, p, takesBase, got, err, want)
			}
			meetsItsVenue(t, buy, sell, p, takesBase, got.Price)
		}
	}

	if priced < 50_000 {
		t.Errorf("only %d have a price: the test looks at little", priced)
	}
}

// meetsItsVenue expects the price after a swap to be that of the reserves which its venue says, and its real ones to be those
// before the swap and what it moved.
func meetsItsVenue(t *testing.T, buy *Buy, sell *Sell, p Pool, takesBase bool, price market.Price) {
	t.Helper()
	place, err := p.Place()
	if err != nil {
		return // of more decimals than there are
	}
	buy.Locate(place)
	sell.Locate(place)
	venue, ok := sell.Venue()
	if takesBase {
		venue, ok = buy.Venue()
	}

	base, quote := uint8(place.Pair.BaseDecimals()), uint8(place.Pair.QuoteDecimals()) //nolint:gosec // at most MaxDecimals
	again, err := market.RatioPrice(venue.Quote, venue.Base, quote, base)
	if !ok || !venue.Pool || err != nil || again != price {
		t.Fatalf("%+v in %+v: venue %+v, %v: price %v, %v; want %v", buy.Swap, p, venue, ok, again, err, price)
	}

	left, holds := venue.Left, venue.Holds
	if p.Reversed() {
		left, holds = holds, left
	}
	if !takesBase {
		left, holds = left-buy.BaseAmount, holds+buy.QuoteAmountLPFee
	} else {
		left, holds = left+buy.BaseAmount, holds-buy.QuoteAmountLPFee
	}
	if venue.Held && (left != buy.PoolBaseReserves || holds != buy.PoolQuoteReserves) {
		t.Fatalf("%+v in %+v: venue %+v", buy.Swap, p, venue)
	}
}

func TestSides(t *testing.T) {
	other := market.Pubkey{9}
	for _, test := range []struct {
		base, quote, coin, counted market.Pubkey
		reversed                   bool
	}{
		{coin, sol, coin, sol, false},
		{sol, coin, coin, sol, true},
		{coin, usdc, coin, usdc, false},
		{usdc, coin, coin, usdc, true},
		{usdc, sol, usdc, sol, false},
		{sol, usdc, usdc, sol, true},
		{coin, other, coin, other, false},
	} {
		p := Pool{BaseMint: test.base, QuoteMint: test.quote}
		if p.Coin() != test.coin || p.Quote() != test.counted || p.Reversed() != test.reversed {
			t.Errorf("%s and %s: coin %s in %s, reversed %v", test.base, test.quote, p.Coin(), p.Quote(), p.Reversed())
		}
	}
}

// TestRecordedTradesMeetTheVaults expects the reserves that a recorded buy leaves to be what the pool's vaults held after
// it, as the chain said.
func TestRecordedTradesMeetTheVaults(t *testing.T) {
	found := false
	for _, one := range programtest.Events(t, ProgramID.String()) {
		body, err := Decode(one.Data)
		if err != nil {
			t.Fatal(err)
		}
		if buy, ok := body.(*Buy); ok && buy.PoolBaseReserves-buy.BaseAmount == 12792519718224 {
			found = true
			_, quote, err := buy.reservesAfter(true)
			if err != nil || quote.Sub(buy.VirtualQuoteReserves.Abs()) != market.U64(1378281080696) {
				t.Errorf("the vault held 1378281080696 after it, not %s, %v", quote, err)
			}
		}
	}
	if !found {
		t.Error("the recorded buy is not there: the test looks at nothing")
	}
}

func BenchmarkDecodeBuy(b *testing.B) {
	buy := &Buy{}
	programtest.Fill(rand.New(rand.NewPCG(1, 1)), buy)
	buy.IxName, buy.Tail.Parts = "buy", 8
	data := Append(nil, buy)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
