package wire

// Endpoint is how one access point of the cluster does. Counts are since the start.
type Endpoint struct {
	Name        string  `json:"name" doc:"Scheme and host: keys in paths and queries are cut off"`
	State       string  `json:"state" enum:"standby,connecting,catching_up,connected,down"`
	InUse       bool    `json:"in_use"`
	LatencyMS   float64 `json:"latency_ms" doc:"Of the last answer to a question for the newest slot; 0 before the first"`
	Slot        uint64  `json:"slot" doc:"Newest slot it told of; 0 when unknown"`
	LagSlots    *uint64 `json:"lag_slots" doc:"Slots that what is stored is behind it; null when it is not in use"`
	SeenAt      int64   `json:"seen_at" doc:"When it last answered, Unix milliseconds; 0 before the first time"`
	Errors      uint64  `json:"errors" doc:"Requests that failed or were refused, sockets that could not be opened"`
	Reconnects  uint64  `json:"reconnects" doc:"Connections that had been live and were lost"`
	LastError   string  `json:"last_error" doc:"Stays after the trouble is over"`
	LastErrorAt int64   `json:"last_error_at" doc:"Unix milliseconds; 0 for none"`
}

// Endpoints answers /api/endpoints: the preferred one first.
type Endpoints struct {
	Endpoints []Endpoint `json:"endpoints"`
	Total     int        `json:"total"`
}

// LogAttr is a key of a log record with its value as text.
type LogAttr struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// LogRecord is one line of the server's log.
type LogRecord struct {
	Seq     uint64    `json:"seq" doc:"Counts up by one, from 1"`
	Time    int64     `json:"time" doc:"Unix milliseconds, of the server's clock"`
	Level   string    `json:"level" enum:"debug,info,warn,error"`
	Message string    `json:"message"`
	Attrs   []LogAttr `json:"attrs"`
}

// Log answers /api/log.
type Log struct {
	Records []LogRecord `json:"records" doc:"Oldest first"`
	Oldest  uint64      `json:"oldest" doc:"Number of the oldest record still kept, of any level; 0 for none"`
	Newest  uint64      `json:"newest" doc:"Number of the newest record"`
}
