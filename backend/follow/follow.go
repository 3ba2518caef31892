package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"spinscope/backend/commitlog"
	"spinscope/backend/hub"
	"spinscope/backend/market"
)

// pageWeight bounds what is read from the log before the sink gets it: events and candles, and one more for each commit. A
// commit that is larger is a page of its own.
const pageWeight = 512

// errPage ends the reading of a page.
var errPage = errors.New("page is full")

// Sink is who follows the market. Its methods are called by one goroutine.
type Sink interface {
	// Take takes the next commit, which is not to be changed. live is false for one that is read from the log: it may be of
	// long ago. An error ends the delivery.
	Take(ctx context.Context, c *market.Commit, live bool) error
	// Missed says that the commits from..to, both included, come no more: the log has lost them. What they left is in the
	// store. An error ends the delivery.
	Missed(ctx context.Context, from, to market.Seq) error
}

// Log is what a follower that is behind reads; *store.Store is one.
type Log interface {
	// Seq is the newest commit. It is in the log before it is published.
	Seq() market.Seq
	// Commits calls fn with the commits from a seq on, in order, until fn fails, whose error it returns. It returns a
	// *commitlog.OlderError when the first of them is not in the log, and gives nothing then.
	Commits(ctx context.Context, from market.Seq, fn func(*market.Commit) error) error
}

// Options are what a Follower works with. Log and Hub must be set.
type Options struct {
	Name       string // of the sink, for the hub's metrics and the server's log
	Log        Log
	Hub        *hub.Hub
	MaxPending int          // bounds what waits live, as hub.SubscribeOptions has it; 0: its default
	Logger     *slog.Logger // nil is silent
}

// Follower delivers commits to a sink. A sink that does nothing else calls Run; one that does calls Deliver whenever Ready
// receives.
type Follower struct {
	source  Log
	commits *hub.Subscriber
	log     *slog.Logger
	lags    atomic.Uint64

	cursor market.Seq // the newest commit that was delivered
	behind bool       // what comes next is read from the log
}

// New makes a follower that begins after the newest commit of now. It does no I/O.
func New(o Options) *Follower {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Follower{
		source: o.Log, log: log.With("component", "follow", "reader", o.Name),
		commits: o.Hub.Subscribe(hub.SubscribeOptions{Name: o.Name, MaxPending: o.MaxPending}),
	}
	f.cursor = o.Log.Seq() // not before: what comes meanwhile waits in the queue
	return f
}

// Cursor is the newest commit that the sink has.
func (f *Follower) Cursor() market.Seq { return f.cursor }

// Begin has the delivery begin after a commit, the newest that the sink has. A seq beyond the store's newest commit was
// never this store's, and stands for that one. It is called before anything is delivered.
func (f *Follower) Begin(after market.Seq) {
	newest := f.source.Seq()
	f.cursor = min(after, newest)
	if f.behind = f.cursor < newest; f.behind {
		f.commits.Wake()
	}
}

// Ready receives when Deliver has something to do. It may also receive when there is nothing.
func (f *Follower) Ready() <-chan struct{} { return f.commits.Ready() }

// Lags is how often the sink fell behind the live commits since the start.
func (f *Follower) Lags() uint64 { return f.lags.Load() }

// Close ends the following. Closing twice is harmless.
func (f *Follower) Close() { f.commits.Close() }

// Run delivers until ctx ends, which is no error, or until the sink or the store fails. Then it closes the follower.
func (f *Follower) Run(ctx context.Context, sink Sink) error {
	defer f.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.Ready():
		}
		if err := f.Deliver(ctx, sink); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it was to end
			}
			return err
		}
	}
}

// Deliver gives the sink what waits for it, or a page of the log when it is behind: then Ready receives again at once.
func (f *Follower) Deliver(ctx context.Context, sink Sink) error {
	if !f.behind {
		if err := f.deliverLive(ctx, sink); err != nil {
			return err
		}
	}
	if !f.behind {
		return nil
	}

	if err := f.deliverPage(ctx, sink); err != nil {
		return err
	}
	f.commits.Wake() // for the next page, or for what came live meanwhile
	return nil
}

// deliverLive gives the sink what waits in the hub's queue, up to where something is missing.
func (f *Follower) deliverLive(ctx context.Context, sink Sink) error {
	commits, err := f.commits.Take()
	if errors.Is(err, hub.ErrLagged) {
		f.fallBehind()
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow commits: %w", err)
	}

	for _, c := range commits {
		switch {
		case c.Seq <= f.cursor: // it was read from the log
			continue
		case c.Seq != f.cursor+1: // never published: the log has it, and all that is left out here
			f.fallBehind()
			return nil
		}
		if err := sink.Take(ctx, c, true); err != nil {
			return err
		}
		f.cursor = c.Seq
	}

	return nil
}

// fallBehind has what comes next read from the log.
func (f *Follower) fallBehind() {
	f.behind = true
	f.lags.Add(1)
	f.log.Warn("fell behind the commits: goes on in the commit log", "from", f.cursor+1, "to", f.source.Seq())
}

// deliverPage gives the sink the next commits of the log. It is behind no more when there are no others.
func (f *Follower) deliverPage(ctx context.Context, sink Sink) error {
	page, more, err := f.readPage(ctx)
	var older *commitlog.OlderError
	if errors.As(err, &older) {
		return f.skip(ctx, sink, older.Oldest)
	}
	if err != nil {
		return fmt.Errorf("follow commits: %w", err)
	}

	for _, c := range page {
		if err := sink.Take(ctx, c, false); err != nil {
			return err
		}
		f.cursor = c.Seq
	}
	f.behind = more
	return nil
}

// readPage reads the commits after the cursor. They are not delivered while they are read, as the sink may take its time and
// may write to the store.
func (f *Follower) readPage(ctx context.Context) (page []*market.Commit, more bool, err error) {
	weight := 0
	err = f.source.Commits(ctx, f.cursor+1, func(c *market.Commit) error {
		if next := hub.Weight(c); weight == 0 || weight+next <= pageWeight {
			weight += next
			page = append(page, c)
			return nil
		}
		return errPage
	})
	if errors.Is(err, errPage) {
		return page, true, nil
	}
	return page, false, err
}

// skip tells the sink that the log begins later. A commit that the log lost before it was published is not among those: it
// comes live.
func (f *Follower) skip(ctx context.Context, sink Sink, oldest market.Seq) error {
	from, to := f.cursor+1, min(oldest-1, f.source.Seq())
	f.log.Warn("commits are not in the commit log any more", "from", from, "to", to)
	if err := sink.Missed(ctx, from, to); err != nil {
		return err
	}
	f.cursor = to
	return nil
}
