package store

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (s *Store) Collect(m *telemetry.Metrics) {
	stats := s.Stats()
	m.Gauge("store_gaps_open", "Gaps that may still be filled.", float64(stats.GapsOpen))
	m.Gauge("store_mints", "Mints seen in any event.", float64(stats.Mints))
	m.Gauge("store_orders", "Margin orders open now.", float64(stats.Orders))
	m.Gauge("store_candles", "Final candles stored.", float64(stats.Candles))
	m.Gauge("store_damaged_tables", "Files of the store with a block that cannot be read; each is read once a day.", float64(s.DamagedTables()))
	m.Counter("store_refused_reads_total", "Reads refused because a block of the store that they met cannot be read.", s.DamagedReads())
	if db, err := s.DBStats(); err == nil {
		m.Gauge("store_tree_bytes", "Size of the store's tree on disk.", float64(db.TreeBytes))
		m.Gauge("store_value_log_bytes", "Size of the store's value log on disk.", float64(db.ValueLogBytes))
		m.Gauge("store_open_mints", "Mints with open candles in memory.", float64(db.OpenMints))
	}
}
