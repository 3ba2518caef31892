package rest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

const (
	defaultFound   = 30   // coins that a search gives unless it says otherwise
	maxFound       = 100  // and at most
	maxSearched    = 5000 // coins that a search looks at
	searchedAtOnce = 1000 // coins that it reads at once
)

// udfSymbol answers /udf/symbols: LibrarySymbolInfo.
type udfSymbol struct {
	Name                 string   `json:"name" doc:"What the coin calls itself; others may do so too"`
	Ticker               string   `json:"ticker" doc:"The mint's address: what it is asked for by"`
	Description          string   `json:"description"`
	Type                 string   `json:"type"`
	Session              string   `json:"session"`
	Timezone             string   `json:"timezone"`
	Exchange             string   `json:"exchange" doc:"The program that the coin trades on"`
	ListedExchange       string   `json:"listed_exchange"`
	CurrencyCode         string   `json:"currency_code" doc:"What the coin is paid in"`
	MinMov               int      `json:"minmov"`
	PriceScale           int64    `json:"pricescale" doc:"10 to the number of decimals that are shown"`
	VolumePrecision      int      `json:"volume_precision"`
	Format               string   `json:"format"`
	VisiblePlotsSet      string   `json:"visible_plots_set"`
	DataStatus           string   `json:"data_status"`
	HasSeconds           bool     `json:"has_seconds"`
	HasIntraday          bool     `json:"has_intraday"`
	HasDaily             bool     `json:"has_daily"`
	HasWeeklyAndMonthly  bool     `json:"has_weekly_and_monthly"`
	HasEmptyBars         bool     `json:"has_empty_bars"`
	SecondsMultipliers   []string `json:"seconds_multipliers"`
	IntradayMultipliers  []string `json:"intraday_multipliers"`
	DailyMultipliers     []string `json:"daily_multipliers"`
	WeeklyMultipliers    []string `json:"weekly_multipliers"`
	MonthlyMultipliers   []string `json:"monthly_multipliers"`
	SupportedResolutions []string `json:"supported_resolutions"`
}

func (a *API) udfSymbol(ctx context.Context, q *query) (*udfSymbol, error) {
	token, err := a.udfToken(ctx, q)
	if err != nil {
		return nil, err
	}

	found := a.udfFound(&token)
	symbol := &udfSymbol{
		Name: found.Symbol, Ticker: found.Ticker, Description: found.Description, Type: udfType,
		Session: "24x7", Timezone: "Etc/UTC", Exchange: found.Exchange, ListedExchange: found.Exchange,
		CurrencyCode: token.Pair.QuoteSymbol(), MinMov: 1, PriceScale: priceScale(token.LatestPrice),
		VolumePrecision: min(token.Pair.BaseDecimals(), 2), Format: "price", VisiblePlotsSet: "ohlcv", DataStatus: "streaming",
		SecondsMultipliers: a.multipliers("S"), IntradayMultipliers: a.multipliers(""), DailyMultipliers: a.multipliers("D"),
		WeeklyMultipliers: a.multipliers("W"), MonthlyMultipliers: []string{}, SupportedResolutions: a.resolutions("S", "", "D", "W"),
	}
	symbol.HasSeconds = len(symbol.SecondsMultipliers) > 0
	symbol.HasIntraday = symbol.HasSeconds || len(symbol.IntradayMultipliers) > 0
	symbol.HasDaily = len(symbol.DailyMultipliers) > 0
	symbol.HasWeeklyAndMonthly = len(symbol.WeeklyMultipliers) > 0

	return symbol, nil
}

// udfToken is the coin that the symbol parameter names.
func (a *API) udfToken(ctx context.Context, q *query) (market.Token, error) {
	text, ok := q.one("symbol")
	if !ok {
		q.refuse("symbol", "missing: the mint's address is needed")
		return market.Token{}, q.err
	}

	program, address, with := strings.Cut(text, ":")
	if !with {
		address = text
	}
	mint, err := market.ParsePubkey(address)
	if err != nil {
		return market.Token{}, unknownSymbol(text)
	}

	token, known, err := a.token(ctx, mint)
	switch {
	case err != nil:
		return market.Token{}, err
	case !known || with && !strings.EqualFold(program, token.Pair.Program().String()):
		return market.Token{}, unknownSymbol(text)
	}
	return token, nil
}

