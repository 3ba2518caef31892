package datadir

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (d *Dir) Collect(m *telemetry.Metrics) {
	if left, known := d.Free(); known {
		m.Gauge("data_dir_free_bytes", "Room left on the data directory's disk.", float64(left))
	}
}
