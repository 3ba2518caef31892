package backend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/recording"
)

// replayCluster is what a replay calls itself where others have a cluster's name.
const replayCluster = "replay"

// ErrEmptyRecording is returned when there is nothing to replay in the range.
var ErrEmptyRecording = errors.New("no recorded events")

// Replay says what to replay and how.
type Replay struct {
	File     *Recorded // nil: the data directory's market
	From, To int64     // block times, Unix seconds, inclusive; what lies before From is there as history from the start
	Speed    float64   // seconds of chain time for each second, above 0
	Wait     bool      // begin when a client subscribes
	Stay     bool      // go on serving after the end
	// Serving is called once the port is open, with the range that is played; may be nil.
	Serving func(address string, from, to int64)
	// Progress is called while the recording is read and its history loaded; may be nil.
	Progress func(done int64)
}

// RunReplay serves recorded events as if they happened now, from a store of its own that it removes at the end. It ends
// when the recording does, or when ctx does; both are clean. The data directory is only read, and free again once the
// port is open.
func RunReplay(ctx context.Context, o Options, r Replay) (err error) {
	dir, err := os.MkdirTemp("", "spinscope-replay-*")
	if err != nil {
		return fmt.Errorf("make room for the replay: %w", err)
	}
	defer func() {
		if removing := os.RemoveAll(dir); removing != nil && err == nil {
			err = fmt.Errorf("remove the replay's store: %w", removing)
		}
	}()
	tape := recording.New(dir)
	defer func() {
		if closing := tape.Close(); closing != nil && err == nil {
			err = fmt.Errorf("remove sorted events: %w", closing)
		}
	}()
	if r.Progress == nil {
		r.Progress = func(int64) {}
	}
	known, err := r.load(ctx, o, tape)
	if err != nil {
		return ended(ctx, err)
	}
	p := &player{tape: tape, from: r.From, to: r.To, speed: r.Speed, wait: r.Wait}
	if err := p.measure(ctx, known); err != nil {
		return ended(ctx, err)
	}
	if p.total == 0 {
		if p.oldest == 0 {
			return fmt.Errorf("%w at all", ErrEmptyRecording)
		}
		return fmt.Errorf("%w between %s and %s: there are such from %s to %s", ErrEmptyRecording, clock(r.From), clock(r.To), clock(p.oldest), clock(p.newest))
	}
	o.DataDir, o.Backfill, o.player = dir, nil, p
	o.Config.Solana.Cluster, o.Config.Solana.EnableEventListener = replayCluster, true
	o.Config.Store.RetentionDays = 0
	if err := p.prepare(ctx, o, r.Progress); err != nil {
		return ended(ctx, err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	p.ended = func() {
		if !r.Stay {
			stop()
		}
	}
	if r.Serving != nil {
		o.serving = func(address string) { r.Serving(address, p.from, p.to) }
	}
	return New(o).Run(running)
}

// ended turns the end of ctx into a clean one.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

func clock(seconds int64) string {
	if seconds == math.MinInt64 || seconds == math.MaxInt64 {
		return "any time"
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

// load puts the events on the tape. It returns the chain time up to which the recording is known to hold all.
func (r *Replay) load(ctx context.Context, o Options, tape *recording.Tape) (known int64, err error) {
	if r.File != nil {
		var result Imported
		if err := r.File.record(ctx, tape, &result, func(p ImportProgress) { r.Progress(p.Done) }); err != nil {
			return 0, err
		}
		return 0, nil // an export does not say
	}
	if err := o.checkProgram(); err != nil {
		return 0, err
	}
	opened, err := openExisting(&o)
	if err != nil {
		return 0, err
	}
	defer closeStore(opened, &err)
	err = opened.EventsAfter(market.Position{}, func(e *market.Event) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if tape.Len()%10_000 == 0 {
			r.Progress(tape.Len())
		}
		return tape.Add(e)
	})
	if err != nil {
		return 0, fmt.Errorf("read the recorded events: %w", err)
	}
	return opened.State().ChainTime, nil
}

// measure finds where the replay begins and ends, and how much there is: from the first transaction of its time on.
func (p *player) measure(ctx context.Context, known int64) error {
	first, last, began := int64(0), int64(0), false
	err := p.tape.Transactions(ctx, func(tx market.Transaction) error {
		if p.oldest == 0 {
			p.oldest = tx.BlockTime
		}
		p.newest = max(p.newest, tx.BlockTime)
		began = began || tx.BlockTime >= p.from
		switch {
		case !began:
			p.skip++
		case tx.BlockTime <= p.to:
			if p.total == 0 {
				first = tx.BlockTime
			}
			last = max(last, tx.BlockTime)
			p.total++
		}
		return nil
	})
	p.from = max(p.from, first) // nobody wants to wait for the first trade
	p.to = min(p.to, max(last, known))
	return err
}

// prepare fills the replay's store with what lies before it.
func (p *player) prepare(ctx context.Context, o Options, progress func(int64)) (err error) {
	b := New(o)
	opened, err := b.openStore()
	if err != nil {
		return err
	}
	defer closeStore(opened, &err)
	in, err := b.newIntake(opened, nil)
	if err != nil {
		return err
	}
	left := p.skip
	before := func(*market.Transaction) bool {
		left--
		return left < 0
	}
	if _, err := in.take(ctx, p.tape, before, progress); err != nil {
		return err
	}
	return in.writer.Close()
}
