package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/market"
)

// keptSnapshots is how many there are: one may be read while the next is put.
const keptSnapshots = 2

// Snapshot is one backup on the bus.
type Snapshot struct {
	Seq  market.Seq // the newest commit in it
	name string
}

const snapshotSeq = "seq" // in an object's metadata

func (b *Bus) snapshots(ctx context.Context) (jetstream.ObjectStore, error) {
	config := jetstream.ObjectStoreConfig{
		Bucket: b.options.Name + "-snapshots", Description: "backups that replicas begin from", Storage: jetstream.FileStorage, Replicas: b.options.Replicas,
	}
	objects, err := openOrMake(ctx,
		func(ctx context.Context) (jetstream.ObjectStore, error) { return b.js.ObjectStore(ctx, config.Bucket) },
		func(ctx context.Context) (jetstream.ObjectStore, error) { return b.js.CreateObjectStore(ctx, config) },
		jetstream.ErrBucketNotFound, jetstream.ErrBucketExists)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", config.Bucket, err)
	}
	return objects, nil
}

// Snapshots lists what there is, the newest first.
func (b *Bus) Snapshots(ctx context.Context) ([]Snapshot, error) {
	objects, err := b.snapshots(ctx)
	if err != nil {
		return nil, err
	}
	return list(ctx, objects)
}

func list(ctx context.Context, objects jetstream.ObjectStore) ([]Snapshot, error) {
	found, err := again(ctx, func(ctx context.Context) ([]*jetstream.ObjectInfo, error) { return objects.List(ctx) })
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}

	var all []Snapshot
	for _, one := range found {
		seq, err := strconv.ParseUint(one.Metadata[snapshotSeq], 10, 64)
		if err != nil || one.Deleted {
			continue
		}
		all = append(all, Snapshot{Seq: market.Seq(seq), name: one.Name})
	}
	slices.SortFunc(all, func(a, b Snapshot) int { return cmp.Compare(b.Seq, a.Seq) })
	return all, nil
}

// PutSnapshot puts a backup with the commits up to a seq on the bus, and takes the oldest away.
func (b *Bus) PutSnapshot(ctx context.Context, seq market.Seq, backup io.Reader) error {
	objects, err := b.snapshots(ctx)
	if err != nil {
		return err
	}

	number := strconv.FormatUint(uint64(seq), 10)
	meta := jetstream.ObjectMeta{Name: "commit-" + number, Metadata: map[string]string{snapshotSeq: number}}
	if _, err := objects.Put(ctx, meta, backup); err != nil {
		return fmt.Errorf("put the snapshot of commit %d: %w", seq, err)
	}

	all, err := list(ctx, objects)
	if err != nil {
		return err
	}
	for _, old := range all[min(keptSnapshots, len(all)):] {
		if err := objects.Delete(ctx, old.name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return fmt.Errorf("take away the snapshot of commit %d: %w", old.Seq, err)
		}
	}
	return nil
}

// GetSnapshot writes the newest snapshot to w and says which it is; ErrMissing when there is none. What was written is whole only
// when it returns nil.
func (b *Bus) GetSnapshot(ctx context.Context, w io.Writer) (Snapshot, error) {
	objects, err := b.snapshots(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	all, err := list(ctx, objects)
	if err != nil {
		return Snapshot{}, err
	}
	if len(all) == 0 {
		return Snapshot{}, fmt.Errorf("snapshot of %s: %w", b.options.Name, ErrMissing)
	}

	object, err := objects.Get(ctx, all[0].name)
	if err != nil {
		return Snapshot{}, fmt.Errorf("get the snapshot of commit %d: %w", all[0].Seq, err)
	}
	defer func() { _ = object.Close() }()
	if _, err := io.Copy(w, object); err != nil {
		return Snapshot{}, fmt.Errorf("get the snapshot of commit %d: %w", all[0].Seq, err)
	}
	if err := object.Error(); err != nil {
		return Snapshot{}, fmt.Errorf("get the snapshot of commit %d: %w", all[0].Seq, err)
	}
	return all[0], nil
}
