package spinscope

import "encoding/json"

// Candle is a candle in its present state.
type Candle struct {
	Time        int64   `json:"time"` // where it begins, Unix seconds
	Open        float64 `json:"open"`
	High        float64 `json:"high"`
	Low         float64 `json:"low"`
	Close       float64 `json:"close"`
	Volume      float64 `json:"volume"`
	QuoteVolume float64 `json:"quote_volume"` // whole SOL, or of what else the coin is paid in
	BuyVolume   float64 `json:"buy_volume"`
	Trades      int64   `json:"trades"`                // 0: the candle is gone
	IsFinal     bool    `json:"is_final"`              // chain time has passed its end
	Corrected   bool    `json:"corrected,omitempty"`   // it changed after it was final
	Provisional bool    `json:"provisional,omitempty"` // the time of a trade in it is an estimate
}

// Gap is a stretch of slots of which trades may be missing, and the block times of the stored events beside it, Unix seconds; 0
// where there is none.
type Gap struct {
	FromSlot uint64 `json:"from_slot"`
	ToSlot   uint64 `json:"to_slot"`
	State    string `json:"state"` // open or unfillable
	Cause    string `json:"cause"`
	Mint     string `json:"mint,omitempty"` // empty: of the whole program
	Seq      uint64 `json:"seq"`
	FromTime int64  `json:"from_time,omitempty"`
	ToTime   int64  `json:"to_time,omitempty"`
}

// Bars are candles of a stretch of time.
type Bars struct {
	Candles []Candle // oldest first; the open one is included
	Gaps    []Gap    // what may be missing among them
	Position
}

// Range says which candles are wanted. The zero Range is all that are stored.
type Range struct {
	From, To *int64 // Unix seconds, inclusive; nil: no bound
	Limit    int    // the newest so many of them; 0: all
}

// Position is where to go on from: everything up to this commit of this store was taken. It may be kept, as JSON too.
type Position struct {
	Seq   uint64 `json:"seq"`
	Store string `json:"store,omitempty"`
}

// Update is what a stream of candles tells: a CandleUpdate, a Reset or a WatchUpdate.
type Update interface{ update() }

// CandleUpdate is a candle that replaces the one of the same time; with Trades 0 there is none any more. The state is that of the
// commit Seq or of a later one, which never goes back but after a Reset.
type CandleUpdate struct {
	Candle Candle `json:"candle"`
	Seq    uint64 `json:"seq"`
	Store  string `json:"store"`
}

// Cause is why something is told anew, or was missed.
type Cause string

// The causes.
const (
	CauseGap     Cause = "gap"     // changes were missed that the server cannot replay
	CauseStore   Cause = "store"   // the server has another store
	CauseHistory Cause = "history" // the older history of a coin was read, which is followed because a client asked for it
)

// Reset says that what was told from a time on is void: it is told anew, as it stands now, by the updates that follow.
type Reset struct {
	Cause  Cause  `json:"cause"`
	Reason string `json:"reason"`
	From   *int64 `json:"from"` // Unix seconds: nothing older is void; nil: everything is
	Store  string `json:"store"`
}

// WatchUpdate says how far a coin is that is followed because a client asked for it.
type WatchUpdate struct {
	Symbol  string `json:"symbol"`
	State   string `json:"state"` // reading, live, refused or unknown
	Done    int64  `json:"done"`  // transactions
	Total   int64  `json:"total"` // 0: not known
	Message string `json:"message"`
}

func (CandleUpdate) update() {}
func (Reset) update()        {}
func (WatchUpdate) update()  {}

// EventsUpdate is what a stream of events tells: an Event, an EventGap or a WatchUpdate.
type EventsUpdate interface{ eventsUpdate() }

// Event is something that happened. The same signature and ordinal come again only when something about it has changed.
type Event struct {
	Type      string          `json:"event_type"`
	Signature string          `json:"signature"`
	Slot      uint64          `json:"slot"`
	Ordinal   int             `json:"ordinal"`
	Timestamp string          `json:"timestamp"` // ISO-8601
	Fields    json.RawMessage `json:"-"`         // the whole event, as docs/events.md has it
	Seq       uint64          `json:"seq"`
	Store     string          `json:"store"`
}

// EventGap says that events were missed that the server cannot replay: those of some commits, or all of another store.
type EventGap struct {
	Cause   Cause  `json:"cause"`
	FromSeq uint64 `json:"from_seq"`
	ToSeq   uint64 `json:"to_seq"`
	Reason  string `json:"reason"`
	Store   string `json:"store"`
}

func (Event) eventsUpdate()       {}
func (EventGap) eventsUpdate()    {}
func (WatchUpdate) eventsUpdate() {}

// Price is the price of a coin after a trade.
type Price struct {
	Symbol    string  `json:"symbol"`
	Price     float64 `json:"price"`
	Exact     string  `json:"price_exact"` // the same, every digit of it
	Side      string  `json:"side"`        // buy or sell
	BlockTime int64   `json:"block_time"`  // Unix seconds
	Slot      uint64  `json:"slot"`
	Signature string  `json:"signature"`
	Seq       uint64  `json:"seq"`
}

// Greeting is what the server says first.
type Greeting struct {
	Symbols   []string `json:"supportedSymbols"` // the mints traded last, newest first
	Intervals []string `json:"supportedIntervals"`
	Store     string   `json:"store"`
}

// Status is a part of what /api/events/status says.
type Status struct {
	Cluster          string `json:"cluster"`
	ConnectionStatus string `json:"connection_status"`
	Slot             uint64 `json:"slot"`
	ChainTime        int64  `json:"chain_time"` // Unix seconds
	Seq              uint64 `json:"seq"`
	Store            string `json:"store"`
}
