// Package telemetry is what the program says of itself in numbers: the metrics that each part collects of itself, and how
// long a trade takes on each stage of its way from the cluster to the clients.
//
// A part that has something to tell has a method Collect, a Collector. It is called at each scrape of /metrics, from any
// goroutine, and adds what it knows at that moment; it must not block. Names begin with the part's and follow Prometheus:
// counters end in _total, units are base units (seconds, bytes).
package telemetry
