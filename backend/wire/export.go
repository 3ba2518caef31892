package wire

// ExportDays answers /api/export/days.
type ExportDays struct {
	Store   string  `json:"store" doc:"Identity of the store that every seq is of"`
	Seq     uint64  `json:"seq" doc:"Every commit up to it is in what is downloaded from now on"`
	Horizon int64   `json:"horizon" doc:"Block time, Unix seconds, below which the store deletes; 0 when it keeps everything"`
	Whole   bool    `json:"whole" doc:"All days that can have rows are named; otherwise those that commits after since_seq changed"`
	Days    []int64 `json:"days" doc:"The first second of each day (UTC), ascending"`
}
