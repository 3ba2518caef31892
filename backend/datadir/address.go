package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"spinscope/backend/durable"
	"spinscope/backend/textfile"
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

// Address is the HOST:PORT that the server of the directory serves, or that one which was killed served; false when none is
// known.
func (d *Dir) Address() (string, bool) {
	address, err := textfile.Read(filepath.Join(d.Path, addressFile))
	text := strings.TrimSpace(string(address))
	return text, err == nil && text != ""
}
