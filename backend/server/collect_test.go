package server

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"spinscope/backend/telemetry"
)

// TestLabelsOfMetrics: none, one or several.
func TestLabelsOfMetrics(t *testing.T) {
	all := prometheus.NewRegistry()
	all.MustRegister(gatherer{func(m *telemetry.Metrics) {
		m.Gauge("bare", "No label.", 1)
		m.CounterOf("a", "x", "one", "One label.", 2)
		m.GaugeOf("a", "y", "other", "One label.", 3)
		m.CounterOfEach([]telemetry.Label{{Name: "a", Value: "x"}, {Name: "b", Value: "y"}}, "two", "Two labels.", 4)
	}})

	families, err := all.Gather()
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				got[f.GetName()] += label.GetName() + "=" + label.GetValue() + " "
			}
		}
	}

	for name, want := range map[string]string{"spinscope_bare": "", "spinscope_one": "a=x ", "spinscope_other": "a=y ", "spinscope_two": "a=x b=y "} {
		if got[name] != want {
			t.Errorf("%s has the labels %q, want %q", name, got[name], want)
		}
	}

	if len(families) != 4 {
		t.Errorf("%d metrics", len(families))
	}
}
