package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const buffer = 64 << 10 // what one read of a client may take

// each starts the plan's servers, those of names if given, with n subscribers each.
func (p *plan) each(ctx context.Context, n int, names ...string) (swarms []*swarm, end func(), err error) {
	end = func() {
		for _, s := range swarms {
			s.close()
			s.peer.stop()
		}
	}
	for _, kind := range kinds {
		if !p.has(kind.name) || len(names) > 0 && !slices.Contains(names, kind.name) {
			continue
		}
		server, err := start(ctx, kind.name, p.binaries)
		if err != nil {
			end()
			return nil, nil, err
		}

		s, err := connect(ctx, server, n, 100, buffer)
		if err != nil {
			end()
			server.stop()
			return nil, nil, err
		}
		swarms = append(swarms, s)
	}

	return swarms, end, nil
}

func (p *plan) saturated(ctx context.Context) error {
	for _, size := range p.sizes {
		count := max(1, p.deliveries/size)
		fmt.Printf("\nSaturated fan-out: %d subscribers, %d pushes, %d runs\n\n", size, count, p.runs)
		swarms, end, err := p.each(ctx, size)
		if err != nil {
			return err
		}

		rates := map[string][]float64{}
		got, wanted, disordered := map[string]int64{}, map[string]int64{}, map[string]int64{}
		for run := -1; run < p.runs; run++ { // run -1 warms up
			for _, s := range swarms {
				n := count
				if run < 0 {
					n = min(count, 100)
				}
				r, err := s.run(ctx, n, false, "burst %d", n)
				if err != nil {
					end()
					return err
				}

				if run < 0 {
					continue
				}
				name := s.peer.name
				rates[name] = append(rates[name], r.perSecond())
				got[name] += r.delivered
				wanted[name] += r.wanted
				disordered[name] += r.disordered
				if name == "spinscope" && (r.delivered != r.wanted || r.disordered > 0) {
					end()
					return fmt.Errorf("spinscope delivered %d of %d, %d out of order", r.delivered, r.wanted, r.disordered)
				}
			}
		}

		end()
		rows := [][]string{{"server", "deliveries/s", "of the floor", "each run", "delivered", "in order"}}
		for _, kind := range kinds {
			list := rates[kind.name]
			if len(list) == 0 {
				continue
			}

			ratios := ofFloor(list, rates["floor"])
			order := "yes"
			if disordered[kind.name] > 0 {
				order = "no"
			}

			rows = append(rows, []string{
				kind.what, fmt.Sprintf("%.0f", median(list)), fmt.Sprintf("%.2f", median(ratios)), join(ratios),
				fmt.Sprintf("%.1f %%", 100*float64(got[kind.name])/float64(wanted[kind.name])), order,
			})
		}

		table(rows)
	}

	return nil
}

func (p *plan) latency(ctx context.Context) error {
	const perSecond = 20
	size := p.among
	fmt.Printf("\nLatency: %d deliveries/s to %d subscribers, %d runs of %d s\n\n", size*perSecond, size, p.runs, p.seconds)
	swarms, end, err := p.each(ctx, size, "floor", "spinscope", "centrifuge", "node")
	if err != nil {
		return err
	}

	defer end()
	p50, p99 := map[string][]float64{}, map[string][]float64{}
	for range p.runs {
		for _, s := range swarms {
			n := perSecond * p.seconds
			r, err := s.run(ctx, n, true, "rate %d %d", perSecond, n)
			if err != nil {
				return err
			}
			if r.delivered != r.wanted {
				return fmt.Errorf("%s delivered %d of %d, %d connections were lost", s.peer.name, r.delivered, r.wanted, s.lost.Load())
			}
			p50[s.peer.name] = append(p50[s.peer.name], quantile(r.late, 50))
			p99[s.peer.name] = append(p99[s.peer.name], quantile(r.late, 99))
		}
	}

	rows := [][]string{{"server", "p50 ms", "p99 ms", "p99 of the floor's", "p99 of each run", "quietest run"}}
	for _, kind := range kinds {
		if list := p99[kind.name]; len(list) > 0 {
			rows = append(rows, []string{kind.what, fmt.Sprintf("%.1f", median(p50[kind.name])), fmt.Sprintf("%.1f", median(list)),
				fmt.Sprintf("%.2f", median(ofFloor(list, p99["floor"]))), join(list), fmt.Sprintf("%.1f", slices.Min(list))})
		}
	}

	table(rows)
	return nil
}

