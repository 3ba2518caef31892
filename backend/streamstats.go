package backend

import (
	"spinscope/backend/server/stream"
	"spinscope/backend/wire"
)

// streamStats shows the stream's figures in the shapes of the REST API.
type streamStats struct{ *stream.Stream }

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
	for _, c := range s.Stream.Clients() {
		list = append(list, wire.StreamClient{
			ID: c.ID, Namespace: c.Namespace, RemoteAddr: c.RemoteAddr, UserAgent: c.UserAgent,
			ConnectedAt: c.Since.UnixMilli(), Subscriptions: c.Topics,
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
