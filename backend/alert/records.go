package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// storedMarket is what the evaluator looks up in the store.
type storedMarket struct {
	*store.Store
	info func(market.Pubkey) market.MintInfo
}

// Supply implements Market. What cannot be read is not known.
func (m storedMarket) Supply(mint market.Pubkey) (supply uint64, known bool) {
	token, ok, err := m.Token(mint)
	if err != nil || !ok {
		return 0, false
	}
	supply, _, known = token.Supply(m.info(mint))
	return supply, known
}

// EventsBack implements Market.
func (m storedMarket) EventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) bool) error {
	return m.MintEventsBack(mint, before, func(e *market.Event) error {
		if fn(e) {
			return nil
		}
		return store.Stop
	})
}

// Terms implements Market.
func (m storedMarket) Terms(order market.Pubkey, before market.Position) (market.Terms, bool, error) {
	o, known, err := m.OrderBefore(order, before)
	return o.Terms, known, err
}

// Name implements Market. A name is not worth a failure.
func (m storedMarket) Name(mint market.Pubkey) string {
	token, ok, err := m.Token(mint)
	if err != nil || !ok || token.Created == nil {
		return ""
	}
	_, symbol, _ := token.Created.Names()
	return symbol
}

// AlertsSince gives the stored alerts from a seq on, oldest first, and the number of the last one; complete is false when
// older ones are no longer known.
func (s *Service) AlertsSince(ctx context.Context, since market.Seq) (list []wire.AlertPush, last uint64, complete bool, err error) {
	records, last, complete, err := s.store.AlertsSince(ctx, since)
	return pushes(records), last, complete, err
}

// Rules is the rule file as it stands, for any goroutine.
func (s *Service) Rules() []wire.AlertRule {
	rules, _ := s.rules.read()
	list := make([]wire.AlertRule, len(rules))
	for i := range rules {
		list[i] = wireRule(&rules[i])
		created, spent := (*s.spent.Load())[rules[i].ID]
		list[i].Spent = spent && created == rules[i].CreatedAt
		if rules[i].capped() {
			_, known := s.market.Supply(rules[i].Mint)
			list[i].SupplyUnknown = !known
		}
	}
	return list
}

// Alerts pages through the stored alerts, newest first, and counts all of them; for any goroutine.
func (s *Service) Alerts(ctx context.Context, offset, limit int) ([]wire.Alert, int, error) {
	records, total, err := s.store.Alerts(ctx, offset, limit)
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

func wireAlert(a *Alert) wire.Alert {
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
