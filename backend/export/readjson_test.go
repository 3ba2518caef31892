package export

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestQuickAndThoroughJSONAgree mutates lines and expects that whatever the quick reader takes, encoding/json reads alike.
func TestQuickAndThoroughJSONAgree(t *testing.T) {
	lines := []string{
		`{"event_type":"BuySell","slot":12,"is_buy":true,"payer":"abc","provisional":false,"name":null,"other":3}`,
		`{"event_type":"TokenCreated","name":"null","symbol":"","uri":"a,b}:\"","swap_fee":0}`,
		`{"slot":1,"slot":2,"name":"x","name":null,"is_buy":true,"is_buy":"false"}`,
		`{"slot":-5,"ordinal":01,"index":1.5,"block_time":1e3,"name":"ü","symbol":"\u0041"}`,
		`{"slot": 7, "name":{},"uri":[1]}`,
		`{}`, `{"name":"x"} `, `{"name":"x"}}`, `{"name":"x",}`, `{"name"}`, `{`, ``, `[]`, `{"":1}`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{`"`, `,`, `}`, `{`, `:`, `null`, `0`, `1`, `-`, `true`, `"name"`, `"slot":`, `\\`, "\x01", "\xff", ` `, `é`}
	quick, thorough, taken := newRow(), newRow(), 0
	for n := range 200_000 {
		line := lines[n%len(lines)]
		for range n / len(lines) % 3 {
			at := random.IntN(len(line) + 1)
			end := min(len(line), at+random.IntN(3))
			line = line[:at] + parts[random.IntN(len(parts))] + line[end:]
		}

		quick.reset()
		if !quick.fillFlat(line) {
			continue
		}

		taken++
		err := thorough.fillAny(line)
		if got, want := fmt.Sprint(quick.cells, quick.set), fmt.Sprint(thorough.cells, thorough.set); err != nil || got != want {
			t.Fatalf("%q, %v:\n got %s\nwant %s", line, err, strings.TrimSpace(got), strings.TrimSpace(want))
		}
	}

	if taken < 10_000 {
		t.Errorf("%d lines were taken: the test tries too little", taken)
	}
}