// The decimals that prices may be shown with, and how many digits of them count.
const (
	minDecimals  = 2
	maxDecimals  = 16 // cheaper than any coin trades at; a browser's numbers hold 10^16 exactly
	pricedDigits = 6
)

// priceScale is 10 to the number of decimals that show six digits of a price. A coin without a trade has the most: what it will
// cost is not known, and cheap coins are the rule.
func priceScale(price market.Price) int64 {
	decimals := maxDecimals
	if !price.IsZero() {
		before := len(market.U128(price).String()) - market.PriceDecimals // digits before the point, fewer than none for zeros behind it
		decimals = min(max(pricedDigits-before, minDecimals), maxDecimals)
	}

	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	return scale
}

// udfResult is a coin that a search found.
type udfResult struct {
	Symbol      string `json:"symbol"`
	FullName    string `json:"full_name" doc:"PROGRAM:ADDRESS"`
	Description string `json:"description"`
	Exchange    string `json:"exchange"`
	Ticker      string `json:"ticker" doc:"The mint's address"`
	Type        string `json:"type"`
}

// udfFound is a coin in the words of a search. One that has no name is called by the ends of its address.
func (a *API) udfFound(t *market.Token) udfResult {
	var name, symbol string
	if t.Created != nil {
		name, symbol, _ = t.Created.Names()
	} else {
		info := mintInfo(a.deps.Mints, t.Mint)
		name, symbol = info.Name, info.Symbol
	}

	address, exchange := t.Mint.String(), t.Pair.Program().String()
	if symbol == "" {
		symbol = t.Mint.Short()
	}
	if name == "" {
		name = symbol
	}
	return udfResult{
		Symbol: symbol, FullName: exchange + ":" + address, Description: name + " in " + t.Pair.QuoteSymbol(),
		Exchange: exchange, Ticker: address, Type: udfType,
	}
}

// rank says how well a coin fits what was typed, the less the better; false when it does not.
func (r *udfResult) rank(typed string) (int, bool) {
	symbol, address := strings.ToUpper(r.Symbol), strings.ToUpper(r.Ticker)
	switch {
	case symbol == typed || address == typed:
		return 0, true
	case strings.HasPrefix(symbol, typed):
		return 1, true
	case strings.Contains(symbol, typed) || strings.HasPrefix(address, typed) || strings.Contains(strings.ToUpper(r.Description), typed):
		return 2, true
	}
	return 0, false
}

// ranks are how many there are.
const ranks = 3

// udfSearch looks at the coins traded last. The library sends what was typed in capital letters, addresses too.
func (a *API) udfSearch(ctx context.Context, q *query) ([]udfResult, error) {
	typed, _ := q.one("query")
	kind, _ := q.one("type")
	exchange, _ := q.one("exchange")
	limit := q.clamped("limit", defaultFound, maxFound)
	if q.err != nil || kind != "" && kind != udfType {
		return []udfResult{}, nil
	}

	var found [ranks][]udfResult
	take := func(t *market.Token) {
		if exchange != "" && exchange != t.Pair.Program().String() {
			return
		}
		result := a.udfFound(t)
		rank, fits := result.rank(strings.ToUpper(typed))
		if fits && len(found[rank]) < limit && !slices.ContainsFunc(found[0], func(known udfResult) bool { return known.Ticker == result.Ticker }) {
			found[rank] = append(found[rank], result)
		}
	}

	// A coin that has not traded for long is found by its whole address.
	if mint, err := market.ParsePubkey(typed); err == nil {
		token, known, err := a.token(ctx, mint)
		if err != nil {
			return nil, err
		}
		if known {
			take(&token)
		}
	}

	ask := store.MintQuery{Sort: store.LastTradeDesc, All: true, Limit: searchedAtOnce}
	enough := func() bool { return len(found[0]) >= limit || typed == "" && len(found[1]) >= limit }
	for looked := 0; looked < maxSearched && !enough(); looked += searchedAtOnce {
		page, err := a.deps.Reader.Mints(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		for i := range page.Tokens {
			take(&page.Tokens[i])
		}
		if ask.Cursor = page.NextCursor; ask.Cursor == "" {
			break
		}
	}

	results := slices.Concat(found[:]...)
	return append([]udfResult{}, results[:min(limit, len(results))]...), nil
}
