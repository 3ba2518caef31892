package backend

import (
	"spinscope/backend/hub"
	"spinscope/backend/server"
)

// figures are the counters of the parts, by the names they have in /metrics.
func (f *front) figures(in *intake, commits *hub.Hub) []server.Figure {
	var list []server.Figure
	counter := func(name, help string, value uint64) {
		list = append(list, server.Figure{Name: "spinscope_" + name, Help: help, Counter: true, Value: float64(value)})
	}
	gauge := func(name, help string, value float64) {
		list = append(list, server.Figure{Name: "spinscope_" + name, Help: help, Value: value})
	}
	c := in.writer.Counters()
	counter("ingest_events_total", "Events committed since the start.", c.Events)
	counter("ingest_repeats_total", "Transactions that were known already.", c.Repeats)
	counter("ingest_moved_total", "Transactions whose place or time changed.", c.Moved)
	counter("ingest_late_trades_total", "Trades that made candles be built anew.", c.Late)
	counter("ingest_bad_time_total", "Transactions left out for want of a usable block time.", c.BadTime)
	counter("ingest_bad_price_total", "Prices that contradict their amounts, or do not fit.", c.BadPrice)
	counter("ingest_malformed_total", "Data lines of the program that do not fit their layout.", c.Malformed)
	counter("ingest_foreign_total", "Data lines that look like events and are not the program's.", c.Foreign)
	counter("ingest_truncated_total", "Transactions whose logs the cluster cut.", c.Truncated)
	counter("ingest_price_breaks_total", "Trades whose price does not follow from the one before them.", c.Breaks)
	counter("ingest_rechecks_total", "Times that a broken price chain had recent slots read again.", c.Rechecks)

	stats := in.store.Stats()
	gauge("store_gaps_open", "Known holes that may still be filled.", float64(stats.GapsOpen))
	gauge("store_mints", "Mints seen in any event.", float64(stats.Mints))
	gauge("store_orders", "Margin orders open now.", float64(stats.Orders))
	gauge("store_candles", "Final candles stored.", float64(stats.Candles))
	gauge("store_damaged_tables", "Files of the store with a block that cannot be read; each is read once a day.", float64(in.store.DamagedTables()))
	if db, err := in.store.DBStats(); err == nil {
		gauge("store_tree_bytes", "Size of the store's tree on disk.", float64(db.TreeBytes))
		gauge("store_value_log_bytes", "Size of the store's value log on disk.", float64(db.ValueLogBytes))
		gauge("store_open_mints", "Mints with open candles in memory.", float64(db.OpenMints))
	}

	if left, known := in.backend.options.free(); known {
		gauge("data_dir_free_bytes", "Room left on the data directory's disk.", float64(left))
	}

	h := commits.Stats()
	counter("hub_commits_total", "Commits handed to readers since the start.", h.Published)
	pending, lags := 0, uint64(0)
	for _, s := range h.Subscribers {
		pending, lags = pending+s.Pending, lags+s.Lags
	}
	gauge("hub_pending", "Changes that wait for the hub's readers.", float64(pending))
	counter("hub_lags_total", "Times that a reader fell behind and read from the store.", lags)

	m := f.stream.Metrics()
	gauge("stream_topics", "Topics that have subscribers.", float64(m.Topics))
	counter("stream_updates_total", "Pushes, however many clients got each.", m.Updates)
	counter("stream_conflated_total", "Interim candles and prices that a newer one replaced before they were sent.", m.Conflated)
	counter("stream_errors_total", "Requests refused.", m.Errors)
	counter("stream_lags_total", "Times that the pushes caught up from the store.", m.Lags)
	gauge("stream_waiting", "Updates in the open batch.", float64(m.Waiting))

	s := f.sockets.Stats()
	gauge("socketio_connections", "Open sessions.", float64(s.Connections))
	for _, one := range []struct {
		name, help string
		value      int64
	}{
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
	} {
		counter("socketio_"+one.name, one.help, uint64(max(0, one.value)))
	}
	gauge("socketio_queued_messages", "Frames that wait in all queues.", float64(s.QueuedMessages))
	gauge("socketio_queued_bytes", "Bytes that wait in all queues.", float64(s.QueuedBytes))

	list = append(list, f.alerts.figures()...)

	if feed := in.current(); feed != nil {
		s := feed.Status()
		counter("feed_transactions_total", "Transactions delivered, repeats included.", s.Transactions)
		counter("feed_reconnects_total", "Connections lost.", s.Reconnects)
		counter("feed_garbage_total", "Frames that could not be read.", s.Garbage)
		gauge("feed_buffered", "Live transactions that wait for history.", float64(s.Buffered))
		gauge("feed_backfill_done", "Transactions of the history being read that are done.", float64(s.Backfill.Done))
		gauge("feed_backfill_expected", "Transactions of the history being read, 0 while not known.", float64(s.Backfill.Total))
	}
	return list
}
