// Package stream serves the market over Socket.IO: the namespaces /ws/kline and /kline of docs/protocol.md.
//
// Owner: backend makes one Stream, mounts it on a socketio.Server before serving, and runs it. The broadcaster, Run's
// goroutine, is the only one that pushes live updates; each client's requests run one after the other on that client's
// own goroutine.
//
// Ordering: a client sees the pushes of all its topics in seq order. An interim candle or a price that a newer one
// replaces before it was sent is left out; finals, corrections, events and new tokens never are. An answer with seq S
// that carries a topic's state comes after every push with seq <= S that the client was to get, of whatever topic, and
// before every push with a higher one (join.go says how). While one topic is replayed from a seq on, the others' pushes
// come in their place among its own (pursue.go).
//
// Concurrency: one mutex guards topics, subscriptions and what waits to be sent. It is held while a batch is encoded and
// queued, and never while the store is read, but for the few rows of each candle that is merged when it is sent.
//
// Failure: a client that does not read is cut by socketio, when live pushes fill its queue or when it takes nothing for a
// while. Histories, replays and catching up wait for space in it instead. When the broadcaster lags behind the hub, it goes on
// in the commit log; a client that cannot take that as fast as it is read, and every client when the log has lost some, is set
// aside: it catches up from the store at its own pace, and what cannot be served whole is announced as a gap. A store that
// fails meanwhile ends Run.
package stream
