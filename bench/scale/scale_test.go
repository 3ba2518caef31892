package main

import "testing"

// What is planned holds: no edge is beyond its limits, also after another is lost; twice the clients need twice the edges.
func TestTheEdgesHoldWhatIsPlanned(t *testing.T) {
	e := edgeCapacity{connectionBytes: 27_000, deliveries: 20_000, connects: 6000, limit: 10_000, fill: 0.7}
	d := demand{clients: 40_000, coins: 500, each: 4, skew: 1.1, trades: 50, window: 0.05, push: 300, commit: 450}
	l := simulate(d, e, 1)
	if l.connections > e.limit || l.remaining > e.deliveries || l.sends < l.meanSends || l.meanSends > e.deliveries*e.fill {
		t.Errorf("%+v", l)
	}
	double := d
	double.clients *= 2
	if twice := simulate(double, e, 1); twice.edges < 2*l.edges-2 || twice.edges > 2*l.edges+2 {
		t.Errorf("%d edges, and %d for twice the clients", l.edges, twice.edges)
	}

	// Connections alone are the limit where nothing trades.
	quiet := d
	quiet.trades = 0
	if l := simulate(quiet, e, 1); l.edges != 6 || l.sends != 0 {
		t.Errorf("a market without trades: %+v", l)
	}
}
