package export

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// File writes the export to path: first to a file beside it, then by renaming, so that path holds a whole export or
// what it held before. Ending ctx removes the unfinished file. It returns the number of rows.
func File(ctx context.Context, path string, source Source, req Request, progress func(rows int64)) (rows int64, err error) {
	if err := req.check(); err != nil {
		return 0, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".spinscope-export-*")
	if err != nil {
		return 0, fmt.Errorf("create export file: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if rows, err = Write(ctx, temp, source, req, progress); err != nil {
		return rows, err
	}
	if err := temp.Sync(); err != nil {
		return rows, fmt.Errorf("write export file: %w", err)
	}
	if err := temp.Chmod(0o644); err != nil { //nolint:gosec // a document of the user's, like any other they save
		return rows, fmt.Errorf("write export file: %w", err)
	}
	if err := temp.Close(); err != nil {
		return rows, fmt.Errorf("write export file: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return rows, fmt.Errorf("put export file in place: %w", err)
	}
	done = true
	return rows, nil
}
