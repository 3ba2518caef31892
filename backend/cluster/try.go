package cluster

import (
	"context"
	"fmt"

	"spinscope/backend/config"
	"spinscope/backend/datadir"
	"spinscope/backend/market"
	"spinscope/backend/solana"
)

// Report tells a person what an endpoint showed when it was tried. No text holds a key.
type Report struct {
	Works     bool    `json:"works"`
	Problem   string  `json:"problem"`    // why nothing was tried
	LatencyMS float64 `json:"latency_ms"` // of getSlot; 0 when it failed
	Version   string  `json:"version"`    // of the node
	Chain     string  `json:"chain"`      // mainnet, devnet, another chain; empty when unknown
	Checks    []Check `json:"checks"`
	Note      string  `json:"note"` // what to think of although it works
}

// Check is one thing that the feed needs of an endpoint.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Choice is an endpoint to be tried, and for what. Without an RPC address it is the cluster's own.
type Choice struct {
	Cluster    string
	Endpoint   config.Endpoint
	ProgramID  string
	Commitment string
}

// genesis hashes of the public chains
var chains = map[string]string{
	"5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d": "mainnet",
	"EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxkrZBkG": "devnet",
}

// Try asks an endpoint whatever the feed would ask of it, within ten seconds. dataDir is where the markets are stored that
// it is compared with. It fails only when ctx ends.
func Try(ctx context.Context, dataDir string, choice Choice) (Report, error) {
	report := Report{Checks: []Check{}}
	if problem := choice.Endpoint.Check(); problem != nil {
		report.Problem = problem.Key + " " + problem.Hint()
		return report, nil
	}

	program, err := market.ParsePubkey(choice.ProgramID)
	if err != nil {
		report.Problem = "the program id is not an address: " + err.Error()
		return report, nil
	}

	target := endpoint(choice.Endpoint)
	if choice.Endpoint.RPCURL == "" {
		known, ok := solana.Cluster(choice.Cluster)
		if !ok {
			report.Problem = "no address is given"
			return report, nil
		}
		target = known
	}

	probe, err := solana.Try(ctx, target, program, choice.Commitment)
	if err != nil {
		return report, err
	}

	report.fill(&probe)
	report.Note = chainNote(dataDir, choice, probe.Genesis)
	return report, nil
}

func (r *Report) fill(probe *solana.Probe) {
	r.Works, r.Version = probe.Works(), probe.Version
	r.LatencyMS = float64(probe.Latency.Microseconds()) / 1000
	if probe.Genesis != "" {
		r.Chain = "another chain"
		if name, known := chains[probe.Genesis]; known {
			r.Chain = name
		}
	}

	add := func(name, failure, good string) {
		check := Check{Name: name, OK: failure == "", Text: failure}
		if check.OK {
			check.Text = good
		}
		r.Checks = append(r.Checks, check)
	}
	add("JSON-RPC", probe.Requests, "node "+probe.Version)
	if probe.Requests == "" {
		add("getSlot", probe.SlotFailure, fmt.Sprintf("slot %d in %.3g ms", probe.Slot, r.LatencyMS))
	}

	if probe.Logs != "" && probe.Logs == probe.Slots {
		add("WebSocket", probe.Logs, "")
		return
	}
	add("Logs subscription", probe.Logs, "accepted")
	add("Slot announcements", probe.Slots, "they come")
}

// chainNote warns of an endpoint whose chain is not the one that is stored, or not the one named.
func chainNote(dataDir string, choice Choice, genesis string) string {
	if genesis == "" || choice.Cluster == "demo" {
		return ""
	}
	if name := chains[genesis]; name != choice.Cluster && (choice.Cluster == "mainnet" || choice.Cluster == "devnet") {
		return "this endpoint is not of " + choice.Cluster + ": it will not be used with it"
	}
	with := datadir.Dir{Path: dataDir, Cluster: choice.Cluster, Program: choice.ProgramID}
	if stored, _, err := with.StoredChain(); err == nil && stored != "" && stored != genesis {
		return "the market stored for " + choice.Cluster + " was read from another chain: this endpoint will not be used with it. " +
			"Start with another --data-dir, or remove " + with.MarketFiles()
	}
	return ""
}
