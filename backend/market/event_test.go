package market

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPositionOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 20000 {
		p := Position{Slot(r.Uint64N(3)), r.Uint32N(3), uint16(r.UintN(3))}
		q := Position{Slot(r.Uint64N(3)), r.Uint32N(3), uint16(r.UintN(3))}
		key := func(p Position) []uint64 { return []uint64{uint64(p.Slot), uint64(p.Index), uint64(p.Ordinal)} }
		if got, want := p.Compare(q), slices.Compare(key(p), key(q)); got != want || q.Compare(p) != -want {
			t.Fatalf("%v and %v compare as %d, want %d", p, q, got, want)
		}
	}
	ordered := []Position{
		{}, {0, 0, 65535}, {0, 1, 0}, {0, 1<<32 - 1, 65535}, {1, 0, 0}, {1 << 63, 0, 0}, {1<<64 - 1, 0, 0},
	}
	if !slices.IsSortedFunc(ordered, Position.Compare) {
		t.Error("the extremes are out of order")
	}
}

func TestTradesOfEvents(t *testing.T) {
	price := Price{Lo: 7}
	long := Terms{OrderType: OrderLong, BorrowAmount: 30, PositionAssetAmount: 40}
	short := Terms{OrderType: OrderShort, BorrowAmount: 50, PositionAssetAmount: 60}
	closing := func(long bool) Close {
		return Close{IsCloseLong: long, FinalTokenAmount: 70, FinalSolAmount: 80, LatestPrice: U64(3)}
	}
	tests := []struct {
		name       string
		body       Body
		kind       Kind
		token, sol uint64
		buy        bool
	}{
		{"buy", &BuySell{IsBuy: true, TokenAmount: 10, SolAmount: 20, LatestPrice: U64(3)}, KindBuySell, 10, 20, true},
		{"sell", &BuySell{TokenAmount: 10, SolAmount: 20, LatestPrice: U64(3)}, KindBuySell, 10, 20, false},
		{"long open", &LongShort{Terms: long, LatestPrice: U64(3)}, KindLongShort, 40, 30, true},
		{"short open", &LongShort{Terms: short, LatestPrice: U64(3)}, KindLongShort, 50, 60, false},
		{"long close", &FullClose{closing(true)}, KindFullClose, 70, 80, false},
		{"short close", &FullClose{closing(false)}, KindFullClose, 70, 80, true},
		{"part of a long", &PartialClose{Close: closing(true), Terms: long}, KindPartialClose, 70, 80, false},
		{"part of a short", &PartialClose{Close: closing(false), Terms: short}, KindPartialClose, 70, 80, true},
	}
	for _, test := range tests {
		e := &Event{Price: price, Body: test.body}
		if got, ok := e.Trade(); !ok || got != (Trade{price, test.token, test.sol, test.buy}) {
			t.Errorf("%s: %+v, %v", test.name, got, ok)
		}
		if raw, token, sol, ok := e.RawPrice(); !ok || raw != U64(3) || token != test.token || sol != test.sol {
			t.Errorf("%s: raw %s, %d, %d, %v", test.name, raw, token, sol, ok)
		}
		if e.Kind() != test.kind {
			t.Errorf("%s: kind %s", test.name, e.Kind())
		}
		e.Price = Price{}
		if _, ok := e.Trade(); ok {
			t.Errorf("%s: a trade without a price", test.name)
		}
	}
	for _, body := range []Body{&TokenCreated{}, &ForceLiquidate{}, &MilestoneDiscount{}} {
		e := &Event{Price: price, Body: body}
		if _, ok := e.Trade(); ok {
			t.Errorf("%s is a trade", e.Kind())
		}
		if _, _, _, ok := e.RawPrice(); ok {
			t.Errorf("%s has a price", e.Kind())
		}
	}
}

func TestMintOfEvents(t *testing.T) {
	mint := Pubkey{1}
	bodies := []Body{
		&TokenCreated{Mint: mint}, &BuySell{Mint: mint}, &LongShort{Mint: mint}, &ForceLiquidate{Mint: mint},
		&FullClose{Close{Mint: mint}}, &PartialClose{Close: Close{Mint: mint}}, &MilestoneDiscount{Mint: mint},
	}
	names := []string{"TokenCreated", "BuySell", "LongShort", "ForceLiquidate", "FullClose", "PartialClose", "MilestoneDiscount"}
	for i, body := range bodies {
		e := &Event{Body: body}
		if e.Mint() != mint || e.Kind() != Kind(i+1) || e.Kind().String() != names[i] {
			t.Errorf("%s: mint %s, kind %d", e.Kind(), e.Mint(), e.Kind())
		}
	}
	if Kind(0).String() != "Unknown" || Kind(NumKinds+1).String() != "Unknown" {
		t.Error("an unknown kind has a name")
	}
}
