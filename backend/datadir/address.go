package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"spinscope/backend/durable"
)

// addressFile holds one line HOST:PORT while the server runs, for scripts that start it with port 0.
const addressFile = "server.addr"

// RemoveAddress removes the address that an earlier server left behind.
func (d *Dir) RemoveAddress() error {
	if err := os.Remove(filepath.Join(d.Path, addressFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the last address: %w", err)
	}
	return nil
}

// WriteAddress makes HOST:PORT visible at once and whole.
func (d *Dir) WriteAddress(address string) error {
	if err := durable.WriteFile(filepath.Join(d.Path, addressFile), []byte(address+"\n")); err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	return nil
}
