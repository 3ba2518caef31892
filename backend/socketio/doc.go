// Package socketio is a Socket.IO server (protocol 5 over Engine.IO 4) hardened
// for many clients and hostile input. It knows events, rooms and payloads, and
// nothing of what they mean.
//
// The engine is github.com/zishang520/socket.io/v2: it judges requests and keeps
// the namespaces and their sockets. Everything on the way of a message is this
// package's own and attached through the library's extension points: the
// transports read and write, the engine's sockets keep the heartbeat and the
// upgrade, the decoder judges every packet, the adapter keeps the rooms.
//
// Memory: a client that says nothing costs one goroutine with a stack of two
// kilobytes and seven kilobytes of objects. Nothing that waits has a buffer.
//
// Owner: a [Server] owns every session; a session owns one bounded queue of
// frames, which all transports of the session share, and one [Conn] for each
// namespace joined.
//
// Ordering: what Emit and Broadcast send to one client arrives in the order of
// the calls. Events of one Conn are handled in the order they were sent, one at
// a time, and the Disconnect handler is the last call.
//
// Concurrency: every exported method may be called from any goroutine, handlers
// included. None waits for a client, except [Conn.Drain], which says so.
// Broadcast waits for the server's own writers when they fall behind.
//
// Failure: a bad packet closes its session; a panic in a handler is recovered; a
// client that does not read is cut when its queue is full of what was broadcast,
// or when it has taken nothing of it for a while. What the application answers
// waits for space instead. Nothing a client sends may end the process.
package socketio
