package pumpcoin_test

import (
	"maps"
	"math"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/programtest"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

// TestACoinsLifeHasNoStep follows the recorded coin over its graduation: from the last trade on the curve to the rest of
// that buy, which is priced on the pool, and to the pool as it opened.
func TestACoinsLifeHasNoStep(t *testing.T) {
	var last, rest, opened float64
	for _, one := range append(programtest.Events(t, pump.ProgramID.String()), programtest.Events(t, pumpswap.ProgramID.String())...) {
		var body market.Body
		var err error
		if one.Program == pumpswap.ProgramID.String() {
			body, err = pumpswap.Decode(one.Data)
		} else {
			body, err = pump.Decode(one.Data)
		}

		if err != nil {
			t.Fatal(err)
		}
		if body.MintAccount().String() != "Ar3ip7MiCfxFPcHVvdbNSFRkP1A52FxQ9NLa6zCMEN43" {
			continue
		}

		switch e := body.(type) {
		case *pump.Trade:
			price, _ := e.Price(9)
			last = price.Float()
		case *pump.PostCompleteBuy:
			price, _ := e.Price(9)
			rest = price.Float()
		case *pumpswap.InitBoost:
			const base = 206853536826671 // as the pool was opened with
			price, _ := market.RatioPrice(market.U64(e.RealQuoteReserves).Add(e.VirtualQuoteReserves.Abs()), market.U64(base), 9, 6)
			opened = price.Float()
		}
	}

	for _, step := range [][2]float64{{last, rest}, {rest, opened}} {
		if math.IsNaN(step[1]/step[0]) || math.Abs(step[1]/step[0]-1) > 0.0005 {
			t.Errorf("from %g to %g: a step of %.3f %%", step[0], step[1], 100*(step[1]/step[0]-1))
		}
	}
}

// TestGraduated: the event that ends a coin's curve names what answers promise of it, the pool that the coin's migration opens
// among them.
func TestGraduated(t *testing.T) {
	mint := market.MustPubkey("Ar3ip7MiCfxFPcHVvdbNSFRkP1A52FxQ9NLa6zCMEN43")
	body := &pump.Complete{User: market.Pubkey{1}, Mint: mint, BondingCurve: market.Pubkey{2}}
	pool, err := pump.Pool(program.Address, mint, market.WrappedSOL)
	if err != nil {
		t.Fatal(err)
	}

	got := fields{}
	program.EachField(got, body)
	want := fields{
		"user": body.User, "mint_account": mint, "curve": body.BondingCurve, "pool": pool, "quote_mint": market.WrappedSOL,
	}
	if !maps.Equal(got, want) || body.Kind().String() != "Graduated" {
		t.Errorf("%s names %v, want %v", body.Kind(), got, want)
	}

	for _, name := range []string{"Graduated", "Complete"} { // the latter in files of before
		if kind, ok := market.ParseKind(pump.Program, name); !ok || kind != pump.KindComplete {
			t.Errorf("%s is %s", name, kind)
		}
	}

	if kind, ok := market.ParseKind(pumpswap.Program, "Complete"); ok {
		t.Errorf("PumpSwap has %s", kind)
	}

	migrations := 0
	for _, one := range programtest.Events(t, pump.ProgramID.String()) {
		body, err := pump.Decode(one.Data)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := body.(*pump.Migration); ok {
			migrations++
			if pool, err := pump.Pool(program.Address, e.Mint, pump.Quote(e.QuoteMint)); err != nil || pool != e.Pool {
				t.Errorf("%s moved to %s, and not to %s, %v", e.Mint, e.Pool, pool, err)
			}
		}
	}

	if migrations == 0 {
		t.Error("no migration was recorded")
	}
}

// fields are those that are addresses.
type fields map[string]market.Pubkey

// Key implements program.Sink.
func (f fields) Key(name string, value market.Pubkey) { f[name] = value }

// Text implements program.Sink.
func (f fields) Text(name, _ string) { f[name] = market.Pubkey{} }

// Number implements program.Sink.
func (f fields) Number(name string, _ uint64) { f[name] = market.Pubkey{} }

// Big implements program.Sink.
func (f fields) Big(name string, _ market.U128) { f[name] = market.Pubkey{} }

// Flag implements program.Sink.
func (f fields) Flag(name string, _ bool) { f[name] = market.Pubkey{} }
