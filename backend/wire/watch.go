package wire

// WatchedCoin is a coin that is followed by its own addresses, and how that goes.
type WatchedCoin struct {
	Mint       string           `json:"mint"`
	Symbol     string           `json:"symbol" doc:"Empty while it is not known"`
	Name       string           `json:"name"`
	NameSource string           `json:"name_source,omitempty" enum:"chain" doc:"chain: what the mint's account says now, as its creation is not stored"`
	Program    string           `json:"program" doc:"Where it trades now; empty while it is not known what the mint is"`
	State      string           `json:"state" enum:"unknown,reading,live,refused"`
	OnDemand   bool             `json:"on_demand" doc:"It is followed for clients that are subscribed to it, or were until ten minutes ago, and not by the list"`
	Addresses  WatchedAddresses `json:"addresses"`
	Done       int64            `json:"done" doc:"Transactions of its history that were read"`
	Total      int64            `json:"total" doc:"Of so many; 0 when that is not known"`
	Holes      []Gap            `json:"holes" doc:"What is missing of it; empty when nothing is"`
	Message    string           `json:"message" doc:"Why it is refused, or not yet known; else empty"`
}

// WatchedAddresses are those that every transaction of the coin names one of; empty while they are not known.
type WatchedAddresses struct {
	Curve string `json:"curve"`
	Pool  string `json:"pool"`
}

// WatchStatus tells how far a coin is that is followed by its own addresses, for clients that asked for it.
type WatchStatus struct {
	Symbol  string `json:"symbol"  doc:"The mint's address"`
	State   string `json:"state"   doc:"reading: its history is being read; live: whole up to now; refused: it is not followed, message says why; unknown: not yet found out what it is" enum:"reading,live,refused,unknown"`
	Done    int64  `json:"done"    doc:"Transactions of its history that were read"`
	Total   int64  `json:"total"   doc:"Of so many; 0 when that is not known"`
	Message string `json:"message" doc:"Why it is refused, or not yet known; else empty"`
}

// Watch answers /api/watch: in the order in which the coins were added.
type Watch struct {
	Coins []WatchedCoin `json:"coins"`
	Total int           `json:"total"`
}
