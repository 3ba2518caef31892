package backend_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"spinscope/backend"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
)

// TestTheSameTradesGiveTheSameFile exports a market and copies of it that were imported mint by mint, in random orders.
func TestTheSameTradesGiveTheSameFile(t *testing.T) {
	origin := recordedMarket(t, 11, 600)
	markets := []backend.Options{origin}
	for seed := range uint64(3) {
		apart := marketIn(t.TempDir())
		for _, n := range rand.New(rand.NewPCG(seed, 3)).Perm(6) {
			importFile(t, apart, exported(t, origin, export.JSONL, market.Pubkey{1, 15: byte(n)}))
		}
		markets = append(markets, apart)
	}

	from, to := export.Always()
	for _, kind := range []export.Kind{export.Candles, export.Trades, export.Events, export.Orders} {
		for _, format := range export.Formats() {
			var first []byte
			for i, o := range markets {
				var file bytes.Buffer
				request := export.Request{Kind: kind, Format: format, Interval: market.M5, From: from, To: to}
				if _, err := offline.Export(t.Context(), o.Offline(), request, "", false, &file, nil); err != nil {
					t.Fatal(err)
				}

				switch {
				case i == 0 && file.Len() < 1000:
					t.Fatalf("%s of %d bytes", kind, file.Len())
				case i == 0:
					first = file.Bytes()
				case !bytes.Equal(file.Bytes(), first):
					t.Error(fmt.Sprintf("%s as %s: market %d", kind, format, i), "has another file")
				}
			}
		}
	}
}
