package rest

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

// maxTickers is how many mints one request may name.
const maxTickers = 100

// Where an order or a window lists values, the first is the default.
var (
	tickerSorts   = wire.TickerSorts()
	tickerWindows = []string{"h24", "h1", "m5"}
)

// sharePattern is how a fraction of a whole is written.
const sharePattern = `^(0(\.\d{1,9})?|1(\.0{1,9})?)$`

func (a *API) tickerRoutes() {
	add(a, get("/api/tickers", "mints", "What mints did in the last 24 hours, hour and five minutes",
		"Mints that traded in the last 24 hours of chain time, ranked; or, with mint, those, in the order given.",
		some(&huma.Param{
			Name: "mint", In: "query", Description: "May be given up to 100 times. Order and paging then do not apply",
			Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Pattern: keyPattern}, MaxItems: new(maxTickers)},
		}, choiceParam("window", "What sort_by looks at", false, tickerWindows...),
			keyParam("quote", "The mint of what is paid with: coins that are paid in it, and no others", false),
			programParam("Coins that trade there now, and no others"),
			&huma.Param{
				Name: "min_trades", In: "query", Description: "Coins with so many trades in the window or more",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Maximum: new(float64(maxWhole)), Default: 0},
			},
			amountParam("min_quote_volume", "Coins for which so much was paid in the window or more: a decimal, in whole units of what each is paid in"),
			&huma.Param{
				Name: "max_age", In: "query", Description: "Coins created so many seconds ago or less; one whose creation is not stored has no age. 0: all",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Maximum: new(float64(maxWhole)), Default: 0},
			},
			amountParam("min_market_cap", "Coins whose market cap, price × supply in whole units of what each is paid in, is so much or more; one whose supply is not known has none"),
			amountParam("max_market_cap", "Likewise, so much or less"),
			shareParam("min_progress", "Coins on a curve of which so much is sold or more, as progress of /api/venue: 0.5 is half way to graduation"),
			shareParam("max_progress", "Likewise, so much or less"),
			choiceParam("sort_by", "By volume, price and market cap those that are paid in the same thing stand together, SOL first. Those without a trade in the window stand between the risen and the fallen; what is not known stands last, both ways", false, tickerSorts...),
			&huma.Param{
				Name: "progress", In: "query", Description: "Add how near graduation each is",
				Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
			},
			&huma.Param{
				Name: "spark", In: "query", Description: "Add the line of the last 24 hours",
				Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false},
			}), pageParams()), a.tickers)
}

func shareParam(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeString, Pattern: sharePattern}}
}

func amountParam(name, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeString, Pattern: market.AmountPattern}}
}

func (a *API) tickers(ctx context.Context, q *query) (*wire.Tickers, error) {
	mints := q.keys("mint", maxTickers)
	ask := TickerQuery{
		Mints: mints, Window: q.choice("window", tickerWindows...), SortBy: TickerSort(q.choice("sort_by", tickerSorts...)),
		Spark: q.flag("spark"), Progress: q.flag("progress"),
		Filter: ticker.Filter{
			Quote: q.maybeKey("quote"), Program: q.program("program"), Trades: q.count("min_trades"),
			Volume: q.amount("min_quote_volume", market.LamportsDecimals, 0), Age: int64(q.count("max_age")), //nolint:gosec // at most maxWhole
			MinCap: q.amount("min_market_cap", market.LamportsDecimals, 0), MaxCap: q.amount("max_market_cap", market.LamportsDecimals, 0),
			MinProgress: q.share("min_progress"), MaxProgress: q.share("max_progress"),
		},
	}
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}

	if len(mints) > 0 {
		page, limit = 1, len(mints)
	}
	ask.Page = store.Page{Offset: wire.Offset(page, limit), Limit: limit}
	var found TickerPage
	if a.deps.Tickers != nil {
		var err error
		if found, err = a.deps.Tickers(ctx, ask); err != nil {
			return nil, fmt.Errorf("tickers: %w", err)
		}
	}

	if found.Tickers == nil {
		found.Tickers = []wire.Ticker{}
	}
	return &wire.Tickers{
		Tickers: found.Tickers, Paging: wire.NewPaging(found.Total, page, limit),
		Window: ask.Window, SortBy: string(ask.SortBy), ChainTime: found.ChainTime,
	}, nil
}