func (p *plan) idling(ctx context.Context) error {
	fmt.Printf("\nMemory of %d idle subscribed connections\n\n", p.idle)
	rows := [][]string{{"server", "KB each", "KB each before a collection", "of it alive on the heap", "stacks", "goroutines each"}}
	for _, kind := range kinds {
		if !p.has(kind.name) || kind.name == "stock" {
			continue
		}
		server, err := start(ctx, kind.name, p.binaries)
		if err != nil {
			return err
		}

		before, err := server.stats()
		if err != nil {
			return err
		}

		s, err := connect(ctx, server, p.idle, 100, 1024)
		if err != nil {
			server.stop()
			return err
		}

		first, err := server.stats() // what connecting left behind is gone after it
		if err != nil {
			return err
		}

		time.Sleep(time.Second)
		after, err := server.stats()
		if err != nil {
			return err
		}
		if lost := s.lost.Load(); lost > 0 {
			return fmt.Errorf("%s: %d idle connections were lost", kind.name, lost)
		}

		each := func(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/float64(p.idle)/1024) }
		rows = append(rows, []string{
			kind.what, each(after.Resident - before.Resident), each(first.Uncollected - before.Resident), each(after.Heap - before.Heap), each(after.Stack - before.Stack),
			fmt.Sprintf("%.1f", float64(after.Goroutines-before.Goroutines)/float64(p.idle)),
		})
		s.close()
		server.stop()
	}

	table(rows)
	return nil
}

func (p *plan) connecting(ctx context.Context) error {
	fmt.Printf("\n%d connects at once, until the last is subscribed, %d runs\n\n", p.connects, p.runs)
	took := map[string][]float64{}
	for range p.runs {
		for _, kind := range kinds {
			if !p.has(kind.name) || kind.name == "stock" {
				continue
			}
			server, err := start(ctx, kind.name, p.binaries)
			if err != nil {
				return err
			}

			begun := time.Now()
			s, err := connect(ctx, server, p.connects, p.connects, 4096)
			if err != nil {
				server.stop()
				return err
			}

			took[kind.name] = append(took[kind.name], time.Since(begun).Seconds())
			s.close()
			server.stop()
		}
	}

	rows := [][]string{{"server", "s", "each run"}}
	for _, kind := range kinds {
		if list := took[kind.name]; len(list) > 0 {
			rows = append(rows, []string{kind.what, fmt.Sprintf("%.2f", median(list)), join(list)})
		}
	}

	table(rows)
	return nil
}

func (p *plan) cycling(ctx context.Context) error {
	fmt.Printf("\n%d connects and disconnects: spinscope\n\n", p.cycles)
	server, err := start(ctx, "spinscope", p.binaries)
	if err != nil {
		return err
	}

	defer server.stop()
	rows := [][]string{{"", "resident MB", "heap MB", "goroutines", "connections"}}
	note := func(when string) error {
		// Everything has left within the sweep's time.
		if err := (&swarm{peer: server}).counted(0); err != nil {
			return err
		}
		time.Sleep(time.Second)
		st, err := server.stats()
		rows = append(rows, []string{
			when, fmt.Sprintf("%.1f", float64(st.Resident)/(1<<20)), fmt.Sprintf("%.2f", float64(st.Heap)/(1<<20)),
			fmt.Sprint(st.Goroutines), fmt.Sprint(st.Connections),
		})
		return err
	}
	for _, part := range []struct {
		when   string
		cycles int
	}{{"after 500", 500}, {fmt.Sprintf("after %d more", p.cycles/2), p.cycles / 2}, {fmt.Sprintf("after %d more", p.cycles/2), p.cycles / 2}} {
		if err := cycle(ctx, server, part.cycles); err != nil {
			return err
		}
		if err := note(part.when); err != nil {
			return err
		}
	}

	table(rows)
	return nil
}

// cycle connects, subscribes and leaves n times: with a close frame, without a word, or with a reset.
func cycle(ctx context.Context, server *peer, n int) error {
	var group sync.WaitGroup
	turns := make(chan struct{}, 50)
	failed := make(chan error, n)
	for i := range n {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			c, err := dial(ctx, server.address, server.dialect.path, 4096, 0)
			if err != nil {
				failed <- err
				return
			}

			if err := server.dialect.join(c); err != nil {
				failed <- err
			}
			switch i % 3 {
			case 0:
				_ = c.send(opClose, "\x03\xe8")
			case 1:
				_ = c.nc.(interface{ SetLinger(int) error }).SetLinger(0)
			}

			_ = c.nc.Close()
		})
	}

	group.Wait()
	close(failed)
	return <-failed
}

// ofFloor divides each run by the floor's run beside it.
func ofFloor(list, floor []float64) []float64 {
	ratios := slices.Clone(list)
	for i := range ratios {
		if len(floor) == len(list) {
			ratios[i] /= floor[i]
		}
	}
	return ratios
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	if len(sorted)%2 == 0 {
		return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// at is the q-th percentile of a list.
func at(list []float64, q int) float64 {
	return slices.Sorted(slices.Values(list))[(len(list)-1)*q/100]
}

// quantile is the q-th percentile in milliseconds.
func quantile(list []time.Duration, q int) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return float64(list[(len(list)-1)*q/100]) / 1e6
}

func join(list []float64) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = fmt.Sprintf("%.2f", x)
	}
	return strings.Join(words, " ")
}

func table(rows [][]string) {
	for i, row := range rows {
		fmt.Println("| " + strings.Join(row, " | ") + " |")
		if i == 0 {
			fmt.Println("|" + strings.Repeat("---|", len(row)))
		}
	}
}
