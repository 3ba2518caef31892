//go:build desktop

package app

import (
	"spinscope/backend"
	"spinscope/backend/wire"
)

// SaveAlert adds a rule, or replaces the one with its id, and returns it as it was written. The error of a rule that
// makes no sense is "field: why".
func (a *App) SaveAlert(rule wire.AlertRule) (wire.AlertRule, error) {
	if a.first != nil {
		var saved wire.AlertRule
		err := a.first.call("SaveAlert", rule, &saved)
		return saved, err
	}
	return a.alertRules().SaveAlert(rule)
}

// DeleteAlert takes a rule away.
func (a *App) DeleteAlert(id string) error {
	if a.first != nil {
		return a.first.call("DeleteAlert", id, nil)
	}
	return a.alertRules().DeleteAlert(id)
}

// alertRules is the running backend, or one that only knows where the rules are.
func (a *App) alertRules() *backend.Backend {
	if running, _, ok := a.server.current(); ok {
		return running
	}
	return backend.New(a.server.settings())
}
