package wire

// Mark is what happened in one candle, of one kind and side.
type Mark struct {
	Time        int64    `json:"time"  doc:"Bucket start, Unix seconds"`
	Kind        string   `json:"kind"  enum:"liquidation,large_trade,graduation"`
	Side        string   `json:"side"  doc:"Of liquidated orders long, short or, of those opened before the stored history, unknown; of large trades buy or sell; of graduations none" enum:"long,short,unknown,buy,sell,none"`
	Count       uint64   `json:"count" doc:"Orders, trades or graduations"`
	Volume      *float64 `json:"volume"       doc:"Whole tokens that opening the orders moved, as far as they were not closed since, or that were traded; null when unknown, and of graduations"`
	QuoteVolume *float64 `json:"quote_volume" doc:"The same in SOL"`
}

// Marks answers /api/marks.
type Marks struct {
	Marks       []Mark  `json:"marks" doc:"Newest candle first"`
	NextCursor  *string `json:"next_cursor" doc:"Give it as cursor for the events further back; null when from is reached"`
	Reached     int64   `json:"reached" doc:"Candles that begin after this block time are told whole by now; from when next_cursor is null"`
	Interval    string  `json:"interval"`
	MintAccount string  `json:"mint_account"`
	Seq         uint64  `json:"seq" doc:"The commit the answer stands at; events pushed after it have a higher one"`
	Store       string  `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}
