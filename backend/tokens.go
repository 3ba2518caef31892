package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"spinscope/backend/config"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/metadata"
	"spinscope/backend/server/rest"
	"spinscope/backend/simnet"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// newestTokens are looked up at the start; older ones when somebody asks for them.
const newestTokens = 5000

// tokens brings the mints to the catalog of their metadata, and that to the REST API.
type tokens struct {
	backend *Backend
	dir     string
	catalog *metadata.Catalog
	store   *store.Store
	commits *hub.Subscriber
	net     *simnet.Net // brings its own gateway
}

// newTokens is nil where metadata is turned off.
func (b *Backend) newTokens(opened *store.Store, commits *hub.Hub, net *simnet.Net) *tokens {
	cfg := &b.options.Config
	if !cfg.Metadata.Enabled {
		return nil
	}
	t := &tokens{backend: b, store: opened, net: net, dir: filepath.Join(b.options.DataDir, "metadata", cfg.Solana.Cluster)}
	t.catalog = metadata.New(metadata.Options{
		Dir: t.dir, Source: uris{opened}, Timeout: config.Seconds(cfg.Metadata.RequestTimeoutSeconds),
		Retries: cfg.Metadata.MaxRetries, Logger: b.options.Logger,
	})
	t.commits = commits.Subscribe(hub.SubscribeOptions{Name: "metadata", Want: createsToken})
	return t
}

func createsToken(c *market.Commit) bool {
	for i := range c.Events {
		if c.Events[i].Kind() == market.KindTokenCreated {
			return true
		}
	}
	return false
}

// fetch runs the catalog until ctx ends. The demo's tokens of the last start are gone, and so is what was kept of them.
func (t *tokens) fetch(ctx context.Context) error {
	cfg := &t.backend.options.Config
	if cfg.Solana.Cluster == "demo" {
		if err := os.RemoveAll(t.dir); err != nil {
			return fmt.Errorf("remove the last demo market's metadata: %w", err)
		}
	}
	gateway := cfg.Metadata.IPFSGateway
	if t.net != nil {
		select {
		case <-t.net.Ready():
			gateway = t.net.GatewayURL()
		case <-ctx.Done():
			return nil
		}
	}
	return t.catalog.Run(ctx, gateway)
}

// follow announces the newest tokens, and those that come, until ctx ends.
func (t *tokens) follow(ctx context.Context) error {
	defer t.commits.Close()
	err := hub.ErrLagged // at first, all is in the store
	for {
		if errors.Is(err, hub.ErrLagged) {
			if err := t.announceStored(ctx); err != nil {
				return err
			}
		} else if err != nil {
			return nil //nolint:nilerr // ctx ended
		}
		var commits []*market.Commit
		commits, err = t.commits.Next(ctx)
		for _, c := range commits {
			for i := range c.Events {
				if created, ok := c.Events[i].Body.(*market.TokenCreated); ok {
					t.catalog.Announce(created.Mint, created.URI)
				}
			}
		}
	}
}

func (t *tokens) announceStored(ctx context.Context) error {
	page, err := t.store.Mints(ctx, store.MintQuery{Sort: store.CreatedDesc, Limit: newestTokens})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	for i := range page.Tokens {
		if created := page.Tokens[i].Created; created != nil {
			t.catalog.Announce(created.Mint, created.URI)
		}
	}
	return nil
}

// URIData implements rest.Metadata.
func (t *tokens) URIData(mint market.Pubkey) *wire.URIData {
	document := t.catalog.Document(mint)
	if document == nil {
		return nil
	}
	data := wire.URIData(*document)
	return &data
}

// Counts implements rest.Metadata.
func (t *tokens) Counts() rest.MetadataCounts { return rest.MetadataCounts(t.catalog.Stats()) }

// Picture implements rest.Metadata.
func (t *tokens) Picture(ctx context.Context, mint market.Pubkey) ([]byte, string, error) {
	data, err := t.catalog.Picture(ctx, mint)
	return data, "image/png", err
}

// uris implements metadata.Source.
type uris struct{ *store.Store }

// URI implements metadata.Source.
func (u uris) URI(mint market.Pubkey) (string, bool, error) {
	token, ok, err := u.Token(mint)
	if err != nil || !ok || token.Created == nil {
		return "", false, err
	}
	return token.Created.URI, true, nil
}

// orNone keeps a nil pointer from becoming an interface that is not nil.
func (t *tokens) orNone() rest.Metadata {
	if t == nil {
		return nil
	}
	return t
}
