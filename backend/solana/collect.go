package solana

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (f *Feed) Collect(m *telemetry.Metrics) {
	s := f.Status()
	m.Counter("feed_transactions_total", "Transactions delivered, repeats included.", s.Transactions)
	m.Counter("feed_reconnects_total", "Connections lost.", s.Reconnects)
	m.Counter("feed_garbage_total", "Frames that could not be read.", s.Garbage)
	m.Counter("feed_rate_limited_total", "Times that an endpoint asked for fewer requests.", s.Limits)
	m.Gauge("feed_buffered", "Live transactions that wait for history.", float64(s.Buffered))
	m.Gauge("feed_backfill_done", "Transactions of the history being read that are done.", float64(s.Backfill.Done))
	m.Gauge("feed_backfill_expected", "Transactions of the history being read, 0 while not known.", float64(s.Backfill.Total))
}
