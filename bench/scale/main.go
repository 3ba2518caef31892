package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
)

// edgeCapacity are what one edge was measured to do, on two shared cores.
type edgeCapacity struct {
	connectionBytes float64 // of an idle subscribed connection, resident
	deliveries      float64 // pushes a second that reach clients in time; a floor's p99 was measured at it
	connects        float64 // a second, all subscribed
	limit           int     // connections that are taken (websocket.max_connections)
	fill            float64 // of the limits that are planned for; the rest is for the loss of an edge and for bursts
}

// demand is what is asked.
type demand struct {
	clients int
	coins   int     // of the market
	each    int     // coins that a client follows
	skew    float64 // of the Zipf law by which coins trade and are followed: 1.1 is a few coins that most follow
	trades  float64 // of the whole market, a second
	window  float64 // seconds in which updates of one open candle become one (websocket.message_batch_timeout_ms)
	push    float64 // bytes of one, on the wire
	commit  float64 // bytes of a live commit on the bus, a trade each
}

// load is what the busiest and the mean edge do.
type load struct {
	edges              int
	connections        int     // of the fullest edge
	sends, meanSends   float64 // pushes a second of the busiest edge, and of the mean one
	memory             float64 // of the fullest edge's connections, bytes
	outward            float64 // of the busiest edge, bytes a second
	bus                float64 // out of the NATS servers, bytes a second: each edge takes every commit
	recover, remaining float64 // seconds until the clients of a lost edge are back on the others, and the busiest's sends then
}

// weights are how coins share in something, by the law of Zipf.
func weights(n int, skew float64) []float64 {
	list, sum := make([]float64, n), 0.0
	for i := range list {
		list[i] = math.Pow(float64(i+1), -skew)
		sum += list[i]
	}
	for i := range list {
		list[i] /= sum
	}
	return list
}

// simulate puts clients on so many edges that none is fuller than planned, by connections and by pushes.
func simulate(d demand, e edgeCapacity, seed uint64) load {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a simulation that repeats
	share := weights(d.coins, d.skew)

	// Pushes a second of a topic: one for each trade, and of open candles one a window at most.
	rate, upTo, sum := make([]float64, d.coins), make([]float64, d.coins), 0.0
	for i, part := range share {
		trades := part * d.trades
		rate[i] = (1 - math.Exp(-trades*d.window)) / d.window
		sum += part
		upTo[i] = sum
	}
	follow := func() int {
		i, _ := slices.BinarySearch(upTo, random.Float64())
		return min(i, d.coins-1)
	}
	sends := make([]float64, d.clients)
	total := 0.0
	for i := range sends {
		for range d.each {
			sends[i] += rate[follow()]
		}
		total += sends[i]
	}

	byConnections := float64(d.clients) / (float64(e.limit) * e.fill)
	bySends := total / (e.deliveries * e.fill)
	edges := max(2, int(math.Ceil(max(byConnections, bySends))))
	connections, busy := make([]int, edges), make([]float64, edges)
	for _, s := range sends {
		at := random.IntN(edges)
		connections[at]++
		busy[at] += s
	}

	fullest, busiest := slices.Max(connections), slices.Max(busy)
	return load{
		edges: edges, connections: fullest, sends: busiest, meanSends: total / float64(edges),
		memory: float64(fullest) * e.connectionBytes, outward: busiest * d.push, bus: float64(edges) * d.trades * d.commit,
		recover: float64(fullest) / (e.connects * float64(edges-1)), remaining: busiest + busiest/float64(edges-1),
	}
}

func main() {
	d := demand{coins: 5000, each: 4, skew: 1.1, window: 0.05, push: 300, commit: 450}
	e := edgeCapacity{connectionBytes: 12 * 1024, deliveries: 20_000, connects: 6250, limit: 10_000, fill: 0.7}
	clients := flag.Int("clients", 0, "clients; 0 is a table up to a million")
	flag.Float64Var(&d.trades, "trades", 100, "trades a second of the market")
	flag.IntVar(&d.each, "coins", d.each, "coins that each client follows")
	flag.Float64Var(&e.deliveries, "deliveries", e.deliveries, "pushes a second that one edge sends in time")
	flag.IntVar(&e.limit, "connections", e.limit, "connections that one edge takes")
	flag.Parse()

	list := []int{10_000, 100_000, 1_000_000}
	if *clients > 0 {
		list = []int{*clients}
	}
	table(os.Stdout, d, e, list)
}

// table writes what each number of clients needs.
func table(out io.Writer, d demand, e edgeCapacity, list []int) {
	fmt.Fprintln(out, "| clients | edges | connections of the fullest | its memory for them | pushes/s of the busiest (mean) | out of it | out of the bus | a lost edge's clients are back after |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|")
	for _, n := range list {
		d.clients = n
		l := simulate(d, e, 1)
		fmt.Fprintf(out, "| %d | %d | %d | %.0f MB | %.0f (%.0f) | %.1f MB/s | %.1f MB/s | %.2f s |\n", n, l.edges, l.connections, l.memory/(1<<20),
			l.sends, l.meanSends, l.outward/1e6, l.bus/1e6, l.recover)
	}
}
