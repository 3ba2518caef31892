package mintinfo

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/follow"
	"spinscope/backend/journal"
	"spinscope/backend/market"
	"spinscope/backend/store"
)

// lastTraded are so many mints whose creation is not stored, and that are asked about at the start; others when somebody looks.
const lastTraded = 5000

// Follower asks about the mints of a market whose creation is not stored, as soon as they trade. Run it once.
type Follower struct {
	*Accounts
	store   *store.Store
	commits *follow.Follower
}

// NewFollower makes a follower of what a store is told; it does no I/O.
func NewFollower(o Options, from *store.Store, commits *follow.Follower) *Follower {
	return &Follower{New(o), from, commits}
}

// Run asks and follows until ctx ends, or until the store fails.
func (f *Follower) Run(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()

	file, err := f.open()
	if err != nil { // it is a cache: without it the same is asked again
		f.log.WarnContext(ctx, "what earlier runs learned of mints is not used", "err", err)
		file = &journal.Journal{}
	}
	defer file.Close()

	followed := make(chan error, 1)
	go func() {
		defer stop()
		followed <- f.follow(running)
	}()

	f.ask(running, file)
	stop()
	return <-followed
}

// follow wants the mints that traded last, and those that trade, until ctx ends.
func (f *Follower) follow(ctx context.Context) error {
	if err := f.wantStored(ctx); err != nil {
		f.commits.Close()
		return err
	}
	return f.commits.Run(ctx, f)
}

// Take implements follow.Sink.
func (f *Follower) Take(_ context.Context, c *market.Commit, _ bool) error {
	for i := range c.Tokens {
		f.wantNameless(&c.Tokens[i])
	}
	return nil
}

// Missed implements follow.Sink.
func (f *Follower) Missed(ctx context.Context, _, _ market.Seq) error { return f.wantStored(ctx) }

func (f *Follower) wantStored(ctx context.Context) error {
	page, err := f.store.Mints(ctx, store.MintQuery{Sort: store.LastTradeDesc, All: true, Limit: lastTraded})
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("read mints: %w", err)
	}
	for i := range page.Tokens {
		f.wantNameless(&page.Tokens[i])
	}
	return nil
}

func (f *Follower) wantNameless(t *market.Token) {
	if t.Created == nil && !f.Known(t.Mint) {
		f.Want(t.Mint)
	}
}
