package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// addressFile holds one line HOST:PORT while the server runs, for scripts that start it with port 0.
const addressFile = "server.addr"

func removeAddress(dir string) error {
	if err := os.Remove(filepath.Join(dir, addressFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the last address: %w", err)
	}
	return nil
}

// writeAddress makes the address visible at once and whole.
func writeAddress(dir, address string) error {
	temporary := filepath.Join(dir, addressFile+".new")
	if err := os.WriteFile(temporary, []byte(address+"\n"), 0o600); err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, addressFile)); err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	return nil
}
