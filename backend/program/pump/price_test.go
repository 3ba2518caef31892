package pump

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/programtest"
)

// TestTradesAreExact compares prices and amounts with rational arithmetic, over all values and quotes.
func TestTradesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	priced := 0
	for range 100_000 {
		e := new(Trade)
		programtest.Fill(r, e)
		decimals := uint8(r.IntN(19)) //nolint:gosec // small
		counted, amount, quoteMint := e.VirtualQuoteReserves, e.QuoteAmount, e.QuoteMint
		switch r.IntN(3) {
		case 0:
			e.QuoteMint = market.Pubkey{}
			counted, amount, quoteMint = e.VirtualSolReserves, e.SolAmount, market.WrappedSOL
		case 1:
			e.QuoteMint = market.WrappedSOL
			counted, amount, quoteMint = e.VirtualSolReserves, e.SolAmount, market.WrappedSOL
		default:
			if e.QuoteMint == (market.Pubkey{}) {
				continue
			}
		}

		base, quote, buy := e.Amounts()
		if base != e.TokenAmount || quote != amount || buy != e.IsBuy || e.Quote() != quoteMint {
			t.Fatalf("%+v: %d for %d of %s, buy %v", e, base, quote, e.Quote(), buy)
		}
		got, err := e.Price(decimals)
		var want *big.Int
		if e.VirtualTokenReserves > 0 {
			want = new(big.Int).Exp(big.NewInt(10), big.NewInt(28+TokenDecimals-int64(decimals)), nil)
			want.Mul(want, new(big.Int).SetUint64(counted)).Quo(want, new(big.Int).SetUint64(e.VirtualTokenReserves))
		}

		if want == nil || want.BitLen() > 128 {
			if !errors.Is(err, market.ErrOverflow) {
				t.Fatalf("%+v: %s, %v; there is no price", e, got, err)
			}
			continue
		}

		priced++
		if err != nil || market.U128(got).Big().Cmp(want) != 0 {
			t.Fatalf("%+v: %s, %v; want %s", e, market.U128(got).Big(), err, want)
		}
		venue, ok := e.Venue()
		again, err := market.RatioPrice(venue.Quote, venue.Base, decimals, TokenDecimals)
		if !ok || venue.Pool || err != nil || again != got {
			t.Fatalf("%+v: venue %+v, %v: price %v, %v; want %v", e, venue, ok, again, err, got)
		}
	}

	if priced < 50_000 {
		t.Errorf("only %d have a price: the test looks at little", priced)
	}
}

// TestOtherProgramsTradeEvents expects events of other programs with the same discriminator to be refused for their length,
// should one ever stand in a frame of this program.
func TestOtherProgramsTradeEvents(t *testing.T) {
	for _, size := range []int{104, 112, 114, 138, 147} { // of Jupiter's limit orders and LaunchLab among them
		data := make([]byte, size)
		copy(data, Append(nil, new(Trade))[:8])
		if body, err := Decode(data); err == nil {
			t.Errorf("%d bytes are taken for %+v", size, body)
		}
	}
}

func BenchmarkDecodeTrade(b *testing.B) {
	e := &Trade{}
	programtest.Fill(rand.New(rand.NewPCG(1, 1)), e)
	e.IxName, e.Shareholders, e.Tail.Parts = "buy", nil, 9
	data := Append(nil, e)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
