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

// ErrDiskFull is returned when there is no room for a file.
var ErrDiskFull = errors.New("the disk is full")

// File writes the export to path: first to a file beside it, then by renaming, so that path holds a whole export or
// what it held before. Ending ctx removes the unfinished file. The manifest of a file that lay there before goes with it. It
// returns the number of rows.
func File(ctx context.Context, path string, source Source, req Request, progress func(Progress)) (rows int64, err error) {
	if err := req.Check(); err != nil {
		return 0, err
	}
	regular, err := place(path, func(w io.Writer) error {
		return compressed(w, NamedCompression(path), func(w io.Writer) (err error) {
			rows, err = Write(ctx, w, source, req, progress)
			return err
		})
	})
	if err == nil && regular {
		err = dropManifest(path)
	}
	return rows, err
}

// Place writes a file as File does: what write gives is there whole, or not at all, compressed if the name ends in .gz or
// .zst. A link stays one, to the new file; a device or a pipe is written to as it is.
func Place(path string, write func(io.Writer) error) (err error) {
	_, err = place(path, func(w io.Writer) error { return compressed(w, NamedCompression(path), write) })
	return err
}

// place is Place without the compression; regular is false when path is a device or a pipe.
func place(path string, write func(io.Writer) error) (regular bool, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}

	switch info, err := os.Stat(path); {
	case err != nil: // it is to be made
	case info.IsDir():
		return true, fmt.Errorf("create export file: %s is a directory: name a file in it", path)
	case !info.Mode().IsRegular():
		return false, stream(path, write)
	}

	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return true, fmt.Errorf("create export file: there is no directory %s: make it, or name a file elsewhere", filepath.Dir(path))
	}
	clean(filepath.Dir(path))
	temp, release, err := unfinished(filepath.Dir(path))
	if err != nil {
		if inner := new(fs.PathError); errors.As(err, &inner) { // it names the temporary file
			err = inner.Err
		}
		return true, explained(path, fmt.Errorf("create export file %s: %w: name a file in another directory", path, err))
	}

	defer release()
	done := false
	defer func() {
		if !done {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()

	if err := write(temp); err != nil {
		return true, explained(path, err)
	}
	if err := temp.Sync(); err != nil {
		return true, explained(path, fmt.Errorf("write export file: %w", err))
	}
	if err := temp.Chmod(0o644); err != nil { //nolint:gosec // a document of the user's, like any other they save
		return true, fmt.Errorf("write export file: %w", err)
	}

	if err := temp.Close(); err != nil {
		return true, explained(path, fmt.Errorf("write export file: %w", err))
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return true, fmt.Errorf("put export file in place: %w", err)
	}
	done = true
	return true, nil
}

// temporary is what an export is called until it is whole.
const temporary = ".spinscope-export-*"

// unfinished makes a file in dir that nobody takes for one that was left, until release is called.
func unfinished(dir string) (temp *os.File, release func(), err error) {
	const tries = 100 // another export may clean up at that very moment
	for range tries {
		if temp, err = os.CreateTemp(dir, temporary); err != nil {
			return nil, nil, err
		}
		if release, ok := hold(temp.Name()); ok {
			return temp, release, nil
		}
		_ = temp.Close()
		_ = os.Remove(temp.Name())
	}
	return nil, nil, fmt.Errorf("%s: in use at once", temp.Name())
}

// clean removes the files in dir that killed exports left.
func clean(dir string) {
	files, _ := os.ReadDir(dir) // what cannot be read was not written either
	for _, file := range files {
		if left, _ := filepath.Match(temporary, file.Name()); !left {
			continue
		}
		name := filepath.Join(dir, file.Name())
		if release, ok := hold(name); ok {
			_ = os.Remove(name)
			release()
		}
	}
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
	return explained(path, err)
}

// explained is an error of writing the file at path; one of a full disk names the file, and not the temporary one, and says
// what to do.
func explained(path string, err error) error {
	if !isFull(err) {
		return err
	}
	return fmt.Errorf("%s: %w: nothing of it was kept: make room there, or write it to another disk", path, ErrDiskFull)
}
