package rest

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	maxWhole     = 1 << 53 // of page and after; exact in every language
	maxTime      = 1 << 40 // Unix seconds; keeps bucket arithmetic far from overflow
)

// query reads a request's parameters. The first bad one is kept, and later calls return zero values.
type query struct {
	values url.Values
	path   func(name string) string
	err    *failure
}

// Resolve implements huma.Resolver: it takes the parameters out of the request.
func (q *query) Resolve(ctx huma.Context) []error {
	address := ctx.URL()
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		q.err = bad("query", "malformed: %v", err)
	}
	q.values, q.path = values, ctx.Param
	return nil
}

func (q *query) refuse(name, format string, args ...any) {
	if q.err == nil {
		q.err = bad(name, format, args...)
	}
}

// one is the value of a parameter that may be given once; false when it is not given.
func (q *query) one(name string) (string, bool) {
	values := q.values[name]
	if q.err != nil || len(values) == 0 {
		return "", false
	}
	if len(values) > 1 {
		q.refuse(name, "given %d times", len(values))
		return "", false
	}
	return values[0], true
}

// key is a required address.
func (q *query) key(name string) market.Pubkey {
	text, ok := q.one(name)
	if !ok {
		q.refuse(name, "missing: a base58 address is needed")
		return market.Pubkey{}
	}
	return q.parseKey(name, text)
}

// maybeKey is an optional address; nil when it is not given.
func (q *query) maybeKey(name string) *market.Pubkey {
	text, ok := q.one(name)
	if !ok {
		return nil
	}
	return new(q.parseKey(name, text))
}

// inPath is an address in the path.
func (q *query) inPath(name string) market.Pubkey { return q.parseKey(name, q.path(name)) }

// keys is a parameter that is given at least once and at most maximum times.
func (q *query) keys(name string, maximum int) []market.Pubkey {
	values := q.values[name]
	switch {
	case len(values) > maximum:
		q.refuse(name, "given %d times, at most %d are taken", len(values), maximum)
		return nil
	}
	keys := make([]market.Pubkey, 0, len(values))
	for _, text := range values {
		if key := q.parseKey(name, text); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (q *query) parseKey(name, text string) market.Pubkey {
	key, err := market.ParsePubkey(text)
	if err != nil {
		q.refuse(name, "%v", err)
	}
	return key
}

// choice is one of choices; the first when the parameter is not given.
func (q *query) choice(name string, choices ...string) string {
	text, ok := q.one(name)
	if !ok {
		return choices[0]
	}
	if !slices.Contains(choices, text) {
		q.refuse(name, "unknown value %.40q: use one of %s", text, strings.Join(choices, ", "))
		return choices[0]
	}
	return text
}

// program is one that is understood; nil when the parameter is not given.
func (q *query) program(name string) *market.Program {
	if len(q.values[name]) == 0 {
		return nil
	}
	id, _ := market.ParseProgram(q.choice(name, programNames()...))
	return &id
}

// must is choice for a parameter without a default.
func (q *query) must(name string, choices ...string) string {
	if len(q.values[name]) == 0 {
		q.refuse(name, "missing: use one of %s", strings.Join(choices, ", "))
		return choices[0]
	}
	return q.choice(name, choices...)
}

// paging is page and limit. A limit above the maximum is clamped.
func (q *query) paging() (page, limit int) {
	page, limit = 1, q.limit(defaultLimit, maxLimit)
	if text, ok := q.one("page"); ok {
		number, err := strconv.ParseUint(text, 10, 64)
		switch {
		case err != nil || number > maxWhole:
			q.refuse("page", "%.40q is no page number", text)
		case number < 1:
			q.refuse("page", "pages count from 1")
		default:
			page = int(number) //nolint:gosec // at most maxWhole
		}
	}
	return page, limit
}

// limit is how many entries are wanted, clamped to maximum.
func (q *query) limit(otherwise, maximum int) int { return q.clamped("limit", otherwise, maximum) }

// clamped is a number from 0 on, clamped to maximum.
func (q *query) clamped(name string, otherwise, maximum int) int {
	text, ok := q.one(name)
	if !ok {
		return otherwise
	}
	if text == "" || strings.Trim(text, "0123456789") != "" {
		q.refuse(name, "%.40q is not a number from 0 to %d", text, maximum)
		return otherwise
	}
	number, err := strconv.Atoi(text)
	if err != nil { // more digits than an int holds
		return maximum
	}
	return min(number, maximum)
}

// count is a whole number from 0 to maxWhole; 0 when the parameter is not given.
func (q *query) count(name string) uint64 {
	text, ok := q.one(name)
	if !ok {
		return 0
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || number > maxWhole {
		q.refuse(name, "%.40q is not a number from 0 to %d", text, uint64(maxWhole))
		return 0
	}
	return number
}

// amount is an amount of SOL or of what else a coin is paid in, written as a decimal, in base units of so many decimals. What
// lies between two of them is the larger one.
func (q *query) amount(name string, decimals int, otherwise uint64) uint64 {
	text, ok := q.one(name)
	if !ok {
		return otherwise
	}
	amount, ok := market.ParseAmount(text)
	if !ok {
		q.refuse(name, "%.40q is not an amount of SOL such as 2.5, with at most nine decimals", text)
		return otherwise
	}
	return market.Units(amount, market.AmountDecimals, decimals)
}

var shareForm = regexp.MustCompile(sharePattern)

// share is a fraction from 0 to 1; 0 when the parameter is not given.
func (q *query) share(name string) float64 {
	text, ok := q.one(name)
	if !ok {
		return 0
	}
	if !shareForm.MatchString(text) {
		q.refuse(name, "%.40q is not a fraction from 0 to 1 such as 0.5, with at most nine decimals", text)
		return 0
	}
	share, _ := strconv.ParseFloat(text, 64)
	return share
}

// span is from and to in Unix seconds, inclusive, with the given defaults, and whether both were given.
func (q *query) span(from, to int64) (int64, int64, bool) {
	from, hasFrom := q.seconds("from", from)
	to, hasTo := q.seconds("to", to)
	if from > to {
		q.refuse("from", "lies after to")
	}
	return from, to, hasFrom && hasTo
}

func (q *query) seconds(name string, otherwise int64) (int64, bool) {
	text, ok := q.one(name)
	if !ok {
		return otherwise, false
	}
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		q.refuse(name, "%.40q is not a time in Unix seconds", text)
	case wire.Milliseconds(number):
		q.refuse(name, "%d looks like milliseconds: use Unix seconds", number)
	}
	return min(max(number, -maxTime), maxTime), true
}

// seq is a commit's number; 0 when it is not given.
func (q *query) seq(name string) market.Seq {
	text, ok := q.one(name)
	if !ok {
		return 0
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		q.refuse(name, "%.40q is no seq", text)
	}
	return market.Seq(number)
}

// flag is true, false, 1 or 0; false when the parameter is not given.
func (q *query) flag(name string) bool {
	text, ok := q.one(name)
	if !ok {
		return false
	}
	switch text {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	q.refuse(name, "%.40q is neither true nor false", text)
	return false
}
