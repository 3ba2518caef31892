//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"os"
	"syscall"
)

// inUse tells whether someone holds Badger's lock on the directory. It takes the lock for a moment to find out.
func inUse(dir string) bool {
	file, err := os.Open(dir) //nolint:gosec // the store's own directory
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // closing gives the lock back
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == syscall.EWOULDBLOCK
}
