//go:build unix

package datadir

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"spinscope/backend/store"
)

// Lock takes the data directory for this process. The clusters' stores have locks of their own; this one keeps two
// servers of different clusters from writing over each other's address. The returned function gives it back; the lock
// also goes with the process.
func (d *Dir) Lock() (unlock func(), err error) {
	path := filepath.Join(d.Path, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w: give another with --data-dir", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		return nil, fmt.Errorf("data directory %s: %w by process %s: close it or give another with --data-dir",
			d.Path, store.ErrLocked, strings.TrimSpace(string(holder)))
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // for the message above only
	}
	return func() { _ = file.Close() }, nil
}
