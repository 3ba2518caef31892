package metadata

import (
	"context"
	"errors"
	"fmt"
	"os"

	"spinscope/backend/follow"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/telemetry"
	"spinscope/backend/wire"
)

// newestTokens are looked up at the start; older ones when somebody asks for them.
const newestTokens = 5000

// FollowOptions are what a Follower is made of.
type FollowOptions struct {
	Catalog   Options // without Source: that is the store
	Store     *store.Store
	Commits   *follow.Follower
	Transient bool // the market is made anew at every start: what was kept of the last one's tokens is removed

	// Kept is the uri that a mint's account says, for those whose creation is not stored; false when it is not known. May be nil.
	Kept func(mint market.Pubkey) (uri string, ok bool)

	// Gateway gives the address of the IPFS gateway as soon as it is known, or the cause of ctx's end.
	Gateway func(ctx context.Context) (string, error)
}

// Follower brings the market's tokens to a catalog as they are created. Run it once; its other methods, but for those of
// follow.Sink, may be called from any goroutine.
type Follower struct {
	*Catalog
	options FollowOptions
}

// NewFollower makes a follower; it does no I/O.
func NewFollower(o FollowOptions) *Follower {
	o.Catalog.Source = uris{o.Store, o.Kept}
	return &Follower{Catalog: New(o.Catalog), options: o}
}

// Run announces tokens and fetches what they lead to until ctx ends, or until the store or the gateway's address fails.
func (f *Follower) Run(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()

	followed := make(chan error, 1)
	go func() {
		defer stop()
		followed <- f.follow(running)
	}()

	err := f.fetch(running)
	stop()
	return errors.Join(err, <-followed)
}

// fetch runs the catalog until ctx ends.
func (f *Follower) fetch(ctx context.Context) error {
	if dir := f.options.Catalog.Dir; f.options.Transient {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove the last market's metadata: %w", err)
		}
	}

	gateway, err := f.options.Gateway(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Catalog.Run(ctx, gateway)
}

// follow announces the newest tokens, and those that come, until ctx ends. Where it stopped the last time means nothing: what
// was announced then and not fetched is forgotten.
func (f *Follower) follow(ctx context.Context) error {
	commits := f.options.Commits
	if err := f.announceStored(ctx); err != nil { // it may hold some that come once more, which is harmless
		commits.Close()
		return err
	}
	return commits.Run(ctx, f)
}

// Take implements follow.Sink.
func (f *Follower) Take(_ context.Context, c *market.Commit, _ bool) error {
	for i := range c.Events {
		if created, ok := c.Events[i].Body.(market.Creation); ok {
			f.announce(created)
		}
	}
	return nil
}

// Missed implements follow.Sink.
func (f *Follower) Missed(ctx context.Context, _, _ market.Seq) error { return f.announceStored(ctx) }

func (f *Follower) announceStored(ctx context.Context) error {
	page, err := f.options.Store.Mints(ctx, store.MintQuery{Sort: store.CreatedDesc, Limit: newestTokens})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}

	for i := range page.Tokens {
		if created := page.Tokens[i].Created; created != nil {
			f.announce(created)
		}
	}
	return nil
}

func (f *Follower) announce(created market.Creation) {
	_, _, uri := created.Names()
	f.Announce(created.MintAccount(), uri)
}

// URIData is the mint's document; nil when it was not fetched.
func (f *Follower) URIData(mint market.Pubkey) *wire.URIData {
	document := f.Document(mint)
	if document == nil {
		return nil
	}
	data := wire.URIData(*document)
	return &data
}

// Picture is the mint's picture and its content type; nil when there is none.
func (f *Follower) Picture(ctx context.Context, mint market.Pubkey) ([]byte, string, error) {
	data, err := f.Catalog.Picture(ctx, mint)
	return data, "image/png", err
}

// Collect is a telemetry.Collector.
func (f *Follower) Collect(m *telemetry.Metrics) {
	const fetches = "metadata_fetches_total"
	const help = "Tokens' documents and pictures fetched, fetches given up, and of these the ones refused because an address was not public."
	stats := f.Stats()
	m.CounterOf("result", "document", fetches, help, stats.Documents)
	m.CounterOf("result", "picture", fetches, help, stats.Pictures)
	m.CounterOf("result", "failed", fetches, help, stats.Failures)
	m.CounterOf("result", "refused", fetches, help, stats.Refused)
	m.Gauge("metadata_waiting", "Tokens whose metadata is to be fetched.", float64(stats.Waiting))
}

// Learned tells of the uri that a mint's account says. It counts only while the mint's creation is not stored.
func (f *Follower) Learned(mint market.Pubkey, uri string) {
	if token, _, err := f.options.Store.Token(mint); err == nil && token.Created == nil {
		f.Announce(mint, uri)
	}
}

// uris implements Source.
type uris struct {
	*store.Store
	kept func(market.Pubkey) (string, bool)
}

// URI implements Source.
func (u uris) URI(mint market.Pubkey) (string, bool, error) {
	token, _, err := u.Token(mint)
	switch {
	case err != nil:
		return "", false, err
	case token.Created != nil:
		_, _, uri := token.Created.Names()
		return uri, true, nil
	case u.kept != nil:
		uri, ok := u.kept(mint)
		return uri, ok, nil
	}
	return "", false, nil
}
