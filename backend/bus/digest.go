package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/market"
)

// digests is the bucket of what the writers' commits amount to.
func (b *Bus) digests(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{
		Bucket: b.options.Name + "-digests", Description: "what runs of commits amount to, by the last of them", TTL: b.options.MaxAge,
		Storage: jetstream.FileStorage, Replicas: b.options.Replicas,
	})
}

// PutDigest says what the commits up to a seq amount to. It returns the digest that the bus has of them, which another writer may
// have put before.
func (b *Bus) PutDigest(ctx context.Context, upTo market.Seq, digest []byte) ([]byte, error) {
	bucket, err := b.digests(ctx)
	if err != nil {
		return nil, err
	}
	key := strconv.FormatUint(uint64(upTo), 10)
	_, err = again(ctx, func(ctx context.Context) (uint64, error) { return bucket.Create(ctx, key, digest) })
	if errors.Is(err, jetstream.ErrKeyExists) {
		return b.Digest(ctx, upTo)
	}
	if err != nil {
		return nil, fmt.Errorf("put the digest of commit %d: %w", upTo, err)
	}
	return bytes.Clone(digest), nil
}

// Digest is what a writer's commits up to a seq amount to; ErrMissing when none has said it.
func (b *Bus) Digest(ctx context.Context, upTo market.Seq) ([]byte, error) {
	bucket, err := b.digests(ctx)
	if err != nil {
		return nil, err
	}
	entry, err := again(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) {
		return bucket.Get(ctx, strconv.FormatUint(uint64(upTo), 10))
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, fmt.Errorf("digest of commit %d: %w", upTo, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("digest of commit %d: %w", upTo, err)
	}
	return entry.Value(), nil
}
