package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// udfPrefix is below what TradingView's charting library asks for what it shows (UDF, its universal data feed). Answers are that
// protocol's own, without the envelope.
const udfPrefix = "/udf/"

// udfType is the one type of symbols, in the library's words.
const udfType = "crypto"

func (a *API) udfRoutes() {
	addUDF(a, udf("config", "What this feed can do", "Resolutions are those of the intervals kept here."), a.udfConfig)
	addUDF(a, udf("time", "The server's clock", "Unix seconds. Bars follow the chain's clock."), a.udfTime)
	addUDF(a, udf("symbols", "What the library must know of a coin", "", some(symbolParam())), a.udfSymbol)
	addUDF(a, udf("search", "Coins by symbol, name or address",
		"Capital letters make no difference. Of those that match, the same symbol first, then symbols that begin so, each with the latest trade first. Looks at the "+strconv.Itoa(maxSearched)+" coins traded last, and at the one whose address is given whole.",
		some(&huma.Param{Name: "query", In: "query", Description: "A part of symbol or name, or what the address begins with; left out: all", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: "type", In: "query", Description: "crypto, or nothing for all", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: "exchange", In: "query", Description: "A program, or nothing for all", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: "limit", In: "query", Description: "More than 100 gives 100", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Default: defaultFound}})), a.udfSearch)
	addUDF(a, udf("history", "Bars of a coin",
		"The newest "+strconv.Itoa(maxBars)+" of those asked for at most, the oldest first. Without bars s is no_data.",
		some(symbolParam(), a.resolutionParam(), timeParam("from", "Unix seconds, inclusive; not looked at with countback"),
			timeParam("to", "Unix seconds, exclusive"),
			&huma.Param{Name: "countback", In: "query", Description: "So many bars before to, however old; 0: those since from", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0)}})), a.udfHistory)
	addUDF(a, udf("marks", "Liquidations and graduations by bar", "Those of the newest "+strconv.Itoa(maxMarked)+" events in the range, as /api/marks sums them up.",
		some(symbolParam(), a.resolutionParam(), timeParam("from", "First bar, Unix seconds"), timeParam("to", "Last bar, Unix seconds"))), a.udfMarks)
}

func udf(name, summary, description string, params ...[]*huma.Param) route {
	return get(udfPrefix+name, "udf", summary, description, params...)
}

func symbolParam() *huma.Param {
	return &huma.Param{Name: "symbol", In: "query", Description: "The mint's address, alone or as PROGRAM:ADDRESS", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (a *API) resolutionParam() *huma.Param {
	return choiceParam("resolution", "Length of a bar", true, a.resolutions("S", "", "D", "W")...)
}

// udfAnswer is what huma writes for a route of UDF that gives T.
type udfAnswer[T any] struct{ Body T }

// addUDF is add for a route of UDF.
func addUDF[T any](a *API, r route, handler func(ctx context.Context, q *query) (T, error)) {
	operation := a.operation(r)
	for _, response := range operation.Responses {
		response.Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
			Type: huma.TypeObject,
			Properties: map[string]*huma.Schema{
				"s":      {Type: huma.TypeString, Enum: []any{"error"}},
				"errmsg": {Type: huma.TypeString},
			},
			Required: []string{"s", "errmsg"},
		}}}
	}

	huma.Register(a.huma, operation, func(ctx context.Context, q *query) (*udfAnswer[T], error) {
		data, err := handler(ctx, q)
		if q.err != nil {
			err = q.err
		}
		if err == nil {
			return &udfAnswer[T]{data}, nil
		}

		known, _ := errors.AsType[*failure](a.fail(ctx, r.path, err))
		return nil, &udfFailure{known}
	})
}

// udfFailure is a failure in UDF's words.
type udfFailure struct{ *failure }

// AppendJSON writes the error.
func (f *udfFailure) AppendJSON(dst []byte) []byte {
	text, _ := json.Marshal(struct { // two texts always encode
		S      string `json:"s"`
		ErrMsg string `json:"errmsg"`
	}{"error", f.message})
	return append(dst, text...)
}

