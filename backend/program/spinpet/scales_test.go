package spinpet

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

var mintA, mintB = market.Pubkey{0xa}, market.Pubkey{0xb}

// trade is a purchase or sale at that raw price.
func trade(t testing.TB, mint market.Pubkey, raw string, token, sol uint64) *market.Event {
	t.Helper()
	return &market.Event{Body: &BuySell{Mint: mint, TokenAmount: token, SolAmount: sol, LatestPrice: u128(t, raw)}}
}

const (
	fresh28 = "279589934762348555452"
	fresh26 = "2795899347623485554"
	fresh23 = "2795899347623485"
)

func TestScaleFromTheAmounts(t *testing.T) {
	// 10 million tokens for 0.28 SOL, roughly the fresh price.
	const token, sol = 10_000_000_000000, 280_000_000
	tests := []struct {
		raw  string
		want uint8
	}{{fresh28, 28}, {fresh26, 26}, {fresh23, 23}}
	for _, test := range tests {
		bodies := []market.Body{
			&BuySell{TokenAmount: token, SolAmount: sol, LatestPrice: u128(t, test.raw)},
			&LongShort{LatestPrice: u128(t, test.raw), Terms: market.Terms{OrderType: 1, BorrowAmount: sol, PositionAssetAmount: token}},
			&LongShort{LatestPrice: u128(t, test.raw), Terms: market.Terms{OrderType: 2, BorrowAmount: token, PositionAssetAmount: sol}},
			&FullClose{Close: Close{FinalTokenAmount: token, FinalSolAmount: sol, LatestPrice: u128(t, test.raw)}},
			&PartialClose{Close: Close{FinalTokenAmount: token, FinalSolAmount: sol, LatestPrice: u128(t, test.raw)}},
		}
		for _, body := range bodies {
			e := &market.Event{Body: body}
			if report := NewScales(0).Price(e); e.Scale != test.want || report != (program.PriceReport{}) {
				t.Errorf("%s %s: scale %d, %+v", body.Kind(), test.raw, e.Scale, report)
			}
			if got := e.Price.String(); got[:20] != "0.000000027958993476" {
				t.Errorf("%s %s: price %s", body.Kind(), test.raw, got)
			}
		}
	}
}

func TestScaleIsNearestByRatio(t *testing.T) {
	// The event's own price lies up to a factor 9 either side of the true one, as in large trades.
	for _, factor := range []uint64{1, 2, 5, 9} {
		for _, test := range []struct {
			raw  string
			want uint8
		}{{fresh28, 28}, {fresh26, 26}, {fresh23, 23}} {
			for _, sol := range []uint64{280_000_000 * factor, 280_000_000 / factor} {
				e := trade(t, mintA, test.raw, 10_000_000_000000, sol)
				if NewScales(0).Price(e); e.Scale != test.want {
					t.Errorf("%s for %d lamports: scale %d, want %d", test.raw, sol, e.Scale, test.want)
				}
			}
		}
	}
}

func TestKindsWithoutAPriceHaveNoScale(t *testing.T) {
	scales := NewScales(0)
	scales.Learn(mintA, 26)
	for _, body := range []market.Body{
		&TokenCreated{Mint: mintA}, &ForceLiquidate{Mint: mintA}, &MilestoneDiscount{Mint: mintA},
	} {
		e := &market.Event{Scale: 9, Price: market.Price{Lo: 9}, Body: body}
		if report := scales.Price(e); e.Scale != 0 || !e.Price.IsZero() || report != (program.PriceReport{}) {
			t.Errorf("%s: scale %d, price %s, %+v", body.Kind(), e.Scale, e.Price, report)
		}
	}
}

func TestUnusableAmounts(t *testing.T) {
	assumed := program.PriceReport{Assumed: true}
	check := func(name string, scales *Scales, e *market.Event, want uint8, wantReport program.PriceReport) {
		t.Helper()
		if report := scales.Price(e); e.Scale != want || report != wantReport {
			t.Errorf("%s: scale %d, %+v; want %d, %+v", name, e.Scale, report, want, wantReport)
		}
	}
	scales := NewScales(0)
	check("nothing known, 28", scales, trade(t, mintA, fresh28, 0, 0), 28, assumed)
	check("nothing known, 26", scales, trade(t, mintA, fresh26, 0, 5), 26, assumed)
	check("nothing known, 23", scales, trade(t, mintA, fresh23, 5, 0), 23, assumed)
	check("nothing known, lower still", scales, trade(t, mintA, "1", 0, 0), 23, assumed)
	check("nothing known, coarse", scales, trade(t, mintA, fresh26, 30_000, 1), 26, assumed)
	if _, known := scales.Last(mintA); known {
		t.Error("an assumption was learned")
	}

	check("usable", scales, trade(t, mintA, fresh26, 10_000_000_000000, 280_000_000), 26, program.PriceReport{})
	check("the mint's last", scales, trade(t, mintA, fresh28, 0, 0), 26, assumed)
	check("the program's last", scales, trade(t, mintB, fresh28, 0, 0), 26, assumed)
	check("too coarse to tell", scales, trade(t, mintA, fresh26, 1, 1), 26, assumed)
	check("another mint", scales, trade(t, mintB, fresh28, 10_000_000_000000, 280_000_000), 28, program.PriceReport{})
	check("the mint's last again", scales, trade(t, mintA, fresh28, 0, 0), 26, assumed)
	check("a third mint", scales, trade(t, market.Pubkey{1}, fresh26, 0, 0), 28, assumed)

	e := trade(t, mintA, "0", 10, 10)
	if report := scales.Price(e); !e.Price.IsZero() || e.Scale != 26 || report != assumed {
		t.Errorf("price 0: %s at %d, %+v", e.Price, e.Scale, report)
	}
	if _, ok := e.Trade(); ok {
		t.Error("price 0 is a trade")
	}
}

