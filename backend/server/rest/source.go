package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

// Reader is the store, read by many requests at once. Unknown mints and users give empty pages, not errors.
type Reader interface {
	ID() string
	State() store.State
	Stats() store.Stats
	// Candles pages through the candles with q.From <= time <= q.To, or through all when both are 0, open ones included.
	Candles(ctx context.Context, mint market.Pubkey, interval market.Interval, q store.CandleQuery) (store.CandlePage, error)
	// CandleBefore is the newest candle with Time < before; false when there is none.
	CandleBefore(mint market.Pubkey, interval market.Interval, before int64) (market.Candle, bool, error)
	// CompleteTo is the chain time that closes a coin's candles; with own it is not the program's.
	CompleteTo(mint market.Pubkey) (at int64, own bool, err error)
	Events(ctx context.Context, mint market.Pubkey, q store.Page) (store.EventPage, error)
	// Stretch calls fn with a mint's events of a stretch of block time, the last first, liquidations with their orders. It
	// returns the commit it stands at and fn's error.
	Stretch(ctx context.Context, q store.StretchQuery, fn func(*market.Event) error) (market.Seq, error)
	// EventsBack calls fn with the events of all mints before a position, the last first, liquidations with their orders; the zero
	// position stands behind all. It returns the commit it stands at and fn's error.
	EventsBack(ctx context.Context, before market.Position, fn func(*market.Event) error) (market.Seq, error)
	// UserEvents gives the events that belong to user, of one mint or, when mint is nil, of all.
	UserEvents(ctx context.Context, user market.Pubkey, mint *market.Pubkey, q store.Page) (store.EventPage, error)
	// UserHistory calls fn with the newest events that belong to a user, limit at most, in chain order; MintHistory
	// with those of a mint. Where older ones are left out, liquidations come with their orders. They return fn's error.
	UserHistory(ctx context.Context, user market.Pubkey, mint *market.Pubkey, limit int, fn func(*market.Event) error) (store.History, error)
	MintHistory(ctx context.Context, mint market.Pubkey, limit int, fn func(*market.Event) error) (store.History, error)
	UserOrders(ctx context.Context, user market.Pubkey, mint *market.Pubkey, q store.Page) (store.OrderPage, error)
	// MintOrders gives shorts by ascending and longs by descending lock_lp_start_price.
	MintOrders(ctx context.Context, mint market.Pubkey, short bool, q store.Page) (store.OrderPage, error)
	// Mints pages through mints. A cursor that is malformed or of another list gives an error that wraps store.ErrCursor.
	Mints(ctx context.Context, q store.MintQuery) (store.MintPage, error)
	// Tokens gives the records of the mints it knows, in the order asked.
	Tokens(ctx context.Context, mints []market.Pubkey) ([]market.Token, error)
	// Pair is the market of a coin, the zero Pair for one that is not known.
	Pair(mint market.Pubkey) market.Pair
	Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) ([]market.Gap, error)
	DBStats() (store.DBStats, error)
}

// TickerQuery asks for the mints given, in their order, or for a page of all that traded in the last 24 hours.
type TickerQuery struct {
	Mints  []market.Pubkey
	Window string // h24, h1 or m5: what SortBy looks at
	SortBy TickerSort
	Filter ticker.Filter // of those that it takes; Window is what it looks at, too
	Spark  bool
	// Progress adds how near graduation each is.
	Progress bool
	store.Page
}

// TickerSort is an order of tickers, one of wire.TickerSorts.
type TickerSort string

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
	Stalled    bool   // nothing can be stored: what is read waits
	Endpoint   string
	Slot       market.Slot
	Lag        uint64 // slots
	LastError  string
	Failures   uint64
	Backfill   wire.Backfill
	Unreadable []market.Program       // none of whose events could be read for a while
	Programs   []wire.FollowedProgram // of which all coins are kept, live only, and those that are off
}

// Mints is what the cluster's accounts say of mints.
type Mints interface {
	// Info is what is known of a mint so far; what is not known, or old, is asked for soon. False for nothing.
	Info(mint market.Pubkey) (market.MintInfo, bool)
}

// mintInfo is what mints say of one; nothing where there is nobody to ask.
func mintInfo(mints Mints, mint market.Pubkey) (info market.MintInfo) {
	if mints != nil {
		info, _ = mints.Info(mint)
	}
	return info
}

// Metadata is what tokens' uris led to.
type Metadata interface {
	// URIData is what the mint's uri says; nil when it was not fetched.
	URIData(mint market.Pubkey) *wire.URIData
	// Picture is the mint's picture, re-encoded here; nil when there is none.
	Picture(ctx context.Context, mint market.Pubkey) (data []byte, contentType string, err error)
}
