//go:build unix

package durable

import (
	"errors"
	"os"
)

// syncDirectory makes the names in a directory durable.
func syncDirectory(dir string) error {
	file, err := os.Open(dir) //nolint:gosec // where the caller's file is
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
