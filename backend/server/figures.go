package server

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Figure is one value of /metrics that another part of the program counts.
type Figure struct {
	Name, Help string
	Counter    bool   // it only rises; else it is a gauge
	Kind       string // value of its one label, kind; "" when it has none
	Value      float64
}

// Stage is how long things took on one leg of the way from the cluster to the clients. Bounds are the upper ends of the
// buckets in seconds, ascending; Counts has one more, for what took longer, and is not cumulative.
type Stage struct {
	Name   string
	Bounds []float64
	Counts []uint64
	Sum    float64 // seconds
}

// gatherer shows figures and stages as they are at each scrape.
type gatherer struct {
	figures func() []Figure
	stages  func() []Stage
}

// Describe implements prometheus.Collector. It names nothing: which figures there are is known at the scrape.
func (gatherer) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g gatherer) Collect(out chan<- prometheus.Metric) {
	if g.figures != nil {
		for _, f := range g.figures() {
			kind := prometheus.GaugeValue
			if f.Counter {
				kind = prometheus.CounterValue
			}
			if f.Kind == "" {
				out <- prometheus.MustNewConstMetric(describe(f.Name, f.Help), kind, f.Value)
			} else {
				out <- prometheus.MustNewConstMetric(describe(f.Name, f.Help, "kind"), kind, f.Value, f.Kind)
			}
		}
	}
	if g.stages == nil {
		return
	}
	desc := describe("spinscope_stage_seconds", "Time that each stage takes from the cluster to the clients' queues.", "stage")
	for _, s := range g.stages() {
		buckets := make(map[float64]uint64, len(s.Bounds))
		total := uint64(0)
		for i, n := range s.Counts {
			total += n
			if i < len(s.Bounds) {
				buckets[s.Bounds[i]] = total
			}
		}
		out <- prometheus.MustNewConstHistogram(desc, total, s.Sum, buckets, s.Name)
	}
}
