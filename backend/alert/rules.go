package alert

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"spinscope/backend/textfile"
	"spinscope/backend/wire"
)

// SaveRule adds a rule of the wire to the file, or replaces the one with its id, and returns it as it was written. An
// empty id gets a new one; created_at 0 counts from now. The error of a rule that makes no sense is "field: why".
func (f File) SaveRule(rule wire.AlertRule, now time.Time) (wire.AlertRule, error) {
	saved, err := f.Save(ruleFields(rule), now)
	if err != nil {
		return wire.AlertRule{}, err
	}
	return wireRule(&saved), nil
}

// ruleFields is a rule of the wire as the rule file has it.
func ruleFields(r wire.AlertRule) Fields {
	return Fields{
		ID: r.ID, Kind: Kind(r.Kind), Symbol: r.Symbol, Price: r.Price, Direction: r.Direction,
		Percent: number(r.Percent), WindowSeconds: r.WindowSeconds, Factor: number(r.Factor), MinSize: r.MinSize, Wallet: r.Wallet, MarketCap: r.MarketCap,
		FromTime: r.FromTime, FromPrice: r.FromPrice, ToTime: r.ToTime, ToPrice: r.ToPrice, Ray: r.Ray,
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
func wireRule(r *Rule) wire.AlertRule {
	f := r.Fields()
	percent, _ := f.Percent.Float64() // "" is 0
	factor, _ := f.Factor.Float64()
	return wire.AlertRule{
		ID: f.ID, Kind: string(f.Kind), Symbol: f.Symbol, Price: f.Price, MarketCap: f.MarketCap, Direction: f.Direction, Percent: percent,
		WindowSeconds: f.WindowSeconds, Factor: factor, MinSize: f.MinSize, Wallet: f.Wallet,
		FromTime: f.FromTime, FromPrice: f.FromPrice, ToTime: f.ToTime, ToPrice: f.ToPrice, Ray: f.Ray, Once: f.Once, Muted: f.Muted, CreatedAt: f.CreatedAt,
	}
}

// ruleReader is the rule file as it was last read. Safe for concurrent use.
type ruleReader struct {
	file File
	log  *slog.Logger

	mu      sync.Mutex
	stamp   textfile.Stamp
	version int // 0 before the first reading
	rules   []Rule
	wrong   string // what the last error said
}

// read gives the rules that make sense, and a number that is another one when they may have changed. The slice is not to
// be changed. What cannot be used is told in the log once.
func (r *ruleReader) read() (rules []Rule, version int) {
	r.mu.Lock()
	defer r.mu.Unlock()

	stamp := textfile.StampOf(r.file.Path())
	if r.version > 0 && stamp.Equal(r.stamp) {
		return r.rules, r.version
	}

	rules, problems, whole, err := r.file.Read()
	if err != nil {
		if r.wrong != err.Error() {
			r.log.Error("alert rules not read: the ones known stay in force", "err", err)
			r.wrong = err.Error()
		}
		return r.rules, r.version
	}

	r.stamp = stamp
	r.version++
	if !whole { // rules behind the fault are not gone, they cannot be read
		for i := range r.rules {
			if !slices.ContainsFunc(rules, func(one Rule) bool { return one.ID == r.rules[i].ID }) && len(rules) < MaxRules {
				rules = append(rules, r.rules[i])
			}
		}
	}

	for i := range rules { // one without a date stays as old as it is known to be, as long as it looks for the same
		at := slices.IndexFunc(r.rules, func(old Rule) bool { return old.ID == rules[i].ID && old.Same(&rules[i]) })
		if rules[i].Undated && at >= 0 {
			rules[i].Date(r.rules[at].CreatedAt)
		}
	}

	r.rules, r.wrong = rules, ""
	for _, problem := range problems {
		remedy := "correct the file; rules that were in force stay so until then"
		if problem.Rule > 0 {
			remedy = "correct it in the file, or take it out: spinscope alert remove " + problem.ID
		}
		r.log.Warn("alert rule left out", "file", r.file.Path(), "err", problem, "remedy", remedy)
	}

	return rules, r.version
}
