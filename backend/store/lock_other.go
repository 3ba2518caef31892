//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

import (
	"errors"
	"os"
	"path/filepath"
)

// inUse tells whether someone holds Badger's lock on the directory: elsewhere than on Unix that is a file which is open
// exclusively and vanishes with its holder.
func inUse(dir string) bool {
	file, err := os.Open(filepath.Join(dir, "LOCK"))
	if err == nil {
		return file.Close() != nil
	}
	return !errors.Is(err, os.ErrNotExist)
}
