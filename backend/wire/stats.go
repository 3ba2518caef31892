package wire

// KlineConfig is the part of the configuration that stream clients meet.
type KlineConfig struct {
	Intervals                 []string `json:"intervals"`
	HistoryLimitDefault       int      `json:"history_limit_default"`
	HistoryLimitMax           int      `json:"history_limit_max"`
	MaxConnections            int      `json:"max_connections"`
	MaxSubscriptionsPerClient int      `json:"max_subscriptions_per_client"`
	HeartbeatInterval         float64  `json:"heartbeat_interval"       doc:"Seconds"`
	HeartbeatTimeout          float64  `json:"heartbeat_timeout"        doc:"Seconds"`
	MaxPayload                int64    `json:"max_payload"              doc:"Bytes of one message"`
	MessageBatchSize          int      `json:"message_batch_size"`
	MessageBatchTimeoutMS     int      `json:"message_batch_timeout_ms"`
}

// KlineStats are the metrics of /api/kline/status.
type KlineStats struct {
	ActiveConnections  int         `json:"active_connections"`
	TotalSubscriptions int         `json:"total_subscriptions"`
	MonitoredMints     int         `json:"monitored_mints" doc:"Mints that somebody is subscribed to"`
	GapsOpen           int         `json:"gaps_open"`
	Config             KlineConfig `json:"config"`
}

// KlineStatus answers /api/kline/status.
type KlineStatus struct {
	Enabled       bool       `json:"enabled"`
	ServiceStatus string     `json:"service_status" enum:"running,disabled"`
	Stats         KlineStats `json:"stats"`
}

// StreamClient is one connected Socket.IO client.
type StreamClient struct {
	ID            string   `json:"id"`
	Namespace     string   `json:"namespace"`
	RemoteAddr    string   `json:"remote_addr"`
	UserAgent     string   `json:"user_agent"`
	ConnectedAt   int64    `json:"connected_at" doc:"Unix milliseconds"`
	Subscriptions []string `json:"subscriptions" doc:"Rooms it is in"`

	Transport      string  `json:"transport" enum:"websocket,polling"`
	QueuedMessages int     `json:"queued_messages" doc:"Frames that wait for it to read"`
	QueuedBytes    int     `json:"queued_bytes"`
	LagMS          float64 `json:"lag_ms" doc:"How long the oldest of them has waited"`
	MessagesIn     int64   `json:"messages_in"`
	MessagesOut    int64   `json:"messages_out"`
	BytesOut       int64   `json:"bytes_out" doc:"Written to its connection, which its other namespaces share"`
}

// StreamRoom is a topic with subscribers.
type StreamRoom struct {
	Room    string `json:"room"`
	Clients int    `json:"clients"`
}

// Subscriptions answers /api/kline/subscriptions.
type Subscriptions struct {
	Timestamp        int64          `json:"timestamp" doc:"Unix milliseconds"`
	TotalConnections int            `json:"total_connections"`
	TotalRooms       int            `json:"total_rooms"`
	Clients          []StreamClient `json:"clients"`
	Rooms            []StreamRoom   `json:"rooms"`
}

// StreamConnections counts connections and messages.
type StreamConnections struct {
	TotalConnections   uint64 `json:"total_connections"  doc:"Ever, since the start"`
	ActiveConnections  int    `json:"active_connections"`
	TotalMessagesSent  uint64 `json:"total_messages_sent"`
	TotalSubscriptions int    `json:"total_subscriptions"`
}

// StreamMetrics answers /api/ws/metrics.
type StreamMetrics struct {
	Connections       StreamConnections `json:"connections"`
	MessagesPerSecond float64           `json:"messages_per_second"`
	AverageLatencyMS  float64           `json:"average_latency_ms" doc:"From receiving a transaction to publishing it"`
	ErrorRate         float64           `json:"error_rate"         doc:"Errors sent per request, 0 to 1"`
	MemoryUsageMB     float64           `json:"memory_usage_mb"`
}
