package rest_test

import (
	"net/http"
	"slices"
	"testing"

	"spinscope/backend/market"
)

// TestIntervalsAreThoseOfTheTable: every interval there is, in its order, and what the server's own configuration makes of it.
func TestIntervalsAreThoseOfTheTable(t *testing.T) {
	kept := []market.Interval{market.S1, market.M1, market.M15, market.M3, market.W1}
	d := deps(newFake())
	d.Intervals = kept
	server := serve(t, d)
	data := call(t, http.MethodGet, server.URL+"/api/intervals", "").data
	names(t, data, "intervals", "total")

	list := data["intervals"].([]any)
	if len(list) != len(market.AllIntervals()) || data["total"] != float64(len(list)) {
		t.Fatalf("%d intervals, total %v, want %d", len(list), data["total"], len(market.AllIntervals()))
	}

	from := map[market.Interval]string{market.M3: "m1", market.W1: "m15"} // the longest kept one that they are made of
	for i, interval := range market.AllIntervals() {
		got := list[i].(map[string]any)
		names(t, got, "interval", "seconds", "origin", "kept", "merged_from")
		want := map[string]any{
			"interval": interval.String(), "seconds": float64(interval.Seconds()), "origin": float64(interval.Origin()),
			"kept": slices.Contains(kept, interval), "merged_from": from[interval],
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s of %s is %v, want %v", name, interval, got[name], value)
			}
		}
	}
}
