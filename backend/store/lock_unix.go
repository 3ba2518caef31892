//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"os"
	"syscall"
)

// inUse reports whether someone holds Badger's lock on the directory. It takes the lock for a moment to find out.
func inUse(dir string) bool {
	file, err := os.Open(dir) //nolint:gosec // the store's own directory
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // closing gives the lock back
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == syscall.EWOULDBLOCK
}

// holdShared takes Badger's lock on the directory together with other readers until release is called; ok is false when
// somebody writes there.
func holdShared(dir string) (release func() error, ok bool) {
	file, err := os.Open(dir) //nolint:gosec // the store's own directory
	if err != nil {
		return func() error { return nil }, true // reading it will say why
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == syscall.EWOULDBLOCK {
		_ = file.Close()
		return nil, false
	}
	return file.Close, true
}