// The units of resolutions, as the library writes them behind a number; minutes have none.
const (
	minute = 60
	day    = 24 * 60 * minute
	week   = 7 * day
)

// resolution is an interval as the library calls it: how many, and of which unit.
func resolution(interval market.Interval) (count, unit string) {
	seconds, of := interval.Seconds(), int64(1)
	switch {
	case seconds%week == 0:
		of, unit = week, "W"
	case seconds%day == 0:
		of, unit = day, "D"
	case seconds%minute == 0:
		of = minute
	default:
		unit = "S"
	}
	return strconv.FormatInt(seconds/of, 10), unit
}

// resolutions are the kept intervals of those units, shortest first.
func (a *API) resolutions(units ...string) (list []string) {
	for _, one := range a.counts(units...) {
		list = append(list, one[0]+one[1])
	}
	return list
}

// multipliers are how many of a unit the kept intervals of that unit are. They are never nil: the library would take a list of
// its own.
func (a *API) multipliers(unit string) []string {
	list := []string{}
	for _, one := range a.counts(unit) {
		list = append(list, one[0])
	}
	return list
}

func (a *API) counts(units ...string) (list [][2]string) {
	for _, wanted := range units {
		for _, interval := range market.AllIntervals() {
			if count, unit := resolution(interval); unit == wanted && a.keeps(interval) {
				list = append(list, [2]string{count, unit})
			}
		}
	}
	return list
}

// udfInterval is the resolution parameter. The library also leaves out a 1 before a unit.
func (a *API) udfInterval(q *query) market.Interval {
	text, ok := q.one("resolution")
	if !ok {
		q.refuse("resolution", "missing: use one of %s", strings.Join(a.resolutions("S", "", "D", "W"), ", "))
		return market.M1
	}

	for _, interval := range market.AllIntervals() {
		count, unit := resolution(interval)
		if a.keeps(interval) && (text == count+unit || count == "1" && unit != "" && text == unit) {
			return interval
		}
	}
	q.refuse("resolution", "%.40q is none of %s", text, strings.Join(a.resolutions("S", "", "D", "W"), ", "))
	return market.M1
}

// udfChoice is an exchange, or a type of symbols, that the library offers to search in.
type udfChoice struct {
	Value string `json:"value" doc:"Empty: all"`
	Name  string `json:"name"`
	Desc  string `json:"desc,omitempty"`
}

// udfSettings answers /udf/config.
type udfSettings struct {
	SupportsSearch         bool        `json:"supports_search"`
	SupportsGroupRequest   bool        `json:"supports_group_request"`
	SupportsMarks          bool        `json:"supports_marks"`
	SupportsTimescaleMarks bool        `json:"supports_timescale_marks"`
	SupportsTime           bool        `json:"supports_time"`
	SupportedResolutions   []string    `json:"supported_resolutions"`
	Exchanges              []udfChoice `json:"exchanges"`
	SymbolsTypes           []udfChoice `json:"symbols_types"`
}

func (a *API) udfConfig(context.Context, *query) (udfSettings, error) {
	settings := udfSettings{
		SupportsSearch: true, SupportsMarks: true, SupportsTime: true,
		SupportedResolutions: a.resolutions("S", "", "D", "W"),
		Exchanges:            []udfChoice{{Name: "All programs"}},
		SymbolsTypes:         []udfChoice{{Name: "All types"}, {Value: udfType, Name: "Crypto"}},
	}
	for _, id := range registry.All() {
		settings.Exchanges = append(settings.Exchanges, udfChoice{Value: id.String(), Name: id.String(), Desc: "Coins of " + id.String()})
	}
	return settings, nil
}

func (a *API) udfTime(context.Context, *query) (int64, error) { return a.deps.Now().Unix(), nil }

// unknownSymbol is what the library wants to hear of a symbol that there is not.
func unknownSymbol(text string) *failure {
	return &failure{http.StatusNotFound, "unknown_symbol: " + strconv.Quote(cutText(text, 60)) + " is no coin that is stored here: use its mint's address"}
}

// cutText is the beginning of what a client sent.
func cutText(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length])
	}
	return text
}
