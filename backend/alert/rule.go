package alert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"spinscope/backend/market"
)

// Kind is what a rule looks for. The names are those of the rule file and of the wire.
type Kind string

// The kinds of rules; docs/alerts.md says precisely what each means.
const (
	PriceAbove     Kind = "price_above"
	PriceBelow     Kind = "price_below"
	MarketCapAbove Kind = "market_cap_above"
	MarketCapBelow Kind = "market_cap_below"
	LineAbove      Kind = "line_above"
	LineBelow      Kind = "line_below"
	PercentMove    Kind = "percent_move"
	Liquidation    Kind = "liquidation"
	NewToken       Kind = "new_token"
	VolumeSpike    Kind = "volume_spike"
	WalletTrade    Kind = "wallet_trade"
	ConnectionLost Kind = "connection_lost"
)

// Kinds are all kinds, in the order that help texts list them.
func Kinds() []Kind {
	return []Kind{
		PriceAbove, PriceBelow, MarketCapAbove, MarketCapBelow, LineAbove, LineBelow, PercentMove, Liquidation, NewToken, VolumeSpike, WalletTrade,
		ConnectionLost,
	}
}

// Bounds of rules.
const (
	MaxRules   = 500    // in the file
	MaxBroad   = 20     // of them, percent_move and volume_spike for all mints: each keeps a window for every mint
	MinWindow  = 10     // seconds
	MaxWindow  = 86_400 // seconds
	hundred    = 100    // percents and factors are counted in hundredths
	maxPercent = 1_000_000 * hundred
	maxFactor  = 1_000_000 * hundred
	maxID      = 64
	priceRest  = 300 // seconds of chain time in which a price that is crossed again is no news
)

// Fields are a rule as people and programs write it, with the names it has in the file.
type Fields struct {
	ID            string      `json:"id"`
	Kind          Kind        `json:"kind"`
	Symbol        string      `json:"symbol,omitempty"`
	Wallet        string      `json:"wallet,omitempty"`
	Price         string      `json:"price,omitempty"` // quote per whole token, decimal
	MarketCap     string      `json:"market_cap,omitempty"`
	FromTime      int64       `json:"from_time,omitempty"`  // Unix seconds
	FromPrice     string      `json:"from_price,omitempty"` // as Price
	ToTime        int64       `json:"to_time,omitempty"`    // Unix seconds
	ToPrice       string      `json:"to_price,omitempty"`
	Ray           bool        `json:"ray,omitempty"`       // the line goes on beyond its second point
	Direction     string      `json:"direction,omitempty"` // up, down, both
	Percent       json.Number `json:"percent,omitempty"`
	WindowSeconds int64       `json:"window_seconds,omitempty"`
	Factor        json.Number `json:"factor,omitempty"`
	MinSize       string      `json:"min_size,omitempty"` // whole units of the quote, decimal
	Once          bool        `json:"once,omitempty"`
	Muted         bool        `json:"muted,omitempty"`
	CreatedAt     int64       `json:"created_at,omitempty"` // Unix milliseconds
}

// sizeDecimals are those of Rule.MinSize, whatever a coin is paid in: a rule may be about every coin.
const sizeDecimals = 9

// Rule is a rule that makes sense. Rules are not changed once made.
type Rule struct {
	ID        string
	Kind      Kind
	Mint      market.Pubkey // zero: all
	Wallet    market.Pubkey // of WalletTrade
	Price     market.Price
	MarketCap uint64 // 10^-9 whole units of the quote
	Line      line   // of LineAbove and LineBelow
	Up, Down  bool   // which moves count
	Percent   uint64 // hundredths of a percent
	Window    int64  // seconds
	Factor    uint64 // hundredths
	MinSize   uint64 // 10^-9 whole units of the quote
	Once      bool
	Muted     bool
	CreatedAt int64 // Unix milliseconds
	Undated   bool  // the file does not say when it was created
	fields    Fields
}

// FieldError is returned for a rule that makes no sense. Field is the member at fault.
type FieldError struct{ Field, Why string }

// Error is "field: why".
func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

func wrong(field, format string, args ...any) error {
	return &FieldError{Field: field, Why: fmt.Sprintf(format, args...)}
}

// uses lists the members of a kind beside those every rule has; * marks one that must be given.
var uses = map[Kind][]string{
	PriceAbove:     {"symbol*", "price*"},
	PriceBelow:     {"symbol*", "price*"},
	MarketCapAbove: {"symbol*", "market_cap*"},
	MarketCapBelow: {"symbol*", "market_cap*"},
	LineAbove:      {"symbol*", "from_time*", "from_price*", "to_time*", "to_price*", "ray"},
	LineBelow:      {"symbol*", "from_time*", "from_price*", "to_time*", "to_price*", "ray"},
	PercentMove:    {"symbol", "direction", "percent*", "window_seconds*"},
	Liquidation:    {"symbol", "min_size"},
	NewToken:       {},
	VolumeSpike:    {"symbol", "factor*", "window_seconds*"},
	WalletTrade:    {"wallet*", "symbol", "min_size"},
	ConnectionLost: {},
}

