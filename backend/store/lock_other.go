//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

import (
	"errors"
	"os"
	"path/filepath"
)

// inUse reports whether someone holds Badger's lock on the directory: elsewhere than on Unix that is a file which is open
// exclusively and vanishes with its holder.
func inUse(dir string) bool {
	file, err := os.Open(filepath.Join(dir, "LOCK"))
	if err == nil {
		return file.Close() != nil
	}
	return !errors.Is(err, os.ErrNotExist)
}

// holdShared reports whether nobody writes to the directory. Badger itself keeps others out there.
func holdShared(dir string) (release func() error, ok bool) {
	return func() error { return nil }, !inUse(dir)
}
