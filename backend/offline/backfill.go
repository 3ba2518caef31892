package offline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/cluster"
	"spinscope/backend/datadir"
	"spinscope/backend/heap"
	"spinscope/backend/listener"
	"spinscope/backend/solana"
)

// Progress is how far the reading of history has come.
type Progress struct {
	Connection  string // such as connecting, catching_up, connected
	Done, Total int    // transactions; Total is 0 while they are counted
	ETA         time.Duration
	LastError   string
}

// Backfill reads older history into a store that is not in use: first what is new since the store was closed, then back
// as far as reach says. report is called about once a second. Ending ctx stops it cleanly, with ctx's error; what was
// read stays, and the same call goes on from there.
func Backfill(ctx context.Context, o Options, reach cluster.Reach, report func(Progress)) (err error) {
	if o.Dir.Transient {
		return fmt.Errorf("%w: the demo market is made anew at every start; name another with --cluster", cluster.ErrNoHistory)
	}
	if !o.Config.Solana.EnableEventListener {
		return fmt.Errorf("%w: solana.enable_event_listener is false", cluster.ErrNoHistory)
	}
	if err := o.Dir.MakeStore(); err != nil {
		return err
	}

	if err := o.Dir.CheckProgram(); err != nil {
		return err
	}
	defer heap.Limit(heap.Backfill)()

	opened, err := o.OpenToWrite()
	if err != nil {
		return err
	}

	defer datadir.Close(opened, &err)
	if opened.State().Checkpoint == 0 {
		o.Config.Solana.BackfillLimit = 0 // a first start: reach alone says how much is read
	}

	refused := o.refusal()
	source := cluster.NewSource(cluster.Options{Config: &o.Config.Solana, Dir: o.Dir, Store: opened, Adjust: o.Feed, Logger: o.Logger})
	in, err := o.Listener(opened, source)
	if err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	defer stop()

	ended := make(chan error, 1)
	go func() {
		ended <- in.Run(running)
		stop()
	}()
	loaded := make(chan error, 1)
	go func() { loaded <- source.LoadHistory(running, reach) }()

	tick := time.NewTicker(time.Second)
	defer tick.Stop()

	for {
		select {
		case <-tick.C:
			report(progress(in.Status()))
			continue
		case err = <-loaded:
		case err = <-refused: // no waiting makes another chain of it
		}

		stop()
		if failed := <-ended; failed != nil {
			return failed // the cause of the other
		}
		return err
	}
}

// refusal sends an error when the only endpoint there is serves another chain than the stored one.
func (o *Options) refusal() <-chan error {
	refused := make(chan error, 1)
	if len(cluster.Endpoints(&o.Config.Solana)) > 1 {
		return refused
	}

	adjust := o.Feed
	o.Feed = func(c *solana.Config) {
		if adjust != nil {
			adjust(c)
		}
		admit := c.Admit
		c.Admit = func(genesis string) error {
			err := admit(genesis)
			if errors.Is(err, datadir.ErrOtherChain) {
				select {
				case refused <- err:
				default:
				}
			}
			return err
		}
	}

	return refused
}

func progress(s listener.Status) Progress {
	return Progress{
		Connection: s.Connection, Done: int(s.Backfill.Done), Total: int(s.Backfill.Total),
		ETA: time.Duration(s.Backfill.ETASeconds * float64(time.Second)), LastError: s.LastError,
	}
}
