// Package plain serves clients that have no Socket.IO library: a WebSocket whose messages are JSON, one object each, and
// server-sent events. It knows events, rooms and payloads, and nothing of what they mean.
//
// Owner: a [Server] owns every connection; a [Conn] owns one bounded queue, which a goroutine of its own writes out.
//
// Ordering: what is sent to one client arrives in the order of the calls. Events of one Conn are handled in the order they
// were sent, one at a time, and the Disconnect handler is the last call.
//
// Concurrency: every exported method may be called from any goroutine, handlers included. None waits for a client, except
// [Conn.Drain], which says so.
//
// Failure: what is no message is answered with an error, and one that is too large ends the connection; a panic in a handler is
// recovered; a client that does not read is cut when its queue is full of what was broadcast, or when it has taken nothing for a
// while. What the application answers waits for space instead.
package plain
