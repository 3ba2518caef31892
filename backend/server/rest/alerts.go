package rest

import (
	"context"
	"fmt"

	"spinscope/backend/wire"
)

// Alerts are the rules and what fired.
type Alerts interface {
	// Rules are all rules that make sense, in the order of the file.
	Rules() []wire.AlertRule
	// Alerts gives limit alerts, newest first, after offset newer ones, and how many are stored.
	Alerts(ctx context.Context, offset, limit int) ([]wire.Alert, int, error)
}

func (a *API) alertRoutes() {
	add(a, get("/api/alerts", "alerts", "Alert rules, and the alerts that fired, newest first",
		"The newest 1000 alerts are stored. Rules are changed in the app or with `spinscope alert`, not here.",
		pageParams()), a.alerts)
}

func (a *API) alerts(ctx context.Context, q *query) (*wire.Alerts, error) {
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}
	answer := &wire.Alerts{Rules: []wire.AlertRule{}, Alerts: []wire.Alert{}}
	total := 0
	if a.deps.Alerts != nil {
		list, stored, err := a.deps.Alerts.Alerts(ctx, wire.Offset(page, limit), limit)
		if err != nil {
			return nil, fmt.Errorf("read alerts: %w", err)
		}
		answer.Rules = append(answer.Rules, a.deps.Alerts.Rules()...)
		answer.Alerts = append(answer.Alerts, list...)
		total = stored
	}
	answer.Paging = wire.NewPaging(total, page, limit)
	return answer, nil
}
