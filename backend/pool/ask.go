package pool

import (
	"context"
	"errors"
	"time"

	"spinscope/backend/journal"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/wake"
)

// Run reads what earlier runs kept, asks about the places that are wanted and keeps what it learns, until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	file, err := r.open()
	if err != nil {
		r.log.WarnContext(ctx, "what is known of pools is not kept", "err", err)
		file = &journal.Journal{}
	}
	defer func() {
		r.keep(file)
		file.Close()
	}()

	pause, limit := firstPause, program.MaxPools
	for ctx.Err() == nil {
		r.keep(file)
		addresses, at := r.next(limit)
		if len(addresses) == 0 {
			r.rest(ctx, at)
			continue
		}

		pools, err := registry.FindPools(ctx, addresses, r.options.Read, r.options.Derive)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			r.counts.failed.Add(1)
			r.log.DebugContext(ctx, "the accounts of pools were not read", "pools", len(addresses), "err", err)
			limit = max(1, len(addresses)/2) // there are endpoints that answer for a few only
			_ = wake.After(ctx, pause)       // the loop looks at ctx
			pause = min(2*pause, lastPause)
			continue
		}

		pause, limit = firstPause, min(program.MaxPools, 2*limit)
		r.counts.asked.Add(uint64(len(addresses)))
		r.say(addresses, pools)
		r.answered(addresses, pools)
		r.keep(file)
		_ = wake.After(ctx, askEvery) // the same
	}
	return context.Cause(ctx)
}

// rest waits until there is something to do: at a time, if it is not zero.
func (r *Registry) rest(ctx context.Context, at time.Time) {
	var due <-chan time.Time
	if !at.IsZero() {
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-due:
	}
}

// say tells the log of places that make no sense: their trades are left out.
func (r *Registry) say(addresses []market.Pubkey, pools []program.Pool) {
	for i := range pools {
		if err := pools[i].Err; err != nil && !errors.Is(err, program.ErrNotThere) {
			r.counts.refused.Add(1)
			r.log.Info("trades of a pool are left out", "pool", addresses[i], "err", err)
		}
	}
}

// isAbsent reports whether there was nothing where a pool was looked for.
func isAbsent(pool *program.Pool) bool { return errors.Is(pool.Err, program.ErrNotThere) }
