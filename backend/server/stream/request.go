package stream

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// fields is a request's payload. Missing and null are the same.
type fields map[string]any

// payload takes the first argument of a request. Nothing and null are an empty payload.
func payload(args []any) (fields, error) {
	if len(args) == 0 || args[0] == nil {
		return nil, nil
	}
	object, ok := args[0].(map[string]any)
	if !ok {
		return nil, invalid("payload must be an object of named fields, not %s", kindOf(args[0]))
	}
	return object, nil
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	default:
		return "binary data"
	}
}

// failure is a request that was refused, with its code on the wire.
type failure wire.StreamError

func (f *failure) Error() string { return f.Message }

func invalid(format string, args ...any) error {
	return &failure{Code: wire.CodeInvalid, Message: fmt.Sprintf(format, args...)}
}

func (f fields) text(name string) (string, error) {
	switch value := f[name].(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	}
	return "", invalid("%s must be a string", name)
}

// integer reads a whole number within ±2^53; fallback when there is none.
func (f fields) integer(name string, fallback int64) (int64, error) {
	value := f[name]
	if value == nil {
		return fallback, nil
	}
	number, ok := value.(float64)
	if !ok || number != math.Trunc(number) || math.Abs(number) > 1<<53 {
		return 0, invalid("%s must be a whole number", name)
	}
	return int64(number), nil
}

// seconds reads a time in Unix seconds; fallback when there is none.
func (f fields) seconds(name string, fallback int64) (int64, error) {
	time, err := f.integer(name, fallback)
	if err == nil && f[name] != nil && wire.Milliseconds(time) {
		return 0, invalid("%s: %d looks like milliseconds: use Unix seconds", name, time)
	}
	return time, err
}

func (f fields) flag(name string, fallback bool) (bool, error) {
	switch value := f[name].(type) {
	case nil:
		return fallback, nil
	case bool:
		return value, nil
	}
	return false, invalid("%s must be true or false", name)
}

func (f fields) mint() (market.Pubkey, error) {
	text, err := f.text("symbol")
	if err != nil {
		return market.Pubkey{}, err
	}
	if text == "" {
		return market.Pubkey{}, invalid("symbol is missing: give the mint's address")
	}
	mint, err := market.ParsePubkey(text)
	if err != nil {
		return market.Pubkey{}, invalid("symbol: %v", err)
	}
	return mint, nil
}

func (f fields) interval(known []market.Interval) (market.Interval, error) {
	text, err := f.text("interval")
	if err != nil {
		return 0, err
	}
	if text == "" {
		return 0, invalid("interval is missing: use one of %s", strings.Join(market.IntervalNames(known), ", "))
	}
	interval, err := market.ParseInterval(text)
	if err == nil && !slices.Contains(known, interval) {
		err = fmt.Errorf("%w: this server has %s", market.ErrInterval, strings.Join(market.IntervalNames(known), ", "))
	}
	if err != nil {
		return 0, invalid("interval: %v", err)
	}
	return interval, nil
}

// candles reads symbol and interval.
func (f fields) candles(known []market.Interval) (key, error) {
	mint, err := f.mint()
	if err != nil {
		return key{}, err
	}
	interval, err := f.interval(known)
	return key{kind: klineTopic, mint: mint, interval: interval}, err
}

// subscriptionID is the client's own name for a subscription, echoed in the confirmation.
func (f fields) subscriptionID() (*string, error) { return f.short("subscription_id", 256) }

// store is the identity of the store that since_seq was taken from, nil when the client does not tell.
func (f fields) store() (*string, error) { return f.short("store", 64) }

// short reads a text of at most so many bytes, nil when there is none.
func (f fields) short(name string, maximum int) (*string, error) {
	value := f[name]
	if value == nil {
		return nil, nil
	}
	text, ok := value.(string)
	if !ok || len(text) > maximum {
		return nil, invalid("%s must be a string of at most %d bytes", name, maximum)
	}
	return &text, nil
}

// since is since_seq; asked is false when there is none.
func (f fields) since() (since market.Seq, asked bool, err error) {
	number, err := f.integer("since_seq", -1)
	if err == nil && number < 0 && f["since_seq"] != nil {
		err = invalid("since_seq must not be negative")
	}
	if err != nil || number < 0 {
		return 0, false, err
	}
	return market.Seq(max(number, 1)), true, nil
}

// The widest range of times.
const (
	minTime = math.MinInt64
	maxTime = math.MaxInt64
)

// historyQuery is what get_history and history ask for.
type historyQuery struct {
	from, to int64
	limit    int
	oldest   bool // first
	fill     bool
}

// limit reads how many candles are wanted, at most maximum; fallback when the request does not say.
func (f fields) limit(fallback, maximum int) (int, error) {
	limit, err := f.integer("limit", int64(fallback))
	if err == nil && limit < 0 {
		err = invalid("limit must not be negative")
	}
	return int(min(limit, int64(maximum))), err
}

// history reads a query's bounds and order; missing ones stay as in q.
func (f fields) history(q historyQuery, interval market.Interval, maximum int) (historyQuery, error) {
	var err error
	if q.from, err = f.seconds("from", minTime); err != nil {
		return q, err
	}
	if q.to, err = f.seconds("to", maxTime); err != nil {
		return q, err
	}
	if q.from > q.to {
		return q, invalid("from is after to")
	}

	if q.limit, err = f.limit(q.limit, maximum); err != nil {
		return q, err
	}

	order, err := f.text("order")
	if err != nil {
		return q, err
	}

	switch order {
	case "":
	case "asc", "desc":
		q.oldest = order == "asc"
	default:
		return q, invalid("order must be asc or desc")
	}

	if q.fill, err = f.flag("fill", false); err != nil || !q.fill {
		return q, err
	}
	if f["from"] == nil || f["to"] == nil {
		return q, invalid("fill needs from and to")
	}
	if buckets := candle.Buckets(interval, q.from, q.to); buckets > candle.MaxFill {
		return q, invalid("fill spans %d buckets: at most %d", buckets, candle.MaxFill)
	}

	return q, nil
}
