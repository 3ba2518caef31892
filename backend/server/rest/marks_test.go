package rest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/wire"
)

// markEvents are many events, liquidations of longs, shorts and unknown orders among them, close together in time.
func markEvents(r *rand.Rand, count int) []market.Event {
	events := make([]market.Event, count)
	for i := range events {
		e := market.Event{Position: market.Position{Slot: market.Slot(i / 3), Index: uint32(i % 3)}, BlockTime: firstTime + int64(i/2)}       //nolint:gosec // small
		terms := market.Terms{OrderType: 1 + uint8(r.IntN(2)), User: user, BorrowAmount: r.Uint64N(5e9), PositionAssetAmount: r.Uint64N(5e9)} //nolint:gosec // small
		switch r.IntN(7) {
		case 3:
			e.Body = &pump.Complete{User: user, Mint: mint}
		case 0:
			e.Body = &spinpet.ForceLiquidate{Payer: nobody, Mint: mint, Order: key(5)}
			if r.IntN(4) > 0 {
				e.Liquidated = &market.Order{Terms: terms, Scale: 28}
			}
		case 1:
			e.Price = market.Price(market.U64(7))
			e.Body = &spinpet.LongShort{Payer: user, Mint: mint, Terms: terms}
		case 2:
			e.Body = &spinpet.BuySell{Payer: user, Mint: uncreated}
		default:
			e.Price = market.Price(market.U64(7))
			e.Body = &spinpet.BuySell{Payer: user, Mint: mint, IsBuy: r.IntN(2) == 0, TokenAmount: r.Uint64N(1e9), SolAmount: r.Uint64N(5e9)}
		}

		events[i] = e
	}

	return events
}

// plainMarks are the marks of a mint's events, added up one by one.
func plainMarks(events []market.Event, interval market.Interval, from, to int64, least uint64) map[string][3]uint64 {
	want := map[string][3]uint64{}
	for i := range events {
		e := &events[i]
		if e.Mint() != mint || e.BlockTime < from || e.BlockTime > to {
			continue
		}

		name, tokens, lamports := "", uint64(0), uint64(0)
		switch b := e.Body.(type) {
		case *pump.Complete:
			name = "graduation none"
		case *spinpet.ForceLiquidate:
			switch {
			case e.Liquidated == nil:
				name = "liquidation unknown"
			case e.Liquidated.Terms.OrderType == 1:
				name, tokens, lamports = "liquidation long", e.Liquidated.Terms.PositionAssetAmount, e.Liquidated.Terms.BorrowAmount
			default:
				name, tokens, lamports = "liquidation short", e.Liquidated.Terms.BorrowAmount, e.Liquidated.Terms.PositionAssetAmount
			}
		case *spinpet.BuySell:
			if name, tokens, lamports = "large_trade sell", b.TokenAmount, b.SolAmount; b.IsBuy {
				name = "large_trade buy"
			}
		case *spinpet.LongShort:
			if name, tokens, lamports = "large_trade sell", b.Terms.BorrowAmount, b.Terms.PositionAssetAmount; b.Terms.OrderType == 1 {
				name, tokens, lamports = "large_trade buy", b.Terms.PositionAssetAmount, b.Terms.BorrowAmount
			}
		}

		if name[0] == 'l' && name[1] == 'a' && lamports < least {
			continue
		}
		name = fmt.Sprint(interval.Floor(e.BlockTime), " ", name)
		sum := want[name]
		want[name] = [3]uint64{sum[0] + 1, sum[1] + tokens, sum[2] + lamports}
	}

	return want
}

// However long the history is and whatever part of it is asked for, the pages add up to what the events are.
func TestMarksAreTheEventsAddedUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // a test that repeats
	f := newFake()
	f.events = markEvents(r, 70_000)
	server := serve(t, deps(f))
	for _, ask := range []struct {
		interval market.Interval
		from, to int64
		least    string
		lamports uint64
	}{
		{market.M1, 0, 9_999_999_999, "4.2", 4_200_000_000},
		{market.H4, firstTime + 3000, firstTime + 30_000, "0.000000001", 1},
		{market.S1, firstTime + 30_000, firstTime + 34_000, "4.999999999", 4_999_999_999},
		{market.D1, 0, 9_999_999_999, "", 1 << 63},
		{market.M5, firstTime + 17, firstTime + 17, "0", 0},
	} {
		query := url.Values{"mint": {mint.String()}, "interval": {ask.interval.String()}, "from": {fmt.Sprint(ask.from)}, "to": {fmt.Sprint(ask.to)}}
		if ask.least != "" {
			query.Set("min_size", ask.least)
		}
		got := map[string][3]uint64{}
		pages, reached := 0, int64(1<<62)
		for {
			answer := call(t, http.MethodGet, server.URL+"/api/marks?"+query.Encode(), "")
			var marks wire.Marks
			if err := json.Unmarshal(answer.raw, &struct{ Data *wire.Marks }{&marks}); err != nil || answer.status != http.StatusOK {
				t.Fatalf("%d %s %v", answer.status, answer.message, err)
			}

			pages++
			for i, m := range marks.Marks {
				if i > 0 && m.Time > marks.Marks[i-1].Time {
					t.Fatal("not the newest first")
				}
				if (m.Side == "unknown" || m.Side == "none") != (m.QuoteVolume == nil) || (m.Volume == nil) != (m.QuoteVolume == nil) {
					t.Fatalf("a size that is not known: %+v", m)
				}

				sum := got[fmt.Sprint(m.Time, " ", m.Kind, " ", m.Side)]
				if sum[0]++; m.Volume == nil {
					m.Volume, m.QuoteVolume = new(0.0), new(0.0)
				}
				sum[0] += m.Count - 1
				sum[1] += uint64(*m.Volume*1e6 + 0.5)
				sum[2] += uint64(*m.QuoteVolume*1e9 + 0.5)
				got[fmt.Sprint(m.Time, " ", m.Kind, " ", m.Side)] = sum
			}

			if marks.Reached > reached || marks.Seq != 42 || marks.Store != "0f0f" {
				t.Fatalf("reached %d after %d, %d %s", marks.Reached, reached, marks.Seq, marks.Store)
			}
			reached = marks.Reached
			if marks.NextCursor == nil {
				break
			}
			query.Set("cursor", *marks.NextCursor)
		}

		want := plainMarks(f.events, ask.interval, ask.from, ask.to, ask.lamports)
		if !reflect.DeepEqual(got, want) || len(want) == 0 || reached != ask.from {
			t.Errorf("%s from %d: %d marks, want %d; reached %d", ask.interval, ask.from, len(got), len(want), reached)
		}
		if spans := ask.to-ask.from > 20_000; spans != (pages > 1) {
			t.Errorf("%s: %d pages", ask.interval, pages)
		}
	}
}

func TestMarksRefuse(t *testing.T) {
	server := serve(t, deps(newFake()))
	for query, name := range map[string]string{
		"interval=m1": "mint", "mint=" + mint.String(): "interval", "min_size=-1": "min_size", "min_size=1e3": "min_size",
		"min_size=0.0000000001": "min_size", "cursor=1-2": "cursor", "cursor=1-2-70000": "cursor", "cursor=01-2-3": "cursor", "cursor=": "cursor",
	} {
		if name != "mint" && name != "interval" {
			query += "&interval=m1&mint=" + mint.String()
		}
		got := call(t, http.MethodGet, server.URL+"/api/marks?"+query, "")
		if got.status != http.StatusBadRequest || len(got.message) < len(name) || got.message[:len(name)] != name {
			t.Errorf("%s: %d %s", query, got.status, got.message)
		}
	}
}
