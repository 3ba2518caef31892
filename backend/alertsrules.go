package backend

import (
	"encoding/json"
	"strconv"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/wire"
)

// SaveAlert adds a rule to the data directory's rule file, or replaces the one with its id, and returns it as it was
// written. An empty id gets a new one; created_at 0 counts from now. The error of a rule that makes no sense is
// "field: why". It works whether or not the backend runs; a running one uses the rule at once.
func (b *Backend) SaveAlert(rule wire.AlertRule) (wire.AlertRule, error) {
	saved, err := alert.At(b.options.DataDir).Save(ruleFields(rule), time.Now())
	if err != nil {
		return wire.AlertRule{}, err
	}
	b.alertRulesChanged()
	return wireRule(&saved), nil
}

// DeleteAlert takes a rule out of the rule file. It returns alert.ErrNoRule when there is none with the id.
func (b *Backend) DeleteAlert(id string) error {
	if err := alert.At(b.options.DataDir).Remove(id); err != nil {
		return err
	}
	b.alertRulesChanged()
	return nil
}

// alertRulesChanged has a running backend read the rules now rather than a second later.
func (b *Backend) alertRulesChanged() {
	select {
	case b.alertRules <- struct{}{}:
	default:
	}
}

// ruleFields is a rule of the wire as the rule file has it.
func ruleFields(r wire.AlertRule) alert.Fields {
	return alert.Fields{
		ID: r.ID, Kind: alert.Kind(r.Kind), Symbol: r.Symbol, Price: r.Price, Direction: r.Direction,
		Percent: number(r.Percent), WindowSeconds: r.WindowSeconds, Factor: number(r.Factor), MinSize: r.MinSize,
		Once: r.Once, Muted: r.Muted, CreatedAt: r.CreatedAt,
	}
}

// number writes a float as the decimal that a person typed; "" for 0, which stands for nothing given.
func number(x float64) json.Number {
	if x == 0 {
		return ""
	}
	return json.Number(strconv.FormatFloat(x, 'f', -1, 64))
}

// wireRule is a rule as the wire has it.
func wireRule(r *alert.Rule) wire.AlertRule {
	f := r.Fields()
	percent, _ := f.Percent.Float64() // "" is 0
	factor, _ := f.Factor.Float64()
	return wire.AlertRule{
		ID: f.ID, Kind: string(f.Kind), Symbol: f.Symbol, Price: f.Price, Direction: f.Direction, Percent: percent,
		WindowSeconds: f.WindowSeconds, Factor: factor, MinSize: f.MinSize, Once: f.Once, Muted: f.Muted, CreatedAt: f.CreatedAt,
	}
}
