package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The lease goes LeaseTime after its owner's last sign of life, by the servers' clock; the owner gives one every leaseRenew.
const (
	LeaseTime  = 5 * time.Second
	leaseRenew = 1500 * time.Millisecond
	leaseKey   = "writer"
)

// Lease says that its owner may try to write.
type Lease struct {
	bucket   jetstream.KeyValue
	node     string
	revision uint64
	renewed  time.Time // when the last sign of life was sent that the servers took; this process's own clock
}

// leases is the bucket of the lease.
func (b *Bus) leases(ctx context.Context) (jetstream.KeyValue, error) {
	return b.bucket(ctx, jetstream.KeyValueConfig{
		Bucket: b.options.Name + "-lease", Description: "who may try to append commits", TTL: LeaseTime, Storage: jetstream.FileStorage, Replicas: b.options.Replicas,
	})
}

// bucket opens a bucket, or makes it.
func (b *Bus) bucket(ctx context.Context, config jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	bucket, err := openOrMake(ctx,
		func(ctx context.Context) (jetstream.KeyValue, error) { return b.js.KeyValue(ctx, config.Bucket) },
		func(ctx context.Context) (jetstream.KeyValue, error) { return b.js.CreateKeyValue(ctx, config) },
		jetstream.ErrBucketNotFound, jetstream.ErrBucketExists)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", config.Bucket, err)
	}
	return bucket, nil
}

// Acquire takes the lease when nobody has it; nil when somebody does.
func (b *Bus) Acquire(ctx context.Context) (*Lease, error) {
	bucket, err := b.leases(ctx)
	if err != nil {
		return nil, err
	}

	began := time.Now()
	once, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	revision, err := bucket.Create(once, leaseKey, []byte(b.options.Node))
	if errors.Is(err, jetstream.ErrKeyExists) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take the lease: %w", err)
	}
	return &Lease{bucket: bucket, node: b.options.Node, revision: revision, renewed: began}, nil
}

// Holder is who has the lease. The zero Holder is nobody.
type Holder struct {
	Node string
	Sign uint64 // of life, the newest: another one each time
}

// Holder looks who has the lease.
func (b *Bus) Holder(ctx context.Context) (Holder, error) {
	bucket, err := b.leases(ctx)
	if err != nil {
		return Holder{}, err
	}
	entry, err := bucket.Get(ctx, leaseKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyDeleted) {
		return Holder{}, nil
	}
	if err != nil {
		return Holder{}, fmt.Errorf("look at the lease: %w", err)
	}
	return Holder{Node: string(entry.Value()), Sign: entry.Revision()}, nil
}

// errLost is why Keep returns when it was not asked to.
var errLost = errors.New("the lease is lost")

// Keep keeps the lease until ctx ends, and gives it back then, which returns nil; it returns an error once the lease is lost, or
// may be.
func (l *Lease) Keep(ctx context.Context) error {
	ticker := time.NewTicker(leaseRenew)
	defer ticker.Stop()

	for {
		select {
		case <-ctx.Done():
			l.release(ctx)
			return nil
		case <-ticker.C:
		}

		once, cancel := context.WithTimeout(ctx, leaseRenew)
		err := l.renew(once)
		cancel()
		switch {
		case err == nil:
		case errors.Is(err, jetstream.ErrKeyRevisionMismatch), lasting(err): // another's, or gone
			if !l.still(ctx) {
				return fmt.Errorf("%w: %w", errLost, err)
			}
		case time.Since(l.renewed) >= LeaseTime:
			return fmt.Errorf("%w: the bus has not answered for %v: %w", errLost, LeaseTime, err)
		}
	}
}

// renew gives a sign of life.
func (l *Lease) renew(ctx context.Context) error {
	began := time.Now()
	revision, err := l.bucket.Update(ctx, leaseKey, []byte(l.node), l.revision)
	if err != nil {
		return err
	}
	l.revision, l.renewed = revision, began
	return nil
}

// still reports whether the lease is this owner's after all: a sign of life whose answer was lost has given it another
// revision.
func (l *Lease) still(ctx context.Context) bool {
	once, cancel := context.WithTimeout(ctx, leaseRenew)
	defer cancel()
	entry, err := l.bucket.Get(once, leaseKey)
	if err != nil || string(entry.Value()) != l.node {
		return false
	}
	l.revision = entry.Revision()
	return l.renew(once) == nil
}

// release lets others have the lease at once.
func (l *Lease) release(ctx context.Context) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRenew)
	defer cancel()
	_ = l.bucket.Delete(last, leaseKey, jetstream.LastRevision(l.revision)) // else it ends by itself
}
