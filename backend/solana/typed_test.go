package solana

import (
	"errors"
	"testing"

	"github.com/valyala/fastjson"

	"spinscope/backend/market"
)

// TestTypedAnswers gives solana-go's calls answers of every sort: what is not the type that it should be is no answer, and
// what is null is one only where that has a meaning.
func TestTypedAnswers(t *testing.T) {
	var slot, first market.Slot
	var at int64
	var version string
	for _, c := range []struct {
		name   string
		call   *call
		good   map[string]func() bool
		refuse []string
	}{
		{"getSlot", slotCall(Confirmed, &slot), map[string]func() bool{
			"7": func() bool { return slot == 7 }, "18446744073709551615": func() bool { return slot == noSlot },
		}, []string{"null", "-1", "1.5", "1e30", `"7"`, "[]", "{}", "true", "18446744073709551616"}},
		{"getBlockTime", timeCall(5, &at), map[string]func() bool{
			"1764000000": func() bool { return at == 1_764_000_000 },
		}, []string{"1.5", `"7"`, "[]", "{}", "9223372036854775808"}},
		{
			"getFirstAvailableBlock", firstBlockCall(&first),
			map[string]func() bool{"9": func() bool { return first == 9 }},
			[]string{"null", "-1", `"9"`, "{}"},
		},
		{"getVersion", versionCall(&version), map[string]func() bool{
			`{"solana-core":"2.1.21","feature-set":3640012085}`: func() bool { return version == "2.1.21" },
			`{"solana-core":"4.0.0","new":[1]}`:                 func() bool { return version == "4.0.0" },
		}, []string{"null", "{}", `{"solana-core":5}`, `"2.1.21"`, "[]"}},
	} {
		if c.call.method != c.name {
			t.Errorf("%s asks %s", c.name, c.call.method)
		}
		for text, holds := range c.good {
			if err := c.call.decode(fastjson.MustParse(text)); err != nil || !holds() {
				t.Errorf("%s: %s is not taken for what it is, %v", c.name, text, err)
			}
		}

		for _, text := range c.refuse {
			if err := c.call.decode(fastjson.MustParse(text)); !errors.Is(err, errResponse) {
				t.Errorf("%s: of %s it is said: %v", c.name, text, err)
			}
		}
	}

	at = 0
	if err := timeCall(5, &at).decode(fastjson.MustParse("null")); err != nil || at != 0 {
		t.Errorf("a block time that is not known yet: %d, %v", at, err)
	}
}

// TestTypedErrorsHoldNoAnswer: what a provider puts where a number belongs may be the key it was asked with.
func TestTypedErrorsHoldNoAnswer(t *testing.T) {
	var slot market.Slot
	err := slotCall(Confirmed, &slot).decode(fastjson.MustParse(`"https://host/secret-key"`))
	if err == nil || err.Error() != "not a JSON-RPC response to getSlot" {
		t.Errorf("%v", err)
	}
}
