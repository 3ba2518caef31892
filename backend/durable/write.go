package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile replaces a file's content, or makes the file with mode 0600: it writes a file beside it through to the disk,
// puts it in the file's place, and writes the directory through too. Without any of these steps a power cut can leave an
// empty file, or one full of zeros.
func WriteFile(path string, content []byte) error {
	return Replace(path, func(file *os.File) error {
		_, err := file.Write(content)
		return err
	})
}

// Replace is WriteFile for what is not in memory at once: fill writes it, and may read it again. An error of fill leaves the
// file as it was.
func Replace(path string, fill func(file *os.File) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // mode 0600
	if err != nil {
		return err
	}

	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()

	if err := fill(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}

	return syncDirectory(filepath.Dir(path))
}

// MoveDirectory gives a directory another name in the directory that it is in, also after a power cut. What is there by that
// name already is an error, unless it is an empty directory.
func MoveDirectory(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(to))
}
