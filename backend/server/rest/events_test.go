package rest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// TestEventsOfAllMints: whatever is chosen and however small the pages are, following the cursors gives every event of every mint
// that is chosen, once, the newest first; a request looks at so many events and no more, and only the last says that it is the last.
func TestEventsOfAllMints(t *testing.T) {
	const looked = 20_000
	random := rand.New(rand.NewPCG(8, 8)) //nolint:gosec // a test that repeats
	f := newFake()
	f.events = markEvents(random, 45_000)
	for i := range f.events {
		if f.events[i].Owner = user; random.IntN(9) == 0 {
			f.events[i].Owner = nobody
		}
	}
	server := serve(t, deps(f))

	for _, ask := range []struct {
		query url.Values
		takes func(*market.Event) bool
		limit int
	}{
		{url.Values{}, func(*market.Event) bool { return true }, 1000},
		{url.Values{"types": {"ForceLiquidate", "LongShort"}}, func(e *market.Event) bool {
			return slices.Contains([]string{"ForceLiquidate", "LongShort"}, e.Kind().String())
		}, 777},
		{url.Values{"accounts": {nobody.String(), key(99).String()}, "types": {"BuySell"}}, func(e *market.Event) bool {
			return e.Owner == nobody && e.Kind().String() == "BuySell"
		}, 1000},
		{url.Values{"min_size": {"4.9999"}}, func(e *market.Event) bool {
			trade, ok := e.Trade()
			return ok && trade.Quote >= 4_999_900_000
		}, 1000},
		{url.Values{"accounts": {key(99).String()}}, func(*market.Event) bool { return false }, 5},
	} {
		var want, got []string
		for i := len(f.events) - 1; i >= 0; i-- {
			if e := f.events[i]; ask.takes(&e) {
				want = append(want, fmt.Sprint(e.Slot, " ", e.Kind(), " ", e.Mint()))
			}
		}

		ask.query.Set("limit", fmt.Sprint(ask.limit))
		requests := 0
		for more := true; more; requests++ {
			answer := call(t, http.MethodGet, server.URL+"/api/events?"+ask.query.Encode(), "")
			var page struct {
				Data struct {
					Events []map[string]any
					wire.Paging
					NextCursor *string `json:"next_cursor"`
					Reached    int64
				}
			}
			if err := json.Unmarshal(answer.raw, &page); err != nil || answer.status != http.StatusOK {
				t.Fatalf("%v: %d %s %v", ask.query, answer.status, answer.message, err)
			}

			for _, e := range page.Data.Events {
				got = append(got, fmt.Sprintf("%v %v %v", e["slot"], e["event_type"], e["mint_account"]))
			}
			if page.Data.HasPrev != (requests > 0) || page.Data.HasNext != (page.Data.NextCursor != nil) || page.Data.Reached == 0 || len(page.Data.Events) > ask.limit {
				t.Fatalf("%v: %+v %s", ask.query, page.Data.Paging, answer.raw[len(answer.raw)-300:])
			}
			if more = page.Data.NextCursor != nil; more {
				ask.query.Set("cursor", *page.Data.NextCursor)
			}
		}

		if !slices.Equal(got, want) {
			t.Errorf("%v: %d events, want %d", ask.query, len(got), len(want))
		}
		if least := len(f.events) / looked; requests <= least {
			t.Errorf("%v: %d requests looked at %d events", ask.query, requests, len(f.events))
		}
	}
}
