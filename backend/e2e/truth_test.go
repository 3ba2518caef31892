package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// truth is the ledger once everything on it is final, with what the tests of trouble need beside its events.
type truth struct {
	*ledger
	transactions int
	cut          []string         // signatures of transactions whose log was cut
	cutAt        map[string]int64 // their slots
	orders       map[string]openOrder
	newest       uint64 // slot of the last transaction
}

// terms are those of a margin order.
type terms struct {
	LockStart string      `json:"lock_lp_start_price"`
	LockEnd   string      `json:"lock_lp_end_price"`
	LockSol   json.Number `json:"lock_lp_sol_amount"`
	LockToken json.Number `json:"lock_lp_token_amount"`
	StartTime uint32      `json:"start_time"`
	EndTime   uint32      `json:"end_time"`
	MarginSol json.Number `json:"margin_sol_amount"`
	Borrow    json.Number `json:"borrow_amount"`
	Position  json.Number `json:"position_asset_amount"`
	BorrowFee uint16      `json:"borrow_fee"`
}

// openOrder is a margin order as GET /api/mint_orders has it.
type openOrder struct {
	terms
	OrderType       uint8  `json:"order_type"`
	Mint            string `json:"mint"`
	User            string `json:"user"`
	LatestPrice     string `json:"latest_price"`
	LatestTradeTime int64  `json:"latest_trade_time"`
}

// readTruth reads the ledger and works the open orders out of it.
func (c *cluster) readTruth() *truth {
	c.t.Helper()
	l := &truth{ledger: c.readLedger(), cutAt: map[string]int64{}, orders: map[string]openOrder{}}
	for after := ""; ; {
		var page struct {
			Transactions []struct {
				Signature string `json:"signature"`
				Slot      uint64 `json:"slot"`
				Failed    bool   `json:"failed"`
				Truncated bool   `json:"truncated"`
				BlockTime int64  `json:"block_time"`
				Events    []struct {
					record
					OrderType uint8  `json:"order_type"`
					Terms     *terms `json:"terms"`
				} `json:"events"`
			} `json:"transactions"`
			Next string `json:"next"`
		}
		c.call("simnet_ledger", map[string]any{"after": after, "limit": 5000, "commitment": "processed"}, &page)
		for _, tx := range page.Transactions {
			l.transactions++
			l.newest = max(l.newest, tx.Slot)
			if tx.Failed {
				continue
			}

			if tx.Truncated {
				l.cut = append(l.cut, tx.Signature)
				l.cutAt[tx.Signature] = int64(tx.Slot) //nolint:gosec // a slot is far below
			}
			for _, e := range tx.Events {
				switch e.Kind {
				case "LongShort", "PartialClose":
					l.orders[e.Order] = openOrder{
						terms: *e.Terms, OrderType: e.OrderType, Mint: e.Mint, User: e.User, LatestPrice: e.PriceRaw,
						LatestTradeTime: tx.BlockTime * 1000,
					}
				case "FullClose", "ForceLiquidate":
					delete(l.orders, e.Order)
				}
			}
		}

		if after = page.Next; after == "" {
			return l
		}
	}
}

// rested puts the market at rest and returns the ledger once all of it is final.
func (c *cluster) rested() *truth {
	c.t.Helper()
	c.rest()
	var l *truth
	await(c.t, "everything to be final", func() error {
		var status struct {
			Finalized uint64 `json:"finalized"`
		}
		c.call("simnet_status", map[string]any{}, &status) // before the ledger: until then forks may have moved something
		if l = c.readTruth(); status.Finalized < l.newest {
			return fmt.Errorf("finalized is %d, the last transaction stands in %d", status.Finalized, l.newest)
		}
		return nil
	})
	return l
}

// restEvent is an event as GET /api/events has it.
type restEvent struct {
	EventType   string `json:"event_type"`
	Signature   string `json:"signature"`
	Slot        uint64 `json:"slot"`
	Ordinal     int    `json:"ordinal"`
	Timestamp   string `json:"timestamp"`
	LatestPrice string `json:"latest_price"`
	Provisional bool   `json:"provisional"`
}

// events reads all events of a mint, oldest first.
func (s *server) events(mint string) []restEvent {
	s.t.Helper()
	return eventsAs[restEvent](s, mint)
}

// eventsAs is events with the fields that a test wants.
func eventsAs[T any](s *server, mint string) (list []T) {
	s.t.Helper()
	for page := 1; ; page++ {
		var data struct {
			Events  []T  `json:"events"`
			HasNext bool `json:"has_next"`
		}
		s.get(fmt.Sprintf("/api/events?mint=%s&order_by=slot_asc&limit=1000&page=%d", mint, page), &data)
		if list = append(list, data.Events...); !data.HasNext {
			return list
		}
	}
}

// sameEvents reports whether the server has exactly the ledger's events of every mint, in its order and at its times.
func (l *truth) sameEvents(s *server) error {
	s.t.Helper()
	if total := s.status().Total; total != uint64(len(l.records)) {
		return fmt.Errorf("%d events stored, %d on the ledger; only stored: %v; only on the ledger: %v", total, len(l.records), l.extra(s), l.lacking(s))
	}

	return l.sameOfMints(s)
}

