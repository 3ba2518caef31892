package wire

import "spinscope/backend/market"

// Clock answers /api/time.
type Clock struct {
	Timestamp int64  `json:"timestamp" doc:"Unix seconds"`
	UTC       string `json:"utc"       doc:"2006-01-02 15:04:05 UTC"`
	Local     string `json:"local"     doc:"The same in the server's zone, with the zone's name"`
	ISO8601   string `json:"iso8601"   doc:"With fractions of a second and offset"`
}

// Backfill is how far reading history from the chain has come.
type Backfill struct {
	Running    bool    `json:"running"`
	Done       int64   `json:"done"        doc:"Transactions read"`
	Total      int64   `json:"total"       doc:"Transactions to read, as far as known"`
	ETASeconds float64 `json:"eta_seconds" doc:"0 when unknown"`
}

// FollowedProgram is a program of which all coins are kept, live only, or that is off.
type FollowedProgram struct {
	Program string `json:"program"`
	State   string `json:"state"   enum:"waiting,live,refused,off" doc:"live: what happens is told; waiting: the connection is being made; refused: the endpoint does not tell of it, message says why; off: nothing of it is read, as the configuration says"`
	Slot    uint64 `json:"slot"    doc:"Up to here everything was told, but for its gaps; 0 of one that is off"`
	Message string `json:"message" doc:"Why it is refused, or what failed last; else empty"`
}

// Status answers /api/events/status.
type Status struct {
	IsRunning            bool              `json:"is_running"`
	LastEventTime        *int64            `json:"last_event_time"        doc:"Block time of the newest event, Unix seconds; null before the first"`
	TotalEventsProcessed uint64            `json:"total_events_processed" doc:"Stored events; survives restarts"`
	ConnectionStatus     string            `json:"connection_status"`
	ProgramID            string            `json:"program_id"`
	Cluster              string            `json:"cluster"   doc:"demo is a simulated market inside this program, replay recorded events played again"`
	Endpoint             string            `json:"endpoint"  doc:"Without secrets"`
	Slot                 uint64            `json:"slot"      doc:"Newest slot known"`
	LagSlots             uint64            `json:"lag_slots"`
	ChainTime            int64             `json:"chain_time" doc:"Candles that end by it are final; Unix seconds"`
	Seq                  uint64            `json:"seq"       doc:"The store's commit number"`
	Store                string            `json:"store,omitempty" doc:"Identity of the store that seqs are of: another one when it was made anew"`
	LastError            string            `json:"last_error"`
	Failures             uint64            `json:"failures"  doc:"Failed connections and requests since the start"`
	Backfill             Backfill          `json:"backfill"`
	UnreadablePrograms   []string          `json:"unreadable_programs,omitempty" doc:"Programs of which no event could be read for ten minutes of chain time: their layouts must have changed. Left out: none"`
	FollowedPrograms     []FollowedProgram `json:"followed_programs,omitempty" doc:"Programs of which all coins are kept, live only, and those that are off. Left out: none"`
	Newer                *Newer            `json:"newer,omitempty" doc:"A newer version than the one that runs, as the publisher signed it. Left out: none is known, or nobody is asked (updates.url)"`
	Node                 *Node             `json:"node,omitempty" doc:"Among the servers that share this market over a bus. Left out: there is no bus"`
}

// Newer is a published version that is newer than the one that runs.
type Newer struct {
	Version string `json:"version" doc:"By Semantic Versioning, such as 0.2.0"`
	Running string `json:"running" doc:"The version that runs"`
	Page    string `json:"page"    doc:"https address of what a person reads about it"`
}

// EventStats answers /api/events/stats: stored events by kind.
type EventStats struct {
	TokenCreated      uint64 `json:"token_created"`
	BuySell           uint64 `json:"buy_sell"`
	LongShort         uint64 `json:"long_short"`
	ForceLiquidate    uint64 `json:"force_liquidate"`
	FullClose         uint64 `json:"full_close"`
	PartialClose      uint64 `json:"partial_close"`
	MilestoneDiscount uint64 `json:"milestone_discount"`
	Total             uint64 `json:"total"`
}

