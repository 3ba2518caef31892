package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// ErrNoHistory is returned for a request for older history where there can be none: the demo market has no past before
// its start, and a server that does not read the cluster cannot ask it.
var ErrNoHistory = errors.New("no older history to read")

// Reach says how far back history is wanted: to a slot, or to a block time if Since is not zero. The zero Reach is
// everything the cluster still has.
type Reach struct {
	Slot  market.Slot
	Since time.Time
}

// Progress is how far the reading of history has come.
type Progress struct {
	Connection  string // such as connecting, catching_up, connected
	Done, Total int    // transactions; Total is 0 while they are counted
	ETA         time.Duration
	LastError   string
}

// LoadHistory reads older history from the cluster while the server runs, and returns when it is stored. What is read
// stays when ctx ends early; asking again goes on from there.
func (b *Backend) LoadHistory(ctx context.Context, reach Reach) error {
	b.mu.Lock()
	in := b.intake
	b.mu.Unlock()
	if in == nil {
		return ErrNotRunning
	}
	return in.loadHistory(ctx, reach)
}

// Backfill reads older history into a store that is not in use: first what is new since the store was closed, then back
// as far as reach says. report is called about once a second. Ending ctx stops it cleanly, with ctx's error; what was
// read stays, and the same call goes on from there.
func Backfill(ctx context.Context, o Options, reach Reach, report func(Progress)) (err error) {
	if o.Config.Solana.Cluster == "demo" {
		return fmt.Errorf("%w: the demo market is made anew at every start; name another with --cluster", ErrNoHistory)
	}
	if !o.Config.Solana.EnableEventListener {
		return fmt.Errorf("%w: solana.enable_event_listener is false", ErrNoHistory)
	}
	if err := os.MkdirAll(o.storeDir(), 0o700); err != nil {
		return fmt.Errorf("data directory: %w: give another with --data-dir", err)
	}
	b := New(o)
	if err := o.checkProgram(); err != nil {
		return err
	}
	opened, err := openExisting(&o)
	if err != nil {
		return err
	}
	defer func() {
		if closing := opened.Close(); closing != nil && err == nil {
			err = fmt.Errorf("close store: %w", closing)
		}
	}()
	if opened.State().Checkpoint == 0 {
		b.options.Config.Solana.BackfillLimit = 0 // a first start: reach alone says how much is read
	}
	refused := b.refusal()
	in, err := b.newIntake(opened, nil)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- in.run(running)
		stop()
	}()
	loaded := make(chan error, 1)
	go func() { loaded <- in.loadHistory(running, reach) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			report(in.progress())
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

// refusal tells when the only endpoint there is serves another chain than the stored one.
func (b *Backend) refusal() <-chan error {
	refused := make(chan error, 1)
	if len(endpoints(&b.options.Config.Solana)) > 1 {
		return refused
	}
	adjust := b.options.Feed
	b.options.Feed = func(c *solana.Config) {
		if adjust != nil {
			adjust(c)
		}
		admit := c.Admit
		c.Admit = func(genesis string) error {
			err := admit(genesis)
			if errors.Is(err, ErrOtherChain) {
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

// newIntake makes the writer over an open store and brings it up to date. publish may be nil.
func (b *Backend) newIntake(opened *store.Store, publish func(*market.Commit)) (*intake, error) {
	cfg := &b.options.Config
	program, _ := market.ParsePubkey(cfg.Solana.ProgramID) // validated
	decimals, _ := cfg.Solana.Decimals()
	at := opened.State()
	in := &intake{
		backend: b, store: opened, resume: at.Checkpoint, program: program, extending: make(chan struct{}, 1),
		patient: publish != nil && b.options.player == nil,
	}
	if publish != nil {
		publish = in.stages.publish(publish)
	}
	in.writer = ingest.New(ingest.Config{
		Program: program, PriceDecimals: decimals, Intervals: cfg.Kline.ParsedIntervals(),
		Logger: b.options.Logger.With("component", "ingest"), Publish: publish, Horizon: opened.Horizon,
		Recheck: in.recheck,
	}, opened, ingest.Resume{Seq: at.Seq, Slot: at.Slot, ChainTime: at.ChainTime, Checkpoint: at.Checkpoint, Replay: at.Replay})
	if err := in.writer.Recover(); err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	return in, nil
}

// recheck has the feed compare recent slots with what it delivered.
func (in *intake) recheck() {
	if feed := in.current(); feed != nil {
		feed.Rescan()
	}
}

// current is the feed; nil before the cluster's addresses are known.
func (in *intake) current() *solana.Feed {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.feed
}

// loadHistory fills the gap before the backfill limit as far as reach says.
func (in *intake) loadHistory(ctx context.Context, reach Reach) error {
	cfg := &in.backend.options.Config.Solana
	if in.net != nil || !cfg.EnableEventListener || in.backend.options.player != nil {
		return ErrNoHistory
	}
	select { // one at a time: the gap that one leaves is what the next begins with
	case in.extending <- struct{}{}:
		defer func() { <-in.extending }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	feed, err := in.connected(ctx)
	if err != nil {
		return err
	}
	gaps, err := in.store.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	for _, gap := range slices.Backward(gaps) { // the newest first
		if gap.Cause != solana.CauseLimit {
			continue // the feed itself goes on asking for those
		}
		if reach.Since.IsZero() {
			err = feed.Extend(ctx, gap, reach.Slot)
		} else {
			err = feed.ExtendSince(ctx, gap, reach.Since.Unix())
		}
		if err != nil {
			return fmt.Errorf("read history before slot %d: %w", gap.To, err)
		}
	}
	return nil
}

// connected waits until the feed is live: before, it is not known where history begins.
func (in *intake) connected(ctx context.Context) (*solana.Feed, error) {
	const every = 20 * time.Millisecond
	for tick := time.NewTicker(every); ; {
		feed := in.current()
		if feed != nil && feed.Status().State == solana.Connected {
			tick.Stop()
			return feed, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// extend is LoadHistory as the start of the server asks for it. A failure is logged: the server goes on.
func (in *intake) extend(ctx context.Context, reach Reach) {
	log := in.backend.log
	log.Info("reading older history", "slot", reach.Slot)
	switch err := in.loadHistory(ctx, reach); {
	case err == nil:
		log.Info("older history is read", "slot", reach.Slot)
	case ctx.Err() == nil:
		log.Error("older history was not read", "slot", reach.Slot, "err", err)
	}
}

func (in *intake) progress() Progress {
	s := in.status()
	return Progress{
		Connection: s.Connection, Done: int(s.Backfill.Done), Total: int(s.Backfill.Total),
		ETA: time.Duration(s.Backfill.ETASeconds * float64(time.Second)), LastError: s.LastError,
	}
}