func TestContradictionIsReportedAndFollowed(t *testing.T) {
	scales := NewScales(0)
	scales.Price(trade(t, mintA, fresh28, 10_000_000_000000, 280_000_000))
	e := trade(t, mintA, fresh26, 10_000_000_000000, 280_000_000)
	if report := scales.Price(e); e.Scale != 26 || report != (program.PriceReport{Contradicted: true}) {
		t.Errorf("scale %d, %+v", e.Scale, report)
	}
	if last, ok := scales.Last(mintA); !ok || last != 26 {
		t.Errorf("last %d", last)
	}
	e = trade(t, mintA, fresh26, 10_000_000_000000, 280_000_000)
	if report := scales.Price(e); e.Scale != 26 || report != (program.PriceReport{}) {
		t.Errorf("then: scale %d, %+v", e.Scale, report)
	}
}

// TestCrashInOneTrade sells so much at once that the average price is nearer another scale; the curve tells.
func TestCrashInOneTrade(t *testing.T) {
	for _, decimals := range []int{28, 26} {
		fresh, err := FreshCurve(decimals)
		if err != nil {
			t.Fatal(err)
		}
		const tokens = 1_035_000_000_000000 // from 1073 to 38 million tokens in reserve: the price rises 797-fold
		top, cost, err := fresh.Buy(tokens)
		if err != nil {
			t.Fatal(err)
		}

		scales := NewScales(0)
		scales.Learn(mintA, uint8(decimals))
		sale := &market.Event{Body: &BuySell{Mint: mintA, TokenAmount: tokens, SolAmount: cost / 100 * 99, LatestPrice: fresh.Raw()}}
		rise := &market.Event{Body: &BuySell{Mint: mintA, IsBuy: true, TokenAmount: tokens, SolAmount: cost, LatestPrice: top.Raw()}}
		for _, e := range []*market.Event{sale, rise} {
			if report := scales.Price(e); int(e.Scale) != decimals || report != (program.PriceReport{}) {
				t.Errorf("at %d decimals: scale %d, %+v", decimals, e.Scale, report)
			}
		}
	}
}

func TestFixedScale(t *testing.T) {
	for _, fixed := range []int{23, 26, 28, 9} {
		scales := NewScales(fixed)
		for _, raw := range []string{fresh28, fresh26, fresh23} {
			e := trade(t, mintA, raw, 10_000_000_000000, 280_000_000)
			report := scales.Price(e)
			right := map[string]int{fresh28: 28, fresh26: 26, fresh23: 23}[raw]
			if contradicted := fixed != 9 && right != fixed; int(e.Scale) != fixed || report.Contradicted != contradicted {
				t.Errorf("fixed %d, %s: scale %d, %+v", fixed, raw, e.Scale, report)
			}
		}
		e := trade(t, mintA, "1000", 0, 0)
		if report := scales.Price(e); int(e.Scale) != fixed || report != (program.PriceReport{}) {
			t.Errorf("fixed %d, no amounts: scale %d, %+v", fixed, e.Scale, report)
		}
	}
}

func TestPriceThatDoesNotFit(t *testing.T) {
	scales := NewScales(23)
	e := trade(t, mintA, "340282366920938463463374607431768211455", 1, 1)
	if report := scales.Price(e); !report.Overflow || !e.Price.IsZero() || e.Scale != 23 {
		t.Errorf("price %s at %d, %+v", e.Price, e.Scale, report)
	}
	if _, ok := e.Trade(); ok {
		t.Error("a price that does not fit is a trade")
	}
	e = trade(t, mintA, "340282366920938463463374607431768211455", 1, 1)
	if report := NewScales(28).Price(e); report.Overflow || e.Price != (market.Price{Hi: math.MaxUint64, Lo: math.MaxUint64}) {
		t.Errorf("the largest price: %s, %+v", e.Price, report)
	}
}

func TestScalesAreBounded(t *testing.T) {
	scales := NewScales(0)
	var mint market.Pubkey
	for i := range 5 * mintsKept {
		binary.LittleEndian.PutUint64(mint[:], uint64(i))
		scales.Learn(mint, 26)
		if held := len(scales.young) + len(scales.old); held > 2*mintsKept {
			t.Fatalf("%d mints held", held)
		}
	}

	for back := range mintsKept {
		binary.LittleEndian.PutUint64(mint[:], uint64(5*mintsKept-1-back))
		if _, known := scales.Last(mint); !known {
			t.Fatalf("the mint %d back is forgotten", back)
		}
	}

	scales.Learn(mintA, 0)
	scales.Learn(mintA, 29)
	if _, known := scales.Last(mintA); known || scales.program != 26 {
		t.Error("an impossible scale was learned")
	}
}

func TestScalesOfAnyEvent(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	for _, fixed := range []int{-5, 0, 23, 28, 99} {
		scales := NewScales(fixed)
		for range 5000 {
			body := randomBody(r, market.KindOf(Program, uint8(1+r.IntN(7))), r.IntN(2) == 0)
			e := &market.Event{Body: body}
			report := scales.Price(e)
			raw, priced := RawPrice(e.Body)
			if !priced {
				continue
			}
			price, err := market.ScalePrice(raw, int(e.Scale))
			if (err != nil) != report.Overflow || price != e.Price {
				t.Fatalf("%s at %d: %s, %+v", raw, e.Scale, e.Price, report)
			}
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	scales := NewScales(0)
	e := trade(b, mintA, fresh28, 10_000_000_000000, 280_000_000)
	b.ReportAllocs()
	for b.Loop() {
		scales.Price(e)
	}
}