// NewEventStats are the counts of stored events: by kind those of the first program, in total those of all.
func NewEventStats(counts market.KindCounts) EventStats {
	of := func(name string) uint64 {
		kind, _ := market.ParseKind(firstProgram, name)
		return counts.Of(kind)
	}
	return EventStats{
		TokenCreated: of("TokenCreated"), BuySell: of("BuySell"), LongShort: of("LongShort"), ForceLiquidate: of("ForceLiquidate"),
		FullClose: of("FullClose"), PartialClose: of("PartialClose"), MilestoneDiscount: of("MilestoneDiscount"), Total: counts.Total(),
	}
}

// DBStats answers /api/events/db-stats.
type DBStats struct {
	LSMBytes   int64             `json:"lsm_bytes"       doc:"Keys and small values on disk"`
	VLogBytes  int64             `json:"value_log_bytes" doc:"Large values on disk"`
	TotalBytes int64             `json:"total_bytes"`
	Keys       map[string]uint64 `json:"keys"            doc:"Entries by kind of record"`
	Seq        uint64            `json:"seq"`
}

// Events answers /api/events.
type Events struct {
	Events []Event `json:"events"`
	Paging

	// Of all coins:
	NextCursor *string `json:"next_cursor,omitempty" doc:"Where the next request goes on; left out: there is nothing further back"`
	Reached    *int64  `json:"reached,omitempty" doc:"Block time of the last event that was looked at, Unix seconds"`
	Seq        *uint64 `json:"seq,omitempty" doc:"Commit that the answer stands at"`
	Store      string  `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}

// Mints answers /api/mints.
type Mints struct {
	Mints []string `json:"mints" doc:"Addresses"`
	Paging
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor for the next page; null at the end"`
	SortBy     string  `json:"sort_by"`
}

// Details answers /api/details. Unknown mints are left out.
type Details struct {
	Details []Detail `json:"details"`
	Total   int      `json:"total"`
}

// MintOrders answers /api/mint_orders.
type MintOrders struct {
	Orders []Order `json:"orders"`
	Paging
	OrderType   string `json:"order_type" enum:"up_orders,down_orders"`
	MintAccount string `json:"mint_account"`
}

// UserOrders answers /api/user_orders.
type UserOrders struct {
	Orders []Order `json:"orders"`
	Paging
	User        string  `json:"user"`
	MintAccount *string `json:"mint_account" doc:"The mint asked for, or null"`
}

// UserTransaction is one event of a user.
type UserTransaction struct {
	EventType   string `json:"event_type"`
	User        string `json:"user" doc:"The order's owner for closes and liquidations"`
	MintAccount string `json:"mint_account"`
	Slot        uint64 `json:"slot"`
	Timestamp   int64  `json:"timestamp" doc:"Block time, Unix seconds"`
	Signature   string `json:"signature"`
	EventData   Event  `json:"event_data"`
}

// UserEvents answers /api/user_event.
type UserEvents struct {
	Transactions []UserTransaction `json:"transactions"`
	Paging
	User        string  `json:"user"`
	MintAccount *string `json:"mint_account" doc:"The mint asked for, or null"`
}

// Klines answers /api/kline.
type Klines struct {
	Klines []Candle `json:"klines"`
	Paging
	Interval    string `json:"interval"`
	MintAccount string `json:"mint_account"`
	Seq         uint64 `json:"seq" doc:"The commit the answer stands at; live pushes after it have a higher one"`
	Store       string `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}

// Gap is a stretch of slots that may hold what was not read from the chain.
type Gap struct {
	FromSlot uint64 `json:"from_slot"`
	ToSlot   uint64 `json:"to_slot" doc:"Inclusive"`
	Cause    string `json:"cause"`
	State    string `json:"state" enum:"open,filled,unfillable"`
	Mint     string `json:"mint,omitempty" doc:"Absent: the whole program"`
	Address  string `json:"address,omitempty" doc:"Of a coin that is followed by its own addresses: the one whose transactions may be missing"`
	Seq      uint64 `json:"seq" doc:"The commit that last changed it"`
}

// Gaps answers /api/gaps.
type Gaps struct {
	Gaps  []Gap `json:"gaps"`
	Total int   `json:"total"`
}
