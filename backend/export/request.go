package export

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"spinscope/backend/market"
)

// ErrKind is returned for an unknown kind of record.
var ErrKind = errors.New("unknown kind: use one of candles, trades, events, orders, gaps")

// ErrFormat is returned for an unknown file format.
var ErrFormat = errors.New("unknown format: use one of csv, jsonl, parquet, arrow")

// ErrMarketCap is returned for a request for market caps of what has none.
var ErrMarketCap = errors.New("market caps are of candles, trades and events")

// ErrRange is returned when a request's From lies after its To.
var ErrRange = errors.New("nothing to export")

// Kind is what to export.
type Kind string

// The kinds.
const (
	Candles Kind = "candles"
	Trades  Kind = "trades" // the events that have a price, as trades
	Events  Kind = "events"
	Orders  Kind = "orders" // margin orders open now
	Gaps    Kind = "gaps"   // known gaps in what was read: the mint's and the whole program's
)

// Kinds lists the kinds; the first is the default.
func Kinds() []Kind { return []Kind{Candles, Trades, Events, Orders, Gaps} }

// ParseKind reads a kind's name. The error wraps ErrKind.
func ParseKind(name string) (Kind, error) {
	if kind := Kind(name); slices.Contains(Kinds(), kind) {
		return kind, nil
	}
	return "", fmt.Errorf("%.40q: %w", name, ErrKind)
}

// Format is a file format.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
	Parquet Format = "parquet"
	Arrow   Format = "arrow" // Arrow IPC, the file format, also called Feather; written, not read
)

// Formats lists the formats; the first is the default.
func Formats() []Format { return []Format{CSV, JSONL, Parquet, Arrow} }

// ReadFormats lists those that events are read back from.
func ReadFormats() []Format { return []Format{CSV, JSONL, Parquet} }

// ParseFormat reads a format's name, or what files of it end in. The error wraps ErrFormat.
func ParseFormat(name string) (Format, error) {
	if format, ok := endings[strings.ToLower(name)]; ok {
		return format, nil
	}
	return "", fmt.Errorf("%.40q: %w", name, ErrFormat)
}

// ContentType is the format's media type.
func (f Format) ContentType() string {
	switch f {
	case JSONL:
		return "application/x-ndjson"
	case Parquet:
		return "application/vnd.apache.parquet"
	case Arrow:
		return "application/vnd.apache.arrow.file"
	}
	return "text/csv; charset=utf-8; header=present"
}

// Request says what to export. From and To are block times in Unix seconds, inclusive; for orders they bound
// start_time, and of gaps those are left out that lie before or after them for sure.
type Request struct {
	Kind     Kind
	Format   Format
	Mints    []market.Pubkey // none: all that the source knows
	Interval market.Interval // of candles
	From, To int64

	// MarketCap adds a last column, market_cap: price × supply in whole units of what a coin is paid in. Of candles, trades and
	// events; empty where a coin's supply is not known.
	MarketCap bool
	supplies  *supplies // of the request as it is prepared; nil: not yet

	// Part says that this is one of the parts that an export is written in, as by days: gaps have no rows in it, as they are
	// told once for all, and whoever asks for the parts has counted what is stored (DaysOf).
	Part bool
}

// RowsTrailer is the HTTP trailer that tells how many rows a downloaded export has.
const RowsTrailer = "Spinscope-Rows"

// The HTTP headers that tell, before a downloaded export, of which store it is and a commit up to which it has everything.
const (
	StoreHeader = "Spinscope-Store"
	SeqHeader   = "Spinscope-Seq"
)

// SuppliesHeader tells likewise by which supplies market caps are counted: a wire.ExportSupplies.
const SuppliesHeader = "Spinscope-Supplies"

// Always is the range that holds everything.
func Always() (from, to int64) { return math.MinInt64, math.MaxInt64 }

// Name is a file name for the export, such as spinscope-7xKX…-candles-m1.csv, safe on every system.
func (r *Request) Name() string {
	name := strings.Builder{}
	name.WriteString("spinscope-")
	switch len(r.Mints) {
	case 0:
		name.WriteString("all")
	case 1:
		name.WriteString(r.Mints[0].String()[:min(8, len(r.Mints[0].String()))])
	default:
		fmt.Fprintf(&name, "%d-mints", len(r.Mints))
	}
	name.WriteString("-" + string(r.Kind))
	if r.Kind == Candles {
		name.WriteString("-" + r.Interval.String())
	}
	return name.String() + "." + string(r.Format)
}

// Check refuses a request that cannot be answered: ErrKind, ErrFormat, ErrRange, ErrMarketCap.
func (r *Request) Check() error {
	if _, err := ParseKind(string(r.Kind)); err != nil {
		return err
	}
	if _, err := ParseFormat(string(r.Format)); err != nil {
		return err
	}
	if r.From > r.To {
		return fmt.Errorf("from %d is after to %d: %w", r.From, r.To, ErrRange)
	}
	if r.MarketCap && (r.Kind == Orders || r.Kind == Gaps) {
		return fmt.Errorf("%s: %w", r.Kind, ErrMarketCap)
	}
	return nil
}

// Source is where exports read. Every method gives at most limit records and is called again for more. Several goroutines call
// them at once.
type Source interface {
	// CandleSeries gives candles with from <= time <= to, oldest first, the open ones included. counted reports that they are all
	// there are, and were compared with the count of them.
	CandleSeries(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) (candles []market.Candle, counted bool, err error)
	// EventsAfter gives the mint's events after the position, in chain order.
	EventsAfter(ctx context.Context, mint market.Pubkey, after market.Position, limit int) ([]market.Event, error)
	// AllEventsAfter gives the events of all mints after the position, in chain order.
	AllEventsAfter(ctx context.Context, after market.Position, limit int) ([]market.Event, error)
	// OrdersOf gives the mint's open orders of one side, in a stable order, from offset on.
	OrdersOf(ctx context.Context, mint market.Pubkey, short bool, offset, limit int) ([]market.Order, error)
	// CountEvents compares the events of a mint, or all when it is nil, with the count of them; what was read page by page
	// may be short and not show it.
	CountEvents(ctx context.Context, mint *market.Pubkey) error
	// CountCandles compares the final candles of at least from <= time <= to with the count of them.
	CountCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64) error
	// Gaps gives the known gaps by slot: of all mints when mint is nil, in any state when state is nil.
	Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) ([]market.Gap, error)
	// TimesAround gives the block times of the newest event below slot from and of the oldest above slot to; 0 for none.
	TimesAround(ctx context.Context, from, to market.Slot) (before, after int64, err error)
	// KnownMints lists every mint that an event was about.
	KnownMints() []market.Pubkey
	// Pair is the market of a coin, the zero Pair for one that is not known.
	Pair(mint market.Pubkey) market.Pair
	// Supplies are how many there are of the coins that it knows, in the order asked, those that are not known included.
	Supplies(ctx context.Context, mints []market.Pubkey) ([]market.Supply, error)
	// Programs are those of which there are events.
	Programs() []market.Program
	// ID is the identity of the store, which gives its seqs their meaning; empty for one of an older version.
	ID() string
	// Seq is the newest commit.
	Seq() market.Seq
	// Horizon is the block time below which retention deletes; 0 for none.
	Horizon() int64
	// Commits calls fn with the commits from a seq on, each whole. It fails when they are not all there any more.
	Commits(ctx context.Context, from market.Seq, fn func(*market.Commit) error) error
}
