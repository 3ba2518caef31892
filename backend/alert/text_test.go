package alert

import (
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// TestNotation: messages write prices and lengths of time as the page does.
func TestNotation(t *testing.T) {
	for number, want := range map[string]string{
		"0.00000002795899347623": "0.0(7)279589", "0.00001": "0.0(4)1", "0.00012345678": "0.000123456", "0.5": "0.5", "0": "0",
		"12.3456789": "12.3456", "123456789.5": "123456789", "0.000000000000000000000000001": "0.0(26)1",
	} {
		if got := short(number); got != want {
			t.Errorf("%s reads %s, want %s", number, got, want)
		}
	}
	for length, want := range map[int64]string{10: "10s", 90: "90s", 300: "5m", 5400: "90m", 3600: "1h", 86_400: "24h"} {
		if got := seconds(length); got != want {
			t.Errorf("%d seconds read %s, want %s", length, got, want)
		}
	}
}

// TestMessagesInOneNotation: the whole of what somebody reads.
func TestMessagesInOneNotation(t *testing.T) {
	exact := func(raw string) market.Price { // × 10^28
		value, err := market.ParseU128(raw)
		if err != nil {
			t.Fatal(err)
		}
		return market.Price(value)
	}
	e := New(&chain{})
	mint := mintOf(1)
	rule := &Rule{Kind: PriceAbove, Mint: mint, Price: exact("310000000000000000000"), Window: 300}
	event := &market.Event{Body: &spinpet.BuySell{Mint: mint}, Price: exact("312345678000000000000")}
	name := e.name(mint)
	for got, want := range map[string]string{
		e.priceText(rule, event):                              ": price 0.0(7)312345 SOL, above 0.0(7)31",
		e.moveText(rule, event, "5.2"):                        ": +5.2% within 5m, now 0.0(7)312345 SOL",
		e.spikeText(rule, event, market.U128{Lo: 5e9}, "3.1"): ": 5 SOL traded within 5m, 3.1× the average",
	} {
		if got != name+want {
			t.Errorf("%q, want %q", got, name+want)
		}
	}
}

// TestMessagesNameTheQuote: a coin that is paid in something else is not told in SOL, and its amounts have its decimals.
func TestMessagesNameTheQuote(t *testing.T) {
	usdc := market.Quotes()[1]
	e := New(&chain{pair: market.MustPair(0, usdc.Mint, 6, usdc.Decimals)})
	mint := mintOf(1)
	price := market.Price(market.U128{Hi: 1})
	rule := &Rule{Kind: PriceAbove, Mint: mint, Price: price, Window: 300}
	event := &market.Event{Body: &spinpet.BuySell{Mint: mint}, Price: price}
	name, short := e.name(mint), short(price.String())
	for got, want := range map[string]string{
		e.priceText(rule, event):                              ": price " + short + " USDC, at " + short,
		e.moveText(rule, event, "5.2"):                        ": +5.2% within 5m, now " + short + " USDC",
		e.spikeText(rule, event, market.U128{Lo: 5e6}, "3.1"): ": 5 USDC traded within 5m, 3.1× the average",
		e.liquidationText(mint, &market.Terms{}, "2"):         ": long of 2 USDC liquidated",
	} {
		if got != name+want {
			t.Errorf("%q, want %q", got, name+want)
		}
	}
}

// TestSizesAreInTheQuote: the least size of a rule is in whole units of what the coin is paid in.
func TestSizesAreInTheQuote(t *testing.T) {
	usdc := market.Quotes()[1]
	terms := market.Terms{OrderType: market.OrderLong, BorrowAmount: 1_500_000, PositionAssetAmount: 7} // 1.5 USDC
	look := &chain{
		visible: 1, events: []market.Event{event(1, &spinpet.LongShort{Mint: mintOf(1), Order: mintOf(50), Terms: terms})},
		pair: market.MustPair(0, usdc.Mint, 6, usdc.Decimals),
	}
	e := New(look)
	e.Use([]Rule{
		made(t, Fields{ID: "big", Kind: Liquidation, MinSize: "1.5"}),
		made(t, Fields{ID: "bigger", Kind: Liquidation, MinSize: "1.500000001"}),
	})
	gone := event(10, &spinpet.ForceLiquidate{Mint: mintOf(1), Order: mintOf(50)})
	fired := feed(t, e, start, market.Commit{Events: []market.Event{gone}})
	if len(fired) != 1 || fired[0].Rule != "big" || fired[0].Value != "1.5" {
		t.Errorf("fired %+v", fired)
	}
}
