package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"spinscope/backend/backup"
	"spinscope/backend/bus"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/store"
	"spinscope/backend/wake"
)

// errOtherStore is returned for a snapshot that is not of the bus's market.
var errOtherStore = errors.New("the snapshot on the bus is of another store")

const snapshotPoll = time.Second

// Begin makes the market of the bus in a data directory that does not have it, from the newest snapshot, and waits until there
// is one.
func Begin(ctx context.Context, b *bus.Bus, of bus.Market, dataDir string, log *slog.Logger) error {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	path := filepath.Join(dataDir, "snapshot.new")
	defer func() { _ = os.Remove(path) }()

	logged := false
	for {
		err := fetch(ctx, b, path)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !logged {
			log.Info("waiting for a snapshot of the market on the bus", "component", "edge", "err", err)
			logged = true
		}
		if err := wake.After(ctx, snapshotPoll); err != nil {
			return err
		}
	}

	summary, where, err := offline.Restore(ctx, path, dataDir, log, nil)
	if err != nil {
		return err
	}
	if summary.Header.ID != of.Store {
		return errors.Join(fmt.Errorf("%w: %s, and the bus carries %s", errOtherStore, summary.Header.ID, of.Store), os.RemoveAll(where))
	}
	log.Info("began from a snapshot", "component", "edge", "seq", uint64(summary.Header.Seq), "rows", summary.Rows)
	return nil
}

// fetch writes the newest snapshot to a file.
func fetch(ctx context.Context, b *bus.Bus, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = b.GetSnapshot(ctx, file)
	return err
}

// Put puts a snapshot of a store on the bus while commits go on.
func Put(ctx context.Context, b *bus.Bus, from *store.Store, of backup.Market, by string) error {
	reader, writer := io.Pipe()
	writing, stop := context.WithCancel(ctx)
	written := make(chan error, 1)
	at := from.Seq() // the snapshot is of it or newer
	go func() {
		_, err := backup.Write(writing, writer, from, of, by, nil)
		_ = writer.CloseWithError(err) // nil ends it as a whole
		written <- err
	}()

	err := b.PutSnapshot(ctx, at, reader)
	stop()
	_ = reader.CloseWithError(context.Canceled) // or the writer would wait for ever
	if writeErr := <-written; err == nil {
		err = writeErr
	}
	return err
}

// Keep puts a snapshot on the bus when there is none, and when the newest has been so for the given time, by this machine's own
// clock, until ctx ends. What fails is logged and tried again.
func Keep(ctx context.Context, b *bus.Bus, from *store.Store, of backup.Market, by string, age time.Duration, log *slog.Logger) {
	const every = 10 * time.Second
	newest, since := market.Seq(0), time.Now()
	for {
		all, err := b.Snapshots(ctx)
		if err == nil && len(all) > 0 && all[0].Seq != newest {
			newest, since = all[0].Seq, time.Now()
		}
		if err == nil && (len(all) == 0 || time.Since(since) > age) {
			err = Put(ctx, b, from, of, by)
		}

		if err != nil && ctx.Err() == nil {
			log.Warn("no snapshot was put on the bus", "component", "edge", "err", err)
		}
		if wake.After(ctx, every) != nil {
			return
		}
	}
}
