package replay

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"spinscope/backend/listener"
	"spinscope/backend/market"
	"spinscope/backend/recording"
)

const (
	playTick     = 50 * time.Millisecond // how often chain time goes on while nothing happens
	playedBatch  = 500                   // transactions given to the writer at once
	playedSecond = 10_000                // transactions of one second that are spread over it; more come at its end
	flushTime    = 3 * time.Second       // at the end, for clients to be sent what was played last
)

// The states of a replay, in the place of a connection's.
const (
	replayWaiting int32 = iota
	replayRunning
	replayEnded
)

var replayStates = [...]string{"replay_waiting", "replaying", "replay_ended"}

// Source is the source of a replay, in the place of a cluster. It implements listener.Source: one goroutine calls Run, Status
// is for any.
type Source struct {
	sorter  *recording.Sorter
	skip    int64       // transactions at the beginning that are stored already
	from    int64       // chain time at which it begins, Unix seconds,
	to      int64       // and ends
	speed   float64     // seconds of chain time for each second
	wait    bool        // until somebody subscribes
	clients func() int  // subscriptions now
	idle    func() bool // all that was published has been queued to the clients
	ended   func()      // called once, when all was played and sent

	state atomic.Int32
	slot  atomic.Uint64
	done  atomic.Int64
	total int64 // transactions

	oldest, newest int64 // block times of the whole recording
}

// Status implements listener.Source: it tells how far the replay has come.
func (p *Source) Status() listener.Status {
	state := p.state.Load()
	s := listener.Status{Running: state == replayRunning, Connection: replayStates[state], Slot: market.Slot(p.slot.Load())}
	s.Backfill.Done, s.Backfill.Total = p.done.Load(), p.total
	return s
}

// pacer is the clock of a replay.
type pacer struct {
	elapsed func() time.Duration        // since the replay began
	pause   func(context.Context) error // until the next tick
}

// Run implements listener.Source: it applies the recording at its pace until its end or that of ctx.
func (p *Source) Run(ctx context.Context, _ market.Slot, apply func(context.Context, market.Batch) error) error {
	ticker := time.NewTicker(playTick)
	defer ticker.Stop()

	clock := pacer{pause: func(ctx context.Context) error {
		select {
		case <-ticker.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
	for p.wait && p.clients() == 0 {
		if err := clock.pause(ctx); err != nil {
			return err
		}
	}

	p.state.Store(replayRunning)
	start := time.Now()
	clock.elapsed = func() time.Duration { return time.Since(start) }
	if err := p.play(ctx, &clock, apply); err != nil {
		return err
	}

	p.state.Store(replayEnded)
	for end := time.Now().Add(flushTime); !p.idle() && time.Now().Before(end); {
		if err := clock.pause(ctx); err != nil {
			return err
		}
	}

	p.ended()
	return nil
}

// playback is a replay that goes on.
type playback struct {
	*Source
	clock *pacer
	apply func(context.Context, market.Batch) error
	batch market.Batch
	chain int64 // chain time given last
}

// play gives the transactions of the recording, each when its time has come. Block times are whole seconds: those of
// one second are spread evenly over it, in the order of the chain, while chain time goes on by whole seconds.
func (p *Source) play(ctx context.Context, clock *pacer, apply func(context.Context, market.Batch) error) error {
	f := &playback{Source: p, clock: clock, apply: apply}
	skip := p.skip
	var second []market.Transaction
	err := p.sorter.Transactions(ctx, func(tx market.Transaction) error {
		if skip > 0 {
			skip--
			return nil
		}
		if tx.BlockTime > p.to {
			return nil
		}

		if n := len(second); n > 0 && second[0].BlockTime != tx.BlockTime || n == playedSecond {
			if err := f.deliver(ctx, second); err != nil {
				return err
			}
			second = second[:0]
		}

		second = append(second, tx)
		return nil
	})
	if err == nil {
		err = f.deliver(ctx, second)
	}

	if err == nil {
		err = f.until(ctx, float64(p.to-p.from)) // a quiet end closes its candles in time
	}
	if err != nil {
		return err
	}
	if err := f.flush(ctx, p.to); err != nil {
		return fmt.Errorf("end of the recording: %w", err)
	}

	return nil
}

// played is how many seconds of chain time have gone by.
func (f *playback) played() float64 { return f.clock.elapsed().Seconds() * f.speed }

// until waits for a place in the recording, in seconds from its beginning, and lets chain time go on meanwhile.
func (f *playback) until(ctx context.Context, place float64) error {
	for at := f.played(); at < place; at = f.played() {
		if err := f.flush(ctx, min(f.to, f.from+int64(at))); err != nil {
			return err
		}
		if err := f.clock.pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// deliver gives the transactions of one second.
func (f *playback) deliver(ctx context.Context, second []market.Transaction) error {
	for i := range second {
		tx := second[i]
		if err := f.until(ctx, float64(tx.BlockTime-f.from)+float64(i)/float64(len(second))); err != nil {
			return err
		}

		tx.ReceivedAt = time.Now()
		for j := range tx.Events {
			tx.Events[j].ReceivedAt = tx.ReceivedAt.UnixMilli()
		}

		f.batch.Transactions = append(f.batch.Transactions, tx)
		f.slot.Store(uint64(tx.Slot))
		f.done.Add(1)
		if len(f.batch.Transactions) == playedBatch {
			if err := f.flush(ctx, tx.BlockTime); err != nil {
				return err
			}
		}
	}

	return nil
}

func (f *playback) flush(ctx context.Context, at int64) error {
	if len(f.batch.Transactions) == 0 && at <= f.chain {
		return nil
	}
	f.chain = max(f.chain, at)
	f.batch.ChainTime = f.chain
	err := f.apply(ctx, f.batch)
	f.batch = market.Batch{} // the writer is done with it, stages may not be
	return err
}
