package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"spinscope/backend/wire"
)

// TestUDFReadsWhatTheAPIDoes goes back through the bars of every resolution of a stored coin as TradingView's charting library
// does, and finds the candles of /api/kline, stored and derived, to the last digit.
func TestUDFReadsWhatTheAPIDoes(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--rate", "30", "--slot", "200ms", "--mints", "2", "--history", "6m", "--seed", "8")
	s := startServer(t, t.TempDir(), market.flags()...)
	caughtUp(t, s)
	market.rest() // no candle may change between two answers
	awaitLedger(t, market, s)

	ask := func(path string, into any) {
		t.Helper()
		status, answer := request(t, http.MethodGet, s.url("/udf/"+path), nil, nil)
		if err := json.Unmarshal(answer, into); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v %.200s", path, status, err, answer)
		}
	}
	var settings struct {
		Resolutions []string `json:"supported_resolutions"`
	}
	ask("config", &settings)
	var intervals wire.Intervals
	s.get("/api/intervals", &intervals)
	if len(settings.Resolutions) != intervals.Total {
		t.Fatalf("%v of %d intervals", settings.Resolutions, intervals.Total)
	}

	var found []struct{ Ticker string }
	ask("search?query=&limit=1", &found)
	if len(found) != 1 {
		t.Fatal("no coin was found")
	}
	ticker := found[0].Ticker

	type bars struct {
		S             string
		T             []int64
		O, H, L, C, V []float64
		NextTime      *int64
	}
	several := 0
	for i, resolution := range settings.Resolutions {
		var want, got bars
		for page, more := 1, true; more; page++ {
			var data wire.Klines
			s.get(fmt.Sprintf("/api/kline?mint=%s&interval=%s&order_by=time_asc&limit=1000&page=%d", ticker, intervals.Intervals[i].Interval, page), &data)
			for _, c := range data.Klines {
				want.T = append(want.T, c.Time)
				want.O, want.H, want.L = append(want.O, c.Open), append(want.H, c.High), append(want.L, c.Low)
				want.C, want.V = append(want.C, c.Close), append(want.V, c.Volume)
			}
			more = data.HasNext
		}

		for to, pages := int64(1)<<35, 0; ; pages++ {
			var page bars
			ask(fmt.Sprintf("history?symbol=%s&resolution=%s&from=%d&to=%d&countback=50", ticker, resolution, to-600, to), &page)
			if page.S == "no_data" {
				if page.NextTime != nil || pages == 0 {
					t.Errorf("%s: after %d pages %+v", resolution, pages, page)
				}
				if pages > 1 {
					several++
				}
				break
			}

			if pages > len(want.T) || len(page.T) == 0 {
				t.Fatalf("%s: page %d: %+v", resolution, pages, page)
			}
			got.T = slices.Concat(page.T, got.T)
			got.O, got.H, got.L = slices.Concat(page.O, got.O), slices.Concat(page.H, got.H), slices.Concat(page.L, got.L)
			got.C, got.V = slices.Concat(page.C, got.C), slices.Concat(page.V, got.V)
			to = page.T[0]
		}

		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d bars, want %d of %s", resolution, len(got.T), len(want.T), intervals.Intervals[i].Interval)
		}
	}
	if several == 0 {
		t.Error("no history had several pages")
	}
}
