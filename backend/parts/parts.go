package parts

import (
	"context"
	"errors"
	"runtime/pprof"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Part is something that runs for as long as the program serves.
type Part struct {
	Name string                      // of its goroutines in a profile
	Run  func(context.Context) error // until the context ends
}

// Run runs everything until ctx ends or a part fails, and stops it in order: first what reads, then what that feeds.
// stopping is called before. The error is that of the part which failed first; nil after a stop that was asked for.
func Run(ctx context.Context, reading, serving []Part, stopping func()) error {
	served, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()

	group, groupCtx := errgroup.WithContext(served)
	read, stopReading := context.WithCancel(groupCtx)
	defer stopReading()

	var readers sync.WaitGroup
	start := func(ctx context.Context, p Part, ended func()) {
		group.Go(func() (err error) {
			defer ended()
			pprof.Do(ctx, pprof.Labels("part", p.Name), func(ctx context.Context) { err = p.Run(ctx) })
			return err
		})
	}
	for _, p := range reading {
		readers.Add(1)
		start(read, p, readers.Done)
	}

	for _, p := range serving {
		start(groupCtx, p, func() {})
	}

	group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-groupCtx.Done():
		}
		stopping()
		stopReading()
		readers.Wait()
		stopServing()
		return nil
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}

	return nil
}
