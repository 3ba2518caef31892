package backend

import (
	"time"

	"spinscope/backend/server/stream"
	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

// streamStats shows the stream's figures in the shapes of the REST API.
type streamStats struct {
	*stream.Stream
	sockets *socketio.Server
}

// Metrics implements rest.Stream.
func (s streamStats) Metrics() wire.StreamMetrics {
	m := s.Stream.Metrics()
	metrics := wire.StreamMetrics{MessagesPerSecond: m.MessagesPerSecond, AverageLatencyMS: m.Latency.Average()}
	metrics.Connections = wire.StreamConnections{
		TotalConnections: m.TotalConnections, ActiveConnections: m.ActiveConnections,
		TotalMessagesSent: m.Messages, TotalSubscriptions: m.Subscriptions,
	}
	if m.Messages > 0 {
		metrics.ErrorRate = min(1, float64(m.Errors)/float64(m.Messages))
	}
	return metrics
}

// Clients implements rest.Stream.
func (s streamStats) Clients() []wire.StreamClient {
	list := []wire.StreamClient{}
	connections := map[[2]string]socketio.ClientInfo{}
	for _, c := range s.sockets.Clients() {
		connections[[2]string{c.Namespace, c.ID}] = c
	}
	for _, c := range s.Stream.Clients() {
		connection, there := connections[[2]string{c.Namespace, c.ID}]
		if !there {
			continue // it has just left
		}
		list = append(list, wire.StreamClient{
			ID: c.ID, Namespace: c.Namespace, RemoteAddr: c.RemoteAddr, UserAgent: c.UserAgent,
			ConnectedAt: c.Since.UnixMilli(), Subscriptions: c.Topics,
			Transport: connection.Transport, QueuedMessages: connection.QueuedMessages, QueuedBytes: connection.QueuedBytes,
			LagMS:      float64(connection.Lag) / float64(time.Millisecond),
			MessagesIn: connection.MessagesIn, MessagesOut: connection.MessagesOut, BytesOut: connection.BytesOut,
		})
	}
	return list
}

// Rooms implements rest.Stream.
func (s streamStats) Rooms() map[string]int {
	rooms := map[string]int{}
	for _, room := range s.Stream.Rooms() {
		rooms[room.Name] = room.Subscribers
	}
	return rooms
}
