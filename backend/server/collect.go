package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"spinscope/backend/telemetry"
)

// gatherer shows what the parts of the program collect, as it is at each scrape.
type gatherer []telemetry.Collector

// Describe implements prometheus.Collector. It names nothing: which metrics there are is known at the scrape.
func (gatherer) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g gatherer) Collect(out chan<- prometheus.Metric) {
	gathered := telemetry.Gather(g)
	for _, one := range gathered.Values {
		kind := prometheus.GaugeValue
		if one.Counter {
			kind = prometheus.CounterValue
		}

		var names, values []string
		for _, label := range one.Labels {
			names, values = append(names, label.Name), append(values, label.Value)
		}
		out <- prometheus.MustNewConstMetric(describe(one.Name, one.Help, names...), kind, one.Value, values...)
	}

	desc := describe("spinscope_stage_seconds", "Time that each stage takes from the cluster to the clients' queues.", "stage")
	for _, s := range gathered.Stages {
		buckets := make(map[float64]uint64, len(s.Bounds))
		total := uint64(0)
		for i, n := range s.Counts {
			total += n
			if i < len(s.Bounds) {
				buckets[s.Bounds[i]] = total
			}
		}
		out <- prometheus.MustNewConstHistogram(desc, total, s.Sum, buckets, s.Stage)
	}
}
