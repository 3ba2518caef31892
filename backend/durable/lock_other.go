//go:build !unix

package durable

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// lock waits until it holds the lock file. A change takes milliseconds: a lock older than ten seconds was left by a
// process that died.
func lock(path string) (unlock func(), err error) {
	const old, pause = 10 * time.Second, 10 * time.Millisecond
	for tries := 0; ; tries++ {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_ = file.Close()
			return func() { _ = os.Remove(path) }, nil
		}
		// Permission is refused while the file is being removed, or for good.
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) || tries == 2000 {
			return nil, err
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > old {
			_ = os.Remove(path)
		}
		time.Sleep(pause)
	}
}
