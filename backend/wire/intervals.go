package wire

// IntervalInfo is a length that candles may have, and whether this server has candles of it.
type IntervalInfo struct {
	Interval   string `json:"interval" doc:"Its name, such as m1"`
	Seconds    int64  `json:"seconds"`
	Origin     int64  `json:"origin" doc:"A time at which a candle begins, Unix seconds; 0 for all but weeks, which begin on Monday"`
	Kept       bool   `json:"kept" doc:"This server answers and pushes its candles"`
	MergedFrom string `json:"merged_from" doc:"The interval whose candles are stored in the place of its own; empty when its own are, or when it is not kept"`
}

// Intervals answers /api/intervals: all that there are, shortest first.
type Intervals struct {
	Intervals []IntervalInfo `json:"intervals"`
	Total     int            `json:"total"`
}
