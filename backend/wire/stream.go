package wire

// ConnectionSuccess greets a client of /ws/kline.
type ConnectionSuccess struct {
	ClientID           string   `json:"clientId"`
	ServerTime         int64    `json:"serverTime"         doc:"Unix seconds"`
	SupportedSymbols   []string `json:"supportedSymbols"   doc:"The 100 mints traded last, newest first"`
	SupportedIntervals []string `json:"supportedIntervals" doc:"Shortest first"`
	Store              string   `json:"store,omitempty" doc:"Identity of the store that seqs are of"`
}

// SpinConnectionSuccess greets a client of /kline, with spin-server's names.
type SpinConnectionSuccess struct {
	ClientID           string   `json:"client_id"`
	ServerTime         int64    `json:"server_time"         doc:"Unix seconds"`
	SupportedSymbols   []string `json:"supported_symbols"   doc:"Always empty, as spin-server had it"`
	SupportedIntervals []string `json:"supported_intervals" doc:"Shortest first"`
	Store              string   `json:"store,omitempty" doc:"Identity of the store that seqs are of"`
}

// SubscriptionConfirmed answers every subscribe and unsubscribe.
type SubscriptionConfirmed struct {
	Topic          string  `json:"topic"           doc:"Such as kline:MINT:m1, kline:*:m1, price:MINT, events, token_events; of a list what it is a list of, such as kline or price"`
	Symbol         *string `json:"symbol"          doc:"null where the topic has no mint, and of a list"`
	Interval       *string `json:"interval"        doc:"null where the topic has no interval"`
	SubscriptionID *string `json:"subscription_id" doc:"The request's, echoed"`
	Success        bool    `json:"success"`
	Message        string  `json:"message"`
	Store          string  `json:"store,omitempty" doc:"Identity of the store that seqs are of"`

	Symbols []string `json:"symbols,omitempty" doc:"Of a list: those that are subscribed to, each once"`
}

// HistoryData answers a candle subscription and a history request.
type HistoryData struct {
	Symbol     string   `json:"symbol"`
	Interval   string   `json:"interval"`
	Data       []Candle `json:"data"`
	HasMore    bool     `json:"has_more"    doc:"Older candles exist in the range asked for"`
	TotalCount int      `json:"total_count" doc:"Candles stored in the range asked for"`
	Seq        uint64   `json:"seq"         doc:"State of the store; live pushes after this answer have a higher seq"`
	Store      string   `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}

// Stamps say when a push happened: on the chain, here, and when it was sent.
type Stamps struct {
	BlockTime   int64 `json:"block_time"   doc:"Unix seconds, the chain's"`
	ReceivedAt  int64 `json:"received_at"  doc:"Unix milliseconds; 0 when it was read back from the store"`
	PublishedAt int64 `json:"published_at" doc:"Unix milliseconds"`
}

// KlineData is one pushed candle.
type KlineData struct {
	Symbol         string  `json:"symbol"`
	Interval       string  `json:"interval"`
	SubscriptionID *string `json:"subscription_id" doc:"Always null: one push serves all subscribers"`
	Data           Candle  `json:"data"`
	Timestamp      int64   `json:"timestamp"       doc:"The same as published_at"`
	Seq            uint64  `json:"seq"`
	Slot           uint64  `json:"slot"`
	Stamps
}

// PriceUpdate is the newest price of a mint.
type PriceUpdate struct {
	Symbol     string  `json:"symbol"`
	Price      float64 `json:"price"       doc:"SOL per whole token"`
	PriceExact string  `json:"price_exact" doc:"The same as a decimal string"`
	Timestamp  int64   `json:"timestamp"   doc:"Block time, Unix seconds"`
	Side       string  `json:"side"        enum:"buy,sell"`
	Slot       uint64  `json:"slot"`
	Signature  string  `json:"signature"`
	Seq        uint64  `json:"seq"`
	Stamps
}

// EventData is one pushed event.
type EventData struct {
	Symbol    string `json:"symbol"`
	EventType string `json:"event_type"`
	EventData Event  `json:"event_data"`
	Timestamp int64  `json:"timestamp"  doc:"Block time, Unix milliseconds"`
	Signature string `json:"signature"`
	Ordinal   uint16 `json:"ordinal"`
	Slot      uint64 `json:"slot"`
	Seq       uint64 `json:"seq"`
	Stamps
}

// StreamGap tells a client that pushes of a topic cannot be served again.
type StreamGap struct {
	Topic   string `json:"topic"`
	FromSeq uint64 `json:"from_seq" doc:"First commit that may be missing"`
	ToSeq   uint64 `json:"to_seq"   doc:"Last commit that may be missing"`
	Reason  string `json:"reason"`
}

// StreamError is a refused request.
type StreamError struct {
	Code    int    `json:"code" doc:"1001 invalid request, 1002 subscription refused, 1003 history failed, 1004 unauthorized, 1005 rate limited"`
	Message string `json:"message"`
}

// Codes of StreamError.
const (
	CodeInvalid      = 1001
	CodeRefused      = 1002
	CodeHistory      = 1003
	CodeUnauthorized = 1004
	CodeRateLimited  = 1005
)

// Side is the taker's side on the wire.
func Side(buy bool) string {
	if buy {
		return "buy"
	}
	return "sell"
}