// rest is how long after it fired for a mint the rule tells nothing more of the same, in seconds of chain time.
func (r *Rule) rest() int64 {
	if r.crosses() {
		return priceRest
	}
	return r.Window
}

// crosses reports whether the rule waits for a price to cross a level, its own, that of a market cap or that of a line.
func (r *Rule) crosses() bool {
	return r.Kind == PriceAbove || r.Kind == PriceBelow || r.capped() || r.lined()
}

// capped reports whether the rule needs the supply of its coin.
func (r *Rule) capped() bool { return r.Kind == MarketCapAbove || r.Kind == MarketCapBelow }

// lined reports whether the rule waits at a line.
func (r *Rule) lined() bool { return r.Kind == LineAbove || r.Kind == LineBelow }

// Fields is the rule as it is written.
func (r *Rule) Fields() Fields { return r.fields }

// Parse checks a rule. It returns a *FieldError that names the member at fault.
func (f Fields) Parse() (Rule, error) {
	r := Rule{ID: f.ID, Kind: f.Kind, Once: f.Once, Muted: f.Muted, CreatedAt: f.CreatedAt}
	if err := checkID(f.ID); err != nil {
		return r, err
	}

	members, known := uses[f.Kind]
	if !known {
		return r, wrong("kind", "%.40q is unknown: use one of %s", f.Kind, kindNames())
	}

	present := []struct {
		name string
		is   bool
	}{
		{"symbol", f.Symbol != ""},
		{"wallet", f.Wallet != ""},
		{"price", f.Price != ""},
		{"market_cap", f.MarketCap != ""},
		{"from_time", f.FromTime != 0},
		{"from_price", f.FromPrice != ""},
		{"to_time", f.ToTime != 0},
		{"to_price", f.ToPrice != ""},
		{"ray", f.Ray},
		{"direction", f.Direction != ""},
		{"percent", f.Percent != ""},
		{"window_seconds", f.WindowSeconds != 0},
		{"factor", f.Factor != ""},
		{"min_size", f.MinSize != ""},
	}
	for _, one := range present {
		switch {
		case !one.is && slices.Contains(members, one.name+"*"):
			return r, wrong(one.name, "missing: %s needs it", f.Kind)
		case one.is && !slices.Contains(members, one.name) && !slices.Contains(members, one.name+"*"):
			return r, wrong(one.name, "%s has no use for it: leave it out", f.Kind)
		}
	}

	if f.CreatedAt < 0 || f.CreatedAt > 1<<53 {
		return r, wrong("created_at", "%d is no time in Unix milliseconds", f.CreatedAt)
	}
	if err := r.measures(&f); err != nil {
		return r, err
	}
	r.fields = r.written(&f)
	return r, nil
}

// measures reads the members that say how much.
func (r *Rule) measures(f *Fields) (err error) {
	if f.Symbol != "" {
		if r.Mint, err = market.ParsePubkey(f.Symbol); err != nil || r.Mint.IsZero() {
			return wrong("symbol", "%.60q is no mint address (base58, 32 bytes)", f.Symbol)
		}
	}

	if f.Wallet != "" {
		if r.Wallet, err = market.ParsePubkey(f.Wallet); err != nil || r.Wallet.IsZero() {
			return wrong("wallet", "%.60q is no address of a wallet (base58, 32 bytes)", f.Wallet)
		}
	}

	if f.Price != "" {
		price, ok := decimal(f.Price, market.PriceDecimals)
		if !ok || price.IsZero() {
			return wrong("price", "%.60q is no price: write what a whole token costs as a decimal such as 0.00000003, at most 28 decimals, above 0", f.Price)
		}
		r.Price = market.Price(price)
	}

	if f.MarketCap != "" {
		amount, ok := decimal(f.MarketCap, sizeDecimals)
		if !ok || amount.Hi != 0 || amount.IsZero() {
			return wrong("market_cap", "%.60q is no market cap: write price × supply in what the coin is paid in as a decimal such as 250.5, at most 9 decimals, above 0", f.MarketCap)
		}
		r.MarketCap = amount.Lo
	}

	if r.lined() {
		if r.Line, err = parseLine(f); err != nil {
			return err
		}
	}

	switch f.Direction {
	case "up":
		r.Up = true
	case "down":
		r.Down = true
	case "", "both":
		r.Up, r.Down = true, true
	default:
		return wrong("direction", "%.40q is unknown: use up, down or both", f.Direction)
	}

	if r.Percent, err = hundredths("percent", f.Percent, 1, maxPercent); err != nil {
		return err
	}
	if r.Factor, err = hundredths("factor", f.Factor, hundred+1, maxFactor); err != nil {
		return err
	}
	if f.WindowSeconds != 0 && (f.WindowSeconds < MinWindow || f.WindowSeconds > MaxWindow) {
		return wrong("window_seconds", "%d is not from %d to %d", f.WindowSeconds, MinWindow, MaxWindow)
	}

	r.Window = f.WindowSeconds
	if f.MinSize != "" {
		size, ok := decimal(f.MinSize, sizeDecimals)
		if !ok || size.Hi != 0 {
			return wrong("min_size", "%.60q is no amount: write a decimal such as 1.5, at most 9 decimals", f.MinSize)
		}
		r.MinSize = size.Lo
	}

	return nil
}

