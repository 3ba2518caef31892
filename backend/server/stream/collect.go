package stream

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector; the whole way of a trade is one more stage.
func (r Report) Collect(m *telemetry.Metrics) {
	now := r.Stream.Metrics()
	m.Gauge("stream_topics", "Topics that have subscribers.", float64(now.Topics))
	m.Counter("stream_updates_total", "Pushes, however many clients got each.", now.Updates)
	m.Counter("stream_conflated_total", "Interim candles and prices that a newer one replaced before they were sent.", now.Conflated)
	m.Counter("stream_errors_total", "Requests refused.", now.Errors)
	m.Counter("stream_lags_total", "Times that the pushes caught up from the store.", now.Lags)
	m.Gauge("stream_waiting", "Updates in the open batch.", float64(now.Waiting))

	whole := telemetry.Histogram{Stage: "receive_to_queue", Counts: now.Latency.Counts, Sum: float64(now.Latency.Sum) / 1000}
	for _, ms := range now.Latency.Bounds {
		whole.Bounds = append(whole.Bounds, float64(ms)/1000)
	}
	m.Stage(whole)
	r.collectSockets(m)
	r.collectPlain(m)
}

func (r Report) collectPlain(m *telemetry.Metrics) {
	s := r.plain.Stats()
	m.Gauge("plain_websockets", "Open plain WebSockets.", float64(s.WebSockets))
	m.Gauge("plain_event_streams", "Open streams of server-sent events.", float64(s.Events))
	m.Gauge("plain_queued_messages", "Messages that wait in their queues.", float64(s.QueuedMessages))
	m.Gauge("plain_queued_bytes", "Bytes that wait in their queues.", float64(s.QueuedBytes))
	collectTotals(m, "plain_", []total{
		{"websockets_total", "Plain WebSockets opened.", s.WebSocketsTotal},
		{"event_streams_total", "Streams of server-sent events opened.", s.EventsTotal},
		{"refused_total", "Requests for either turned away.", s.Refused},
		{"messages_in_total", "Messages read from them.", s.MessagesIn},
		{"messages_out_total", "Messages queued to them.", s.MessagesOut},
		{"bytes_in_total", "Payload bytes read.", s.BytesIn},
		{"bytes_out_total", "Bytes written.", s.BytesOut},
		{"slow_consumers_total", "Clients cut because they did not read.", s.SlowConsumers},
		{"limited_total", "Messages above the request rate.", s.Limited},
		{"malformed_total", "Messages that are none.", s.Malformed},
		{"panics_total", "Panics caught.", s.Panics},
	})
}

func (r Report) collectSockets(m *telemetry.Metrics) {
	s := r.sockets.Stats()
	m.Gauge("socketio_connections", "Open sessions.", float64(s.Connections))
	collectTotals(m, "socketio_", []total{
		{"connections_total", "Sessions opened.", s.ConnectionsTotal},
		{"refused_total", "Requests turned away.", s.Refused},
		{"messages_in_total", "Events and acknowledgements read.", s.MessagesIn},
		{"messages_out_total", "Frames queued to clients.", s.MessagesOut},
		{"bytes_in_total", "Payload bytes read.", s.BytesIn},
		{"bytes_out_total", "Bytes written.", s.BytesOut},
		{"broadcasts_total", "Broadcasts that had a member.", s.Broadcasts},
		{"dropped_total", "Frames thrown away with a cut or gone client.", s.Dropped},
		{"slow_consumers_total", "Clients cut because they did not read.", s.SlowConsumers},
		{"limited_total", "Events above the request rate.", s.Limited},
		{"malformed_total", "Sessions closed for a bad packet.", s.Malformed},
		{"panics_total", "Panics caught.", s.Panics},
		{"ghosts_total", "Dead sockets removed.", s.Ghosts},
	})

	m.Gauge("socketio_queued_messages", "Frames that wait in all queues.", float64(s.QueuedMessages))
	m.Gauge("socketio_queued_bytes", "Bytes that wait in all queues.", float64(s.QueuedBytes))
}

// total is a counter of a server's.
type total struct {
	name, help string
	value      int64
}

func collectTotals(m *telemetry.Metrics, prefix string, totals []total) {
	for _, one := range totals {
		m.Counter(prefix+one.name, one.help, uint64(max(0, one.value)))
	}
}
