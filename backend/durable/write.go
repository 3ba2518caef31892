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
func WriteFile(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // mode 0600
	if err != nil {
		return err
	}

	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()

	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}

	return syncDirectory(filepath.Dir(path))
}
