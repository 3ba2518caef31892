package liquidation_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"spinscope/backend/liquidation"
	"spinscope/backend/market"
)

// TestValueIsWhatClosingPays compares with the same sums in fractions that never overflow.
func TestValueIsWhatClosingPays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 17)) //nolint:gosec // a test's
	c := curve(t)
	gains, losses, wiped := 0, 0, 0
	for round := range 5000 {
		price := market.Price(times(market.U64(1<<62), 1+r.Float64()*300))
		order := market.Order{Scale: 28, Terms: market.Terms{MarginSolAmount: r.Uint64N(3e9), OrderType: market.OrderLong}}
		terms := &order.Terms
		tokens, short := 1+r.Uint64N(1e13), r.IntN(2) == 0
		fee := uint16(r.IntN(2000)) //nolint:gosec // small

		worth, err := c.Trade(price, tokens, short)
		if err != nil {
			continue
		}
		moved := uint64(float64(worth) * (0.7 + 0.6*r.Float64()))
		if terms.PositionAssetAmount, terms.BorrowAmount = tokens, moved; short {
			terms.OrderType, terms.PositionAssetAmount, terms.BorrowAmount = market.OrderShort, moved, tokens
		}

		charged := new(big.Int).SetUint64(worth)
		charged.Mul(charged, big.NewInt(int64(fee))).Div(charged, big.NewInt(100_000))
		left := new(big.Int).SetUint64(terms.MarginSolAmount)
		sign := int64(1)
		if short {
			sign = -1
		}
		left.Add(left, new(big.Int).Mul(big.NewInt(sign), new(big.Int).SetUint64(worth)))
		left.Sub(left, new(big.Int).Mul(big.NewInt(sign), new(big.Int).SetUint64(moved)))
		left.Sub(left, charged)
		if left.Sign() < 0 {
			left.SetInt64(0)
			wiped++
		}
		profit := new(big.Int).Sub(left, new(big.Int).SetUint64(terms.MarginSolAmount)).Int64()
		if profit > 0 {
			gains++
		} else {
			losses++
		}

		got := liquidation.Value(c, price, fee, &order, market.Pair{})
		if !got.Known || got.Close != left.Uint64() || got.Profit != profit {
			t.Fatalf("round %d: %+v, want %s and %d", round, got, left, profit)
		}
		entry := float64(moved) / 1e9 / (float64(tokens) / 1e6)
		if math.Abs(got.Entry-entry) > entry*1e-12 {
			t.Fatalf("round %d: entry %v, want %v", round, got.Entry, entry)
		}
		if leverage := float64(moved) / float64(terms.MarginSolAmount); terms.MarginSolAmount > 0 && got.Leverage != leverage {
			t.Fatalf("round %d: leverage %v, want %v", round, got.Leverage, leverage)
		}
	}
	if gains == 0 || losses == 0 || wiped == 0 {
		t.Errorf("%d gains, %d losses, %d wiped out: the test looks at too little", gains, losses, wiped)
	}
}

// TestValueOfAnOrderThatSaysNothing: no margin, no position, or more than the curve holds.
func TestValueOfAnOrderThatSaysNothing(t *testing.T) {
	c, price := curve(t), market.Price(times(market.U64(1<<62), 10))
	empty := liquidation.Value(c, price, 0, &market.Order{Terms: market.Terms{OrderType: market.OrderLong}}, market.Pair{})
	if empty.Known || !math.IsNaN(empty.Entry) || !math.IsNaN(empty.Leverage) {
		t.Errorf("%+v", empty)
	}
	vast := market.Order{Terms: market.Terms{OrderType: market.OrderShort, BorrowAmount: math.MaxUint64, PositionAssetAmount: 1, MarginSolAmount: 1}}
	if got := liquidation.Value(c, price, 0, &vast, market.Pair{}); got.Known || got.Leverage != 1 {
		t.Errorf("%+v", got)
	}
}
