package alert

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// lined is a rule on a line; prices are in 10^-28.
func lined(t *testing.T, kind Kind, l line) Rule {
	t.Helper()
	return made(t, Fields{
		ID: string(kind), Kind: kind, Symbol: mintOf(1).String(), FromTime: l.from, FromPrice: l.fromPrice.String(), ToTime: l.to, ToPrice: l.toPrice.String(), Ray: l.ray,
	})
}

// TestLine: a line is crossed where the price is beyond it at the trade's time, also when the line and not the price has moved.
func TestLine(t *testing.T) {
	const minute = 60
	segment := line{from: start, to: start + 10*minute, fromPrice: price(1000), toPrice: price(2000)}
	ray := segment
	ray.ray = true
	falling := line{from: start, to: start + 10*minute, fromPrice: price(1000), toPrice: price(500), ray: true}

	type trade struct{ at, price int }
	for _, one := range []struct {
		name   string
		rule   Rule
		trades []trade
		want   string
	}{
		{"a rise through it", lined(t, LineAbove, segment), []trade{{0, 900}, {1, 1099}, {2, 1199}, {3, 1300}}, "3"},
		{"a touch to the unit", lined(t, LineAbove, segment), []trade{{0, 999}, {2, 1199}, {2, 1200}}, "2"},
		{"a fall through it", lined(t, LineBelow, segment), []trade{{1, 1101}, {2, 1201}, {3, 1300}}, "3"},
		{"it rises past a price that rests", lined(t, LineBelow, segment), []trade{{1, 1500}, {6, 1500}}, "6"},
		{"it falls past a price that rests", lined(t, LineAbove, falling), []trade{{1, 800}, {9, 800}}, "9"},
		{"before it begins", lined(t, LineAbove, segment), []trade{{-3, 900}, {-2, 1500}}, ""},
		{"from before it begins", lined(t, LineAbove, segment), []trade{{-3, 900}, {1, 1100}}, "1"},
		{"from above its beginning", lined(t, LineAbove, segment), []trade{{-3, 1000}, {1, 1100}}, ""},
		{"after it ends", lined(t, LineAbove, segment), []trade{{9, 900}, {11, 9000}}, ""},
		{"at its end", lined(t, LineAbove, segment), []trade{{9, 900}, {10, 2000}}, "10"},
		{"a ray goes on", lined(t, LineAbove, ray), []trade{{9, 900}, {20, 2999}, {20, 3000}}, "20"},
		{"a ray below 0", lined(t, LineAbove, falling), []trade{{9, 1}, {25, 1}}, "25"},
	} {
		e := New(&chain{})
		e.Use([]Rule{one.rule})
		var fired []string
		for i, made := range one.trades {
			event := buy(1, i, i+1, start+int64(made.at*minute), uint64(made.price), 1)
			for _, a := range feed(t, e, start, market.Commit{Events: []market.Event{event}}) {
				fired = append(fired, big.NewInt((a.Timestamp/1000-start)/minute).String())
			}
		}
		if got := strings.Join(fired, " "); got != one.want {
			t.Errorf("%s: fired %q, want %q", one.name, got, one.want)
		}
	}
}

