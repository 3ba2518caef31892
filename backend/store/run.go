package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// gcInterval is how often the value log is looked at. Only values above 64 KiB are in it, so it mostly has nothing.
const gcInterval = 10 * time.Minute

// Run tidies up, and looks for damaged tables, in the background until the context ends; it then returns nil. An error of
// it is as final as one of Commit.
func (s *Store) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	defer watch.Wait()

	ctx, stop := context.WithCancel(ctx)
	defer stop()

	watch.Go(func() { s.watchBlocks(ctx) })
	gone := make(chan error, 1)
	watch.Go(func() { gone <- s.watchDirectory(ctx) })
	ticker := time.NewTicker(gcInterval)
	defer ticker.Stop()

	old := time.NewTicker(retainInterval)
	defer old.Stop()

	for {
		if err := s.Retain(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("delete old history: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-gone:
			return err
		case <-old.C:
		case <-ticker.C:
			if err := s.collect(); err != nil {
				s.log.Warn("value log not tidied", "err", err)
			}
		}
	}
}

// collect throws out half-empty files of the value log.
func (s *Store) collect() error {
	const halfEmpty = 0.5
	return s.read(nil, func(*view) error { // Close waits for it like for a read
		err := s.db.RunValueLogGC(halfEmpty)
		if errors.Is(err, badger.ErrNoRewrite) || errors.Is(err, badger.ErrRejected) {
			return nil
		}
		return err
	})
}
