package rest

import (
	"context"
	"errors"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// ErrCursor is returned by Reader.Mints for a cursor that it did not give out.
var ErrCursor = errors.New("not a cursor of this server")

// Page is a part of an ordered list: Offset entries are skipped, at most Limit follow.
type Page struct {
	Offset, Limit int
	OldestFirst   bool
}

// CandlePage is a page of candles; Total counts those in range, Seq is the commit it stands at.
type CandlePage struct {
	Candles []market.Candle
	Total   int
	Seq     market.Seq
}

// EventPage is a page of events out of Total.
type EventPage struct {
	Events []market.Event
	Total  int
}

// OrderPage is a page of orders out of Total.
type OrderPage struct {
	Orders []market.Order
	Total  int
}

// MintPage is a page of mints out of Total. Next is the cursor of the page after it, "" at the end.
type MintPage struct {
	Mints []market.Pubkey
	Total int
	Next  string
}

// Counts are the stored events. They survive restarts.
type Counts struct {
	Kinds         [market.NumKinds + 1]uint64 // by market.Kind
	LastEventTime int64                       // Unix seconds, 0 before the first event
}

// Total is the number of stored events.
func (c *Counts) Total() (sum uint64) {
	for _, n := range c.Kinds {
		sum += n
	}
	return sum
}

// State is where the store stands.
type State struct {
	Store     string // its identity
	Seq       market.Seq
	Slot      market.Slot
	ChainTime int64 // Unix seconds
}

// MintSort is an order of mints.
type MintSort string

// The orders of mints; the first is the default.
const (
	CreatedDesc   MintSort = "created_desc"
	CreatedAsc    MintSort = "created_asc"
	LastTradeDesc MintSort = "last_trade_desc"
	VolumeDesc    MintSort = "volume_desc"
)

// MintQuery asks for a page of the mints that had a TokenCreated or, with All, of those that traded too. A Cursor, if not
// "", takes the place of Page.Offset.
type MintQuery struct {
	Sort   MintSort
	All    bool
	Cursor string
	Page
}

// Reader is the store, read by many requests at once. Unknown mints and users give empty pages, not errors.
type Reader interface {
	State() State
	Counts() Counts
	// Candles pages through the candles with from <= time <= to, open ones included.
	Candles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, page Page) (CandlePage, error)
	// CandleBefore is the newest candle with Time < before; false when there is none.
	CandleBefore(mint market.Pubkey, interval market.Interval, before int64) (market.Candle, bool, error)
	Events(ctx context.Context, mint market.Pubkey, page Page) (EventPage, error)
	// UserEvents gives the events that belong to user, of one mint or, when mint is nil, of all.
	UserEvents(ctx context.Context, user market.Pubkey, mint *market.Pubkey, page Page) (EventPage, error)
	UserOrders(ctx context.Context, user market.Pubkey, mint *market.Pubkey, page Page) (OrderPage, error)
	// MintOrders gives shorts by ascending and longs by descending lock_lp_start_price.
	MintOrders(ctx context.Context, mint market.Pubkey, short bool, page Page) (OrderPage, error)
	// Mints pages through mints. A cursor that is malformed or of another list gives an error that wraps ErrCursor.
	Mints(ctx context.Context, q MintQuery) (MintPage, error)
	// Tokens gives the records of the mints it knows, in the order asked.
	Tokens(ctx context.Context, mints []market.Pubkey) ([]market.Token, error)
	Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) ([]market.Gap, error)
	DBStats(ctx context.Context) (wire.DBStats, error)
}

// TickerQuery asks for the mints given, in their order, or for a page of all that traded in the last 24 hours.
type TickerQuery struct {
	Mints  []market.Pubkey
	Window string // h24, h1 or m5: what SortBy looks at
	SortBy TickerSort
	Spark  bool
	Page
}

// TickerSort is an order of tickers.
type TickerSort string

// The orders of tickers; the first is the default.
const (
	QuoteVolumeDesc TickerSort = "quote_volume_desc"
	TradesDesc      TickerSort = "trades_desc"
	ChangeDesc      TickerSort = "change_desc"
	ChangeAsc       TickerSort = "change_asc"
	LatestTradeDesc TickerSort = "last_trade_desc"
)

// TickerPage is a page of tickers out of Total, as of ChainTime.
type TickerPage struct {
	Tickers   []wire.Ticker
	Total     int
	ChainTime int64 // Unix seconds
}

// Tickers tells what mints did lately. Unknown mints are left out.
type Tickers func(ctx context.Context, q TickerQuery) (TickerPage, error)

// Stream is the Socket.IO side.
type Stream interface {
	Metrics() wire.StreamMetrics // memory_usage_mb is filled in here
	Clients() []wire.StreamClient
	Rooms() map[string]int // topics and their subscribers
}

// FeedStatus is how reading the chain goes. Texts hold no secrets.
type FeedStatus struct {
	Running    bool
	Connection string // such as connected or reconnecting
	Endpoint   string
	Slot       market.Slot
	Lag        uint64 // slots
	LastError  string
	Failures   uint64
	Backfill   wire.Backfill
}

// MetadataCounts is what fetching tokens' metadata came to since the start.
type MetadataCounts struct {
	Documents, Pictures uint64 // fetched
	Failures            uint64 // given up for a while
	Refused             uint64 // of these, because an address was not public
	Waiting             int    // to be fetched
}

// Metadata is what tokens' uris led to.
type Metadata interface {
	Counts() MetadataCounts
	// URIData is what the mint's uri says; nil when it was not fetched.
	URIData(mint market.Pubkey) *wire.URIData
	// Picture is the mint's picture, re-encoded here; nil when there is none.
	Picture(ctx context.Context, mint market.Pubkey) (data []byte, contentType string, err error)
}
