package wire

// USD answers /api/usd: what SOL costs in US dollars, for display. Candles, events, alerts and exports never use it.
type USD struct {
	Asset       string   `json:"asset" enum:"SOL"`
	Price       *float64 `json:"price" doc:"US dollars for one SOL; null while it is not known"`
	PriceExact  *string  `json:"price_exact" doc:"The same with every digit"`
	Confidence  *float64 `json:"confidence" doc:"The price is known up to so many US dollars"`
	PublishTime *int64   `json:"publish_time" doc:"Of the price, Unix seconds"`
	Age         *int64   `json:"age" doc:"Seconds since then, by this machine's clock"`
	Stale       bool     `json:"stale" doc:"There is no price, or it is older than five minutes: it is not to be used"`
	Account     string   `json:"account" doc:"Where the cluster keeps it: Pyth's account of SOL in US dollars"`
	Message     string   `json:"message" doc:"What went wrong with the last question to the cluster; empty when nothing did"`
}
