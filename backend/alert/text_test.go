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
		e.priceText(rule, event.Price):                        ": price 0.0(7)312345 SOL, above 0.0(7)31",
		e.moveText(rule, event, "5.2"):                        ": +5.2% within 5m, now 0.0(7)312345 SOL",
		e.spikeText(rule, event, market.U128{Lo: 5e9}, "3.1"): ": 5 SOL traded within 5m, 3.1× the average",
	} {
		if got != name+want {
			t.Errorf("%q, want %q", got, name+want)
		}
	}
}
