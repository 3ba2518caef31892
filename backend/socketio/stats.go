package socketio

import "time"

// Stats are totals since the server was made, and gauges where said.
type Stats struct {
	Connections      int64 // gauge: open sessions
	ConnectionsTotal int64 // sessions opened
	Refused          int64 // requests turned away: limit, Allow, shutdown
	MessagesIn       int64 // events and acks read
	MessagesOut      int64 // frames queued to clients
	BytesIn          int64 // payload bytes read
	BytesOut         int64 // bytes written to sockets and poll answers
	Broadcasts       int64 // Broadcast calls that had a member
	Dropped          int64 // frames thrown away with a cut or gone client
	SlowConsumers    int64 // clients cut at a queue limit or stall timeout
	Limited          int64 // events above the request rate
	Malformed        int64 // sessions closed for a bad packet
	Panics           int64 // panics recovered
	Ghosts           int64 // dead sockets the sweep removed
	QueuedMessages   int64 // gauge: frames waiting in all queues
	QueuedBytes      int64 // gauge
}

// ClientInfo describes one connected [Conn].
type ClientInfo struct {
	ID, Namespace  string
	Rooms          []string // sorted
	RemoteAddr     string
	UserAgent      string
	Transport      string // "websocket" or "polling"
	Since          time.Time
	QueuedMessages int
	QueuedBytes    int
	Lag            time.Duration // how long the oldest queued frame has waited
	MessagesIn     int64
	MessagesOut    int64
	BytesOut       int64 // written to the connection, by all its namespaces
}
