package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File writes the export to path: first to a file beside it, then by renaming, so that path holds a whole export or
// what it held before. Ending ctx removes the unfinished file. It returns the number of rows.
func File(ctx context.Context, path string, source Source, req Request, progress func(rows int64)) (rows int64, err error) {
	if err := req.check(); err != nil {
		return 0, err
	}
	err = Place(path, func(w io.Writer) error {
		rows, err = Write(ctx, w, source, req, progress)
		return err
	})
	return rows, err
}

// Place writes a file as File does: what write gives is there whole, or not at all. A link stays one, to the new file;
// a device or a pipe is written to as it is.
func Place(path string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	switch info, err := os.Stat(path); {
	case err != nil: // it is to be made
	case info.IsDir():
		return fmt.Errorf("create export file: %s is a directory: name a file in it", path)
	case !info.Mode().IsRegular():
		return stream(path, write)
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create export file: there is no directory %s: make it, or name a file elsewhere", filepath.Dir(path))
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".spinscope-export-*")
	if err != nil {
		return fmt.Errorf("create export file: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if err := write(temp); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("write export file: %w", err)
	}
	if err := temp.Chmod(0o644); err != nil { //nolint:gosec // a document of the user's, like any other they save
		return fmt.Errorf("write export file: %w", err)
	}
	if err := temp.Close(); err != nil {
		return fmt.Errorf("write export file: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("put export file in place: %w", err)
	}
	done = true
	return nil
}

// stream writes to what is no file, such as /dev/stdout.
func stream(path string, write func(io.Writer) error) error {
	device, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	err = write(device)
	if closing := device.Close(); closing != nil && err == nil {
		err = fmt.Errorf("write %s: %w", path, closing)
	}
	return err
}
