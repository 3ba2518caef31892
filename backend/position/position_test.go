package position_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/position"
	"spinscope/backend/program/spinpet"
)

// spot is a trade without margin.
func spot(buy bool, base, quote uint64) *market.Event {
	return &market.Event{
		Price: market.Price{Lo: 1}, BlockTime: 100,
		Body: &spinpet.BuySell{IsBuy: buy, TokenAmount: base, SolAmount: quote},
	}
}

// TestAveragesAreExact compares with a model in fractions: it keeps what is held and what it cost as rational numbers, and never
// rounds. The package rounds a sale's cost down to a base unit, so it may be off by one for each sale, and not a unit more.
// What was paid is always in the cost that is left or in what sales are counted against, to the unit.
func TestAveragesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 3)) //nolint:gosec // a test's
	short, flat := 0, 0
	for round := range 2000 {
		limit := uint64(1) << (4 + r.IntN(59))
		var p position.Position
		held, cost, profit := new(big.Rat), new(big.Rat), new(big.Rat)
		paid, matched := new(big.Int), new(big.Int) // matched: what sales of known cost brought
		sales := int64(0)
		for range 1 + r.IntN(60) {
			base, quote, buy := r.Uint64N(limit), r.Uint64N(limit), r.IntN(2) == 0
			if !buy && r.IntN(3) == 0 && p.Held.Hi == 0 {
				base = p.Held.Lo // all of it
			}
			p.Fold(spot(buy, base, quote))

			b, q := rat(base), rat(quote)
			if buy {
				if held.Add(held, b); held.Sign() > 0 {
					cost.Add(cost, q)
				} else {
					profit.Sub(profit, q) // paid for nothing
				}
				paid.Add(paid, new(big.Int).SetUint64(quote))
				continue
			}
			sales++
			part := b
			if b.Cmp(held) > 0 {
				part = new(big.Rat).Set(held)
				short++
				// The brought share is rounded down as well.
				q = new(big.Rat).Mul(q, new(big.Rat).Quo(part, b))
				q.SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
			}
			if part.Sign() == 0 {
				continue
			}
			share := new(big.Rat).Mul(cost, new(big.Rat).Quo(part, held))
			cost.Sub(cost, share)
			held = new(big.Rat).Sub(held, part)
			profit.Add(profit, new(big.Rat).Sub(q, share))
			matched.Add(matched, q.Num())
			if held.Sign() == 0 {
				flat++
			}
		}

		if new(big.Rat).SetInt(p.Held.Big()).Cmp(held) != 0 {
			t.Fatalf("round %d: holds %s, want %s", round, p.Held, held.FloatString(3))
		}
		near(t, "cost", p.Cost.Big(), cost, sales)
		near(t, "realised", signed(p.Realised()), profit, sales)

		// Nothing of what was paid is lost: gain − loss + what was paid for what is held = what sales brought − what was paid + …
		sum := new(big.Int).Sub(matched, paid)
		sum.Add(sum, p.Cost.Big())
		if sum.Cmp(signed(p.Realised())) != 0 {
			t.Fatalf("round %d: realised %s, but brought less paid and still held is %s", round, signed(p.Realised()), sum)
		}
		if p.Held.IsZero() && !p.Cost.IsZero() {
			t.Fatalf("round %d: nothing is held, and it cost %s", round, p.Cost)
		}
	}
	if short == 0 || flat == 0 {
		t.Errorf("%d sales of more than was held, %d of all: the test looks at too little", short, flat)
	}
}

func rat(x uint64) *big.Rat { return new(big.Rat).SetInt(new(big.Int).SetUint64(x)) }

func signed(b position.Balance) *big.Int {
	amount, negative := b.Split()
	x := amount.Big()
	if negative {
		x.Neg(x)
	}
	return x
}

func near(t *testing.T, what string, got *big.Int, want *big.Rat, units int64) {
	t.Helper()
	off := new(big.Rat).Sub(new(big.Rat).SetInt(got), want)
	if off.Abs(off).Cmp(new(big.Rat).SetInt64(units)) > 0 {
		t.Fatalf("%s is %s, want %s to %d units", what, got, want.FloatString(3), units)
	}
}

// TestSoldMoreThanSeen: what was not seen bought has no cost and no profit.
func TestSoldMoreThanSeen(t *testing.T) {
	var p position.Position
	p.Fold(spot(true, 100, 1000))
	p.Fold(spot(false, 400, 8000))
	if p.Unmatched != market.U64(300) || p.Unmatching != market.U64(6000) || p.Gain != market.U64(1000) || !p.Loss.IsZero() || !p.Held.IsZero() {
		t.Errorf("%+v", p)
	}
	if p.Sold != market.U64(400) || p.Received != market.U64(8000) || p.Unknown != 2 || p.Events != 2 {
		t.Errorf("%+v", p)
	}
}

