package spinpet

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

func u128(t testing.TB, text string) market.U128 {
	t.Helper()
	x, err := market.ParseU128(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func curveAt(t testing.TB, raw string, decimals int) Curve {
	t.Helper()
	curve, err := CurveAt(u128(t, raw), decimals)
	if err != nil {
		t.Fatal(err)
	}
	return curve
}

func TestFreshCurve(t *testing.T) {
	for decimals, want := range map[int]string{28: "279589934762348555452", 26: "2795899347623485554", 23: "2795899347623485"} {
		curve, err := FreshCurve(decimals)
		if err != nil || curve.Raw().String() != want || curve.Decimals() != decimals {
			t.Errorf("at %d decimals: %s, %v; want %s", decimals, curve.Raw(), err, want)
		}
		tokens, lamports := curve.Reserves()
		if tokens < 1073000000_000000 || tokens > 1073000000_000000+1 || lamports != 30e9-1 && lamports != 30e9 {
			t.Errorf("at %d decimals: %d tokens, %d lamports", decimals, tokens, lamports)
		}
		if same, cost, err := curve.Buy(0); err != nil || same != curve || cost != 0 {
			t.Errorf("buying nothing at %d decimals: %s for %d, %v", decimals, same.Raw(), cost, err)
		}
	}

	for _, decimals := range []int{-1, 29} {
		if _, err := FreshCurve(decimals); !errors.Is(err, ErrCurve) {
			t.Errorf("%d decimals: %v", decimals, err)
		}
	}

	// 26 decimals are what 28 decimals have without their last two digits.
	fine, _ := FreshCurve(28)
	if price, err := fine.Price(); err != nil || unscale(price, 26).String() != "2795899347623485554" {
		t.Errorf("price %v, %v", price, err)
	}
}

// TestCurveAgainstTheProgramsOwnNumbers takes its figures from the log of a real sell, at 26 decimals.
func TestCurveAgainstTheProgramsOwnNumbers(t *testing.T) {
	tests := []struct {
		from, to         string
		tokens, lamports uint64
	}{
		{"170890292728909151664", "149938017637346829192", 9275934218723, 14848146344},
		{"170890292728909151664", "138494022495126392145", 15209496671762, 23398555847},
	}
	for _, test := range tests {
		tokens, lamports, err := curveAt(t, test.from, 26).Between(u128(t, test.to))
		if err != nil || tokens != test.tokens || lamports != test.lamports {
			t.Errorf("%s to %s: %d tokens, %d lamports, %v; want %d, %d", test.from, test.to, tokens, lamports, err, test.tokens, test.lamports)
		}
	}

	next, lamports, err := curveAt(t, "138494022495126392145", 26).Sell(920543841078812)
	if err != nil || next.Raw().String() != "2795899347623488607" || lamports != 181142667032 {
		t.Errorf("the rest of the sale: price %s, %d lamports, %v", next.Raw(), lamports, err)
	}
	if _, lamports, err = curveAt(t, "170890292728909151664", 26).Between(u128(t, "2795899347623488607")); lamports != 204541222879 {
		t.Errorf("the whole range: %d lamports, %v", lamports, err)
	}
}

// decoded is an event of pinpet-decoded-events.json.
type decoded struct {
	EventType           string `json:"event_type"`
	MintAccount         string `json:"mint_account"`
	OrderType           uint8  `json:"order_type"`
	LatestPrice         string `json:"latest_price"`
	OpenPrice           string `json:"open_price"`
	BorrowAmount        uint64 `json:"borrow_amount"`
	PositionAssetAmount uint64 `json:"position_asset_amount"`
}

func decodedEvents(t *testing.T) []decoded {
	t.Helper()
	needShared(t)
	text, err := os.ReadFile(filepath.Join(shared, "pinpet-decoded-events.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Events []decoded `json:"events"`
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Events) != 63 {
		t.Fatalf("%d events, %v", len(file.Events), err)
	}
	slices.Reverse(file.Events) // newest first in the file
	return file.Events
}

func (d decoded) event(t *testing.T) *market.Event {
	t.Helper()
	return &market.Event{Body: &LongShort{
		Mint: market.MustPubkey(d.MintAccount), LatestPrice: u128(t, d.LatestPrice),
		Terms: market.Terms{OrderType: d.OrderType, BorrowAmount: d.BorrowAmount, PositionAssetAmount: d.PositionAssetAmount},
	}}
}

// TestCurveAgainstRecordedOrders follows 62 recorded orders from the price before to the price after. Six of them
// liquidated other orders on their way; all others must agree to the last digit, with what a long borrowed as well.
func TestCurveAgainstRecordedOrders(t *testing.T) {
	exact, jumps := 0, 0
	for _, d := range decodedEvents(t) {
		if d.EventType != "LongShort" {
			continue
		}
		e := d.event(t)
		if report := NewScales(0).Price(e); e.Scale != 26 || report != (program.PriceReport{}) {
			t.Fatalf("%s: scale %d, %+v", d.LatestPrice, e.Scale, report)
		}

		trade, _ := e.Trade()
		before := curveAt(t, d.OpenPrice, 26)
		after, lamports, err := before.Move(trade.Base, trade.Buy)
		if err != nil {
			t.Fatal(err)
		}

		previous, err := before.Price()
		if err != nil {
			t.Fatal(err)
		}
		agrees := after.Raw().String() == d.LatestPrice
		if Continues(previous, e) != agrees {
			t.Errorf("%s: Continues does not agree with the curve", d.LatestPrice)
		}

		if !agrees {
			jumps++
			continue
		}

		exact++
		if d.OrderType == market.OrderLong && lamports != d.BorrowAmount {
			t.Errorf("long to %s: %d lamports, borrowed %d", d.LatestPrice, lamports, d.BorrowAmount)
		}
	}

	if exact != 56 || jumps != 6 {
		t.Errorf("%d exact, %d jumps", exact, jumps)
	}
}

// TestCurveAgainstFloats walks up and down the curve and compares every step with the same formula in floats.
func TestCurveAgainstFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	curve, err := FreshCurve(28)
	if err != nil {
		t.Fatal(err)
	}

	const k = float64(FreshSol) * FreshTokens
	for range 5000 {
		held, _ := curve.Reserves()
		buy := r.IntN(2) == 0
		amount := r.Uint64N(max(1, held/20))
		next, lamports, err := curve.Move(amount, buy)
		if err != nil {
			t.Fatal(err)
		}

		price := bigFloat(curve.Raw()) / 1e28
		before := math.Sqrt(k / price)
		after := before + float64(amount)/1e6
		if buy {
			after = before - float64(amount)/1e6
		}

		if want := k / after / after; !near(bigFloat(next.Raw())/1e28, want, 1e-9) {
			t.Fatalf("price %g, want %g", bigFloat(next.Raw())/1e28, want)
		}
		if want := math.Abs(k/after-k/before) * 1e9; math.Abs(float64(lamports)-want) > 1+want*1e-6+20 {
			t.Fatalf("%d lamports, want %f", lamports, want)
		}

		back, again, err := next.Move(amount, !buy)
		if err != nil || again != lamports && again+1 != lamports && again != lamports+1 {
			t.Fatalf("there for %d lamports, back for %d, %v", lamports, again, err)
		}
		if !near(bigFloat(back.Raw()), bigFloat(curve.Raw()), 1e-15) {
			t.Fatalf("from %s back to %s", curve.Raw(), back.Raw())
		}

		tokens, sol, err := curve.Between(next.Raw())
		if err != nil || diff(tokens, amount) > 1 || diff(sol, lamports) > 1 {
			t.Fatalf("between: %d tokens, %d lamports, %v; want %d, %d", tokens, sol, err, amount, lamports)
		}
		if bought, err := curve.TokensFor(lamports, buy); err != nil || !near(float64(bought), float64(amount), 1e-6) && diff(bought, amount) > 40000 {
			t.Fatalf("%d lamports: %d tokens, %v; want about %d", lamports, bought, err, amount)
		}

		if price := bigFloat(next.Raw()) / 1e28; price > 2e-8 && price < 1e-3 {
			curve = next
		}
	}
}

func TestCurveLimits(t *testing.T) {
	fresh, err := FreshCurve(28)
	if err != nil {
		t.Fatal(err)
	}
	held, sol := fresh.Reserves()
	check := func(name string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	_, _, err = fresh.Buy(held + 1)
	check("buying all", err, ErrReserve)
	_, _, err = fresh.Buy(math.MaxUint64)
	check("buying more", err, ErrReserve)
	_, _, err = fresh.Buy(held - 1)
	check("buying nearly all overflows the price", err, ErrReserve)
	_, err = fresh.TokensFor(sol+1, false)
	check("selling for all SOL", err, ErrReserve)
	if next, lamports, err := fresh.Sell(math.MaxUint64); err != nil || lamports > sol || next.Raw().IsZero() {
		t.Errorf("selling the most: %s, %d, %v", next.Raw(), lamports, err)
	}

	lowest := curveAt(t, "1", 0)
	if _, _, err = lowest.Sell(math.MaxUint64); !errors.Is(err, ErrReserve) {
		t.Errorf("price below one unit: %v", err)
	}
	_, err = CurveAt(market.U128{}, 28)
	check("price 0", err, ErrCurve)
	_, err = CurveAt(market.U64(1), 29)
	check("29 decimals", err, ErrCurve)
	_, _, err = Curve{}.Buy(1)
	check("zero curve", err, ErrCurve)
	_, err = Curve{}.TokensFor(1, true)
	check("zero curve", err, ErrCurve)
	_, _, err = fresh.Between(market.U128{})
	check("range to 0", err, ErrCurve)
	if tokens, lamports := (Curve{}).Reserves(); tokens != 0 || lamports != 0 {
		t.Error("the zero curve has reserves")
	}

	for _, raw := range []market.U128{market.U64(1), {Hi: math.MaxUint64, Lo: math.MaxUint64}} {
		for _, decimals := range []int{0, 28} {
			curve, err := CurveAt(raw, decimals)
			if err != nil {
				t.Fatal(err)
			}
			for _, amount := range []uint64{0, 1, math.MaxUint64} {
				_, _, _ = curve.Buy(amount)
				_, _, _ = curve.Sell(amount)
				_, _ = curve.TokensFor(amount, true)
				_, _ = curve.TokensFor(amount, false)
			}

			_, _, _ = curve.Between(market.U64(1))
			curve.Reserves()
		}
	}
}

func TestContinues(t *testing.T) {
	fresh, err := FreshCurve(28)
	if err != nil {
		t.Fatal(err)
	}
	next, lamports, err := fresh.Buy(35766666_666666)
	if err != nil || next.Raw().String() != "299204448616068224069" || lamports != 1034482759 {
		t.Fatalf("%s, %d, %v", next.Raw(), lamports, err)
	}

	previous, err := fresh.Price()
	if err != nil {
		t.Fatal(err)
	}
	event := func(tokens uint64, raw market.U128) *market.Event {
		e := &market.Event{Body: &BuySell{IsBuy: true, TokenAmount: tokens, SolAmount: lamports, LatestPrice: raw}}
		NewScales(28).Price(e)
		return e
	}
	if !Continues(previous, event(35766666_666666, next.Raw())) {
		t.Error("the next trade does not continue")
	}

	if !Continues(previous, event(35766666_666666, next.Raw().Add(market.U64(1)))) {
		t.Error("a last digit counts")
	}
	if Continues(previous, event(35766666_666666, next.Raw().Add(market.U64(2)))) || Continues(previous, event(35766666_000000, next.Raw())) {
		t.Error("another amount continues")
	}

	if Continues(previous, event(math.MaxUint64, next.Raw())) {
		t.Error("an impossible amount continues")
	}
	if !Continues(market.Price{}, event(1, next.Raw())) || !Continues(previous, &market.Event{Body: &ForceLiquidate{}}) {
		t.Error("what cannot be checked does not continue")
	}

	odd := event(1, next.Raw())
	odd.Scale = 255
	if Continues(previous, odd) {
		t.Error("an impossible scale continues")
	}
}

func BenchmarkCurveMove(b *testing.B) {
	curve, _ := FreshCurve(28)
	for b.Loop() {
		if _, _, err := curve.Buy(35766666666666); err != nil {
			b.Fatal(err)
		}
	}
}

func bigFloat(x market.U128) float64 {
	f, _ := new(big.Float).SetInt(x.Big()).Float64()
	return f
}

func near(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance*math.Abs(want) }

func diff(a, b uint64) uint64 { return max(a, b) - min(a, b) }

func BenchmarkContinues(b *testing.B) {
	curve, err := FreshCurve(28)
	if err != nil {
		b.Fatal(err)
	}
	const tokens = 35_766_666_666_666
	next, lamports, err := curve.Buy(tokens)
	if err != nil {
		b.Fatal(err)
	}

	previous, err := curve.Price()
	if err != nil {
		b.Fatal(err)
	}
	e := &market.Event{Scale: 28, Body: &BuySell{IsBuy: true, TokenAmount: tokens, SolAmount: lamports, LatestPrice: next.Raw()}}
	NewScales(28).Price(e)
	b.ReportAllocs()
	for b.Loop() {
		if !Continues(previous, e) {
			b.Fatal("it does")
		}
	}
}
