package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	stallRate   = 20                    // pushes a second
	stallSlice  = 2 * time.Second       // what is measured at a time; who does not read is cut after 10 s
	stallQueue  = 50                    // pushes that wait for each stalled client when a slice begins
	stallBurst  = 100                   // pushes at once, to fill what the kernel holds
	stallBursts = 20                    // enough to fill everybody
	stallBuffer = 32 << 10              // bytes that the kernel is to hold for each connection
	stallDrain  = 10 * time.Second      // within which they have caught up
	stallPoll   = 20 * time.Millisecond // how often that is looked at
)

// sleepers are subscribers that read, or all do not.
type sleepers struct {
	clients []*client
	resume  sync.RWMutex // locked while they sleep
	nothing atomic.Pointer[round]
	readers sync.WaitGroup
}

// sleepers subscribes n of them. The kernel holds as little as it can for each.
func (s *swarm) sleepers(ctx context.Context, n int) (*sleepers, error) {
	sl := &sleepers{}
	for range n {
		c, err := dial(ctx, s.peer.address, s.peer.dialect.path, 4096, 4096)
		if err == nil {
			err = s.peer.dialect.join(c)
		}
		if err != nil {
			sl.close()
			return nil, err
		}
		c.resume = &sl.resume
		sl.clients = append(sl.clients, c)
		sl.readers.Go(func() { _ = c.read(&sl.nothing) })
	}
	return sl, nil
}

func (sl *sleepers) close() {
	for _, c := range sl.clients {
		_ = c.nc.Close()
	}
	sl.readers.Wait()
}

// stalling compares how late pushes come with and without stalled clients, all else alike: one server, the same
// connections, short slices in turn, each after the same burst. What the machine does beside hits a slice and its
// neighbour; their ratio is what counts.
func (p *plan) stalling(ctx context.Context) error {
	healthy := p.among - p.stalled
	fmt.Printf("\n%d stalled among %d: p99 ms of the others at %d pushes/s, %d pairs of slices of %v: spinscope\n\n",
		p.stalled, p.among, stallRate, p.slices, stallSlice)

	// As the kernel grows its buffers, it would take a hundred times as much to fill them.
	server, err := start(ctx, "spinscope", p.binaries, fmt.Sprintf("FANOUT_SNDBUF=%d", stallBuffer))
	if err != nil {
		return err
	}

	defer server.stop()
	s, err := connect(ctx, server, healthy, 100, buffer)
	if err != nil {
		return err
	}

	defer s.close()
	sl, err := s.sleepers(ctx, p.stalled)
	if err != nil {
		return err
	}

	defer sl.close()
	if err := s.counted(p.among); err != nil {
		return err
	}

	bursts := 1 // until those who sleep are full
	var without, with, ratios []float64
	var allWithout, allWith []time.Duration
	for i := range p.slices {
		var pair [2]result // without, with
		for _, kind := range [2]int{i % 2, 1 - i%2} {
			if pair[kind], err = s.slice(ctx, sl, &bursts, kind == 1); err != nil {
				return err
			}
		}
		allWithout, allWith = append(allWithout, pair[0].late...), append(allWith, pair[1].late...)
		a, b := quantile(pair[0].late, 99), quantile(pair[1].late, 99)
		without, with, ratios = append(without, a), append(with, b), append(ratios, b/a)
	}

	sl.resume.Lock() // for good: all of them are to be cut
	defer sl.resume.Unlock()

	if _, err := s.fill(ctx, sl); err != nil {
		return err
	}
	if err := s.counted(healthy); err != nil {
		return err
	}

	st, err := s.peer.stats()
	row := func(name string, list []float64, all string) []string {
		return []string{name, fmt.Sprintf("%.2f", median(list)), fmt.Sprintf("%.2f–%.2f", at(list, 25), at(list, 75)),
			fmt.Sprintf("%.2f–%.2f", at(list, 0), at(list, 100)), all}
	}
	pooledWithout, pooledWith := quantile(allWithout, 99), quantile(allWith, 99)
	table([][]string{
		{"p99 of a slice", "median", "quartiles", "range", "of all slices together"},
		row("without, ms", without, fmt.Sprintf("%.2f", pooledWithout)),
		row("with, ms", with, fmt.Sprintf("%.2f", pooledWith)),
		row("with / without, of each pair", ratios, fmt.Sprintf("%.2f", pooledWith/pooledWithout)),
	})
	fmt.Printf("\n%d of %d stalled clients were cut in the end, %d healthy ones lost\n", st.Cut, p.stalled, s.lost.Load())
	if st.Cut != int64(p.stalled) || s.lost.Load() > 0 {
		err = errors.Join(err, errors.New("the stalled ones should have been cut, and only they"))
	}

	return err
}

// slice measures once, after the same bursts whether the sleepers sleep or not, and lets them catch up.
func (s *swarm) slice(ctx context.Context, sl *sleepers, bursts *int, asleep bool) (r result, err error) {
	if asleep {
		sl.resume.Lock()
		defer func() {
			sl.resume.Unlock()
			err = errors.Join(err, s.drained())
		}()
	}

	if asleep {
		*bursts, err = s.fill(ctx, sl)
	} else {
		for range *bursts {
			if _, err = s.burst(ctx); err != nil {
				return r, err
			}
		}
		err = s.drained()
	}

	if err != nil {
		return r, err
	}
	count := int(stallRate * stallSlice / time.Second)
	r, err = s.run(ctx, count, true, "rate %d %d", stallRate, count)
	if err == nil && r.delivered != r.wanted {
		err = fmt.Errorf("delivered %d of %d", r.delivered, r.wanted)
	}

	return r, err
}

// fill pushes until the kernel takes no more for who sleeps and their queues grow.
func (s *swarm) fill(ctx context.Context, sl *sleepers) (bursts int, err error) {
	for bursts < stallBursts {
		queued, err := s.burst(ctx)
		if err != nil {
			return 0, err
		}
		if bursts++; queued >= int64(len(sl.clients))*stallQueue {
			return bursts, nil
		}
	}
	return 0, errors.New("the clients did not stall")
}

// drained waits until nothing waits for any client.
func (s *swarm) drained() error {
	for deadline := time.Now().Add(stallDrain); ; {
		st, err := s.peer.stats()
		if err != nil || st.Queued == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d pushes still wait for clients that read", st.Queued)
		}
		time.Sleep(stallPoll)
	}
}

// burst pushes a little and returns how many pushes wait for clients then.
func (s *swarm) burst(ctx context.Context) (queued int64, err error) {
	if _, err := s.run(ctx, stallBurst, false, "burst %d", stallBurst); err != nil {
		return 0, err
	}
	st, err := s.peer.stats()
	return st.Queued, err
}