// TestLineExactly compares with fractions, at prices of any size.
func TestLineExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	anyPrice := func() market.Price {
		return market.Price(market.U128{Hi: random.Uint64() >> random.UintN(64), Lo: random.Uint64()})
	}
	fraction := func(x *big.Int, y int64) *big.Rat { return new(big.Rat).SetFrac(x, big.NewInt(y)) }
	for range 5000 {
		l := line{from: start, to: start + 1 + random.Int64N(100_000), fromPrice: anyPrice(), toPrice: anyPrice(), ray: true}
		at := start + random.Int64N(300_000)
		from, to := market.U128(l.fromPrice).Big(), market.U128(l.toPrice).Big()
		want := new(big.Rat).SetInt(from)
		want.Add(want, new(big.Rat).Mul(fraction(new(big.Int).Sub(to, from), l.to-l.from), fraction(big.NewInt(at-start), 1)))

		// The whole units on both sides of the line are told apart from it, and only a unit that it passes through lies on it.
		under := new(big.Int).Div(want.Num(), want.Denom())
		for step := int64(-1); step <= 1; step++ {
			near := new(big.Int).Add(under, big.NewInt(step))
			p, err := market.ParseU128(near.String())
			if err != nil {
				continue // a ray leaves what a price can be
			}
			if got, exact := l.cmp(market.Price(p), at), new(big.Rat).SetInt(near).Cmp(want); got != exact {
				t.Fatalf("%+v at %d: %s compares as %d, want %d", l, at, near, got, exact)
			}
		}
	}
}

// TestLateLine: a trade that is learned of late crosses a line from the trade before it on the chain, each at its own time.
func TestLateLine(t *testing.T) {
	look := &chain{}
	e := New(look)
	e.Use([]Rule{lined(t, LineAbove, line{from: start, to: start + 600, fromPrice: price(1000), toPrice: price(2000)})})
	deliver := func(events ...market.Event) []Alert {
		look.events = append(look.events, events...)
		look.visible, look.sorted = len(look.events), -1
		return feed(t, e, start, market.Commit{Events: events})
	}
	if got := deliver(buy(1, 1, 10, start+60, 1099, 1), buy(1, 3, 30, start+180, 1200, 1)); len(got) > 0 {
		t.Fatalf("%+v", got)
	}
	got := deliver(buy(1, 2, 20, start+120, 1200, 1))
	if len(got) != 1 || got[0].Value != price(1200).String() || !strings.HasSuffix(got[0].Message, ", at the line "+short(price(1200).String())) {
		t.Errorf("%+v", got)
	}
}

// TestLineMessage says where the line is.
func TestLineMessage(t *testing.T) {
	r := lined(t, LineBelow, line{from: start, to: start + 3, fromPrice: price(1000), toPrice: price(2000)})
	e := New(&chain{pair: market.MustPair(0, market.USDC, 2, 6)})
	one := event(0, &spinpet.BuySell{Mint: mintOf(1)})
	one.BlockTime, one.Price = start+1, price(1000)
	want := e.name(mintOf(1)) + ": price " + short(price(1000).String()) + " USDC, below the line at " + short(price(1333).String())
	if got := e.priceText(&r, &one); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLineThatMakesNoSense names the member at fault.
func TestLineThatMakesNoSense(t *testing.T) {
	good := Fields{ID: "r", Kind: LineAbove, Symbol: mintOf(1).String(), FromTime: 100, FromPrice: "1.50", ToTime: 200, ToPrice: "2"}
	rule, err := good.Parse()
	if err != nil || rule.Fields().FromPrice != "1.5" {
		t.Fatalf("%+v, %v", rule.Fields(), err)
	}
	if again := ruleFields(wireRule(&rule)); again != rule.Fields() {
		t.Errorf("over the wire %+v became %+v", rule.Fields(), again)
	}

	for field, change := range map[string]func(*Fields){
		"symbol":     func(f *Fields) { f.Symbol = "" },
		"from_time":  func(f *Fields) { f.FromTime = -1 },
		"to_time":    func(f *Fields) { f.ToTime = f.FromTime },
		"from_price": func(f *Fields) { f.FromPrice = "0" },
		"to_price":   func(f *Fields) { f.ToPrice = "1e3" },
		"price":      func(f *Fields) { f.Price = "1" },
		"ray": func(f *Fields) {
			f.Kind, f.Price, f.Ray, f.FromTime, f.ToTime, f.FromPrice, f.ToPrice = PriceAbove, "1", true, 0, 0, "", ""
		},
	} {
		f := good
		change(&f)
		if _, err := f.Parse(); err == nil || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
