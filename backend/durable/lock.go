package durable

import (
	"fmt"
	"os"
	"path/filepath"
)

// Lock lets nobody else who asks for it change the file at path, which need not exist, until unlock is called: it waits for
// whoever does. The lock is a file beside that one, in a directory that is made when it is missing.
func Lock(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return lock(path + ".lock")
}
