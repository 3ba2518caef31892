package liquidation_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/liquidation"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
)

// The curve of SpinPet, in plain fractions: K = 30 SOL × 1,073,000,000 tokens.
var (
	product = new(big.Int).Mul(big.NewInt(30), big.NewInt(1_073_000_000))
	one     = new(big.Float).SetPrec(600).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(28), nil))
)

func curve(t testing.TB) program.Curved {
	t.Helper()
	c, ok := registry.Of(registry.First).(program.Curved)
	if !ok {
		t.Fatal("SpinPet has no curve")
	}
	return c
}

// reserve is √(K·p), the SOL behind a price, and √(K/p), the tokens.
func reserve(price market.Price) (sol, tokens *big.Float) {
	p := new(big.Float).SetPrec(600).SetInt(market.U128(price).Big())
	p.Quo(p, one)
	k := new(big.Float).SetPrec(600).SetInt(product)
	sol = new(big.Float).SetPrec(600).Mul(k, p)
	tokens = new(big.Float).SetPrec(600).Quo(k, p)
	return sol.Sqrt(sol), tokens.Sqrt(tokens)
}

// lamports between two prices, to the nearest.
func lamports(a, b market.Price) uint64 {
	x, _ := reserve(a)
	y, _ := reserve(b)
	x.Sub(x, y).Abs(x).Mul(x, big.NewFloat(1e9)).Add(x, big.NewFloat(0.5))
	n, _ := x.Uint64()
	return n
}

// random makes a market: a price, and orders of one side around it, some of which overlap or are reached already.
func random(r *rand.Rand, shorts bool) (market.Price, []market.Order) {
	price := market.U128(market.Price{Lo: 1 << 62}) // some 4.6e-10 SOL
	price, _ = price.Mul64(1 + r.Uint64N(400))
	spot := market.Price(price)

	orders := make([]market.Order, r.IntN(12))
	for i := range orders {
		away := 1 + r.Float64()*0.5
		if r.IntN(8) == 0 {
			away = 1 - r.Float64()*0.02
		}
		length := 1 + r.Float64()*r.Float64()*0.2
		if !shorts {
			away, length = 1/away, 1/length
		}
		start := times(price, away)
		order := market.Order{Address: market.Pubkey{byte(i), byte(r.IntN(256))}, Scale: 28, Terms: market.Terms{
			OrderType: market.OrderLong, LockLpStartPrice: start, LockLpEndPrice: times(start, length),
			LockLpSolAmount: r.Uint64N(1 << 40), LockLpTokenAmount: r.Uint64N(1 << 50),
		}}
		if shorts {
			order.Terms.OrderType = market.OrderShort
		}
		orders[i] = order
	}
	return spot, orders
}

func times(x market.U128, factor float64) market.U128 {
	f := new(big.Float).SetPrec(600).SetInt(x.Big())
	f.Mul(f, big.NewFloat(factor))
	n, _ := f.Int(nil)
	value, err := market.ParseU128(n.String())
	if err != nil {
		panic(err)
	}
	return value
}

// TestWalkIsWhatHappens compares with a model that knows nothing of sorting or groups: the price is moved to the start of one
// order after the other, and whatever it touches falls and takes it on, until nothing more falls.
func TestWalkIsWhatHappens(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 2)) //nolint:gosec // a test's
	c := curve(t)
	grouped := 0
	for round := range 3000 {
		shorts := r.IntN(2) == 0
		price, orders := random(r, shorts)
		before := slices.Clone(orders)
		side := liquidation.Walk(c, price, shorts, orders)
		if !slices.Equal(orders, before) {
			t.Fatal("the list was changed")
		}
		if side.Beyond != 0 || len(side.Orders) != len(orders) {
			t.Fatalf("round %d: %d of %d orders, %d beyond", round, len(side.Orders), len(orders), side.Beyond)
		}

		reached := func(at, start market.Price) bool {
			if shorts {
				return !at.Less(start)
			}
			return !start.Less(at)
		}
		further := func(a, b market.Price) market.Price {
			if reached(a, b) {
				return a
			}
			return b
		}

		at, alive, group := price, slices.Clone(orders), 0
		var needed uint64
		var quote, tokens market.U128
		place := 0
		for len(alive) > 0 {
			fell := false
			for {
				// Of those that are touched, the one whose start is nearest falls first.
				next := -1
				for i := range alive {
					if start := market.Price(alive[i].Terms.LockLpStartPrice); reached(at, start) &&
						(next < 0 || reached(market.Price(alive[next].Terms.LockLpStartPrice), start)) {
						next = i
					}
				}
				if next < 0 {
					break
				}
				order := alive[next]
				alive = slices.Delete(alive, next, next+1)
				fell = true
				quote = quote.Add(market.U64(order.Terms.LockLpSolAmount))
				tokens = tokens.Add(market.U64(order.Terms.LockLpTokenAmount))
				got := side.Orders[place]
				if got.Address != order.Address || got.Group != group || got.Needed != needed || got.Quote != quote || got.Tokens != tokens {
					t.Fatalf("round %d, place %d: %+v; want %s in group %d, %d needed, %s, %s", round, place, got, order.Address, group, needed, quote, tokens)
				}
				place++
				at = further(at, market.Price(order.Terms.LockLpEndPrice))
			}
			if fell {
				rest, count, moved, ok := side.Rest()
				if group == 0 && (!ok || rest != at && !(place > 0 && reached(price, rest)) || count != place || moved != quote) {
					t.Fatalf("round %d: at rest at %s with %d and %s, not %s with %d and %s", round, rest, count, moved, at, place, quote)
				}
				if place > group+1 {
					grouped++
				}
				group++
			}
			if len(alive) == 0 {
				break
			}

			// Trades go on to the nearest that is left.
			nearest := market.Price(alive[0].Terms.LockLpStartPrice)
			for i := range alive {
				if start := market.Price(alive[i].Terms.LockLpStartPrice); reached(nearest, start) {
					nearest = start
				}
			}
			needed += lamports(at, nearest)
			at = nearest
		}
	}
	if grouped == 0 {
		t.Error("no orders ever fell together: the test looks at too little")
	}
}

// TestWalkWithoutOrders: nothing to fall, nowhere to rest.
func TestWalkWithoutOrders(t *testing.T) {
	side := liquidation.Walk(curve(t), market.Price{Lo: 1 << 60}, true, nil)
	if _, _, _, ok := side.Rest(); ok || len(side.Orders) != 0 || side.Beyond != 0 {
		t.Errorf("%+v", side)
	}
}

// TestOrdersBeyondTheCurve: a range that runs the wrong way, or has no price, is counted and in no sum.
func TestOrdersBeyondTheCurve(t *testing.T) {
	at := func(start, end uint64) market.Order {
		return market.Order{Scale: 28, Terms: market.Terms{
			OrderType: market.OrderLong, LockLpStartPrice: market.U64(start), LockLpEndPrice: market.U64(end), LockLpSolAmount: 7,
		}}
	}
	vast := at(1, 1)
	vast.Terms.LockLpStartPrice, vast.Scale = market.U128{Hi: math.MaxUint64}, 20
	side := liquidation.Walk(curve(t), market.Price{Lo: 1 << 60}, false, []market.Order{at(1<<59, 1<<58), at(1<<58, 1<<59), at(1<<58, 0), vast})
	if side.Beyond != 3 || len(side.Orders) != 1 || side.Orders[0].Quote != market.U64(7) {
		t.Errorf("%+v", side)
	}
}
