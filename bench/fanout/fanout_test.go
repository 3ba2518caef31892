package main

import (
	"testing"
	"time"
)

// Every part works at a small size: nothing is lost or out of order, everybody leaves, stalled clients are cut. How fast
// it was is printed, not judged.
func TestSmall(t *testing.T) {
	t.Chdir("..") // where `go run ./fanout` is started
	p := plan{
		peers: []string{"floor", "spinscope"}, parts: []string{"saturated", "latency", "idle", "connects", "cycles", "stalled", "resume"},
		sizes: []int{20}, runs: 1, deliveries: 40_000, seconds: 1, idle: 100, connects: 100, resumes: 100, cycles: 100, stalled: 3, slices: 2, among: 20,
	}
	if err := p.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestQuantile(t *testing.T) {
	var list []time.Duration
	for i := range 101 {
		list = append(list, time.Duration(100-i)*time.Millisecond)
	}
	if p50, p99 := quantile(list, 50), quantile(list, 99); p50 != 50 || p99 != 99 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("median %v", m)
	}
	if m := median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("median %v", m)
	}
}