// sameOfMints is sameEvents for a server that stores others beside the ledger's mints.
func (l *ledger) sameOfMints(s *server) error {
	s.t.Helper()
	for _, mint := range l.mints() {
		got, want := s.events(mint), l.of(mint)
		for i := range min(len(got), len(want)) {
			w := &want[i]
			expected := restEvent{
				EventType: w.Kind, Signature: w.signature, Slot: w.slot, Ordinal: w.ordinal, LatestPrice: w.PriceRaw,
				Timestamp: time.Unix(w.time, 0).UTC().Format("2006-01-02T15:04:05Z"),
			}
			if got[i] != expected {
				return fmt.Errorf("%s: event %d is\n     %+v\nwant %+v", mint, i, got[i], expected)
			}
		}

		if len(got) != len(want) {
			return fmt.Errorf("%s: %d events, the ledger has %d", mint, len(got), len(want))
		}
	}

	return nil
}

// places gives the slot of every event, by its identity.
func (l *truth) places(s *server) (got, want map[string]int64) {
	got, want = map[string]int64{}, map[string]int64{}
	for i := range l.records {
		want[l.records[i].id()] = int64(l.records[i].slot) //nolint:gosec // a slot is far below
	}
	var known struct {
		Mints []string `json:"mints"`
	}
	s.get("/api/mints?limit=1000", &known)
	for _, mint := range known.Mints {
		for _, e := range s.events(mint) {
			got[fmt.Sprintf("%s/%d", e.Signature, e.Ordinal)] = int64(e.Slot) //nolint:gosec // as above
		}
	}
	return got, want
}

func (l *truth) extra(s *server) []string {
	got, want := l.places(s)
	return without(got, want)
}

func (l *truth) lacking(s *server) []string {
	got, want := l.places(s)
	return without(want, got)
}

func (l *ledger) mints() []string {
	seen := map[string]bool{}
	for i := range l.records {
		seen[l.records[i].Mint] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// compare waits until the server's events are the ledger's, and then expects the same of all that follows from them.
func (l *truth) compare(t *testing.T, s *server) {
	t.Helper()
	await(t, "the events to be those of the ledger", func() error { return l.sameEvents(s) })
	l.compareOrders(t, s)
	l.compareGaps(t, s)
	for _, mint := range l.mints() {
		for interval := range intervalSeconds {
			restCandles(t, s, l.ledger, mint, interval)
		}
		restEvents(t, s, l.ledger, mint)
	}
	if err := l.sameEvents(s); err != nil {
		t.Errorf("after the comparison: %v", err)
	}
}

func (l *truth) compareOrders(t *testing.T, s *server) {
	t.Helper()
	got := map[string]openOrder{}
	for _, mint := range l.mints() {
		for _, side := range []string{"up_orders", "down_orders"} {
			for page := 1; ; page++ {
				var data struct {
					Orders []struct {
						openOrder
						Order string `json:"order_pda"`
					} `json:"orders"`
					HasNext bool `json:"has_next"`
				}
				s.get(fmt.Sprintf("/api/mint_orders?mint=%s&type=%s&limit=1000&page=%d", mint, side, page), &data)
				for _, o := range data.Orders {
					if _, twice := got[o.Order]; twice {
						t.Errorf("order %s comes twice", o.Order)
					}
					got[o.Order] = o.openOrder
				}

				if !data.HasNext {
					break
				}
			}
		}
	}

	for address, want := range l.orders {
		if o, ok := got[address]; !ok {
			t.Errorf("order %s is missing", address)
		} else if o != want {
			t.Errorf("order %s is\n     %+v\nwant %+v", address, o, want)
		}
	}

	if len(got) != len(l.orders) {
		t.Errorf("%d open orders, the ledger has %d", len(got), len(l.orders))
	}
}

// compareGaps expects the cut transactions, and nothing else, to be listed as gaps that stay.
func (l *truth) compareGaps(t *testing.T, s *server) {
	t.Helper()
	var data struct {
		Gaps []struct {
			From  int64  `json:"from_slot"`
			To    int64  `json:"to_slot"`
			Cause string `json:"cause"`
			State string `json:"state"`
		} `json:"gaps"`
	}
	s.get("/api/gaps", &data)

	got := map[string]int64{}
	for _, g := range data.Gaps {
		signature, cut := strings.CutPrefix(g.Cause, "log truncated: ")
		switch {
		case g.State == "filled":
		case !cut || g.State != "unfillable" || g.From != g.To:
			t.Errorf("a gap that is none: %+v", g)
		case got[signature] != 0:
			t.Errorf("%s has two gaps", signature)
		default:
			got[signature] = g.From
		}
	}

	if !maps.Equal(got, l.cutAt) {
		t.Errorf("%d gaps are listed, %d transactions were cut; listed and not cut: %v, cut and not listed: %v",
			len(got), len(l.cutAt), without(got, l.cutAt), without(l.cutAt, got))
	}
}

// without lists what a has and b has not, or at another place.
func without(a, b map[string]int64) (list []string) {
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			list = append(list, fmt.Sprintf("%s at %d", key, value))
		}
	}
	slices.SortFunc(list, cmp.Compare)
	return list[:min(len(list), 5)]
}

// ask does one JSON-RPC call that may fail, as calls of a troubled cluster do.
func (c *cluster) ask(method string, parameter, result any) error {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": []any{parameter}})
	if err != nil {
		return err
	}
	status, answer, err := try(http.MethodPost, c.rpc, map[string]string{"Content-Type": "application/json"}, body)
	if err != nil {
		return err
	}
	var reply struct{ Result json.RawMessage }
	if err := json.Unmarshal(answer, &reply); err != nil || status != http.StatusOK || reply.Result == nil {
		return fmt.Errorf("%s: HTTP %d: %.200s", method, status, answer)
	}
	return json.Unmarshal(reply.Result, result)
}
