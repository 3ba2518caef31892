package backend

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/recording"
	"spinscope/backend/server/rest"
)

const (
	playTick    = 50 * time.Millisecond // how often chain time goes on while nothing happens
	playedBatch = 500                   // transactions given to the writer at once
	flushTime   = 3 * time.Second       // at the end, for clients to be sent what was played last
)

// The states of a replay, in the place of a connection's.
const (
	replayWaiting int32 = iota
	replayRunning
	replayEnded
)

var replayStates = [...]string{"replay_waiting", "replaying", "replay_ended"}

// player is the source of a replay, in the place of a cluster. One goroutine calls play; status is for any.
type player struct {
	tape    *recording.Tape
	skip    int64   // transactions at the beginning that are stored already
	from    int64   // chain time at which it begins, Unix seconds,
	to      int64   // and ends
	speed   float64 // seconds of chain time for each second
	wait    bool    // until somebody subscribes
	clients func() int
	ended   func() // called once, when all was played and sent

	state atomic.Int32
	slot  atomic.Uint64
	done  atomic.Int64
	total int64 // transactions
}

// status tells how far it has come in the words of the REST API.
func (p *player) status() rest.FeedStatus {
	state := p.state.Load()
	s := rest.FeedStatus{Running: state == replayRunning, Connection: replayStates[state], Slot: market.Slot(p.slot.Load())}
	s.Backfill.Done, s.Backfill.Total = p.done.Load(), p.total
	return s
}

// play applies the recording at its pace until its end or that of ctx.
func (p *player) play(ctx context.Context, in *intake, apply func(context.Context, market.Batch) error) error {
	tick := time.NewTicker(playTick)
	defer tick.Stop()
	pause := func() error {
		select {
		case <-tick.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for p.wait && p.clients() == 0 {
		if err := pause(); err != nil {
			return err
		}
	}
	p.state.Store(replayRunning)
	start := time.Now()
	now := func() int64 { return min(p.to, p.from+int64(time.Since(start).Seconds()*p.speed)) }
	var batch market.Batch
	chain := int64(0)
	flush := func(at int64) error {
		if len(batch.Transactions) == 0 && at <= chain {
			return nil
		}
		chain = max(chain, at)
		batch.ChainTime = chain
		err := apply(ctx, batch)
		batch = market.Batch{} // the writer is done with it, stages may not be
		return err
	}
	skip := p.skip
	err := p.tape.Transactions(ctx, func(tx market.Transaction) error {
		if skip > 0 {
			skip--
			return nil
		}
		if tx.BlockTime > p.to {
			return nil
		}
		for at := now(); at < tx.BlockTime; at = now() {
			if err := flush(at); err != nil {
				return err
			}
			if err := pause(); err != nil {
				return err
			}
		}
		tx.ReceivedAt = time.Now()
		for i := range tx.Events {
			tx.Events[i].ReceivedAt = tx.ReceivedAt.UnixMilli()
		}
		batch.Transactions = append(batch.Transactions, tx)
		p.slot.Store(uint64(tx.Slot))
		p.done.Add(1)
		if len(batch.Transactions) == playedBatch {
			return flush(tx.BlockTime)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for at := now(); at < p.to; at = now() { // a quiet end closes its candles in time
		if err := flush(at); err != nil {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
	}
	if err := flush(p.to); err != nil {
		return fmt.Errorf("end of the recording: %w", err)
	}
	p.state.Store(replayEnded)
	for end := time.Now().Add(flushTime); !in.stages.idle() && time.Now().Before(end); {
		if err := pause(); err != nil {
			return err
		}
	}
	p.ended()
	return nil
}
