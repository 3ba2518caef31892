package spinpet

import (
	"testing"

	"spinscope/backend/market"
)

func TestTradesOfEvents(t *testing.T) {
	price := market.Price{Lo: 7}
	long := market.Terms{OrderType: market.OrderLong, BorrowAmount: 30, PositionAssetAmount: 40}
	short := market.Terms{OrderType: market.OrderShort, BorrowAmount: 50, PositionAssetAmount: 60}
	closing := func(long bool) Close {
		return Close{IsCloseLong: long, FinalTokenAmount: 70, FinalSolAmount: 80, LatestPrice: market.U64(3)}
	}
	tests := []struct {
		name       string
		body       market.Body
		kind       market.Kind
		token, sol uint64
		buy        bool
	}{
		{"buy", &BuySell{IsBuy: true, TokenAmount: 10, SolAmount: 20, LatestPrice: market.U64(3)}, KindBuySell, 10, 20, true},
		{"sell", &BuySell{TokenAmount: 10, SolAmount: 20, LatestPrice: market.U64(3)}, KindBuySell, 10, 20, false},
		{"long open", &LongShort{Terms: long, LatestPrice: market.U64(3)}, KindLongShort, 40, 30, true},
		{"short open", &LongShort{Terms: short, LatestPrice: market.U64(3)}, KindLongShort, 50, 60, false},
		{"long close", &FullClose{closing(true)}, KindFullClose, 70, 80, false},
		{"short close", &FullClose{closing(false)}, KindFullClose, 70, 80, true},
		{"part of a long", &PartialClose{Close: closing(true), Terms: long}, KindPartialClose, 70, 80, false},
		{"part of a short", &PartialClose{Close: closing(false), Terms: short}, KindPartialClose, 70, 80, true},
	}
	for _, test := range tests {
		e := &market.Event{Price: price, Body: test.body}
		if got, ok := e.Trade(); !ok || got != (market.Trade{Price: price, Base: test.token, Quote: test.sol, Buy: test.buy}) {
			t.Errorf("%s: %+v, %v", test.name, got, ok)
		}
		if raw, ok := RawPrice(test.body); !ok || raw != market.U64(3) {
			t.Errorf("%s: raw %s, %v", test.name, raw, ok)
		}

		if e.Kind() != test.kind {
			t.Errorf("%s: kind %s", test.name, e.Kind())
		}
		e.Price = market.Price{}
		if _, ok := e.Trade(); ok {
			t.Errorf("%s: a trade without a price", test.name)
		}
	}

	for _, body := range []market.Body{&TokenCreated{}, &ForceLiquidate{}, &MilestoneDiscount{}} {
		e := &market.Event{Price: price, Body: body}
		if _, ok := e.Trade(); ok {
			t.Errorf("%s is a trade", e.Kind())
		}
		if _, ok := RawPrice(body); ok {
			t.Errorf("%s has a price", e.Kind())
		}
	}
}

func TestMintOfEvents(t *testing.T) {
	mint := market.Pubkey{1}
	bodies := []market.Body{
		&TokenCreated{Mint: mint}, &BuySell{Mint: mint}, &LongShort{Mint: mint}, &ForceLiquidate{Mint: mint},
		&FullClose{Close{Mint: mint}}, &PartialClose{Close: Close{Mint: mint}}, &MilestoneDiscount{Mint: mint},
	}
	names := []string{"TokenCreated", "BuySell", "LongShort", "ForceLiquidate", "FullClose", "PartialClose", "MilestoneDiscount"}
	for i, body := range bodies {
		e := &market.Event{Body: body}
		if e.Mint() != mint || e.Kind() != market.Kind(i+1) || e.Kind().String() != names[i] {
			t.Errorf("%s: mint %s, kind %d", e.Kind(), e.Mint(), e.Kind())
		}
	}
	if market.Kind(0).String() != "Unknown" || (KindMilestoneDiscount+1).String() != "Unknown" {
		t.Error("an unknown kind has a name")
	}
}
