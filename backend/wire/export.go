package wire

// ExportDays answers /api/export/days.
type ExportDays struct {
	Store   string  `json:"store" doc:"Identity of the store that every seq is of"`
	Seq     uint64  `json:"seq" doc:"Every commit up to it is in what is downloaded from now on"`
	Horizon int64   `json:"horizon" doc:"Block time, Unix seconds, below which the store deletes; 0 when it keeps everything"`
	Whole   bool    `json:"whole" doc:"All days that can have rows are named; otherwise those that commits after since_seq changed"`
	Days    []int64 `json:"days" doc:"The first second of each day (UTC), ascending"`

	MarketCap *ExportSupplies `json:"market_cap,omitempty" doc:"By which supplies the market caps of the days are, where they are asked for"`
}

// ExportSupplies says by which supplies the market caps of an export are counted. It is also the header Spinscope-Supplies and
// what a manifest has under market_cap.
type ExportSupplies struct {
	Accounts  int `json:"accounts" doc:"Coins whose supply is what their mint's account says"`
	Creations int `json:"creations" doc:"Coins whose supply is that of their creation's event"`
	Unknown   int `json:"unknown" doc:"Coins whose supply is not known: their rows have no market cap"`

	ReadFrom int64 `json:"read_from,omitempty" doc:"When the first of the accounts was read, Unix seconds by the server's clock; left out: none was"`
	ReadTo   int64 `json:"read_to,omitempty" doc:"When the last of the accounts was read, likewise"`
}