// TestWorth: average entry and value in the decimals of the pair.
func TestWorth(t *testing.T) {
	var p position.Position
	if _, ok := p.Entry(market.Pair{}); ok {
		t.Error("an entry of nothing")
	}
	p.Fold(spot(true, 3_000_000, 1_500_000_000)) // 3 tokens for 1.5 SOL
	entry, ok := p.Entry(market.Pair{})
	if !ok || entry.String() != "0.5" {
		t.Errorf("entry %s", entry)
	}
	price, err := market.ScalePrice(market.U64(75), 2)
	if err != nil {
		t.Fatal(err)
	}
	if value := p.Value(price, market.Pair{}); value != market.U64(2_250_000_000) {
		t.Errorf("worth %s", value)
	}
	if amount, negative := p.Unrealised(price, market.Pair{}).Split(); negative || amount != market.U64(750_000_000) {
		t.Errorf("%s, %v", amount, negative)
	}
	if value := p.Value(market.Price{Hi: 1 << 63}, market.Pair{}); value.IsZero() {
		t.Error("a vast price is worth nothing")
	}
}

// margin is an event of an order: opened, closed in part or in whole, or liquidated.
func margin(what string, order byte, short bool, amount, back uint64) *market.Event {
	e := &market.Event{Price: market.Price{Lo: 1}, BlockTime: 100}
	address := market.Pubkey{order}
	terms := market.Terms{OrderType: market.OrderLong, MarginSolAmount: amount, PositionAssetAmount: 5, BorrowAmount: 7}
	if short {
		terms.OrderType = market.OrderShort
	}
	closing := spinpet.Close{Order: address, IsCloseLong: !short, FinalTokenAmount: 5, FinalSolAmount: 7, UserCloseProfit: back}
	switch what {
	case "open":
		e.Body = &spinpet.LongShort{Order: address, Terms: terms}
	case "part":
		e.Body = &spinpet.PartialClose{Close: closing, Terms: terms}
	case "close":
		e.Body = &spinpet.FullClose{Close: closing}
	case "liquidated":
		e.Body, e.Price = &spinpet.ForceLiquidate{Order: address}, market.Price{}
	}
	return e
}

// TestMarginOrders: margin is put up and comes back with a gain or a loss; a liquidation takes it; none of it is held.
func TestMarginOrders(t *testing.T) {
	for _, short := range []bool{false, true} {
		var p position.Position
		p.Fold(margin("open", 1, short, 1000, 0))
		p.Fold(margin("part", 1, short, 600, 450)) // 400 of the margin came back as 450
		p.Fold(margin("close", 1, short, 0, 500))  // 600 as 500
		p.Fold(margin("open", 2, short, 300, 0))
		p.Fold(margin("liquidated", 2, short, 0, 0))
		p.Fold(margin("open", 3, short, 0, 0)) // an order without margin opens too
		p.Fold(margin("open", 3, short, 70, 0))
		m := &p.Margin
		if m.Opened != 4 || m.Closes != 2 || m.Liquidated != 1 || m.Unmatched != 0 {
			t.Errorf("short %v: %+v", short, m)
		}
		if m.Put != market.U64(1370) || m.Returned != market.U64(950) || m.Gain != market.U64(50) || m.Loss != market.U64(400) {
			t.Errorf("short %v: %+v", short, m)
		}
		if open := m.Open(); len(open) != 1 || open[0].Address != (market.Pubkey{3}) || open[0].Terms.MarginSolAmount != 70 {
			t.Errorf("short %v: open are %+v", short, open)
		}
		if !p.Held.IsZero() || p.Buys != 0 || p.Sells != 0 || p.Volume.IsZero() {
			t.Errorf("short %v: margin orders are held: %+v", short, p)
		}
	}
}

// TestOrdersOpenedBefore: an order that was opened before the stored history has no known margin, unless the event says it.
func TestOrdersOpenedBefore(t *testing.T) {
	var p position.Position
	p.Fold(margin("close", 1, false, 0, 500))
	p.Fold(margin("part", 2, true, 200, 100)) // it is known from here on
	p.Fold(margin("close", 2, true, 0, 150))
	p.Fold(margin("liquidated", 3, false, 0, 0))
	known := margin("liquidated", 4, false, 0, 0)
	known.Liquidated = &market.Order{Terms: market.Terms{OrderType: market.OrderLong, MarginSolAmount: 90}}
	p.Fold(known)
	m := &p.Margin
	if m.Unmatched != 3 || m.Closes != 3 || m.Liquidated != 2 || !m.Gain.IsZero() || m.Loss != market.U64(140) || m.Returned != market.U64(750) {
		t.Errorf("%+v", m)
	}
}

// TestRanking: by what was realised, traded or held; equal ones by address.
func TestRanking(t *testing.T) {
	var traders position.Traders
	by := func(who byte, e *market.Event) {
		e.Owner = market.Pubkey{who}
		traders.Fold(e)
	}
	by(1, spot(true, 10, 100))
	by(1, spot(false, 5, 40)) // lost 10
	by(2, spot(true, 3, 50))
	by(3, spot(true, 9, 5))
	by(3, spot(false, 8, 9)) // gained 5
	by(4, &market.Event{Body: &spinpet.TokenCreated{}})
	for order, want := range map[position.Order]string{position.ByRealised: "321", position.ByVolume: "123", position.ByHeld: "123"} {
		var got []byte
		for _, one := range traders.Ranked(order) {
			got = append(got, '0'+one.Account[0])
		}
		if string(got) != want {
			t.Errorf("order %d: %s, want %s", order, got, want)
		}
	}
	if !traders.Of(market.Pubkey{4}).Creates || traders.Of(market.Pubkey{9}).Events != 0 || traders.Held() != market.U64(9) {
		t.Errorf("%+v, %s held", traders.Of(market.Pubkey{4}), traders.Held())
	}
}
