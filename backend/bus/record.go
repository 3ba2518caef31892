package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/wake"
)

// Market says whose market a bus carries.
type Market struct {
	Store   string `json:"store"`   // identity of the store
	Cluster string `json:"cluster"` // localnet, devnet, mainnet or custom
	Program string `json:"program"` // address of the market's program
}

const marketKey = "market"

func (b *Bus) markets(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{
		Bucket: b.options.Name + "-market", Description: "whose commits these are", Storage: jetstream.FileStorage, Replicas: b.options.Replicas,
	})
}

// Market is whose market the bus carries, else ErrMissing.
func (b *Bus) Market(ctx context.Context) (Market, error) {
	bucket, err := b.markets(ctx)
	if err != nil {
		return Market{}, err
	}
	entry, err := again(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return bucket.Get(ctx, marketKey) })
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Market{}, fmt.Errorf("market of %s: %w", b.options.Name, ErrMissing)
	}
	if err != nil {
		return Market{}, fmt.Errorf("market of %s: %w", b.options.Name, err)
	}

	var m Market
	if err := json.Unmarshal(entry.Value(), &m); err != nil {
		return m, fmt.Errorf("market of %s: %w", b.options.Name, err)
	}
	return m, nil
}

// Claim makes the bus carry a market when it carries none, and returns the one that it carries, which another node may have
// claimed first.
func (b *Bus) Claim(ctx context.Context, m Market) (Market, error) {
	bucket, err := b.markets(ctx)
	if err != nil {
		return Market{}, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return Market{}, fmt.Errorf("claim %s: %w", b.options.Name, err)
	}
	_, err = again(ctx, func(ctx context.Context) (uint64, error) { return bucket.Create(ctx, marketKey, text) })
	switch {
	case err == nil:
		return m, nil
	case !errors.Is(err, jetstream.ErrKeyExists):
		return Market{}, fmt.Errorf("claim %s: %w", b.options.Name, err)
	}

	for { // a server that is behind may not know of it yet
		claimed, err := b.Market(ctx)
		if !errors.Is(err, ErrMissing) {
			return claimed, err
		}
		if err := wake.After(ctx, retryPause); err != nil {
			return Market{}, fmt.Errorf("claim %s: %w", b.options.Name, err)
		}
	}
}
