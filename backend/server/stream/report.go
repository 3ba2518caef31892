package stream

import (
	"time"

	"spinscope/backend/plain"
	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

// Report is what a Stream and the sockets under it tell of themselves, in the shapes of the REST API and of /metrics. It
// implements rest.Stream; its methods are safe for concurrent use.
type Report struct {
	*Stream
	sockets *socketio.Server
	plain   *plain.Server
}

// Report is of the stream mounted on the servers.
func (st *Stream) Report(server *socketio.Server, plain *plain.Server) Report {
	return Report{st, server, plain}
}

// Metrics implements rest.Stream.
func (r Report) Metrics() wire.StreamMetrics {
	m := r.Stream.Metrics()
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
func (r Report) Clients() []wire.StreamClient {
	list := []wire.StreamClient{}
	connections := map[[2]string]socketio.ClientInfo{}
	for _, c := range r.sockets.Clients() {
		connections[[2]string{c.Namespace, c.ID}] = c
	}
	for _, c := range r.plain.Clients() {
		connections[[2]string{plainName, c.ID}] = socketio.ClientInfo{
			Transport: c.Transport, QueuedMessages: c.QueuedMessages, QueuedBytes: c.QueuedBytes,
			MessagesIn: c.MessagesIn, MessagesOut: c.MessagesOut, BytesOut: c.BytesOut,
		}
	}

	for _, c := range r.Stream.Clients() {
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
func (r Report) Rooms() map[string]int {
	rooms := map[string]int{}
	for _, room := range r.Stream.Rooms() {
		rooms[room.Name] = room.Subscribers
	}
	return rooms
}
