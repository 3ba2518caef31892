package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// plan is what is measured, and how much of it.
type plan struct {
	peers      []string
	parts      []string
	sizes      []int
	runs       int
	deliveries int // of one saturated run
	seconds    int // of one latency run
	idle       int
	connects   int
	resumes    int // clients that are cut at once
	cycles     int
	stalled    int
	slices     int // pairs, of the stalled part
	among      int // subscribers of the latency runs and, with the stalled, of the stalled ones
	binaries   string
}

func main() {
	log.SetFlags(0)
	var p plan
	full := flag.Bool("full", false, "the sizes of docs/performance.md")
	peers := flag.String("peers", "floor,spinscope,centrifuge,node,stock", "servers to measure")
	parts := flag.String("parts", "saturated,latency,idle,connects,cycles,stalled,resume", "what to measure")
	sizes := flag.String("sizes", "200,1000", "subscribers of the saturated runs")
	flag.IntVar(&p.runs, "runs", 3, "alternating runs, whose median counts")
	flag.IntVar(&p.deliveries, "deliveries", 200_000, "of one saturated run")
	flag.IntVar(&p.seconds, "seconds", 4, "of one latency run")
	flag.IntVar(&p.idle, "idle", 2000, "idle connections")
	flag.IntVar(&p.connects, "connects", 1000, "simultaneous connects")
	flag.IntVar(&p.resumes, "resumes", 1000, "clients of the program that are cut at once and resume")
	flag.IntVar(&p.cycles, "cycles", 2000, "connects and disconnects")
	flag.IntVar(&p.stalled, "stalled", 50, "stalled clients among the healthy ones")
	flag.IntVar(&p.slices, "slices", 12, "pairs of slices with and without stalled clients")
	flag.IntVar(&p.among, "among", 1000, "subscribers of the latency runs, and clients among which some stall")
	flag.Parse()
	if *full {
		p.runs, p.deliveries, p.seconds, p.idle, p.cycles, p.slices, p.resumes = 5, 1_000_000, 10, 10_000, 10_000, 40, 10_000
	}

	p.peers, p.parts = strings.Split(*peers, ","), strings.Split(*parts, ",")
	for size := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n <= 0 {
			log.Fatalf("-sizes: %q is no number of subscribers", size)
		}
		p.sizes = append(p.sizes, n)
	}

	debug.SetGCPercent(400) // the client is the same for all; it should not be in the way
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := p.run(ctx); err != nil {
		log.Fatal(err) //nolint:gocritic // nothing is left to undo
	}
}

// run builds the servers and measures each part.
func (p *plan) run(ctx context.Context) error {
	var err error
	if p.binaries, err = os.MkdirTemp("", "fanout"); err != nil {
		return err
	}

	defer os.RemoveAll(p.binaries)
	if err := p.build(ctx); err != nil {
		return err
	}

	fmt.Printf("%s, %d processors, load %s\n", runtime.Version(), runtime.NumCPU(), load())
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"saturated", p.saturated}, {"latency", p.latency}, {"idle", p.idling}, {"connects", p.connecting},
		{"cycles", p.cycling}, {"stalled", p.stalling}, {"resume", p.resuming},
	} {
		if !slices.Contains(p.parts, part.name) {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}

	fmt.Printf("\nload at the end %s\n", load())
	return nil
}

// build compiles the servers of the plan; one that cannot be had is left out, aloud.
func (p *plan) build(ctx context.Context) error {
	for _, name := range slices.Clone(p.peers) {
		var cmd *exec.Cmd
		if name == "node" {
			if _, err := exec.LookPath("npm"); err != nil {
				log.Print("npm is not installed: Node's socket.io is LEFT OUT")
				p.peers = slices.DeleteFunc(p.peers, func(s string) bool { return s == "node" })
				continue
			}
			cmd = exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
			cmd.Dir = filepath.Join("fanout", "node")
		} else {
			cmd = exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(p.binaries, name), "./fanout/"+name)
		}

		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}

	return nil
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func (p *plan) has(name string) bool { return slices.Contains(p.peers, name) }
