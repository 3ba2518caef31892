package wire

import "spinscope/backend/market"

// The orders of tickers, by what sort_by says; the first is the default.
const (
	QuoteVolumeDesc = "quote_volume_desc"
	TradesDesc      = "trades_desc"
	ChangeDesc      = "change_desc"
	ChangeAsc       = "change_asc"
	LastTradeDesc   = "last_trade_desc"
	QuoteVolumeAsc  = "quote_volume_asc"
	TradesAsc       = "trades_asc"
	LastTradeAsc    = "last_trade_asc"
	PriceDesc       = "price_desc"
	PriceAsc        = "price_asc"
	MarketCapDesc   = "market_cap_desc"
	MarketCapAsc    = "market_cap_asc"
	ProgressDesc    = "progress_desc"
	ProgressAsc     = "progress_asc"
	CreatedDesc     = "created_desc"
	CreatedAsc      = "created_asc"
)

// TickerSorts lists them.
func TickerSorts() []string {
	return []string{
		QuoteVolumeDesc, TradesDesc, ChangeDesc, ChangeAsc, LastTradeDesc, QuoteVolumeAsc, TradesAsc, LastTradeAsc, PriceDesc, PriceAsc,
		MarketCapDesc, MarketCapAsc, ProgressDesc, ProgressAsc, CreatedDesc, CreatedAsc,
	}
}

// Span is the trading of one mint in a window that ends now, in chain time.
type Span struct {
	Since       int64   `json:"since"        doc:"Unix seconds: the first candle in the window; without one, the last trade"`
	Open        float64 `json:"open"         doc:"SOL per whole token at since"`
	Change      float64 `json:"change"       doc:"From open to price, as a fraction: 0.1 is 10 % up"`
	Volume      float64 `json:"volume"       doc:"Whole tokens traded"`
	QuoteVolume float64 `json:"quote_volume" doc:"SOL traded"`
	BuyVolume   float64 `json:"buy_volume"   doc:"Whole tokens bought by takers"`
	Trades      uint64  `json:"trades"       doc:"Price events"`
}

// Ticker is what a mint did lately.
type Ticker struct {
	Mint          string   `json:"mint"`
	Name          *string  `json:"name"   doc:"null while it is not known"`
	Symbol        *string  `json:"symbol" doc:"null while it is not known"`
	Price         *float64 `json:"price"       doc:"SOL per whole token; null before the first trade"`
	PriceExact    *string  `json:"price_exact" doc:"The same with every digit"`
	LastTradeTime *int64   `json:"last_trade_time" doc:"Block time, Unix seconds"`
	H24           *Span    `json:"h24" doc:"The last 24 hours; null when it cannot be told"`
	H1            *Span    `json:"h1"  doc:"The last hour; likewise"`
	M5            *Span    `json:"m5"  doc:"The last five minutes; likewise"`
	Pair
	MintFacts
	Progress *float64  `json:"progress,omitempty" doc:"With progress=true: how much of what its curve began to sell is sold, 0 to 1, as of /api/venue; left out for a coin that does not graduate, and where it is not known"`
	Spark    []float64 `json:"spark,omitempty" doc:"With spark=true: 32 closes at equal steps through the last 24 hours, or since the first trade stored if that is younger"`
}

// Tickers answers /api/tickers.
type Tickers struct {
	Tickers []Ticker `json:"tickers"`
	Paging
	Window    string `json:"window" enum:"h24,h1,m5"`
	SortBy    string `json:"sort_by"`
	ChainTime int64  `json:"chain_time" doc:"Where the windows end, Unix seconds"`
}

// TickersPush is a ranking as it is pushed: whole to who subscribes, then once a second what changed.
type TickersPush struct {
	Window    string   `json:"window"  enum:"h24,h1,m5"`
	SortBy    string   `json:"sort_by"`
	Limit     int      `json:"limit"   doc:"Of the request, rounded up to 10, 100 or 1000"`
	Whole     bool     `json:"whole"   doc:"true: tickers are all of the ranking; false: those that are new in it or changed"`
	Tickers   []Ticker `json:"tickers" doc:"As in /api/tickers, in the order of the ranking"`
	Mints     []string `json:"mints,omitempty" doc:"The whole ranking, in order; only when it is another one than before"`
	Total     int      `json:"total"   doc:"Mints that traded in the last 24 hours"`
	ChainTime int64    `json:"chain_time" doc:"Where the windows end, Unix seconds"`
}

// NewTicker is the part of a ticker that the token's record tells; Add adds what is known of its mint.
func NewTicker(t *market.Token) Ticker {
	w := Ticker{Mint: t.Mint.String(), Pair: NewPair(t.Pair)}
	if t.Created != nil {
		name, symbol, _ := t.Created.Names()
		w.Name, w.Symbol = &name, &symbol
	}
	if !t.LatestPrice.IsZero() {
		w.Price, w.PriceExact = new(t.LatestPrice.Float()), new(t.LatestPrice.String())
		w.LastTradeTime = new(t.LatestTradeTime)
	}
	return w
}
