package hub

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (h *Hub) Collect(m *telemetry.Metrics) {
	stats := h.Stats()
	m.Counter("hub_commits_total", "Commits handed to readers since the start.", stats.Published)
	pending, lags := 0, uint64(0)
	for _, s := range stats.Subscribers {
		pending, lags = pending+s.Pending, lags+s.Lags
	}
	m.Gauge("hub_pending", "Changes that wait for the hub's readers.", float64(pending))
	m.Counter("hub_lags_total", "Times that a reader fell behind and read from the store.", lags)
}
