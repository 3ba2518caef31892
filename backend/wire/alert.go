package wire

// AlertRule says when an alert fires. The members that a kind has no use for are left out; docs/alerts.md has the kinds.
type AlertRule struct {
	ID            string  `json:"id"                       doc:"1 to 64 letters, digits, - and _"`
	Kind          string  `json:"kind"                     enum:"price_above,price_below,market_cap_above,market_cap_below,line_above,line_below,percent_move,liquidation,new_token,volume_spike,wallet_trade,connection_lost"`
	Symbol        string  `json:"symbol,omitempty"         doc:"Mint; left out for all mints where the kind allows it"`
	Price         string  `json:"price,omitempty"          doc:"SOL per whole token, exact decimal: price_above, price_below"`
	MarketCap     string  `json:"market_cap,omitempty"     doc:"Price × supply in what the coin is paid in, exact decimal with at most 9 decimals: market_cap_above, market_cap_below"`
	FromTime      int64   `json:"from_time,omitempty"      doc:"Where the line begins, Unix seconds: line_above, line_below"`
	FromPrice     string  `json:"from_price,omitempty"     doc:"The line's price there, exact decimal as price"`
	ToTime        int64   `json:"to_time,omitempty"        doc:"A later point of the line, Unix seconds; without ray it ends there"`
	ToPrice       string  `json:"to_price,omitempty"       doc:"The line's price there"`
	Ray           bool    `json:"ray,omitempty"            doc:"The line goes on beyond its second point"`
	Direction     string  `json:"direction,omitempty"      enum:"up,down,both" doc:"percent_move; both when left out"`
	Percent       float64 `json:"percent,omitempty"        doc:"percent_move: 0.01 to 1000000, in steps of 0.01"`
	WindowSeconds int64   `json:"window_seconds,omitempty" doc:"percent_move, volume_spike: 10 to 86400"`
	Factor        float64 `json:"factor,omitempty"         doc:"volume_spike: 1.01 to 1000000, in steps of 0.01"`
	Wallet        string  `json:"wallet,omitempty"         doc:"wallet_trade: the wallet's address"`
	MinSize       string  `json:"min_size,omitempty"       doc:"liquidation: least size of the order, SOL, exact decimal"`
	Once          bool    `json:"once,omitempty"           doc:"The rule is done after it fired"`
	Muted         bool    `json:"muted,omitempty"          doc:"The rule does not fire"`
	Spent         bool    `json:"spent,omitempty"          doc:"A rule with once that has fired; only in answers"`
	SupplyUnknown bool    `json:"supply_unknown,omitempty" doc:"A rule by market cap of a coin whose supply is not known: it waits until it is; only in answers"`
	CreatedAt     int64   `json:"created_at"               doc:"Unix milliseconds; what happened before does not fire. 0 when saving: now"`
}

// AlertPush is an alert on its way to subscribers. It is no shape of the wire itself: Payload is.
type AlertPush struct {
	Number  uint64 // counts alerts from 1, in the order in which they were stored
	Payload []byte // the Alert, encoded
}

// Alert is a rule that fired.
type Alert struct {
	ID         string  `json:"id"          doc:"The same for the same rule and event, always"`
	Rule       string  `json:"rule"        doc:"The rule's id"`
	Kind       string  `json:"kind"        enum:"price_above,price_below,market_cap_above,market_cap_below,line_above,line_below,percent_move,liquidation,new_token,volume_spike,wallet_trade,connection_lost"`
	Symbol     string  `json:"symbol"      doc:"Mint; empty for connection_lost"`
	Message    string  `json:"message"     doc:"One line of plain text"`
	Value      float64 `json:"value"       doc:"What was measured: price, market cap or size in SOL, percent (negative when down), times the average, seconds without connection; 0 for new_token"`
	ValueExact string  `json:"value_exact" doc:"The same as a decimal string; empty when not known"`
	Timestamp  int64   `json:"timestamp"   doc:"Block time, Unix milliseconds; of connection_lost this machine's time"`
	Seq        uint64  `json:"seq"         doc:"The commit with the event; never goes back from one alert to the next"`
	Slot       uint64  `json:"slot"        doc:"0 for connection_lost"`
	Signature  string  `json:"signature"   doc:"Of the event's transaction; empty for connection_lost"`
	Late       bool    `json:"late"        doc:"It happened more than a minute before it was seen: listed and pushed, but not notified"`
}

// Alerts answers /api/alerts.
type Alerts struct {
	Rules  []AlertRule `json:"rules"  doc:"All rules, in the order of the file"`
	Alerts []Alert     `json:"alerts" doc:"Newest first"`
	Paging
}
