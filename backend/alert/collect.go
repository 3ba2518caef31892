package alert

import "spinscope/backend/telemetry"

// Collect is a telemetry.Collector.
func (s *Service) Collect(m *telemetry.Metrics) {
	counts := s.Counts()
	for _, kind := range Kinds() {
		m.CounterOf("kind", string(kind), "alerts_fired_total", "Alerts fired since the start.", counts.Fired[kind])
	}
	if counts.Webhook {
		m.Counter("alerts_posted_total", "Alerts that the webhook took.", counts.Posted)
		m.Counter("alerts_unposted_total", "Alerts that the webhook did not take.", counts.Unposted)
	}
}
