//go:build unix

package export

import (
	"os"
	"syscall"
)

// hold marks a file as in use until release is called or the process ends, however that happens. ok is false when another
// holds it, or it is gone by now.
func hold(name string) (release func(), ok bool) {
	file, err := os.Open(name) //nolint:gosec // a file of the exports' own
	if err != nil {
		return nil, false
	}
	release = func() { _ = file.Close() }
	held, err := file.Stat()
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == syscall.EWOULDBLOCK || err != nil {
		release()
		return nil, false
	}
	if there, err := os.Stat(name); err != nil || !os.SameFile(held, there) {
		release()
		return nil, false
	}
	return release, true
}
