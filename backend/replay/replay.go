package replay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"spinscope/backend/datadir"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/recording"
	"spinscope/backend/store"
)

// Cluster is what a replay calls itself where others have a cluster's name.
const Cluster = "replay"

// ErrEmptyRecording is returned when there is nothing to replay in the range.
var ErrEmptyRecording = errors.New("no recorded events")

// Replay says what to replay and how.
type Replay struct {
	File     *offline.Recorded // nil: the data directory's market
	From, To int64             // block times, Unix seconds, inclusive; what lies before From is there as history from the start
	Speed    float64           // seconds of chain time for each second, above 0
	Wait     bool              // begin when a client subscribes
	Stay     bool              // go on serving after the end
	// Serving is called once the port is open, with the range that is played; may be nil.
	Serving func(address string, from, to int64)
	// Progress is called while the recording is read and its history loaded; may be nil.
	Progress func(done int64)
}

// Serve serves a market until ctx ends: that of o, which is fed by source. It calls serving once the port is open.
type Serve func(ctx context.Context, o offline.Options, source *Source, serving func(address string)) error

// Run plays recorded events as if they happened now, from a store of its own that it removes at the end, and has serve serve
// them. It ends when the recording does, or when ctx does; both are clean. The data directory is only read, and free again
// once the port is open.
func Run(ctx context.Context, o offline.Options, r Replay, serve Serve) (err error) {
	dir, err := os.MkdirTemp("", "spinscope-replay-*")
	if err != nil {
		return fmt.Errorf("make room for the replay: %w", err)
	}

	defer func() {
		if removing := os.RemoveAll(dir); removing != nil && err == nil {
			err = fmt.Errorf("remove the replay's store: %w", removing)
		}
	}()

	sorter := recording.New(dir)
	defer func() {
		if closing := sorter.Close(); closing != nil && err == nil {
			err = fmt.Errorf("remove sorted events: %w", closing)
		}
	}()

	if r.Progress == nil {
		r.Progress = func(int64) {}
	}
	known, err := r.load(ctx, o, sorter)
	if err != nil {
		return ended(ctx, err)
	}

	p := &Source{sorter: sorter, from: r.From, to: r.To, speed: r.Speed, wait: r.Wait}
	if err := p.measure(ctx, known); err != nil {
		return ended(ctx, err)
	}
	if p.total == 0 {
		if p.oldest == 0 {
			return fmt.Errorf("%w at all", ErrEmptyRecording)
		}
		return fmt.Errorf("%w between %s and %s: there are such from %s to %s", ErrEmptyRecording, clock(r.From), clock(r.To), clock(p.oldest), clock(p.newest))
	}

	o.Config.Solana.Cluster, o.Config.Solana.EnableEventListener = Cluster, true
	o.Config.Store.RetentionDays = 0
	o.Dir = &datadir.Dir{Path: dir, Cluster: Cluster, Program: o.Config.Solana.ProgramID}
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
	serving := func(address string) {
		if r.Serving != nil {
			r.Serving(address, p.from, p.to)
		}
	}

	return serve(running, o, p, serving)
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

// load puts the events on the sorter. It returns the chain time up to which the recording is known to hold all.
func (r *Replay) load(ctx context.Context, o offline.Options, sorter *recording.Sorter) (known int64, err error) {
	if r.File != nil {
		var result offline.Imported
		if err := r.File.Record(ctx, sorter, &result, func(p offline.ImportProgress) { r.Progress(p.Done) }); err != nil {
			return 0, err
		}
		return 0, nil // an export does not say
	}
	if err := o.Dir.CheckProgram(); err != nil {
		return 0, err
	}

	opened, err := o.OpenToRead()
	if err != nil {
		return 0, err
	}

	defer datadir.Close(opened, &err)
	err = opened.EventsAfter(market.Position{}, func(e *market.Event) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if sorter.Len()%10_000 == 0 {
			r.Progress(sorter.Len())
		}
		return sorter.Add(e)
	})
	if err != nil {
		return 0, fmt.Errorf("read the recorded events: %w", err)
	}

	return opened.State().ChainTime, nil
}

// measure finds where the replay begins and ends, and how much there is: from the first transaction of its time on.
func (p *Source) measure(ctx context.Context, known int64) error {
	first, last, began := int64(0), int64(0), false
	err := p.sorter.Transactions(ctx, func(tx market.Transaction) error {
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
func (p *Source) prepare(ctx context.Context, o offline.Options, progress func(int64)) (err error) {
	opened, err := o.Dir.Open(store.Options{
		SyncWrites: o.Config.Store.SyncWrites, Intervals: o.Config.Kline.KeptIntervals(), Logger: o.Logger,
	})
	if err != nil {
		return err
	}

	defer datadir.Close(opened, &err)

	in, err := o.Listener(opened, nil)
	if err != nil {
		return err
	}

	left := p.skip
	before := func(*market.Transaction) bool {
		left--
		return left < 0
	}
	if _, err := recording.Take(ctx, in, p.sorter, before, progress); err != nil {
		return err
	}

	return in.Close()
}

// Bind tells the source what it waits for: clients is the number of subscriptions now, idle reports whether all that was
// published has been queued to the clients. It is called before Run.
func (p *Source) Bind(clients func() int, idle func() bool) { p.clients, p.idle = clients, idle }
