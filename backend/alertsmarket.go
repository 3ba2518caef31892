package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/market"
	"spinscope/backend/server/stream"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// alertMarket is what the evaluator looks up in the store.
type alertMarket struct{ *store.Store }

// EventsBack implements alert.Market.
func (m alertMarket) EventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) bool) error {
	return m.MintEventsBack(mint, before, func(e *market.Event) error {
		if fn(e) {
			return nil
		}
		return store.Stop
	})
}

// Terms implements alert.Market.
func (m alertMarket) Terms(order market.Pubkey, before market.Position) (terms market.Terms, known bool, err error) {
	err = m.OrderEvents(order, func(e *market.Event) error {
		if e.Position.Compare(before) >= 0 {
			return store.Stop
		}
		switch body := e.Body.(type) {
		case *market.LongShort:
			terms, known = body.Terms, true
		case *market.PartialClose:
			terms, known = body.Terms, true
		}
		return nil
	})
	return terms, known, err
}

// Name implements alert.Market. A name is not worth a failure.
func (m alertMarket) Name(mint market.Pubkey) string {
	token, ok, err := m.Token(mint)
	if err != nil || !ok || token.Created == nil {
		return ""
	}
	return token.Created.Symbol
}

// link tells whether the cluster is connected, and since when it is not, at most since began; watched is false when it is
// not to be.
func (in *intake) link(began time.Time) (connected bool, since time.Time, watched bool) {
	status := in.status()
	if feed := in.current(); feed != nil {
		since = feed.Status().Since
	}
	if since.Before(began) {
		since = began
	}
	return status.Running, since, status.Connection != "disabled"
}

// storedAlerts implements stream.Alerts.
type storedAlerts struct{ *store.Store }

// AlertsSince implements stream.Alerts.
func (s storedAlerts) AlertsSince(ctx context.Context, since market.Seq) ([]stream.Alert, uint64, bool, error) {
	records, last, complete, err := s.Store.AlertsSince(ctx, since)
	list := make([]stream.Alert, len(records))
	for i, r := range records {
		list[i] = stream.Alert{Number: r.Number, Payload: r.Data}
	}
	return list, last, complete, err
}

// Rules implements rest.Alerts.
func (a *alerts) Rules() []wire.AlertRule {
	rules, _ := a.rules.read()
	list := make([]wire.AlertRule, len(rules))
	for i := range rules {
		list[i] = wireRule(&rules[i])
		created, spent := (*a.spent.Load())[rules[i].ID]
		list[i].Spent = spent && created == rules[i].CreatedAt
	}
	return list
}

// Alerts implements rest.Alerts.
func (a *alerts) Alerts(ctx context.Context, offset, limit int) ([]wire.Alert, int, error) {
	records, total, err := a.store.Alerts(ctx, offset, limit)
	if err != nil {
		return nil, 0, err
	}
	list := make([]wire.Alert, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Data, &list[i]); err != nil {
			return nil, 0, fmt.Errorf("read alert %x: %w", r.ID, err)
		}
	}
	return list, total, nil
}

func wireAlert(a *alert.Alert) wire.Alert {
	value, _ := strconv.ParseFloat(a.Value, 64) // "" is 0
	out := wire.Alert{
		ID: a.ID.String(), Rule: a.Rule, Kind: string(a.Kind), Message: a.Message, Value: value, ValueExact: a.Value,
		Timestamp: a.Timestamp, Seq: uint64(a.Seq), Slot: uint64(a.Slot), Late: a.Late,
	}
	if !a.Mint.IsZero() {
		out.Symbol = a.Mint.String()
	}
	if a.Signature != (market.Signature{}) {
		out.Signature = a.Signature.String()
	}
	return out
}
