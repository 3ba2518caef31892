package edge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/zstd"
)

// ErrBehind is returned when a store cannot follow the log from where it stands.
var ErrBehind = errors.New("this copy of the market cannot follow the log of the bus from where it ends")

// errOther is returned for a message that is not the commit of its seq.
var errOther = errors.New("the log holds something else in a commit's place")

// Encode is a commit as the bus carries it.
func Encode(c *market.Commit) []byte { return zstd.Append(nil, store.AppendCommit(nil, c)) }

// decode reads what Encode wrote.
func decode(seq market.Seq, payload []byte) (*market.Commit, error) {
	message, err := zstd.Decode(payload)
	if err != nil {
		return nil, fmt.Errorf("commit %d of the bus: %w", seq, err)
	}
	c, err := store.DecodeCommit(message)
	if err == nil && c.Seq != seq {
		err = errOther
	}
	if err != nil {
		return nil, fmt.Errorf("commit %d of the bus: %w", seq, err)
	}
	return c, nil
}

// Replica takes commits of a log into a store.
type Replica struct {
	Store   *store.Store
	Publish func(*market.Commit) // told of each commit after it is stored; nil: nobody is

	log    *bus.Log
	behind atomic.Int64 // Unix nanoseconds since when it lacks commits, or does not know; 0: it has all
	last   atomic.Uint64
}

const (
	askEvery = 500 * time.Millisecond
	lagTime  = 2 * time.Second // a replica may lack commits for as long before it says so
)

// Follow takes commits until ctx ends, which returns nil, or until something cannot become right.
func (r *Replica) Follow(ctx context.Context, log *bus.Log) error {
	r.log = log
	r.Unsure()
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.watch(watching)
	}()
	defer func() {
		stop()
		<-ended
	}()

	err := log.Follow(ctx, r.Store.Seq()+1, r.take)
	if ctx.Err() != nil {
		return nil
	}
	return r.explain(err)
}

// Unsure notes that it is not known what the replica lacks, as before it follows.
func (r *Replica) Unsure() { r.behind.CompareAndSwap(0, time.Now().UnixNano()) }

// errCaughtUp ends a CatchUp.
var errCaughtUp = errors.New("caught up")

// CatchUp takes the commits that are in the log by now. It is for who is about to write.
func (r *Replica) CatchUp(ctx context.Context, log *bus.Log) error {
	last, err := log.Last(ctx)
	if err != nil {
		return err
	}
	if r.Store.Seq() == last {
		return nil
	}

	err = log.Follow(ctx, r.Store.Seq()+1, func(seq market.Seq, payload []byte) error {
		if err := r.take(seq, payload); err != nil {
			return err
		}
		if seq >= last {
			return errCaughtUp
		}
		return nil
	})
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return r.explain(err)
}

func (r *Replica) explain(err error) error {
	older, isOlder := errors.AsType[*bus.OlderError](err)
	switch {
	case isOlder:
		return fmt.Errorf("%w: it ends at commit %d, and the log begins at %d", ErrBehind, r.Store.Seq(), older.Oldest)
	case errors.Is(err, bus.ErrAhead):
		return fmt.Errorf("%w: %w", ErrBehind, err)
	}
	return err
}

func (r *Replica) take(seq market.Seq, payload []byte) error {
	c, err := decode(seq, payload)
	if err != nil {
		return err
	}
	if err := r.Store.Commit(c); err != nil {
		return fmt.Errorf("take commit %d: %w", seq, err)
	}
	if r.Publish != nil {
		r.Publish(c)
	}
	return nil
}

// watch asks how far the log is, and notes since when the store is behind it.
func (r *Replica) watch(ctx context.Context) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		before := r.Store.Seq() // what the log had when it was asked it may have by now
		once, cancel := context.WithTimeout(ctx, lagTime)
		last, err := r.log.Last(once)
		cancel()
		if err == nil {
			r.last.Store(uint64(last))
		}
		switch {
		case err == nil && max(before, r.Store.Seq()) >= last:
			r.behind.Store(0)
		default:
			r.Unsure()
		}

		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Trouble says that the replica has lacked commits for more than two seconds, or has not reached the bus; "" while it has all.
func (r *Replica) Trouble() string {
	since := r.behind.Load()
	if since == 0 || time.Since(time.Unix(0, since)) < lagTime {
		return ""
	}
	commits, _ := r.Lag()
	if commits == 0 {
		return "the bus is not reached: what is served may be old"
	}
	return fmt.Sprintf("this replica is %d commits behind", commits)
}

// Lag is how many commits the log had that the replica has not, and how long it has lacked some, or has not known; 0 while it has
// all.
func (r *Replica) Lag() (commits uint64, lasting time.Duration) {
	since := r.behind.Load()
	if since == 0 {
		return 0, 0
	}
	if seq, last := uint64(r.Store.Seq()), r.last.Load(); last > seq {
		commits = last - seq
	}
	return commits, time.Since(time.Unix(0, since))
}