// written is the rule with its numbers in the one way they are kept.
func (r *Rule) written(f *Fields) Fields {
	out := *f
	if f.Price != "" {
		out.Price = r.Price.String()
	}
	if f.MarketCap != "" {
		out.MarketCap = market.U64(r.MarketCap).Decimal(sizeDecimals)
	}
	if r.lined() {
		out.FromPrice, out.ToPrice = r.Line.fromPrice.String(), r.Line.toPrice.String()
	}
	if f.MinSize != "" {
		out.MinSize = market.U64(r.MinSize).Decimal(sizeDecimals)
	}
	if r.Kind == PercentMove && f.Direction == "" {
		out.Direction = "both"
	}
	if f.Percent != "" {
		out.Percent = json.Number(market.U64(r.Percent).Decimal(2))
	}
	if f.Factor != "" {
		out.Factor = json.Number(market.U64(r.Factor).Decimal(2))
	}
	return out
}

// Same reports whether two rules look for the same, whatever their id, age and muting.
func (r *Rule) Same(other *Rule) bool {
	x, y := r.fields, other.fields
	x.ID, x.Muted, x.CreatedAt = y.ID, y.Muted, y.CreatedAt
	return x == y
}

// Date says when the rule was created; before anybody else has the rule.
func (r *Rule) Date(created int64) { r.CreatedAt, r.fields.CreatedAt = created, created }

// broad reports whether the rule keeps a window for every mint that trades.
func (r *Rule) broad() bool {
	return r.Mint.IsZero() && (r.Kind == PercentMove || r.Kind == VolumeSpike)
}

func checkID(id string) error {
	if id == "" {
		return wrong("id", "missing")
	}
	if len(id) > maxID || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return wrong("id", "%.70q is not 1 to %d letters, digits, - and _", id, maxID)
	}
	return nil
}

func kindNames() string {
	names := make([]string, 0, len(uses))
	for _, kind := range Kinds() {
		names = append(names, string(kind))
	}
	return strings.Join(names, ", ")
}

// decimal reads a number without sign and exponent, as a multiple of 10^-decimals, exactly.
func decimal(text string, decimals int) (market.U128, bool) {
	whole, fraction, point := strings.Cut(text, ".")
	if len(text) > 80 || whole == "" || point && fraction == "" {
		return market.U128{}, false
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > decimals {
		return market.U128{}, false
	}
	value, err := market.ParseU128(whole + fraction + strings.Repeat("0", decimals-len(fraction)))
	return value, err == nil
}

// hundredths reads a number with at most two decimals; 0 when it is not given.
func hundredths(field string, text json.Number, low, high uint64) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	value, ok := decimal(text.String(), 2)
	if !ok || value.Hi != 0 || value.Lo < low || value.Lo > high {
		return 0, wrong(field, "%.40q is not from %s to %s with at most two decimals", text.String(),
			market.U64(low).Decimal(2), market.U64(high).Decimal(2))
	}
	return value.Lo, nil
}

// decodeRule reads one rule of the file.
func decodeRule(text []byte) (Rule, error) {
	var f Fields
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return Rule{}, plain(err)
	}
	return f.Parse()
}

// mulCmp compares x·a with y·b, whatever their size.
func mulCmp(x market.U128, a uint64, y market.U128, b uint64) int {
	left, over := x.Mul64(a)
	right, overToo := y.Mul64(b)
	if !over && !overToo {
		return left.Cmp(right)
	}
	wide := new(big.Int).Mul(x.Big(), new(big.Int).SetUint64(a))
	return wide.Cmp(new(big.Int).Mul(y.Big(), new(big.Int).SetUint64(b)))
}
