package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// ErrGone is returned once the store's directory has vanished, or another stands in its place. Badger would not notice: it
// goes on writing to deleted files until it needs a new one, and then tries for ever to make it.
var ErrGone = errors.New("the directory of the store is gone")

const (
	goneEvery = time.Second
	goneAfter = 3 // looks in a row that failed otherwise: a disk may hesitate
)

// watchDirectory looks after the directory until ctx ends. When it is gone nothing is stored any more: commits under way
// and later ones end with ErrGone, and Close leaves the database as it is.
func (s *Store) watchDirectory(ctx context.Context) error {
	ticker := time.NewTicker(s.options.goneEvery)
	defer ticker.Stop()
	for failed := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := s.directoryThere()
		if err == nil {
			failed = 0
			continue
		}
		if failed++; errors.Is(err, os.ErrNotExist) || failed == goneAfter {
			return s.lose(err)
		}
	}
}

// directoryThere looks whether the directory is the one that was opened. The error is ErrNotExist when it is not.
func (s *Store) directoryThere() error {
	now, err := os.Stat(s.options.Dir)
	if err != nil {
		return err
	}
	if s.directoryInfo != nil && !os.SameFile(s.directoryInfo, now) {
		return fmt.Errorf("another one stands in its place: %w", os.ErrNotExist)
	}
	_, err = os.Stat(filepath.Join(s.options.Dir, badger.ManifestFilename))
	return err
}

// closeDatabase closes the database, or leaves it when its directory is gone, also meanwhile.
func (s *Store) closeDatabase() error {
	if s.options.ReadOnly {
		return s.closeBadger()
	}
	if err := s.directoryThere(); errors.Is(err, os.ErrNotExist) {
		return s.lose(err)
	}

	closed := make(chan error, 1)
	go func() { closed <- s.closeBadger() }()
	ticker := time.NewTicker(s.options.goneEvery)
	defer ticker.Stop()

	for {
		select {
		case err := <-closed:
			return err
		case <-ticker.C:
			if err := s.directoryThere(); errors.Is(err, os.ErrNotExist) {
				return s.lose(err)
			}
		}
	}
}

// lose ends the storing and returns why.
func (s *Store) lose(err error) error {
	s.losing.Do(func() {
		s.goneErr = fmt.Errorf("%w: %w: nothing is stored any more; put it back, or start with another data directory", ErrGone, err)
		close(s.gone)
	})
	return s.goneErr
}

// Gone reports whether the store's directory has vanished.
func (s *Store) Gone() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}
