package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"spinscope/backend/durable"
	"spinscope/backend/store"
)

// ErrExists is returned where there is something already that a restored store would take the place of.
var ErrExists = errors.New("something is there already")

// errNotTheSame is returned when a restored store does not hold what the backup does.
var errNotTheSame = errors.New("what was restored is not what the backup holds")

// Step is how far a restore has come.
type Step struct {
	Doing string // checking, restoring or comparing
	Rows  uint64
}

// Restore makes the store of a backup in dir, which must not exist: it checks the file, makes the store beside dir, reads it
// again, compares it with the file, and puts it in place. r is read twice. Whatever fails leaves nothing. progress may be
// nil.
func Restore(ctx context.Context, r io.ReadSeeker, dir string, log *slog.Logger, progress func(Step)) (s Summary, err error) {
	if progress == nil {
		progress = func(Step) {}
	}
	if _, err := os.Lstat(dir); err == nil {
		return s, fmt.Errorf("%s: %w", dir, ErrExists)
	}

	s, err = Check(ctx, r, func(rows uint64) { progress(Step{"checking", rows}) })
	if err != nil {
		return s, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return s, fmt.Errorf("%w again: %w", errReading, err)
	}

	beside, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".restoring-*")
	if err != nil {
		return s, fmt.Errorf("make room for the store: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(beside))
		}
	}()

	if err := fill(ctx, r, beside, progress); err != nil {
		return s, err
	}
	if err := compare(ctx, &s, beside, log, progress); err != nil {
		return s, err
	}
	if err := durable.MoveDirectory(beside, dir); err != nil {
		return s, fmt.Errorf("put the store in place: %w", err)
	}
	return s, nil
}

// fill makes a store in a directory.
func fill(ctx context.Context, r io.Reader, dir string, progress func(Step)) error {
	in, err := newReader(marking{r})
	if err != nil {
		return err
	}
	defer in.done()

	want, err := in.header.snapshot()
	if err != nil {
		return err
	}
	return store.Restore(ctx, dir, want, func() (store.Row, bool, error) {
		if in.rows%progressEvery == 0 {
			progress(Step{"restoring", in.rows})
		}
		return in.next()
	})
}

// compare reads a restored store, every block of its files, and sums its rows up as they were when the backup was made.
func compare(ctx context.Context, want *Summary, dir string, log *slog.Logger, progress func(Step)) (err error) {
	opened, err := store.Open(store.Options{Dir: dir, ReadOnly: true, Lean: true, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()

	sum := sha256.New()
	_, _ = sum.Write(want.head)

	var row []byte
	rows := uint64(0)
	err = opened.Snapshot(ctx, func(store.Snapshot) error { return nil }, func(one store.Row) error {
		if rows%progressEvery == 0 {
			progress(Step{"comparing", rows})
		}
		rows++
		row = appendRow(row[:0], one)
		_, _ = sum.Write(row)
		return nil
	})
	if err != nil {
		return err
	}

	if rows != want.Rows || [sha256.Size]byte(sum.Sum(nil)) != want.Sum {
		return fmt.Errorf("%w: %d rows where %d are due", errNotTheSame, rows, want.Rows)
	}
	return nil
}
