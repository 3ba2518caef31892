package ingest

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (in *Ingest) Collect(m *telemetry.Metrics) {
	c := in.Counters()
	m.Counter("ingest_events_total", "Events committed since the start.", c.Events)
	m.Counter("ingest_repeats_total", "Transactions that were known already.", c.Repeats)
	m.Counter("ingest_moved_total", "Transactions whose place or time changed.", c.Moved)
	m.Counter("ingest_late_trades_total", "Trades that made candles be built anew.", c.Late)
	m.Counter("ingest_bad_time_total", "Transactions left out for want of a usable block time.", c.BadTime)
	m.Counter("ingest_bad_price_total", "Prices that contradict their amounts, or do not fit.", c.BadPrice)
	m.Counter("ingest_malformed_total", "Data lines of the program that do not fit their layout.", c.Malformed)
	m.Counter("ingest_foreign_total", "Data lines that look like events and are not the program's.", c.Foreign)
	m.Counter("ingest_truncated_total", "Transactions whose logs the cluster cut.", c.Truncated)
	m.Counter("ingest_price_breaks_total", "Trades whose price does not follow from the one before them.", c.Breaks)
	m.Counter("ingest_rechecks_total", "Times that a broken price chain had recent slots read again.", c.Rechecks)
}
